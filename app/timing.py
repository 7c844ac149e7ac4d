"""Figures of the last seconds: rates, and how long things take."""

import math
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The middle of some samples, and what 95 of 100 stay below or reach."""

    median: float
    p95: float


def spread(samples: Sequence[float]) -> Spread | None:
    """Of these samples; None where there is none."""
    if not samples:
        return None
    ordered = sorted(samples)
    middle, count = len(ordered) // 2, len(ordered)
    median = ordered[middle] if count % 2 else 0.5 * (ordered[middle - 1] + ordered[middle])
    return Spread(median, ordered[math.ceil(0.95 * count) - 1])


class Recent:
    """The samples that arrived within the last `span_s`; `time.monotonic()` is the clock. One thread at a time."""

    def __init__(self, span_s: float = 1.0) -> None:
        self._span_s = span_s
        self._samples: deque[tuple[float, float]] = deque()  # (arrival, value)

    def add(self, value: float, at_s: float | None = None) -> None:
        """Add a sample that arrived at `at_s` (now by default)."""
        self._samples.append((time.monotonic() if at_s is None else at_s, value))
        self._forget(self._samples[-1][0])

    def spread(self) -> Spread | None:
        """Median and 95th percentile; None where there was no sample."""
        self._forget(time.monotonic())
        return spread([value for _, value in self._samples])

    def median(self) -> float:
        """The median value; 0 where there was no sample."""
        found = self.spread()
        return found.median if found else 0.0

    def rate_hz(self) -> float:
        """Samples a second, from the first to the last; 0 where there were fewer than two."""
        self._forget(time.monotonic())
        if len(self._samples) < 2:
            return 0.0
        span_s = self._samples[-1][0] - self._samples[0][0]
        return (len(self._samples) - 1) / span_s if span_s > 0 else 0.0

    def _forget(self, now_s: float) -> None:
        while self._samples and self._samples[0][0] < now_s - self._span_s:
            self._samples.popleft()
