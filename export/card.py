"""The card of an exported file, for people."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skel.models.bundle import Bundle
from skel.models.runtime import OnnxModel


def read_card(path: Path) -> Bundle:
    """The card of an .onnx file; `UserError` where it has none, or does not fit its graph."""
    return OnnxModel(path, "cpu").bundle


def print_card(path: Path, card: Bundle) -> None:
    """What the file is, how it is fed, what was measured and where it comes from."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=str(path), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, text in _lines(card):
        table.add_row(name, text)
    Console().print(table, highlight=False, markup=False)


def _lines(card: Bundle) -> Iterator[tuple[str, str]]:
    clip = card.clip
    yield f"{len(card.labels)} labels", ", ".join(card.labels)
    yield "idle", card.idle_label or "none"
    yield (
        "clip",
        (
            f"{clip.frames} frames, layout {clip.layout}, up to {clip.max_bodies} bodies; "
            f"gaps {clip.gaps}, centring {clip.centring}, yaw {clip.yaw}"
        ),
    )
    yield "streams", ", ".join(f"{name} × {weight:.3g}" for name, weight in zip(card.streams, card.stream_weights))
    yield "windows", ", ".join(f"{duration:g} s" for duration in card.window_durations_s)
    yield "temperature", f"{card.temperature:g}"
    yield "rejection", f"below {card.rejection_threshold:g}" if card.rejection_threshold else "never"
    yield "precision", card.precision
    for name, figure in card.metrics.items():
        yield name, f"{figure['value']:.1%} ({figure['protocol']})"
    yield from _flat("", card.provenance)


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Nested JSON as lines; configurations, which are long, stay in --json."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value, start=1):
        name = f"{prefix} {key}".strip()
        if key == "config":
            continue
        if isinstance(item, dict) or (isinstance(item, list) and any(isinstance(one, dict) for one in item)):
            yield from _flat(name, item)
        else:
            yield name, item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
