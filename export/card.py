"""The card of an exported file, for people."""

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
    from rich.text import Text

    table = Table(title=str(path), show_header=False, show_lines=True)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in _rows(card):
        table.add_row(name, Text(text))
    Console().print(table)


def _rows(card: Bundle) -> Iterator[tuple[str, str]]:
    clip = card.clip
    yield f"{len(card.labels)} labels", ", ".join(card.labels)
    yield "idle", card.live.idle_label or "none"
    yield "of two people", ", ".join(card.live.pair_labels) or "none"
    yield (
        "clip",
        (
            f"{clip.frames} frames, layout {clip.layout}, up to {clip.max_bodies} bodies; "
            f"gaps {clip.gaps}, centring {clip.centring}, yaw {clip.yaw}"
        ),
    )
    yield "streams", ", ".join(f"{name} × {weight:.3g}" for name, weight in zip(card.streams, card.stream_weights))
    yield "temperature", f"{card.temperature:g}"
    live = card.live
    yield "windows", ", ".join(f"{duration:g} s" for duration in live.window_durations_s)
    yield "smoothing", f"{live.smoothing_s:g} s" if live.smoothing_s else "none"
    yield "hysteresis", f"{live.hysteresis:g}" if live.hysteresis else "none"
    yield "unknown", f"below {live.rejection_threshold:g}" if live.rejection_threshold else "never"
    yield "segments", f"begin {live.start_lag_s:g} s before they are named, end {live.end_lag_s:g} s before they are not"
    yield "precision", card.precision
    for name, figure in card.metrics.items():
        yield name, f"{figure['value']:.4g}: {figure['protocol']}"
    if "live" in card.provenance:
        yield "live settings", _lines(card.provenance["live"])
    yield "export", _lines(card.provenance.get("export", {}))
    for number, run in enumerate(card.provenance.get("runs", []), start=1):
        yield f"run {number}", _lines(run)
        if "pretrained" in run:
            yield f"run {number}, pre-training", _lines(run["pretrained"])


def _lines(facts: dict[str, Any]) -> str:
    """A line a fact; configurations, which are long, stay in --json."""
    shown = {name: value for name, value in facts.items() if name not in ("config", "pretrained")}
    return "\n".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in shown.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
