"""A picture of a recogniser on continuous recordings."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skel.skeleton.recording import Segment
from skel.training.plots import picture
from skel.training.stream_data import Take
from skel.training.stream_decoding import Named
from skel.training.stream_report import StreamFigures

_SHOWN_S = 60.0
_F1, _ALARMS = "#3b6ea5", "#c0392b"

Curve = Sequence[tuple[float, StreamFigures]]


def draw_streams(take: Take, said: Named, curve: Curve, chosen: StreamFigures, threshold: float, path: Path) -> None:
    """Truth and names over the first minute of a recording; accuracy by share seen; figures by rejection threshold."""
    with picture(path, 11, 6.2) as figure:
        axes = figure.subplot_mosaic([["time", "time"], ["share", "threshold"]], height_ratios=(1.0, 1.5))
        _timeline(axes["time"], take, said)
        _shares(axes["share"], chosen)
        _thresholds(axes["threshold"], curve, threshold)


def _timeline(axis: Any, take: Take, said: Named) -> None:
    from matplotlib import colormaps

    rows = {"done": take.recording.segments, "named": said.segments}
    shown = {row: [s for s in segments if s.start_s < _SHOWN_S] for row, segments in rows.items()}
    labels = list(dict.fromkeys(s.label for segments in shown.values() for s in segments))
    colours = {label: colormaps["tab20"](place % 20) for place, label in enumerate(labels)}
    for row, segments in enumerate(shown.values()):
        for segment in segments:
            _bar(axis, row, segment, colours[segment.label])
    for label in labels:
        axis.bar(0, 0, color=colours[label], label=label)
    end_s = min(take.recording.duration_s, _SHOWN_S)
    axis.set(yticks=range(len(rows)), yticklabels=list(rows), xlim=(0, end_s), xlabel="s", title=take.name)
    axis.invert_yaxis()
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1.1), fontsize=7, frameon=False, ncols=1 + len(labels) // 12)


def _bar(axis: Any, row: int, segment: Segment, colour: Any) -> None:
    axis.barh(
        row, segment.end_s - segment.start_s, 0.7, left=segment.start_s, color=colour, edgecolor="white", linewidth=0.5
    )


def _shares(axis: Any, figures: StreamFigures) -> None:
    shares = [100 * share for share in figures.right_after_share]
    axis.plot(shares, [100 * right for right in figures.right_after_share.values()], "o-", color=_F1, markersize=4)
    axis.set(xlabel="share of the action seen, %", ylabel="named right, %", ylim=(0, 100), xticks=shares)
    axis.grid(axis="y", color="#e4e4e4", linewidth=0.8)


def _thresholds(axis: Any, curve: Curve, chosen: float) -> None:
    thresholds = [threshold for threshold, _ in curve]
    for least, line in zip(curve[0][1].f1, (":", "--", "-")):
        values = [100 * figures.f1[least] for _, figures in curve]
        axis.plot(thresholds, values, line, color=_F1, label=f"F1 at tIoU {least:g}")
    axis.set(xlabel="rejection threshold", ylim=(0, 100), xlim=(0, 1))
    axis.set_ylabel("F1, %", color=_F1)
    axis.axvline(chosen, color="#777777", linewidth=1)
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=8, frameon=False, ncols=3, columnspacing=1)
    alarms = axis.twinx()
    alarms.plot(thresholds, [figures.false_alarms_per_minute for _, figures in curve], color=_ALARMS)
    alarms.set_ylabel("false alarms a minute", color=_ALARMS)
    alarms.set_ylim(bottom=0)
