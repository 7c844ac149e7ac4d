"""Names what each person in view does, frame by frame. Neither Qt nor torch: usable as a library."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.models.live import LiveSettings
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.window import SlidingWindow

UNKNOWN = "unknown"
"""The action of a person whose best class stays below the bundle's rejection threshold."""

TOP = 5
_LONGEST_ABSENCE_S = 0.5  # a person away for longer is seen anew


class Model(Protocol):
    """What the recogniser needs of a model; `skel.models.runtime.OnnxModel` is one."""

    @property
    def bundle(self) -> Bundle:
        """The model's card."""
        ...

    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Clips (N, 3, T, V, M) → logits (N, K) and embeddings (N, 256)."""
        ...


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one person does at one instant.

    Attributes:
        person: the body's id in the frame.
        time_s: the frame's time stamp (the sensor's clock).
        action: the most probable class, or `UNKNOWN`.
        confidence: the probability of the most probable class, known or not.
        probabilities: (K,) float32, in the order of the model's labels; they sum to 1.
        top: the five (or K, where there are fewer) most probable classes and their probability, best first.
        latency_ms: the time that window and model took for this frame, all people together.
    """

    person: int
    time_s: float
    action: str
    confidence: float
    probabilities: npt.NDArray[np.float32] = field(repr=False)
    top: tuple[tuple[str, float], ...]
    latency_ms: float


@dataclass
class _Person:
    """What is remembered of a person between frames."""

    since_s: float
    last_s: float = 0.0
    probabilities: npt.NDArray[np.float64] | None = None
    predicted_s: float = 0.0


class Recognizer:
    """Frames in, one prediction a person out.

    Each person's own movement over the last `live.window_durations_s` seconds becomes clips in which that person stands
    alone, first body of the clip; the clips of all people and durations go through the model in one call. The probabilities
    softmax(logits / temperature) are averaged over those durations for at least half of which the person has been in view; a
    person in view for less than half the shortest duration gets no prediction yet. They are then smoothed exponentially over
    time stamps with the time constant `live.smoothing_s`, so that a label does not flicker at a boundary.

    `live` replaces the bundle's settings. One thread at a time.

    Example:
        >>> from skel.app.recognizer import Recognizer
        >>> from skel.models.pretrained import DEFAULT_MODEL, DEMO_RECORDING
        >>> from skel.models.runtime import OnnxModel
        >>> from skel.sensors.registry import create_sensor
        >>> recognizer = Recognizer(OnnxModel(DEFAULT_MODEL))
        >>> with create_sensor("replay", source=DEMO_RECORDING) as sensor:
        ...     for _ in range(90):
        ...         for prediction in recognizer.push(sensor.read()):
        ...             print(prediction.time_s, prediction.person, prediction.action, prediction.confidence)
    """

    def __init__(self, model: Model, live: LiveSettings | None = None) -> None:
        self.bundle = model.bundle
        self.live = live or model.bundle.live
        self._model = model
        self._durations_s = self.live.window_durations_s
        self._window = SlidingWindow(self.bundle.clip, max_duration_s=max(self._durations_s))
        self._people: dict[int, _Person] = {}
        self._observing_s = 0.0  # time spent on the last frame

    @property
    def labels(self) -> tuple[str, ...]:
        """The K class names, in the order of a prediction's probabilities."""
        return self.bundle.labels

    def reset(self) -> None:
        """Forget everyone, as before the first frame."""
        self._window.clear()
        self._people.clear()

    def push(self, frame: SkeletonFrame) -> list[Prediction]:
        """Take in the next frame and say what each person in it does; see `observe` and `predict`."""
        self.observe(frame)
        return self.predict()

    def observe(self, frame: SkeletonFrame) -> None:
        """Take in the next frame without running the model, where newer frames wait already.

        A time stamp before the last one (a recording that starts over) resets.
        """
        started_s = time.perf_counter()
        last_s = self._window.time_s
        if last_s is not None and frame.time_s < last_s:
            self.reset()
        self._window.push(frame)
        self._people = {b: p for b, p in self._people.items() if frame.time_s - p.last_s <= _LONGEST_ABSENCE_S}
        for body in self._window.bodies:
            self._people.setdefault(body, _Person(since_s=frame.time_s)).last_s = frame.time_s
        self._observing_s = time.perf_counter() - started_s

    def predict(self) -> list[Prediction]:
        """One prediction for each person in the last observed frame who has been in view for long enough, in its order."""
        started_s = time.perf_counter()
        now_s = self._window.time_s
        if now_s is None:
            return []
        durations_s = {body: self._durations_seen(body, now_s) for body in self._window.bodies}
        durations_s = {body: durations for body, durations in durations_s.items() if durations}
        if not durations_s:
            return []
        clips = np.concatenate([self._window.clips(durations, [body]) for body, durations in durations_s.items()])
        logits, _ = self._model(clips)
        probabilities = softmax(logits / self.bundle.temperature)
        ends = np.cumsum([len(durations) for durations in durations_s.values()])
        shares = np.split(probabilities, ends[:-1])
        smoothed = [self._smoothed(body, share.mean(axis=0), now_s) for body, share in zip(durations_s, shares)]
        latency_ms = 1e3 * (self._observing_s + time.perf_counter() - started_s)
        return [self._prediction(body, p, now_s, latency_ms) for body, p in zip(durations_s, smoothed)]

    def _durations_seen(self, body: int, now_s: float) -> Sequence[float]:
        seen_s = now_s - self._people[body].since_s
        return [duration for duration in self._durations_s if seen_s >= 0.5 * duration - 1e-9]

    def _smoothed(self, body: int, probabilities: npt.NDArray[np.float64], now_s: float) -> npt.NDArray[np.float64]:
        person = self._people[body]
        if person.probabilities is not None and self.live.smoothing_s > 0:
            kept = np.exp((person.predicted_s - now_s) / self.live.smoothing_s)
            probabilities = kept * person.probabilities + (1 - kept) * probabilities
        person.probabilities, person.predicted_s = probabilities, now_s
        return probabilities

    def _prediction(self, body: int, probabilities: npt.NDArray[np.float64], now_s: float, latency_ms: float) -> Prediction:
        order = np.argsort(-probabilities, kind="stable")[:TOP]
        top = tuple((self.labels[i], float(probabilities[i])) for i in order)
        best, confidence = top[0]
        action = best if confidence >= self.live.rejection_threshold else UNKNOWN
        return Prediction(body, now_s, action, confidence, probabilities.astype(np.float32), top, latency_ms)


def softmax(logits: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """(N, K) logits → probabilities in float64."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
