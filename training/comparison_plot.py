"""Accuracy against the share of labels, one line a start."""

from pathlib import Path
from typing import Any

from skel.training.adaptation_config import Protocol, Selection, Start
from skel.training.comparison_table import Comparison, percent
from skel.training.plots import picture

_COLOURS: dict[Start, str] = {"source": "#3b6ea5", "source+target": "#2a9d5c", "target": "#e08a3c", "scratch": "#777777"}
_LINES: dict[Selection, str] = {"balanced": "-", "random": ":", "typical": "--"}
_MARKERS: dict[Selection, str] = {"balanced": "o", "random": "s", "typical": "^"}
_TITLES: dict[Protocol, str] = {"finetune": "everything is learned", "linear": "the last layer is learned"}


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """One panel a protocol; error bars are standard deviations over the seeds."""
    protocols = list(dict.fromkeys(curve.protocol for curve in comparison.curves))
    with picture(path, 6.4 * len(protocols) + 1.8, 5.0) as figure:
        figure.suptitle(f"{' + '.join(comparison.source)} → {comparison.target}")
        for axis, protocol in zip(figure.subplots(1, len(protocols), sharey=True, squeeze=False)[0], protocols):
            _panel(axis, comparison, protocol)
            axis.set(title=_TITLES[protocol])
        handles = {name: h for axis in figure.axes for h, name in zip(*axis.get_legend_handles_labels())}
        figure.axes[0].set(ylabel="top-1 on the target's validation part, %")
        figure.legend(handles.values(), handles.keys(), loc="outside right center", frameon=False, fontsize=9)


def _panel(axis: Any, comparison: Comparison, protocol: Protocol) -> None:
    curves = [curve for curve in comparison.curves if curve.protocol == protocol]
    several = len({curve.selection for curve in curves}) > 1
    for place, curve in enumerate(curves):
        # Moved sideways a little, so that error bars do not hide one another.
        shares = [100 * comparison.labelled(point) * 1.015 ** (place - (len(curves) - 1) / 2) for point in curve.points]
        axis.errorbar(
            shares,
            [100 * point.mean for point in curve.points],
            [100 * (point.deviation or 0.0) for point in curve.points],
            color=_COLOURS[curve.start],
            linestyle=_LINES[curve.selection],
            marker=_MARKERS[curve.selection],
            markersize=4,
            capsize=2,
            linewidth=1.5,
            label=f"{curve.start}, {curve.selection}" if several else curve.start,
        )
    axis.axhline(100 * comparison.full.mean, color="#555555", linewidth=1, linestyle="-.", label="scratch, all labels")
    ticks = sorted({comparison.labelled(point) for curve in curves for point in curve.points})
    axis.set(xscale="log", xlabel="share of the target's training labels")
    axis.set_xticks([100 * share for share in ticks], [percent(share) for share in ticks])
    axis.set_xticks([], minor=True)
    axis.grid(axis="y", color="#e4e4e4", linewidth=0.8)
