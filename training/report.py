"""Figures of one measurement: how often a recogniser is right, about what, and how sure of it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.training.calibration import Calibration, Logits, calibration

METRICS_FILE = "metrics.json"


@dataclass(frozen=True, eq=False)
class Report:
    """Figures of one measurement.

    Attributes:
        classes: the K names.
        confusion: (K, K), `confusion[i, j]` counts clips of class i that were called j.
        top5: share of clips whose right name is among the first five.
        calibrated: with the model's own temperature.
        raw: with temperature 1.
        seen: how many of the clips are copies of some that the recogniser was given to learn from, labelled or not;
            None where that is not known.
        seen_right: how many of those it called by their right name.
    """

    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    top5: float
    calibrated: Calibration
    raw: Calibration
    seen: int | None = None
    seen_right: int = 0

    @classmethod
    def of(
        cls,
        logits: Logits,
        labels: npt.NDArray[np.int64],
        classes: tuple[str, ...],
        temperature: float = 1.0,
        seen: npt.NDArray[np.bool_] | None = None,
    ) -> Self:
        """Compare (N, K) logits with (N,) labels; `seen` (N,) says which clips it knows."""
        best = np.argsort(-logits, axis=1, kind="stable")[:, :5]
        confusion = np.zeros((len(classes), len(classes)), np.int64)
        np.add.at(confusion, (labels, best[:, 0]), 1)
        right = best[:, 0] == labels
        top5 = float((best == labels[:, None]).any(axis=1).mean()) if len(labels) else 0.0
        raw = calibration(logits, labels)
        calibrated = raw if temperature == 1 else calibration(logits, labels, temperature)
        report = cls(classes, confusion, top5, calibrated, raw)
        return report if seen is None else replace(report, seen=int(seen.sum()), seen_right=int(right[seen].sum()))

    @property
    def count(self) -> int:
        """Clips measured."""
        return int(self.confusion.sum())

    @property
    def top1(self) -> float:
        """Share of clips called by their right name."""
        return float(np.trace(self.confusion) / max(self.count, 1))

    @property
    def top1_of_others(self) -> float | None:
        """The same of the clips that are not `seen`; None where there are none, or it is not known which."""
        if self.seen is None:
            return None
        others = self.count - self.seen
        return (int(np.trace(self.confusion)) - self.seen_right) / others if others else None

    @property
    def seen_text(self) -> str:
        """In words: how many are `seen`, and how often it is right about the others; empty where none are."""
        if not self.seen:
            return ""
        others = "" if self.top1_of_others is None else f": top-1 {self.top1_of_others:.1%} of the others"
        return f"{self.seen} of these {self.count} clips are in what it was given to learn from, too{others}"

    @property
    def per_class(self) -> dict[str, float | None]:
        """Share of each class's clips called by their right name; None for a class without clips."""
        totals = self.confusion.sum(axis=1)
        hits = np.diag(self.confusion)
        return {name: float(h / n) if n else None for name, h, n in zip(self.classes, hits, totals)}

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return {
            "count": self.count,
            "top1": self.top1,
            "top5": self.top5,
            "seen": None
            if self.seen is None
            else {"count": self.seen, "right": self.seen_right, "top1_of_others": self.top1_of_others},
            "calibration": {"own": _bins(self.calibrated), "raw": _bins(self.raw)},
            "per_class": self.per_class,
            "classes": list(self.classes),
            "confusion": self.confusion.tolist(),
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        own, raw = (_calibration(fields["calibration"][name]) for name in ("own", "raw"))
        confusion = np.asarray(fields["confusion"], np.int64)
        seen = fields.get("seen") or {"count": None, "right": 0}
        return cls(tuple(fields["classes"]), confusion, fields["top5"], own, raw, seen["count"], seen["right"])


def _bins(measured: Calibration) -> dict[str, Any]:
    """`reliability` has [clips, mean top probability, share right] of each bin."""
    bins = zip(measured.counts.tolist(), measured.confidence.tolist(), measured.accuracy.tolist())
    return {
        "temperature": measured.temperature,
        "ece": measured.ece,
        "nll": measured.nll,
        "reliability": [list(row) for row in bins],
    }


def _calibration(fields: dict[str, Any]) -> Calibration:
    counts, confidence, accuracy = np.asarray(fields["reliability"], np.float64).T
    return Calibration(fields["temperature"], fields["nll"], counts.astype(np.int64), confidence, accuracy)


def report_of(run: Path) -> Report:
    """What a run measured at its end; `UserError` where it has not ended."""
    path = run / METRICS_FILE
    try:
        return Report.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} holds no figures of a finished run: give the same command again, or evaluate it") from error


def protocol_of(run: Path) -> str:
    """What those figures are of, in words: the set, the labels, and which epoch by whose clips."""
    return str(json.loads((run / METRICS_FILE).read_text(encoding="utf-8"))["protocol"])


def print_report(report: Report, likely: bool = True) -> None:
    """A table: each class, how often it is right, and what it is mostly mistaken for; and whether it knows when it is.

    Unless `likely`, what says how sure it is and what it would say next, as neighbours' votes do not, is left out.
    """
    from rich.console import Console
    from rich.table import Table

    next_names = f", top-5 {report.top5:.1%}" if likely else ""
    table = Table(title=f"{report.count} clips: top-1 {report.top1:.1%}{next_names}")
    table.add_column("class")
    table.add_column("clips", justify="right")
    table.add_column("right", justify="right")
    table.add_column("mostly mistaken for")
    for i, (name, share) in enumerate(report.per_class.items()):
        row = report.confusion[i].copy()
        total, row[i] = int(row.sum()), 0
        mistaken = f"{report.classes[int(row.argmax())]} ({row.max()})" if row.any() else ""
        table.add_row(name, str(total), "–" if share is None else f"{share:.0%}", mistaken)
    console = Console()
    console.print(table)
    if report.seen:
        console.print(report.seen_text)
    if not likely:
        return
    raw, own = report.raw, report.calibrated
    fitted = f", {own.ece:.1%} at temperature {own.temperature:.3g}" if own.temperature != 1 else " (temperature not fitted)"
    console.print(f"calibration error {raw.ece:.1%}{fitted}")
