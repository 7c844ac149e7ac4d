"""What a comparison of starts found: figures, the share of labels that is enough, and the table."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from skel.skeleton.files import write_text
from skel.training.adaptation_config import Protocol, Selection, Start


@dataclass(frozen=True)
class Point:
    """Top-1 of several seeds, in 0..1, with a share of the labels, which is `clips` clips."""

    share: float
    clips: int
    top1: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return mean(self.top1)

    @property
    def deviation(self) -> float | None:
        """The sample's standard deviation over the seeds; None for a single one."""
        return stdev(self.top1) if len(self.top1) > 1 else None

    def __str__(self) -> str:
        spread = "" if self.deviation is None else f" ± {100 * self.deviation:.1f}"
        return f"{100 * self.mean:.1f}{spread}"


@dataclass(frozen=True)
class Curve:
    """Points of rising share."""

    protocol: Protocol
    start: Start
    selection: Selection
    points: tuple[Point, ...]

    def clips_for(self, top1: float) -> float | None:
        """The smallest number of labelled clips with which the mean is `top1`; None where none of those measured does.

        Between two measured numbers the mean is taken to be linear in the number's logarithm. Where the smallest is enough,
        it is the answer, and fewer may do.
        """
        before: Point | None = None
        for point in self.points:
            if point.mean >= top1:
                if before is None:
                    return point.clips
                part = (top1 - before.mean) / (point.mean - before.mean)
                return math.exp(math.log(before.clips) + part * math.log(point.clips / before.clips))
            before = point
        return None


@dataclass(frozen=True)
class Comparison:
    """Curves, and `full`: supervised from scratch with all labels.

    `count` clips of the target's validation part judge, of which `seen` are copies of some of its training part.
    """

    source: tuple[str, ...]
    target: str
    count: int
    full: Point
    curves: tuple[Curve, ...]
    provenance: dict[str, Any]
    seen: int = 0

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types."""
        curves = [
            {
                **{name: getattr(curve, name) for name in ("protocol", "start", "selection")},
                "points": [_point(point) for point in curve.points],
                "share_for_full": self.enough(curve),
            }
            for curve in self.curves
        ]
        named = {name: getattr(self, name) for name in ("source", "target", "count", "seen", "provenance")}
        return {**named, "full": _point(self.full), "curves": curves}

    def to_markdown(self) -> str:
        """One row a curve, one column a share."""
        shares = {point.share: point.clips for curve in self.curves for point in curve.points}
        seeds = len(self.full.top1)
        spread = f"mean ± standard deviation of {seeds} seeds" if seeds > 1 else "one seed"
        full = 100 * self.full.mean
        seen = f", of which {self.seen} are in its training part, too" if self.seen else ""
        balanced = any(curve.selection == "balanced" for curve in self.curves)
        at_least = "; of a class at least one clip is labelled, where the choice is balanced" if balanced else ""
        head = ["learned", "start", "labelled clips", *(f"{percent(s)} ({shares[s]})" for s in sorted(shares))]
        rows = [[*head, f"reaches {full:.1f} % with"], ["---"] * 3 + ["--:"] * (len(shares) + 1)]
        for curve in self.curves:
            points = {point.share: str(point) for point in curve.points}
            figures = [points.get(share, "") for share in sorted(shares)]
            rows.append([_LEARNED[curve.protocol], curve.start, curve.selection, *figures, self._enough(curve)])
        return "\n".join(
            [
                f"# {' + '.join(self.source)} → {self.target}",
                "",
                f"Top-1, %, on the {self.count} clips of the target's validation part{seen}: "
                f"{spread}, last epoch, by the share (and number) of the target's training labels{at_least}.",
                "",
                *(f"| {' | '.join(row)} |" for row in rows),
                "",
                f"Supervised from scratch with all labels: {self.full}. The last column is the share of labels, by their "
                "number, with which a start reaches that mean, linear in its logarithm between two that were measured.",
                "",
            ]
        )

    def labelled(self, point: Point) -> float:
        """Its clips as a share of all, which is more than the share asked for where that is no whole clip of a class."""
        return point.clips / self.full.clips

    def enough(self, curve: Curve) -> float | None:
        """The share of labels with which a start is as good as supervised with all; None where it never is."""
        clips = curve.clips_for(self.full.mean)
        return None if clips is None else clips / self.full.clips

    def _enough(self, curve: Curve) -> str:
        share = self.enough(curve)
        if share is None:
            return "–"
        return f"≤ {percent(share)}" if share == self.labelled(curve.points[0]) else percent(share)


_LEARNED: dict[Protocol, str] = {"finetune": "everything", "linear": "last layer"}


def percent(share: float) -> str:
    """0.05 → 5 %."""
    return f"{100 * share:.3g} %"


def _point(point: Point) -> dict[str, Any]:
    return {**asdict(point), "mean": point.mean, "deviation": point.deviation}


def write_table(comparison: Comparison, folder: Path) -> str:
    """Write comparison.json, .md and .png, and return the table."""
    from skel.training.comparison_plot import draw_comparison

    table = comparison.to_markdown()
    write_text(folder / "comparison.json", json.dumps(comparison.to_json(), indent=1, ensure_ascii=False))
    write_text(folder / "comparison.md", table)
    draw_comparison(comparison, folder / "comparison.png")
    return table
