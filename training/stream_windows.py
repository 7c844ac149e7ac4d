"""What a network says of every window of a recording, worked out once, whatever the recogniser then makes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
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
    """A model that keeps the clips that it is asked about and says nothing of them."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.clips: list[npt.NDArray[np.float32]] = []

    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        self.clips.append(clips)
        return np.zeros((len(clips), len(self.bundle.labels)), np.float32), np.zeros((len(clips), 1), np.float32)


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
    """Let the very recogniser cut the windows of all durations, then ask the model about all of them in large batches."""
    spans = tuple(sorted(set(durations_s)))
    windows = _Windows(model.bundle)
    recognizer = Recognizer(windows, LiveSettings(spans))
    start_s = float(recording.times_s[0]) if len(recording) else 0.0
    times_s, since_s = [], []
    for prediction in predictions(recording, recognizer, every):
        times_s.append(prediction.time_s - start_s)
        since_s.append(recognizer.since_s(prediction.person) - start_s)
    logits = np.full((len(times_s), len(spans), len(model.bundle.labels)), np.nan, np.float32)
    if times_s:
        # A person in view for long enough for one span is so for the shorter ones.
        answered = np.arange(len(spans)) < np.array([len(clips) for clips in windows.clips])[:, None]
        clips = np.concatenate(windows.clips)
        logits[answered] = np.concatenate([model(clips[i : i + _BATCH])[0] for i in range(0, len(clips), _BATCH)])
    return WindowLogits(spans, np.array(times_s), np.array(since_s), logits)
