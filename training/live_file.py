"""The file of live settings: what `skel-train tune` writes, and `skel-export --live` and `evaluate --live` read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skel.models.live import LiveSettings
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text

SCHEMA = 1


@dataclass(frozen=True)
class ChosenSettings:
    """Live settings, and how they were chosen.

    Attributes:
        protocol: in words: on what, for which rate of false alarms.
        figures: what they reached there (`StreamFigures`).
        provenance: command, candidates, versions.
    """

    live: LiveSettings
    protocol: str
    figures: dict[str, Any]
    provenance: dict[str, Any]


def save_live(path: Path, chosen: ChosenSettings) -> None:
    """Write it, atomically."""
    content = {"schema": SCHEMA, **vars(chosen), "live": chosen.live.to_json()}
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def load_live(path: Path) -> ChosenSettings:
    """The inverse; `UserError` where the file is none of ours."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields.pop("schema") != SCHEMA:
            raise ValueError(f"this version reads schema {SCHEMA}")
        return ChosenSettings(**{**fields, "live": LiveSettings.from_json(fields["live"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path} is no file of live settings ({error}): make one with skel-train tune") from error


def check_labels(live: LiveSettings, labels: tuple[str, ...], source: Path) -> None:
    """`UserError` where the settings, from this file, are for another model."""
    for label in (*(() if live.idle_label is None else (live.idle_label,)), *live.pair_labels):
        if label not in labels:
            raise UserError(f"{source} is for a model that knows the class {label!r}, this one does not: tune it anew")
