"""What was predicted for each person over the last seconds: the timeline's curves and named segments."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skel.models.live import LiveSettings
from skel.models.recognizer import Prediction
from skel.models.segments import RecognisedSegment, Segmenter, happened_s

_KEPT_S = 60.0


class _Curves:
    """One person's probabilities by time stamp, in memory taken once."""

    def __init__(self, class_count: int, capacity: int = 1024) -> None:
        self._capacity = capacity
        self._times_s = np.zeros(2 * capacity)
        self._probabilities = np.zeros((2 * capacity, class_count), np.float32)
        self._count = 0

    def push(self, time_s: float, probabilities: npt.NDArray[np.float32]) -> None:
        """Add a row; the oldest half goes when there is no room."""
        if self._count == 2 * self._capacity:
            self._times_s[: self._capacity] = self._times_s[self._capacity :]
            self._probabilities[: self._capacity] = self._probabilities[self._capacity :]
            self._count = self._capacity
        self._times_s[self._count] = time_s
        self._probabilities[self._count] = probabilities
        self._count += 1

    def rearrange(self, columns: Sequence[int | None]) -> None:
        """Make other columns of those there are; None = zeros."""
        before = self._probabilities
        self._probabilities = np.zeros((len(before), len(columns)), np.float32)
        for column, old in enumerate(columns):
            if old is not None:
                self._probabilities[:, column] = before[:, old]

    def cut(self, time_s: float) -> None:
        """Forget everything from that time on."""
        self._count = int(np.searchsorted(self._times_s[: self._count], time_s))

    def span(self, start_s: float, end_s: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """The rows within a span of time, as views."""
        times_s = self._times_s[: self._count]
        rows = slice(int(np.searchsorted(times_s, start_s)), int(np.searchsorted(times_s, end_s, side="right")))
        return times_s[rows], self._probabilities[: self._count][rows]

    @property
    def last_s(self) -> float:
        return float(self._times_s[self._count - 1]) if self._count else -np.inf


class History:
    """The last minute of everybody's predictions.

    A time stamp before the last one (a recording that starts over, somebody who seeks back) replaces what came after it.
    Segments lie where they happened (`Segmenter`), the curves where they were predicted.
    Predictions may come with other labels than before (classes are taught, renamed, removed), which then are its `labels`;
    what is known of classes that stay is kept.
    """

    def __init__(self, labels: tuple[str, ...], live: LiveSettings) -> None:
        self.labels = labels
        self._live = live
        self._people: dict[int, _Curves] = {}
        self._segmenter = Segmenter(live)
        self._now_s = -np.inf

    def clear(self) -> None:
        """Forget everything."""
        self._people.clear()
        self._segmenter = Segmenter(self._live)
        self._now_s = -np.inf

    def push(self, prediction: Prediction) -> None:
        """Take in the next prediction, in the order in which they were made."""
        if prediction.time_s < self._now_s:
            self.cut(happened_s(prediction.time_s, prediction.since_s, self._live.start_lag_s))
        elif prediction.time_s > self._now_s:
            self._forget_the_old(prediction.time_s)
        self._now_s = prediction.time_s
        if prediction.labels != self.labels:
            self._change_labels(prediction.labels)
        curves = self._people.setdefault(prediction.person, _Curves(len(self.labels)))
        curves.push(prediction.time_s, prediction.probabilities)
        self._segmenter.push(prediction)

    def cut(self, time_s: float) -> None:
        """Forget everything from that time on."""
        before = [segment for segment in self._segmenter.segments if segment.start_s < time_s]
        for segment in before:
            segment.end_s = min(segment.end_s, time_s)
        self._segmenter = Segmenter(self._live)
        self._segmenter.segments = before
        for curves in self._people.values():
            curves.cut(time_s)

    def curves(
        self, person: int, start_s: float, end_s: float, classes: int, least: float = 0.15
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32], list[str]]:
        """Times (T,), probabilities (T, K') and the K' classes that matter for a person in that span.

        These are at most `classes`, those with the highest maximum, and of them only those that ever reach `least`.
        """
        if person not in self._people:
            return np.zeros(0), np.zeros((0, 0), np.float32), []
        times_s, probabilities = self._people[person].span(start_s, end_s)
        highest = probabilities.max(axis=0, initial=0.0)
        best = np.argsort(-highest, kind="stable")[:classes]
        chosen = [int(c) for c in best if highest[c] >= least]
        return times_s, probabilities[:, chosen], [self.labels[c] for c in chosen]

    def segments(self, person: int, start_s: float, end_s: float) -> list[RecognisedSegment]:
        """What the person was seen to do in that span."""
        return [s for s in self._segmenter.segments if s.person == person and s.end_s >= start_s and s.start_s <= end_s]

    def _change_labels(self, labels: tuple[str, ...]) -> None:
        column_of = {label: column for column, label in enumerate(self.labels)}
        for curves in self._people.values():
            curves.rearrange([column_of.get(label) for label in labels])
        self.labels = labels

    def _forget_the_old(self, now_s: float) -> None:
        oldest_s = now_s - _KEPT_S
        for person in [p for p, curves in self._people.items() if curves.last_s < oldest_s]:
            del self._people[person]
        # Not only the first ones: who does one thing for an hour must not keep all that others did meanwhile.
        self._segmenter.segments = [segment for segment in self._segmenter.segments if segment.end_s >= oldest_s]
