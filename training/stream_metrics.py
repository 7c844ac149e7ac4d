"""How well what was named over time fits what happened: small functions, each one figure.

Names are arrays of strings, one for each instant; `NOTHING` stands for no action: unlabelled time in the truth; idle,
unknown or no prediction among what was named. Segments are in seconds from the recording's first frame, none of nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.recording import Segment

NOTHING = ""

Names = npt.NDArray[np.str_]
Times = npt.NDArray[np.floating[Any]]


def names_at(segments: Sequence[Segment], times_s: Times) -> Names:
    """What happens at each instant, (F,); where segments overlap, the one that began last."""
    names = np.full(len(times_s), NOTHING, dtype=f"<U{max([1, *(len(s.label) for s in segments)])}")
    for segment in sorted(segments, key=lambda s: s.start_s):
        names[(times_s >= segment.start_s - 1e-6) & (times_s < segment.end_s - 1e-6)] = segment.label
    return names


@dataclass(frozen=True)
class Counts:
    """Segments found, found in vain, and missed; of several recordings they are added."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where there is nothing at all."""
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


def tiou(one: Segment, other: Segment) -> float:
    """Temporal intersection over union, 0..1."""
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return max(shared, 0.0) / max(max(one.end_s, other.end_s) - min(one.start_s, other.start_s), 1e-9)


def match(truth: Sequence[Segment], named: Sequence[Segment], least_tiou: float) -> Counts:
    """The segmental F1 of Lea et al., "Temporal Convolutional Networks for Action Segmentation and Detection", CVPR 2017.

    In the order of time each named segment looks for the true one of its label that it overlaps most. It is right if they
    overlap by `least_tiou` and no other was right about that one before; it is wrong otherwise.
    """
    found: set[int] = set()
    for segment in named:
        overlaps = [tiou(segment, true) if true.label == segment.label else 0.0 for true in truth]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] >= least_tiou and best not in found:
            found.add(best)
    return Counts(len(found), len(named) - len(found), len(truth) - len(found))


def false_alarms(truth: Sequence[Segment], named: Sequence[Segment]) -> int:
    """Named segments that overlap no true segment of their label: in a pause, or while something else is done."""
    return sum(all(true.label != segment.label or tiou(segment, true) == 0 for true in truth) for segment in named)


def delays_s(truth: Sequence[Segment], times_s: Times, names: Names) -> list[float | None]:
    """For each true segment, in the order of time, the seconds from its start to the first instant that names it.

    It may still be named after its end, until the next one begins (a window looks back); None where it never was.
    """
    segments = sorted(truth, key=lambda s: s.start_s)
    until_s = [*(max(after.start_s, one.end_s) for one, after in pairwise(segments)), np.inf]
    delays: list[float | None] = []
    for segment, last_s in zip(segments, until_s):
        right = (times_s >= segment.start_s - 1e-6) & (times_s < last_s) & (names == segment.label)
        delays.append(float(times_s[right.argmax()] - segment.start_s) if right.any() else None)
    return delays


def right_after_share(
    truth: Sequence[Segment], times_s: Times, names: Names, shares: Sequence[float]
) -> npt.NDArray[np.bool_]:
    """(segments, shares): whether a segment is named when such a share of it has been seen, by the latest instant then."""
    right = np.zeros((len(truth), len(shares)), bool)
    for row, segment in enumerate(truth):
        instants_s = segment.start_s + np.asarray(shares) * (segment.end_s - segment.start_s)
        latest = np.searchsorted(times_s, instants_s + 1e-6, side="right") - 1
        right[row] = (latest >= 0) & (names[np.maximum(latest, 0)] == segment.label) if len(names) else False
    return right
