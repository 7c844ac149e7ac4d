"""What the recogniser names with such settings, from what the network said of the windows (`stream_windows`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skel.models.hysteresis import named_class
from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Prediction, smoothed, softmax
from skel.models.segments import Segmenter, happened_s
from skel.skeleton.recording import Segment
from skel.training.stream_metrics import NOTHING, Names
from skel.training.stream_windows import WindowLogits


@dataclass(frozen=True, eq=False)
class Named:
    """What was named in one recording: at each of its instants `names`, and as segments, those of nothing left out."""

    times_s: npt.NDArray[np.float64]
    names: Names
    segments: tuple[Segment, ...]


@dataclass(frozen=True, eq=False)
class Smoothed:
    """The probabilities (P, K) that the recogniser names a class by; `since_s` (P,): since when the person is in view."""

    times_s: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float64]
    since_s: npt.NDArray[np.float64]


def smoothed_probabilities(said: WindowLogits, temperature: float, live: LiveSettings) -> Smoothed:
    """Mean over the windows of `live` that the person has been in view for half of, smoothed over time."""
    places = [said.durations_s.index(span) for span in live.window_durations_s]
    seen_s = (said.times_s - said.since_s)[:, None]
    used = seen_s >= 0.5 * np.array(live.window_durations_s) - 1e-9  # (P, spans)
    rows = used.any(axis=1)
    used, times_s, since_s = used[rows], said.times_s[rows], said.since_s[rows]
    logits = said.logits[rows][:, places]
    P, D, K = logits.shape
    answers = softmax(logits.reshape(P * D, K) / temperature).reshape(P, D, K)
    means = np.where(used[..., None], answers, 0).sum(axis=1) / used.sum(axis=1, keepdims=True)
    for i in range(1, P):
        if since_s[i] == since_s[i - 1]:
            means[i] = smoothed(means[i - 1], means[i], times_s[i] - times_s[i - 1], live.smoothing_s)
    return Smoothed(times_s, means, since_s)


def named(said: Smoothed, labels: Sequence[str], live: LiveSettings) -> Named:
    """Apply hysteresis and rejection, and gather segments as the app's timeline does."""
    nothing = {UNKNOWN, live.idle_label}
    segmenter = Segmenter(live)
    names = []
    before: int | None = None
    here_s: float | None = None
    for time_s, probabilities, since_s in zip(said.times_s.tolist(), said.probabilities, said.since_s.tolist()):
        before = named_class(probabilities, before if since_s == here_s else None, live)
        here_s = since_s
        name = UNKNOWN if before is None else labels[before]
        names.append(NOTHING if name in nothing else name)
        confidence = float(probabilities.max())
        segmenter.push(Prediction(0, time_s, name, confidence, probabilities, (), 0.0, since_s=since_s))
    segments = tuple(Segment(s.start_s, s.end_s, s.action) for s in segmenter.segments)
    return Named(said.times_s, np.array(names, dtype=np.str_), segments)


def earlier(segments: Sequence[Segment], said: Smoothed, start_lag_s: float, end_lag_s: float) -> tuple[Segment, ...]:
    """The segments that `named` finds without lags, as it finds them with these."""
    laid: list[Segment] = []
    for segment in segments:
        times_s = (segment.start_s, segment.end_s)
        start_since_s, end_since_s = said.since_s[np.searchsorted(said.times_s, times_s)].tolist()
        start_s = happened_s(segment.start_s, start_since_s, start_lag_s)
        start_s = max(start_s, laid[-1].end_s) if laid else start_s
        laid.append(Segment(start_s, happened_s(segment.end_s, end_since_s, end_lag_s), segment.label))
    return tuple(laid)
