"""Says when a person begins and ends an action, for other programs. No network, no Qt."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Prediction, Recognizer
from skel.models.segments import happened_s

AWAY_S = 0.5  # somebody who is not seen for longer has ended what was done

Message = dict[str, Any]


@dataclass
class _Doing:
    """A person's action under way; the confidence is the mean over its frames.

    It was last named at `last_s`; as far as is known it took place from `started_s` to `ended_s`.
    """

    action: str
    started_s: float
    ended_s: float
    last_s: float
    confidence: float
    frames: int = 1
    partner: int | None = None  # who it was done with at last

    def go_on(self, prediction: Prediction, ended_s: float) -> None:
        self.last_s, self.ended_s = prediction.time_s, ended_s
        if prediction.partner is not None:
            self.partner = prediction.partner
        self.frames += 1
        self.confidence += (prediction.confidence - self.confidence) / self.frames


class ActionEvents:
    """Turns predictions into messages, which it hands to `emit` in their order; docs/events.md says what they hold.

    A person's action is what the recogniser says at each frame, which it has smoothed already; "no action" and "unknown"
    only end others. Beside when it is said each message has when that took place, as `Segmenter` lays it. Any thread.
    """

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._nothing: Collection[str] = ()
        self._live = LiveSettings()
        self._lock = threading.RLock()  # guards all below, and the order of what is emitted
        self._doing: dict[int, _Doing] = {}
        self._ended_s: dict[int, float] = {}  # each person's last action
        self._now_s = 0.0
        self._run = 0

    def begin(self, source: str, model: str, recognizer: Recognizer) -> int:
        """End everything; from now on the predictions are of this source and recogniser, whose model is called so.

        The number is this run's: whoever gives it to `update` can be late without harm.
        """
        with self._lock:
            self.stop()
            self._nothing, self._live, self._now_s = no_actions(recognizer), recognizer.live, 0.0
            labels = list(recognizer.labels)
            self._emit({"event": "state", "source": source, "model": model, "labels": labels, "people": []})
            return self._run

    def update(self, time_s: float, predictions: Sequence[Prediction], run: int | None = None) -> None:
        """Take in what was recognised in the next frame; a time before the last one (somebody seeks) ends everything.

        Without effect where that `run` has ended.
        """
        with self._lock:
            if run not in (None, self._run):
                return
            if time_s < self._now_s:
                self.end_all()
            self._now_s = time_s
            for prediction in predictions:
                self._follow(prediction)
                self._emit({"event": "prediction", **as_json(prediction)})
            for person in [p for p, doing in self._doing.items() if time_s - doing.last_s > AWAY_S]:
                self._end(person, self._doing[person].last_s)
            earliest_s = time_s - self._live.start_lag_s  # where an action that is named now would start
            self._ended_s = {person: ended_s for person, ended_s in self._ended_s.items() if ended_s > earliest_s}

    def stop(self) -> None:
        """End everything, and with it the run."""
        with self._lock:
            self.end_all()
            self._run += 1

    def end_all(self) -> None:
        """Nobody is seen any more: the source has ended or was lost."""
        with self._lock:
            for person in list(self._doing):
                self._end(person, self._doing[person].last_s)
            self._ended_s.clear()

    def _follow(self, prediction: Prediction) -> None:
        person, now_s = prediction.person, prediction.time_s
        ended_s = happened_s(now_s, prediction.since_s, self._live.end_lag_s)
        doing = self._doing.get(person)
        if doing is not None and doing.action == prediction.action:
            doing.go_on(prediction, ended_s)
            return
        if doing is not None:
            doing.ended_s = ended_s
            self._end(person, now_s)
        if prediction.action not in self._nothing:
            started_s = happened_s(now_s, prediction.since_s, self._live.start_lag_s)
            started_s = max(started_s, self._ended_s.get(person, started_s))
            doing = _Doing(prediction.action, started_s, ended_s, now_s, prediction.confidence, partner=prediction.partner)
            self._doing[person] = doing
            self._emit({"event": "started", **_said(person, doing, now_s)})

    def _end(self, person: int, time_s: float) -> None:
        doing = self._doing.pop(person)
        self._ended_s[person] = doing.ended_s
        self._emit({"event": "ended", **_said(person, doing, time_s), "ended_s": round(doing.ended_s, 6)})


def _said(person: int, doing: _Doing, time_s: float) -> Message:
    return {
        "time_s": round(time_s, 6),
        "person": person,
        "action": doing.action,
        "partner": doing.partner,
        "confidence": round(doing.confidence, 6),
        "started_s": round(doing.started_s, 6),
    }


def no_actions(recognizer: Recognizer) -> tuple[str, ...]:
    """What is named where nobody does anything that is known."""
    idle = recognizer.bundle.live.idle_label
    return (UNKNOWN,) if idle is None else (UNKNOWN, idle)


def as_json(prediction: Prediction) -> Message:
    """A prediction as JSON types."""
    return {
        "time_s": round(prediction.time_s, 6),
        "person": prediction.person,
        "action": prediction.action,
        "partner": prediction.partner,
        "confidence": round(prediction.confidence, 6),
        "top": [[label, round(probability, 6)] for label, probability in prediction.top],
        "latency_ms": round(prediction.latency_ms, 3),
    }


def after(state: Message, message: Message) -> Message:
    """How things stand after a message: what somebody who comes late has to know."""
    match message["event"]:
        case "state":
            return message
        case "started":
            doing = {name: value for name, value in message.items() if name != "event"}
            return {**state, "people": [*state["people"], doing]}
        case "ended":
            return {**state, "people": [p for p in state["people"] if p["person"] != message["person"]]}
        case _:
            return state
