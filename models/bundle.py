"""Everything needed to feed a model and to read its answer, carried as JSON in the ONNX file's metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError

SCHEMA = 1
METADATA_KEY = "skel.bundle"


@dataclass(frozen=True)
class Bundle:
    """The card of one exported model; a missing field is an error, nothing is guessed.

    Attributes:
        labels: the K class names, in the order of the logits.
        clip: how a clip is made of live frames.
        streams: which streams the graph computes from the raw clip ('joint', 'bone', 'motion').
        window_durations_s: the spans of live time that the recogniser should look at.
        temperature: logits are divided by it before softmax (1 = not calibrated).
        rejection_threshold: a top probability below it means "unknown" (0 = never).
        idle_label: the class that stands for "no action", or None.
        metrics: measured figures, each with its protocol, e.g. {"top1": {"value": .8, "protocol": "…"}}.
        provenance: data sets, commands, seed, versions, weight hash.
    """

    labels: tuple[str, ...]
    clip: ClipConfig
    streams: tuple[str, ...]
    window_durations_s: tuple[float, ...]
    temperature: float
    rejection_threshold: float
    idle_label: str | None
    metrics: dict[str, Any]
    provenance: dict[str, Any]

    def to_json(self) -> str:
        """One JSON object, with the schema's version."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, source: str) -> Self:
        """Read `to_json`'s text; `UserError` names the file (`source`) and the field that is wrong."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise UserError(f"{source}: the model's card is not JSON: export the model again") from error
        schema = fields.pop("schema", None) if isinstance(fields, dict) else None
        if schema != SCHEMA:
            raise UserError(f"{source}: its card has schema {schema}, this version reads {SCHEMA}: export the model again")
        missing = [name for name in cls.__dataclass_fields__ if name not in fields]
        unknown = [name for name in fields if name not in cls.__dataclass_fields__]
        if missing or unknown:
            what = f"lacks {', '.join(missing)}" if missing else f"has unknown fields {', '.join(unknown)}"
            raise UserError(f"{source}: its card {what}: export the model again")
        fields["clip"] = ClipConfig.from_json(fields["clip"])
        for name in ("labels", "streams", "window_durations_s"):
            fields[name] = tuple(fields[name])
        return cls(**fields)

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], source: str) -> Self:
        """Read the card from an ONNX file's metadata; `UserError` where the file is not one of ours."""
        if METADATA_KEY not in metadata:
            raise UserError(f"{source} is an ONNX file without our card: make it with skel-export")
        return cls.from_json(metadata[METADATA_KEY], source)
