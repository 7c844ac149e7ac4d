"""What a network says of every window of a recording, worked out once, whatever the recogniser then makes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from skel.models.live import LiveSettings
from skel.models.recognizer import Model, Prediction, Recognizer
from skel.sensors.base import EndOfStream
from skel.sensors.replay import ReplaySensor
from skel.skeleton.recording import Recording

_BATCH = 128  # windows that the network sees together


@dataclass(frozen=True, eq=False)
class WindowLogits:
    """The network's answers for one recording of one person, at the P instants at which the person is in view.

    Attributes:
        durations_s: the D spans of the windows, ascending.
        times_s: (P,) from the recording's first frame.
        since_s: (P,) since when the person has been in view without a longer absence.
        logits: (P, D, K); NaN where the person was not in view for long enough yet.
    """

    durations_s: tuple[float, ...]
    times_s: npt.NDArray[np.float64]
    since_s: npt.NDArray[np.float64]
    logits: npt.NDArray[np.float32]


class _Windows:
    """A model that says nothing of the clips that it is asked about, and asks the real one when there are many of them.

    Attributes:
        counts: how many clips it was asked about each time.
    """

    def __init__(self, model: Model) -> None:
        self.bundle = model.bundle
        self.counts: list[int] = []
        self._model = model
        self._logits: list[npt.NDArray[np.float32]] = []
        self._waiting: list[npt.NDArray[np.float32]] = []

    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        self.counts.append(len(clips))
        self._waiting.append(clips)
        while sum(map(len, self._waiting)) >= _BATCH:
            self._ask()
        return np.zeros((len(clips), len(self.bundle.labels)), np.float32), np.zeros((len(clips), 1), np.float32)

    def logits(self) -> npt.NDArray[np.float32]:
        """What the real model says of all of them, one after the other."""
        while self._waiting:
            self._ask()
        return np.concatenate(self._logits)

    def _ask(self) -> None:
        waiting = np.concatenate(self._waiting)
        self._logits.append(self._model(waiting[:_BATCH])[0])
        self._waiting = [waiting[_BATCH:]] if len(waiting) > _BATCH else []


def predictions(recording: Recording, recognizer: Recognizer, every: int = 1) -> Iterator[Prediction]:
    """Replay a recording to the recogniser, which says something at every so-many-th frame."""
    with ReplaySensor(recording, speed=inf) as sensor:
        for number in range(len(recording)):
            try:
                recognizer.observe(sensor.read())
            except EndOfStream:
                return
            if (number + 1) % every == 0:
                yield from recognizer.predict()


def window_logits(recording: Recording, model: Model, durations_s: Sequence[float], every: int = 1) -> WindowLogits:
    """Let the very recogniser cut the windows of all durations, and ask the model about them in large batches."""
    spans = tuple(sorted(set(durations_s)))
    windows = _Windows(model)
    recognizer = Recognizer(windows, LiveSettings(spans))
    start_s = float(recording.times_s[0]) if len(recording) else 0.0
    times_s, since_s = [], []
    for prediction in predictions(recording, recognizer, every):
        times_s.append(prediction.time_s - start_s)
        since_s.append(recognizer.since_s(prediction.person) - start_s)
    logits = np.full((len(times_s), len(spans), len(model.bundle.labels)), np.nan, np.float32)
    if times_s:
        # A person in view for long enough for one span is so for the shorter ones.
        answered = np.arange(len(spans)) < np.array(windows.counts)[:, None]
        logits[answered] = windows.logits()
    return WindowLogits(spans, np.array(times_s), np.array(since_s), logits)
