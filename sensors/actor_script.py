"""One synthetic person: who they are, what they do when, and where their joints are at any time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skel.sensors.actor_body import Array, Pose, joint_positions
from skel.sensors.actor_motions import MOTIONS, STANDING
from skel.skeleton.recording import Segment

_REMEMBERED_S = 60.0
# How precisely a pose is repeated: arms loosely, trunk and legs, which carry the body, closely.
_WOBBLE_DEG = Pose((1, 1, 1), (1, 1), (2.5,) * 4, (2.5,) * 4, (1,) * 4, (1,) * 4, 0).angles()
_SENSOR_HEIGHT_M = 1.0


@dataclass(frozen=True)
class _Act:
    """One performance of one action."""

    span: Segment
    key_times_s: Array
    key_angles_deg: Array


class Actor:
    """A person who stands before the sensor and performs one action after the other, with quiet standing in between.

    Everything follows from `rng`: height 1.5–1.95 m, tempo, reach, a heading within 35° of facing the sensor, a place
    2–4 m away (`beside_m` to the right of the middle), and small differences between performances. Time goes forwards only.

    Args:
        rng: the source of everything that varies.
        script: names of actions, performed in turn and again from the start; None = all in random order, over and over.
        beside_m: where the person stands, on average, along x.
        until_s: no action is begun that would not be over by then.
    """

    def __init__(
        self, rng: np.random.Generator, script: Sequence[str] | None, beside_m: float = 0.0, until_s: float = np.inf
    ) -> None:
        self._rng = rng
        self._script = script
        self._until_s = until_s
        self.height_m = rng.uniform(1.5, 1.95)
        self._tempo = rng.uniform(0.85, 1.2)
        self._reach = rng.uniform(0.9, 1.1)
        heading = np.radians(np.clip(rng.normal(0, 14), -35, 35))
        self._facing = np.array([[np.cos(heading), 0, np.sin(heading)], [0, 1, 0], [-np.sin(heading), 0, np.cos(heading)]])
        self._place_m = np.array([beside_m + rng.uniform(-0.3, 0.3), -_SENSOR_HEIGHT_M, rng.uniform(2.0, 4.0)])
        channels = len(STANDING.angles())
        self._habit_deg = np.append(rng.normal(0, 1.5, channels - 1), 0)
        self._sway_hz = rng.uniform(0.15, 0.45, (3, channels))
        self._sway_phase = rng.uniform(0, 2 * np.pi, (3, channels))
        self._acts: list[_Act] = []
        self._queue: list[str] = []
        self._planned_s = 0.0
        self._posture = STANDING

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The actions planned so far, less those that ended over a minute ago."""
        return tuple(act.span for act in self._acts)

    def positions_m(self, times_s: Array) -> npt.NDArray[np.float32]:
        """Joints (T, 25, 3) in canonical space at increasing times, none before those of an earlier call."""
        self._plan(times_s[-1])
        self._acts = [act for act in self._acts if act.span.end_s > times_s[0] - _REMEMBERED_S]
        angles = np.tile(STANDING.angles(), (len(times_s), 1))
        begins = [*np.searchsorted(times_s, [act.span.start_s for act in self._acts]), len(times_s)]
        for act, begin, end in zip(self._acts, begins, begins[1:]):  # the last pose of an act is kept until the next one
            if begin < end:
                angles[begin:end] = interpolate(times_s[begin:end], act.key_times_s, act.key_angles_deg)
        wave = np.sin(2 * np.pi * self._sway_hz[:, None] * times_s[:, None] + self._sway_phase[:, None]).sum(axis=0)
        angles[:, :-1] += self._habit_deg[:-1] + 0.4 * wave[:, :-1]
        body = joint_positions(angles, self.height_m)
        return np.asarray(body @ self._facing.T + self._place_m, np.float32)

    def _plan(self, until_s: float) -> None:
        """Decide what happens up to that time."""
        while self._planned_s <= until_s:
            start_s = self._planned_s + self._rng.uniform(0.8, 2.0)
            act = self._act(self._next_name(), start_s)
            if act.span.end_s > self._until_s:
                self._planned_s = np.inf
                return
            self._acts.append(act)
            self._posture = MOTIONS[act.span.label].after
            self._planned_s = act.span.end_s

    def _next_name(self) -> str:
        if not self._queue:
            names = list(MOTIONS) if self._script is None else list(self._script)
            self._queue = [str(n) for n in self._rng.permutation(names)] if self._script is None else names
        if MOTIONS[self._queue[0]].before == self._posture:
            return self._queue.pop(0)
        return "stand to sit" if self._posture == STANDING else "sit to stand"

    def _act(self, name: str, start_s: float) -> _Act:
        motion, rng = MOTIONS[name], self._rng
        times_s, angles = motion.keys(int(rng.integers(motion.cycles[0], motion.cycles[1] + 1)))
        times_s = start_s + times_s / (self._tempo * rng.uniform(0.93, 1.07))
        moved = angles[1:-1, :-1] - STANDING.angles()[:-1]
        wobble = np.where(moved != 0, rng.normal(0, _WOBBLE_DEG[:-1], moved.shape), 0)  # what rests in a key goes on resting
        angles[1:-1, :-1] += moved * (self._reach * rng.uniform(0.95, 1.05) - 1) + wobble
        return _Act(Segment(float(times_s[0]), float(times_s[-1]), name), times_s, angles)


def interpolate(times_s: Array, key_times_s: Array, key_values: Array) -> Array:
    """Values (T, K) at `times_s` through keys (N,) and (N, K): piecewise cubic, continuous velocity, no overshoot.

    Hermite with the slopes of Fritsch & Butland (SIAM J. Sci. Stat. Comput. 5, 1984): zero where a value turns round and at
    both ends, else the harmonic mean of the neighbouring slopes. Before the first and after the last key the value rests.
    """
    step = np.diff(key_times_s)[:, None]
    slope = np.diff(key_values, axis=0) / step
    tangent = np.zeros_like(key_values)
    same_way = slope[:-1] * slope[1:] > 0
    total = np.where(same_way, slope[:-1] + slope[1:], 1.0)
    tangent[1:-1] = np.where(same_way, 2 * slope[:-1] * slope[1:] / total, 0.0)

    times = np.clip(times_s, key_times_s[0], key_times_s[-1])
    left = np.clip(np.searchsorted(key_times_s, times, side="right") - 1, 0, len(step) - 1)
    share = (times[:, None] - key_times_s[left, None]) / step[left]
    rest = 1 - share
    return np.asarray(
        key_values[left] * rest**2 * (1 + 2 * share)
        + key_values[left + 1] * share**2 * (3 - 2 * share)
        + step[left] * share * rest * (tangent[left] * rest - tangent[left + 1] * share)
    )
