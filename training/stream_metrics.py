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


def overlaps(truth: Sequence[Segment], named: Sequence[Segment]) -> npt.NDArray[np.float64]:
    """(named, true): temporal intersection over union, 0..1, of each with each; 0 where their labels differ."""
    starts_s, ends_s = np.array([(s.start_s, s.end_s) for s in named]).reshape(-1, 2).T[..., None]
    true_starts_s, true_ends_s = np.array([(s.start_s, s.end_s) for s in truth]).reshape(-1, 2).T
    shared = np.minimum(ends_s, true_ends_s) - np.maximum(starts_s, true_starts_s)
    spanned = np.maximum(ends_s, true_ends_s) - np.minimum(starts_s, true_starts_s)
    same = np.array([s.label for s in named], np.str_)[:, None] == np.array([s.label for s in truth], np.str_)
    return np.where(same, np.maximum(shared, 0.0) / np.maximum(spanned, 1e-9), 0.0)


def match(tious: npt.NDArray[np.float64], least_tiou: float) -> Counts:
    """The segmental F1 of Lea et al., "Temporal Convolutional Networks for Action Segmentation and Detection", CVPR 2017.

    `tious`: `overlaps`. In the order of time each named segment looks for the true one of its label that it overlaps most.
    It is right if they overlap by `least_tiou` and no other was right about that one before; it is wrong otherwise.
    """
    named, true = tious.shape
    right = len(set(tious.argmax(axis=1)[tious.max(axis=1) >= least_tiou].tolist())) if true else 0
    return Counts(right, named - right, true - right)


def false_alarms(tious: npt.NDArray[np.float64]) -> int:
    """Of `overlaps`: named segments that overlap no true one of their label: in a pause, or while something else is done."""
    return int((tious == 0).all(axis=1).sum())


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
