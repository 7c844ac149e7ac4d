"""Names what each person in view does, frame by frame. Neither Qt nor torch: usable as a library."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.models.hysteresis import named_class
from skel.models.live import LiveSettings
from skel.models.pairs import PairClasses, nearest_partners
from skel.models.prediction import UNKNOWN, Prediction
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.window import SlidingWindow

__all__ = ["TOP", "UNKNOWN", "Model", "Prediction", "Recognizer", "TaughtClasses", "softmax"]

TOP = 5
_LONGEST_ABSENCE_S = 0.5  # a person away for longer is seen anew

Floats = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
_TimesMs = tuple[float, float, float]  # the whole, the window's part, the model's


class Model(Protocol):
    """What the recogniser needs of a model; `skel.models.runtime.OnnxModel` is one."""

    @property
    def bundle(self) -> Bundle:
        """The model's card."""
        ...

    def __call__(self, clips: Floats) -> tuple[Floats, Floats]:
        """Clips (N, 3, T, V, M) → logits (N, K) and embeddings (N, F)."""
        ...


class TaughtClasses(Protocol):
    """What the recogniser needs of classes that were taught after training, from a few examples."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the L classes, none of them one of the model's."""
        ...

    def extend(self, probabilities: Probabilities, embeddings: Floats) -> Probabilities:
        """The model's probabilities (N, K) and embeddings (N, F) of N people → (N, K + L), each row with the sum 1."""
        ...


@dataclass
class _Person:
    """What is remembered of a person between frames."""

    since_s: float
    last_s: float = 0.0
    probabilities: Probabilities | None = None
    predicted_s: float = 0.0
    named: int | None = None


@dataclass(frozen=True)
class _Look:
    """Over which durations a person is looked at alone, and over which together with a partner."""

    person: int
    durations_s: Sequence[float]
    partner: int | None
    shared_s: Sequence[float]


class Recognizer:
    """Frames in, one prediction a person out.

    Each person's own movement over the last `live.window_durations_s` seconds becomes clips in which that person stands
    alone. The probabilities softmax(logits / temperature) are averaged over those durations for at least half of which the
    person has been in view; a person in view for less than half the shortest duration gets no prediction yet.

    Where the model has classes that two people do together (`live.pair_labels`), clips of each person with the nearest other
    one are looked at as well; `pairs.PairClasses` says how both become one answer. Where classes were `taught`, these take
    their share. All of it is smoothed exponentially over time stamps with the time constant `live.smoothing_s`, and
    `hysteresis.named_class` chooses what is named. The clips of all people go through the model in one call.

    Args:
        model: what knows the classes.
        live: replaces the settings of the model's bundle.

    Attributes:
        taught: classes beside the model's, or None. It may be exchanged at any time, from any thread, for another object
            (not changed in place), which the next prediction uses; where the labels are others, smoothing and naming begin
            anew.

    One thread at a time, but for that.

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
        self.taught: TaughtClasses | None = None
        self._model = model
        self._pairs = PairClasses(self.bundle.labels, self.live.pair_labels)
        self._durations_s = self.live.window_durations_s
        self._window = SlidingWindow(self.bundle.clip, max_duration_s=max(self._durations_s))
        self._people: dict[int, _Person] = {}
        self._remembered_labels = self.bundle.labels
        self._observing_s = 0.0  # time spent on the last frame

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names in the order of a prediction's probabilities: the model's, then those that were taught."""
        taught = self.taught
        return self.bundle.labels + (taught.labels if taught is not None else ())

    def reset(self) -> None:
        """Forget everyone, as before the first frame."""
        self._window.clear()
        self._people.clear()

    def since_s(self, person: int) -> float:
        """When somebody in view came into it, in the sensor's time; a short absence does not count."""
        return self._people[person].since_s

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
        began_s = time.perf_counter() - self._observing_s
        now_s = self._window.time_s
        looks = [] if now_s is None else self._looks(now_s)
        if now_s is None or not looks:
            return []
        alone = [self._window.clips(look.durations_s, [look.person]) for look in looks]
        pairs = [self._window.clips(look.shared_s, [look.person, p]) for look in looks if (p := look.partner) is not None]
        clips = np.concatenate([*alone, *pairs])
        made_s = time.perf_counter()
        logits, features = self._model(clips)
        ran_s = time.perf_counter()
        ends = np.cumsum([len(durations) for durations in (*alone, *pairs)])[:-1]
        means = [part.mean(axis=0) for part in np.split(softmax(logits / self.bundle.temperature), ends)]
        embeddings = np.stack([part.mean(axis=0) for part in np.split(features, ends)[: len(looks)]])
        probabilities = self._extended(self._fused(looks, means), embeddings)
        smoothed = [self._smoothed(look.person, row, now_s) for look, row in zip(looks, probabilities)]
        times_ms = (1e3 * (time.perf_counter() - began_s), 1e3 * (made_s - began_s), 1e3 * (ran_s - made_s))
        return [
            self._prediction(look, now_s, row, embedding, times_ms)
            for look, row, embedding in zip(looks, smoothed, embeddings)
        ]

    def _looks(self, now_s: float) -> list[_Look]:
        seen_s = {body: self._durations_seen(body, now_s) for body in self._window.bodies}
        seen_s = {body: durations_s for body, durations_s in seen_s.items() if durations_s}
        partners: dict[int, int] = {}
        if self._pairs:
            centres_m = dict(zip(self._window.bodies, self._window.centres_m()))
            partners = nearest_partners({body: centres_m[body] for body in seen_s})
        looks = []
        for body in partners if self._pairs.are_all else seen_s:
            other = partners.get(body)
            shared_s = [] if other is None else [duration for duration in seen_s[body] if duration in seen_s[other]]
            looks.append(_Look(body, seen_s[body], other, shared_s))
        return looks

    def _durations_seen(self, body: int, now_s: float) -> Sequence[float]:
        seen_s = now_s - self._people[body].since_s
        return [duration for duration in self._durations_s if seen_s >= 0.5 * duration - 1e-9]

    def _fused(self, looks: Sequence[_Look], means: Sequence[Probabilities]) -> Probabilities:
        """(N, K): each person's answer from what the clips say, those of the people alone first."""
        if not self._pairs:
            return np.stack(means)
        together = iter(means[len(looks) :])
        pairs = [next(together) if look.partner is not None else None for look in looks]
        return np.stack([self._pairs.fused(solo, pair) for solo, pair in zip(means, pairs)])

    def _extended(self, probabilities: Probabilities, embeddings: Floats) -> Probabilities:
        """(N, K + L): with the classes that were taught; where these are others than before, nobody has a past."""
        taught = self.taught  # once: another thread may exchange it
        labels = self.bundle.labels + (taught.labels if taught is not None else ())
        if labels != self._remembered_labels:
            self._remembered_labels = labels
            for person in self._people.values():
                person.probabilities = person.named = None
        return probabilities if taught is None else taught.extend(probabilities, embeddings)

    def _smoothed(self, body: int, probabilities: Probabilities, now_s: float) -> Probabilities:
        person = self._people[body]
        if person.probabilities is not None:
            probabilities = smoothed(person.probabilities, probabilities, now_s - person.predicted_s, self.live.smoothing_s)
        person.probabilities, person.predicted_s = probabilities, now_s
        return probabilities

    def _prediction(
        self, look: _Look, now_s: float, probabilities: Probabilities, embedding: Floats, times_ms: _TimesMs
    ) -> Prediction:
        labels, person = self._remembered_labels, self._people[look.person]
        person.named = named = named_class(probabilities, person.named, self.live)
        order = np.argsort(-probabilities, kind="stable")[:TOP]
        latency_ms, window_ms, model_ms = times_ms
        return Prediction(
            person=look.person,
            time_s=now_s,
            action=UNKNOWN if named is None else labels[named],
            confidence=float(probabilities[order[0] if named is None else named]),
            probabilities=probabilities.astype(np.float32),
            top=tuple((labels[i], float(probabilities[i])) for i in order),
            latency_ms=latency_ms,
            partner=look.partner if named is not None and labels[named] in self.live.pair_labels else None,
            labels=labels,
            embedding=embedding,
            window_ms=window_ms,
            model_ms=model_ms,
            since_s=person.since_s,
        )


def softmax(logits: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """(N, K) logits → probabilities in float64."""
    exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def smoothed(before: Probabilities, now: Probabilities, elapsed_s: float, time_constant_s: float) -> Probabilities:
    """What was known so long ago fades exponentially; with a time constant of 0 only the present counts."""
    if time_constant_s == 0:
        return now
    kept = np.exp(-elapsed_s / time_constant_s)
    return np.asarray(kept * before + (1 - kept) * now)
