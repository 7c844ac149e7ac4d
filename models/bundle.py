"""Everything needed to feed a model and to read its answer, carried as JSON in the ONNX file's metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from skel.models.live import LiveSettings
from skel.models.streams import STREAMS, Stream
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError

SCHEMA = 4
METADATA_KEY = "skel.bundle"
Precision = Literal["float32", "int8"]


@dataclass(frozen=True)
class Bundle:
    """The card of one exported model; a missing field is an error, nothing is guessed.

    Attributes:
        labels: the K class names, in the order of the logits.
        clip: how a clip is made of live frames.
        streams: what the graph computes from the raw clip ('joint', 'bone', 'motion'). The embedding holds their features
            one stream after the other, in this order, as many for each.
        stream_weights: the share of each stream's logits in their sum.
        temperature: logits are divided by it before softmax (one stream: 1 = not calibrated; several: the weighted sum of
            theirs).
        live: how the recogniser uses it on live frames.
        precision: of most of the arithmetic.
        metrics: measured figures, each with its protocol, e.g. {"top1": {"value": .8, "protocol": "…"}}.
        provenance: of each run its data sets, command, seed, versions and weights' hash; and of the export.
    """

    labels: tuple[str, ...]
    clip: ClipConfig
    streams: tuple[Stream, ...]
    stream_weights: tuple[float, ...]
    temperature: float
    live: LiveSettings
    precision: Precision
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
        if schema == 3:  # written before segments were laid where they happened: both lags are 0
            schema = SCHEMA
        if schema != SCHEMA:
            raise UserError(f"{source}: its card has schema {schema}, this version reads {SCHEMA}: export the model again")
        missing = [name for name in cls.__dataclass_fields__ if name not in fields]
        unknown = [name for name in fields if name not in cls.__dataclass_fields__]
        if missing or unknown:
            what = f"lacks {', '.join(missing)}" if missing else f"has unknown fields {', '.join(unknown)}"
            raise UserError(f"{source}: its card {what}: export the model again")
        try:
            fields["clip"] = ClipConfig.from_json(fields["clip"])
            fields["live"] = LiveSettings.from_json(fields["live"])
            for name in ("labels", "streams", "stream_weights"):
                fields[name] = tuple(fields[name])
            card = cls(**fields)
            card._check()
        except (TypeError, ValueError, UserError) as error:
            raise UserError(f"{source}: its card contradicts itself ({error}): export the model again") from error
        return card

    def _check(self) -> None:
        """`ValueError`, or `UserError` for an unknown layout, where the fields cannot all be true."""
        self.clip.skeleton_layout()
        if not self.labels or not all(isinstance(label, str) for label in self.labels):
            raise ValueError("labels are not names")
        if not set(self.streams) <= set(STREAMS) or len(self.streams) != len(self.stream_weights):
            raise ValueError(f"streams are {self.streams}, their weights {self.stream_weights}")
        if not self.temperature > 0:
            raise ValueError(f"temperature is {self.temperature}")
        idle = () if self.live.idle_label is None else (self.live.idle_label,)
        for label in (*idle, *self.live.pair_labels):
            if label not in self.labels:
                raise ValueError(f"{label!r} of the live settings is not among the labels")
        if self.live.pair_labels and self.clip.max_bodies < 2:
            raise ValueError("it has classes of two people, and clips of one")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], source: str) -> Self:
        """Read the card from an ONNX file's metadata; `UserError` where the file is not one of ours."""
        if METADATA_KEY not in metadata:
            raise UserError(f"{source} is an ONNX file without our card: make it with skel-export")
        return cls.from_json(metadata[METADATA_KEY], source)
