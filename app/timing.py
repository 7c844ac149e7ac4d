"""Figures of the last second, for the status line and the benchmark."""

import statistics
import time
from collections import deque


class LastSecond:
    """The samples that arrived within the last second; `time.monotonic()` is the clock. One thread at a time."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque()  # (arrival, value)

    def add(self, value: float, at_s: float | None = None) -> None:
        """Add a sample that arrived at `at_s` (now by default)."""
        self._samples.append((time.monotonic() if at_s is None else at_s, value))
        self._forget(self._samples[-1][0])

    def median(self) -> float:
        """The median value; 0 where there was no sample."""
        self._forget(time.monotonic())
        return statistics.median(value for _, value in self._samples) if self._samples else 0.0

    def rate_hz(self) -> float:
        """Samples a second, from the first to the last; 0 where there were fewer than two."""
        self._forget(time.monotonic())
        if len(self._samples) < 2:
            return 0.0
        span_s = self._samples[-1][0] - self._samples[0][0]
        return (len(self._samples) - 1) / span_s if span_s > 0 else 0.0

    def _forget(self, now_s: float) -> None:
        while self._samples and self._samples[0][0] < now_s - 1.0:
            self._samples.popleft()
