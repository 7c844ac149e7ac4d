"""From a prediction a frame to "she waved from 2.1 to 4.6 s", and how well that fits what is known to have happened."""

from collections.abc import Iterable
from dataclasses import dataclass

from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Prediction
from skel.skeleton.recording import Segment

SHORTEST_S = 0.5
"""An action must be named for so long without a break to become a segment."""

_LONGEST_GAP_S = 0.5  # without a prediction of a person; then the person's segment is over


def happened_s(time_s: float, since_s: float, lag_s: float) -> float:
    """When what is known at `time_s` took place: `lag_s` earlier, but not before the person came into view, at `since_s`."""
    return max(time_s - lag_s, since_s)


@dataclass
class RecognisedSegment:
    """One person's action from start to end, in the sensor's time; the confidence is the mean over its frames.

    `partner`: who it was done with at last; None for what one person does alone.
    """

    person: int
    start_s: float
    end_s: float
    action: str
    confidence: float
    frames: int = 1
    partner: int | None = None


@dataclass
class _Naming:
    """What a person is called without a break, from first to last naming, and the segment that it makes."""

    segment: RecognisedSegment
    first_s: float
    last_s: float
    other_ended_s: float  # where what the person did before ends, if this becomes a segment

    def go_on(self, prediction: Prediction, end_s: float) -> None:
        self.last_s = prediction.time_s
        segment = self.segment
        segment.end_s = end_s
        segment.frames += 1
        if prediction.partner is not None:
            segment.partner = prediction.partner
        segment.confidence += (prediction.confidence - segment.confidence) / segment.frames


class Segmenter:
    """Finds segments with hysteresis as predictions come in.

    A person's action goes on until another one has been named without a break for `shortest_s`; that one then counts from
    its first naming, where the other ends. What is named for a shorter time changes nothing. "Unknown" and the idle class
    end the one before them in the same way but are no segments themselves.

    A window looks back, so names come late: segments begin `live.start_lag_s` before their first naming and end
    `live.end_lag_s` before their last, but neither before the person came into view nor before that person's last segment
    ended. One that goes on ends `live.end_lag_s` ago; none ever shrinks.
    """

    def __init__(self, live: LiveSettings, shortest_s: float = SHORTEST_S) -> None:
        self.segments: list[RecognisedSegment] = []
        self._live, self._shortest_s = live, shortest_s
        self._current: dict[int, _Naming] = {}
        self._candidate: dict[int, _Naming] = {}
        self._last: dict[int, RecognisedSegment] = {}

    def push(self, prediction: Prediction) -> None:
        """Take in the next prediction; those of one person must come in the order of time."""
        person, now_s = prediction.person, prediction.time_s
        end_s = happened_s(now_s, prediction.since_s, self._live.end_lag_s)
        current, candidate = self._current.get(person), self._candidate.pop(person, None)
        latest = candidate or current
        if latest is not None and not 0 <= now_s - latest.last_s <= _LONGEST_GAP_S:
            self._current.pop(person, None)
            current = candidate = None
            if now_s < latest.last_s:
                self._last.pop(person, None)
        if current is not None and prediction.action == current.segment.action:
            current.go_on(prediction, end_s)
            return
        if candidate is not None and prediction.action == candidate.segment.action:
            candidate.go_on(prediction, end_s)
        else:
            start_s = happened_s(now_s, prediction.since_s, self._live.start_lag_s)
            segment = RecognisedSegment(
                person, start_s, end_s, prediction.action, prediction.confidence, partner=prediction.partner
            )
            candidate = _Naming(segment, now_s, now_s, other_ended_s=end_s)
        if now_s - candidate.first_s < self._shortest_s - 1e-9:
            self._candidate[person] = candidate
        else:
            self._begin(candidate)

    def _begin(self, naming: _Naming) -> None:
        segment = naming.segment
        before = self._current.get(segment.person)
        if before is not None:
            before.segment.end_s = naming.other_ended_s
        self._current[segment.person] = naming
        if segment.action not in (UNKNOWN, self._live.idle_label):
            last = self._last.get(segment.person)
            if last is not None:
                segment.start_s = max(segment.start_s, last.end_s)
            self._last[segment.person] = segment
            self.segments.append(segment)


def shares_right(named: Iterable[RecognisedSegment], truth: Iterable[Segment], start_s: float = 0.0) -> list[float]:
    """For each true segment the share (0..1) of its duration over which segments of its label are laid, of any person.

    Args:
        named: in the sensor's time.
        truth: in seconds from the recording's first frame.
        start_s: the time stamp of that frame.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    for segment in sorted(named, key=lambda segment: segment.start_s):
        spans.setdefault(segment.action, []).append((segment.start_s - start_s, segment.end_s - start_s))
    shares = []
    for true in truth:
        covered_s, until_s = 0.0, true.start_s
        for begin_s, end_s in spans.get(true.label, []):
            end_s = min(end_s, true.end_s)
            covered_s += max(end_s - max(begin_s, until_s), 0.0)
            until_s = max(until_s, end_s)
        shares.append(covered_s / max(true.end_s - true.start_s, 1e-9))
    return shares
