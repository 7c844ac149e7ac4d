"""Figures of a recogniser on continuous recordings, and how they are printed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from skel.skeleton.recording import Recording
from skel.training.stream_data import Take
from skel.training.stream_decoding import Named
from skel.training.stream_metrics import (
    NOTHING,
    Counts,
    Names,
    Times,
    delays_s,
    false_alarms,
    match,
    names_at,
    overlaps,
    right_after_share,
)

TIOUS = (0.1, 0.3, 0.5)
SHARES = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))


@dataclass(frozen=True)
class ClassFigures:
    """Of one class.

    Attributes:
        segments: how often it is done.
        found: share of those times at which it is named before the next action begins; None for no segment.
        delay_s: median time from a segment's start to its first right naming, of those that are named.
        f1: at tIoU .3.
        false_alarms: segments named while nobody does it.
    """

    segments: int
    found: float | None
    delay_s: float | None
    f1: float
    false_alarms: int


@dataclass(frozen=True)
class StreamFigures:
    """Of all recordings together.

    Attributes:
        recordings, duration_s, segments: what was measured on.
        frame_accuracy: share of the instants at which the right name is said, nothing where nothing is done.
        frame_accuracy_in_actions: the same share of those instants only at which something is done.
        f1: segment F1 by least tIoU.
        found, delay_s: as in `ClassFigures`.
        false_alarms_per_minute: segments named that overlap no true one of their class, a minute of recording.
        right_after_share: share of the segments that are named when so much of them has been seen.
        classes: by class.
    """

    recordings: int
    duration_s: float
    segments: int
    frame_accuracy: float
    frame_accuracy_in_actions: float
    f1: dict[float, float]
    found: float
    delay_s: float | None
    false_alarms_per_minute: float
    right_after_share: dict[float, float]
    classes: dict[str, ClassFigures]

    @property
    def mean_f1(self) -> float:
        """Over the three tIoU; what settings are chosen by."""
        return float(np.mean(list(self.f1.values())))

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return {"mean_f1": self.mean_f1, **asdict(self)}


def instants_s(recording: Recording, every: int) -> Times:
    """When the recogniser says something, or would if anybody were there: at every so-many-th frame, from the first one."""
    return recording.times_s[every - 1 :: every] - recording.times_s[0]


def names_on(times_s: Times, said: Named) -> Names:
    """(F,) what is named at each of these instants, which are all of those of `said` and more."""
    names = np.full(len(times_s), NOTHING, dtype=said.names.dtype if len(said.names) else "<U1")
    names[np.searchsorted(times_s, said.times_s)] = said.names
    return names


def measure(takes: Sequence[Take], said: Sequence[Named], every: int) -> StreamFigures:
    """Compare what was named in each recording with its segments."""
    right_frames, in_action, right_shares = [], [], []
    delays: list[tuple[str, float | None]] = []
    counts = {least: Counts() for least in TIOUS}
    of_class: dict[str, tuple[Counts, int]] = {}
    for take, one in zip(takes, said):
        truth, times_s = take.recording.segments, instants_s(take.recording, every)
        names, true_names = names_on(times_s, one), names_at(truth, times_s)
        right_frames.append(names == true_names)
        in_action.append(true_names != NOTHING)
        right_shares.append(right_after_share(truth, times_s, names, SHARES))
        in_order = sorted(truth, key=lambda s: s.start_s)
        delays += zip([s.label for s in in_order], delays_s(truth, times_s, names))
        tious = overlaps(truth, one.segments)
        for least in TIOUS:
            counts[least] += match(tious, least)
        for label in {s.label for s in (*truth, *one.segments)}:
            of_truth, of_named = ([s for s in some if s.label == label] for some in (truth, one.segments))
            before, alarms = of_class.get(label, (Counts(), 0))
            tious = overlaps(of_truth, of_named)
            of_class[label] = before + match(tious, 0.3), alarms + false_alarms(tious)
    frames, acting = np.concatenate(right_frames), np.concatenate(in_action)
    duration_s = sum(take.recording.duration_s for take in takes)
    shares = np.concatenate(right_shares)
    return StreamFigures(
        recordings=len(takes),
        duration_s=duration_s,
        segments=len(delays),
        frame_accuracy=_mean(frames),
        frame_accuracy_in_actions=_mean(frames[acting]),
        f1={least: count.f1 for least, count in counts.items()},
        found=_mean([delay is not None for _, delay in delays]),
        delay_s=_median([delay for _, delay in delays]),
        false_alarms_per_minute=sum(alarms for _, alarms in of_class.values()) / max(duration_s / 60, 1e-9),
        right_after_share={share: _mean(column) for share, column in zip(SHARES, shares.T)},
        classes={
            label: _of_class(count, alarms, [delay for name, delay in delays if name == label])
            for label, (count, alarms) in sorted(of_class.items())
        },
    )


def _of_class(counts: Counts, alarms: int, delays: Sequence[float | None]) -> ClassFigures:
    found = _mean([delay is not None for delay in delays]) if delays else None
    return ClassFigures(len(delays), found, _median(delays), counts.f1, alarms)


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _median(delays: Sequence[float | None]) -> float | None:
    known = [delay for delay in delays if delay is not None]
    return float(np.median(known)) if known else None


def print_figures(figures: StreamFigures, source: str) -> None:
    """A table of classes, and the figures of all of them."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{figures.recordings} recordings, {figures.duration_s / 60:.1f} minutes: {source}")
    for heading in ("class", "segments", "found", "median delay", "F1 at .3", "false alarms"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    for name, of_class in figures.classes.items():
        found = "–" if of_class.found is None else f"{of_class.found:.0%}"
        numbers = (
            str(of_class.segments),
            found,
            seconds(of_class.delay_s),
            f"{of_class.f1:.2f}",
            str(of_class.false_alarms),
        )
        table.add_row(name, *numbers)
    console = Console()
    console.print(table)
    for line in summary(figures):
        console.print(line, highlight=False)


def summary(figures: StreamFigures) -> list[str]:
    """The figures in four lines."""
    f1 = ", ".join(f"{value:.1%} at tIoU {least:g}" for least, value in figures.f1.items())
    shares = ", ".join(f"{value:.0%} at {share:.0%}" for share, value in figures.right_after_share.items())
    return [
        f"frame accuracy {figures.frame_accuracy:.1%}, while something is done {figures.frame_accuracy_in_actions:.1%}",
        f"segment F1 {f1}",
        f"found {figures.found:.1%} of {figures.segments} segments, median delay {seconds(figures.delay_s)}; "
        f"{figures.false_alarms_per_minute:.2f} false alarms a minute",
        f"named right when this share has been seen: {shares}",
    ]


def seconds(delay_s: float | None) -> str:
    """For people."""
    return "–" if delay_s is None else f"{delay_s:.2f} s"
