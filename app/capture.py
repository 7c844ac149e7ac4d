"""From what a camera saw while somebody showed an action to that movement alone: who it was, and from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import fill_gaps, resample
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recorder import Columns
from skel.skeleton.recording import Recording, Segment

MARGIN_S = 0.15
"""Kept before the first and after the last movement."""

_RATE_HZ = 30.0
_STEP_S = 0.2  # speeds are of means over so long: noise of single frames is gone, a quick gesture is not
_SLOWEST_M_S = 0.25  # a movement's peak; who stands quietly sways at a few centimetres a second
_REST_SHARE = 0.15  # of the peak, below which a movement has not begun or is over
_JOINTS = 3  # so many joints move at least; a single one may jump
_LONGEST_PAUSE_S = 0.8  # within one movement
_SWAY_M_S = 0.1
_NOISE_PEAK = 3.0  # of three joints of 25, in standard deviations of one coordinate

Positions = npt.NDArray[np.floating[Any]]
Array = npt.NDArray[np.float64]


class NoMovement(UserError):  # noqa: N818 - a `UserError` that the window answers in its own way
    """Nobody moved in an example."""


@dataclass(frozen=True, eq=False)
class Take:
    """One example of an action.

    Attributes:
        recording: of the one person who shows it, (T, 1, V, 3), with what came before and after.
        start_s, end_s: of the movement, in seconds from the recording's first frame.
    """

    recording: Recording
    start_s: float
    end_s: float

    def labelled(self, label: str) -> Recording:
        """The recording, saying that this is what happens in it."""
        return replace(self.recording, segments=(Segment(self.start_s, self.end_s, label),))


def recorded(frames: Sequence[SkeletonFrame], fps: float, device: str = "") -> Recording:
    """Frames of one layout, in the order of time, as a recording; each body has a column. `NoMovement` for no frame."""
    if not frames:
        raise NoMovement("nothing was recorded: is the camera running?")
    layout, columns = frames[0].layout, Columns()
    kept = list(frames[:1])
    for frame in frames[1:]:
        if frame.time_s > kept[-1].time_s:
            kept.append(frame)
    places = [columns.of([int(body) for body in frame.body_ids], frame.time_s) for frame in kept]
    count = max((place + 1 for row in places for place in row), default=1)
    positions_m = np.full((len(kept), count, len(layout), 3), np.nan, np.float32)
    for row, frame, place in zip(positions_m, kept, places):
        row[place] = frame.positions_m
    return Recording(positions_m, np.array([frame.time_s for frame in kept]), layout, fps, device)


def trimmed(recording: Recording) -> Take:
    """The movement of the person who moves most, or of the nearest of those who move about as much.

    `NoMovement`, one line, where nobody is in view or nobody moves.
    """
    tracks = [_speeds(recording, m) for m in range(recording.positions_m.shape[1])]
    if not any(len(speeds) for _, speeds in tracks):
        raise NoMovement("nobody was in view: step back until the whole body is seen, and show it again")
    energies = [float((speeds**2).sum()) for _, speeds in tracks]
    likely = [m for m, energy in enumerate(energies) if energy >= 0.5 * max(energies)]
    person = min(likely, key=lambda m: _distance_m(recording.positions_m[:, m]))
    span = _movement(*tracks[person])
    if span is None:
        raise NoMovement("no movement was seen: show the action once the countdown is over")
    alone = replace(recording, positions_m=recording.positions_m[:, [person]], segments=())
    start_s = max(span[0] - MARGIN_S, 0.0)
    return Take(alone, start_s, min(span[1] + MARGIN_S, alone.duration_s))


def _speeds(recording: Recording, person: int) -> tuple[Array, Array]:
    """At each of a column's instants (n,), in seconds from the recording's first frame: the speed, in m/s, that at least
    `_JOINTS` joints reach, less what noise makes of it. Empty where the person is in view for no longer than two steps."""
    body = recording.positions_m[:, person].astype(np.float64)
    seen = np.flatnonzero(~np.isnan(body).all(axis=(1, 2)))
    if not len(seen):
        return np.empty(0), np.empty(0)
    span = slice(seen[0], seen[-1] + 1)
    times_s = recording.times_s[span] - recording.times_s[0]
    instants_s = np.arange(times_s[0], times_s[-1] + 1e-9, 1 / _RATE_HZ)
    step = round(_STEP_S * _RATE_HZ)
    if len(instants_s) <= 2 * step:
        return np.empty(0), np.empty(0)
    tracked = ~np.isnan(body[span]).any(axis=2).all(axis=0)  # joints that are seen at all
    x = resample(fill_gaps(body[span][:, tracked], times_s), times_s, instants_s)  # (n, V', 3)
    sums = np.concatenate([np.zeros((1, *x.shape[1:])), np.cumsum(x, axis=0)])
    means = (sums[step:] - sums[:-step]) / step
    speeds = np.linalg.norm(means[step:] - means[:-step], axis=2) / _STEP_S  # (n − 2·step + 1, V')
    of_body = np.sort(speeds, axis=1)[:, -_JOINTS:].min(axis=1)
    return instants_s[step : len(instants_s) - step + 1], np.maximum(of_body - _noise_m_s(x, step), 0)


def _noise_m_s(x: Array, step: int) -> float:
    """The speed that independent errors of single frames look like in `_speeds`.

    Their size is that of the second differences over time, which movements hardly have: its median over frames and joints.
    """
    second = np.abs(x[2:] - 2 * x[1:-1] + x[:-2])
    sigma_m = 1.4826 * float(np.median(second)) / np.sqrt(6)
    return float(_NOISE_PEAK * sigma_m * np.sqrt(2 / step) / _STEP_S)


def _movement(instants_s: Array, speeds_m_s: Array) -> tuple[float, float] | None:
    """(start, end) of the burst, with its short pauses, in which most happens; None where all is rest."""
    peak = float(speeds_m_s.max(initial=0))
    if peak < _SLOWEST_M_S:
        return None
    moving = np.flatnonzero(speeds_m_s > max(_REST_SHARE * peak, _SWAY_M_S))
    bursts = np.split(moving, np.flatnonzero(np.diff(instants_s[moving]) > _LONGEST_PAUSE_S) + 1)
    longest = max(bursts, key=lambda burst: float((speeds_m_s[burst] ** 2).sum()))
    return float(instants_s[longest[0]]), float(instants_s[longest[-1]])


def _distance_m(body: Positions) -> float:
    """From the sensor, over the floor, on average; a column that is empty is infinitely far."""
    over_floor = np.hypot(body[..., 0], body[..., 2])
    return float(over_floor[~np.isnan(over_floor)].mean()) if not np.isnan(over_floor).all() else np.inf
