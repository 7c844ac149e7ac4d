"""What the synthetic actor can do: each action as key poses, after how people perform it in UTD-MHAD."""

from dataclasses import dataclass

import numpy as np
from skel.sensors.actor_body import Array, Pose

IDLE = "idle"
Key = tuple[float, Pose]  # seconds from the key before, and the pose to reach


@dataclass(frozen=True)
class Motion:
    """An action that begins and ends in quiet standing.

    Attributes:
        start: keys from standing up to the part that repeats.
        cycle: keys that are repeated.
        cycles: the least and the greatest number of repetitions.
        end: keys after it, the last one standing again.
    """

    start: tuple[Key, ...]
    end: tuple[Key, ...]
    cycle: tuple[Key, ...] = ()
    cycles: tuple[int, int] = (1, 1)

    def keys(self, repetitions: int) -> tuple[Array, Array]:
        """Times (K,) in seconds, from 0, and angles (K, CHANNELS) in degrees."""
        keys = [(0.0, Pose()), *self.start, *self.cycle * repetitions, *self.end]
        return np.cumsum([seconds for seconds, _ in keys]), np.stack([pose.angles() for _, pose in keys])


MOTIONS: dict[str, Motion] = {
    "wave": Motion(
        start=((0.5, Pose(right_arm=(60, 60, -40, 90))),),
        cycle=((0.22, Pose(right_arm=(60, 60, 10, 70))), (0.22, Pose(right_arm=(60, 60, -40, 90)))),
        cycles=(2, 3),
        end=((0.6, Pose()),),
    ),
    "clap": Motion(
        start=((0.45, Pose(right_arm=(30, 20, 30, 95), left_arm=(30, 20, 30, 95))),),
        cycle=(
            (0.2, Pose(right_arm=(30, 15, 55, 95), left_arm=(30, 15, 55, 95))),
            (0.2, Pose(right_arm=(30, 20, 25, 95), left_arm=(30, 20, 25, 95))),
        ),
        cycles=(2, 3),
        end=((0.5, Pose()),),
    ),
    "squat": Motion(
        start=((0.9, Pose(trunk=(30, 0, 0), right_arm=(95, 10, 15, 15), left_arm=(95, 10, 15, 15),
                          right_leg=(75, 12, 105, 30), left_leg=(75, 12, 105, 30))),),
        end=((0.9, Pose()),),
    ),
}  # fmt: skip
ACTIONS: tuple[str, ...] = tuple(MOTIONS)


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
