"""From a prediction a frame to "she waved from 2.1 to 4.6 s", and how well that fits what is known to have happened."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from skel.models.recognizer import UNKNOWN, Prediction
from skel.skeleton.recording import Segment

SHORTEST_S = 0.5
"""An action must be named for so long without a break to become a segment."""

_LONGEST_GAP_S = 0.5  # without a prediction of a person; then the person's segment is over


@dataclass
class RecognisedSegment:
    """One person's action from first to last naming, in the sensor's time; the confidence is the mean over its frames.

    `partner`: who it was done with at last; None for what one person does alone.
    """

    person: int
    start_s: float
    end_s: float
    action: str
    confidence: float
    frames: int = 1
    partner: int | None = None

    def extend(self, prediction: Prediction) -> None:
        """Let it last until this prediction of the same action."""
        self.end_s = prediction.time_s
        self.frames += 1
        if prediction.partner is not None:
            self.partner = prediction.partner
        self.confidence += (prediction.confidence - self.confidence) / self.frames


class Segmenter:
    """Finds segments with hysteresis as predictions come in.

    A person's action goes on until another one has been named without a break for `shortest_s`; that one then counts from
    its first naming, where the other ends. What is named for a shorter time changes nothing. Actions in `nothing` end the
    one before them in the same way but are no segments themselves.
    """

    def __init__(self, shortest_s: float = SHORTEST_S, nothing: Collection[str] = (UNKNOWN,)) -> None:
        self.segments: list[RecognisedSegment] = []
        self._shortest_s = shortest_s
        self._nothing = nothing
        self._current: dict[int, RecognisedSegment] = {}
        self._candidate: dict[int, RecognisedSegment] = {}

    def push(self, prediction: Prediction) -> None:
        """Take in the next prediction; those of one person must come in the order of time."""
        person = prediction.person
        current, candidate = self._current.get(person), self._candidate.pop(person, None)
        latest = candidate or current
        if latest is not None and not 0 <= prediction.time_s - latest.end_s <= _LONGEST_GAP_S:
            self._current.pop(person, None)
            current = candidate = None
        if current is not None and prediction.action == current.action:
            current.extend(prediction)
            return
        if candidate is not None and prediction.action == candidate.action:
            candidate.extend(prediction)
        else:
            now_s = prediction.time_s
            candidate = RecognisedSegment(
                person, now_s, now_s, prediction.action, prediction.confidence, partner=prediction.partner
            )
        if candidate.end_s - candidate.start_s < self._shortest_s - 1e-9:
            self._candidate[person] = candidate
        else:
            self._begin(candidate)

    def _begin(self, segment: RecognisedSegment) -> None:
        before = self._current.get(segment.person)
        if before is not None:
            before.end_s = segment.start_s
        self._current[segment.person] = segment
        if segment.action not in self._nothing:
            self.segments.append(segment)


def shares_right(predictions: Sequence[Prediction], truth: Iterable[Segment], start_s: float = 0.0) -> list[float]:
    """For each true segment the share (0..1) of its duration in which its label was named, for any person in view.

    Args:
        predictions: in the order of time.
        truth: in seconds from the recording's first frame.
        start_s: the time stamp of that frame.

    A prediction holds until the next one, but not for longer than half a second; time without a prediction counts as wrong.
    """
    names: dict[float, set[str]] = {}
    for prediction in predictions:
        names.setdefault(prediction.time_s - start_s, set()).add(prediction.action)
    times = list(names)
    ends = [min(after, time + _LONGEST_GAP_S) for time, after in zip(times, [*times[1:], float("inf")])]
    return [
        sum(
            max(min(end, segment.end_s) - max(time, segment.start_s), 0.0)
            for time, end in zip(times, ends)
            if segment.label in names[time]
        )
        / max(segment.end_s - segment.start_s, 1e-9)
        for segment in truth
    ]
