"""What the synthetic actor can do: each action as key poses.

The poses, their order and their timing are rounded from how eight people perform the same actions in UTD-MHAD (Chen, Jafari
& Kehtarnavaz, ICIP 2015): joint angles of the median performance after dynamic time warping, to the nearest few degrees.
"""

from dataclasses import dataclass

import numpy as np

from skel.sensors.actor_body import Array, Pose

IDLE = "idle"
STANDING = Pose()
SEATED = Pose(
    trunk=(0, 0, 0),
    right_arm=(8, 10, 25, 35),
    left_arm=(8, 10, 25, 35),
    right_leg=(84, 6, 86, 2),
    left_leg=(84, 6, 86, 2),
)

Key = tuple[float, Pose]  # seconds from the key before, and the pose to reach


@dataclass(frozen=True)
class Motion:
    """An action from one posture of rest to another.

    Attributes:
        start: keys from rest up to the part that repeats.
        cycle: keys that are repeated.
        cycles: the least and the greatest number of repetitions.
        end: keys after it, before `after`.
        settle_s: how long it takes from the last of these keys to `after`.
        before, after: the postures of rest.
    """

    start: tuple[Key, ...]
    settle_s: float
    cycle: tuple[Key, ...] = ()
    cycles: tuple[int, int] = (1, 1)
    end: tuple[Key, ...] = ()
    before: Pose = STANDING
    after: Pose = STANDING

    def keys(self, repetitions: int) -> tuple[Array, Array]:
        """Times (K,) in seconds, from 0, and angles (K, CHANNELS) in degrees."""
        keys = [(0.0, self.before), *self.start, *self.cycle * repetitions, *self.end, (self.settle_s, self.after)]
        return np.cumsum([seconds for seconds, _ in keys]), np.stack([pose.angles() for _, pose in keys])


_GUARD = (12, 28, 30, 115)
_JAB = (82, 33, 42, 25)
_STEP = 0.18  # half a step of walking
_HOP = 0.125  # and of jogging
_WALK_RIGHT = Pose(
    trunk=(-2, -2, -4),
    right_arm=(-16, 10, 30, 10),
    left_arm=(18, 12, 30, 32),
    right_leg=(28, 3, 46, 0),
    left_leg=(-1, 1, 2, 2),
    support=0,
)
_WALK_LAND = Pose(
    trunk=(-2, 0, 0), right_arm=(0, 10, 30, 20), left_arm=(0, 10, 30, 20), right_leg=(7, 2, 13, 4), left_leg=(7, 2, 13, 4)
)
_JOG_RIGHT = Pose(
    trunk=(2, -2, -5),
    right_arm=(-32, 18, 22, 66),
    left_arm=(10, 14, 28, 98),
    right_leg=(34, 5, 66, -5),
    left_leg=(5, 1, 12, 4),
    support=0,
)
_JOG_LAND = Pose(
    trunk=(2, 0, 0),
    right_arm=(-11, 16, 24, 80),
    left_arm=(-11, 16, 24, 80),
    right_leg=(10, 2, 20, 4),
    left_leg=(10, 2, 20, 4),
)
_REACH = (80, 20, 45, 30)
_DEEP = (72, 11, 108, 30)

MOTIONS: dict[str, Motion] = {
    "swipe left": Motion(
        start=(
            (0.27, Pose(right_arm=(9, 16, 5, 25))),
            (0.30, Pose(trunk=(-3, 0, 11), right_arm=(80, 30, 30, 28))),
            (0.27, Pose(trunk=(1, 3, 22), right_arm=(87, -32, 85, 48))),
        ),
        end=((0.60, Pose(trunk=(-3, 1, 6), right_arm=(-2, 14, 40, 20))),),
        settle_s=0.45,
    ),
    "swipe right": Motion(
        start=(
            (0.15, Pose(right_arm=(-2, 10, 25, 23))),
            (0.40, Pose(trunk=(-3, 1, 13), right_arm=(70, -16, 74, 55))),
            (0.20, Pose(trunk=(-2, 1, 17), right_arm=(88, 32, 40, 36))),
            (0.23, Pose(trunk=(-3, 0, 10), right_arm=(47, 76, 5, 17))),
        ),
        end=((0.60, Pose(right_arm=(-6, 12, 25, 17))),),
        settle_s=0.30,
    ),
    "wave": Motion(
        start=(
            (0.15, Pose(right_arm=(-3, 10, 22, 24))),
            (0.32, Pose(trunk=(-4, 0, 4), right_arm=(70, 42, -12, 55))),
        ),
        cycle=(
            (0.20, Pose(trunk=(-4, 0, 9), right_arm=(82, 34, 20, 64))),
            (0.20, Pose(trunk=(-4, 0, 9), right_arm=(78, 48, -14, 48))),
        ),
        cycles=(2, 3),
        end=((0.50, Pose(trunk=(-3, 0, 2), right_arm=(-5, 14, 22, 22))),),
        settle_s=0.35,
    ),
    "clap": Motion(
        start=(
            (0.18, Pose(right_arm=(-3, 11, 14, 28), left_arm=(-3, 11, 14, 28))),
            (0.22, Pose(right_arm=(12, 15, -4, 84), left_arm=(12, 15, -4, 84))),
        ),
        cycle=(
            (0.18, Pose(right_arm=(34, 4, 38, 106), left_arm=(34, 4, 38, 106))),
            (0.18, Pose(right_arm=(32, 6, 20, 108), left_arm=(32, 6, 20, 108))),
        ),
        cycles=(2, 3),
        end=((0.32, Pose(right_arm=(-2, 14, 22, 34), left_arm=(-2, 14, 22, 34))),),
        settle_s=0.45,
    ),
    "throw": Motion(
        start=(
            (0.20, Pose(trunk=(-3, 0, -1), right_arm=(-4, 11, 10, 27))),
            (0.40, Pose(trunk=(-4, -1, -13), right_arm=(33, 84, -69, 110))),
            (0.17, Pose(trunk=(-4, -1, 3), right_arm=(74, 77, -41, 82))),
            (0.20, Pose(trunk=(-3, 1, 20), right_arm=(97, 42, 12, 18))),
        ),
        end=(
            (0.27, Pose(trunk=(-3, 1, 15), right_arm=(42, 39, 25, 43))),
            (0.33, Pose(trunk=(-3, 0, 5), right_arm=(-9, 11, 26, 19))),
        ),
        settle_s=0.35,
    ),
    "arms cross": Motion(
        start=(
            (0.22, Pose(right_arm=(4, 14, 14, 40), left_arm=(4, 14, 8, 44))),
            (0.40, Pose(right_arm=(42, -6, 64, 104), left_arm=(40, 0, 62, 108))),
            (0.50, Pose(right_arm=(38, -4, 58, 104), left_arm=(38, 2, 64, 104))),
        ),
        end=((0.42, Pose(right_arm=(0, 13, 45, 20), left_arm=(-2, 14, 46, 16))),),
        settle_s=0.45,
    ),
    "draw circle clockwise": Motion(
        start=(
            (0.20, Pose(right_arm=(1, 10, 24, 24))),
            (0.37, Pose(trunk=(-4, 0, 11), right_arm=(96, 29, 47, 44))),
            (0.18, Pose(trunk=(-4, 0, 9), right_arm=(57, 53, 33, 29))),
            (0.20, Pose(trunk=(-4, 0, 8), right_arm=(39, 21, 50, 40))),
            (0.26, Pose(trunk=(-3, 0, 15), right_arm=(90, 4, 49, 46))),
            (0.20, Pose(trunk=(-4, 2, 14), right_arm=(106, 51, 28, 36))),
        ),
        end=((0.63, Pose(trunk=(-4, 1, 4), right_arm=(-1, 14, 31, 21))),),
        settle_s=0.40,
    ),
    "boxing": Motion(
        start=((0.32, Pose(right_arm=(-8, 20, 26, 60), left_arm=(0, 20, 30, 60))),),
        cycle=(
            (0.28, Pose(trunk=(-1, 1, 15), right_arm=_JAB, left_arm=_GUARD)),
            (0.28, Pose(trunk=(-1, 0, -13), right_arm=_GUARD, left_arm=_JAB)),
        ),
        cycles=(2, 2),
        end=((0.35, Pose(right_arm=(0, 16, 30, 30), left_arm=(4, 16, 32, 40))),),
        settle_s=0.40,
    ),
    "arm curl": Motion(
        start=(
            (0.15, Pose(right_arm=(-4, 10, 20, 22), left_arm=(-4, 10, 20, 22))),
            (0.55, Pose(right_arm=(33, 14, 16, 145), left_arm=(33, 14, 16, 145))),
            (0.12, Pose(right_arm=(32, 14, 16, 142), left_arm=(32, 14, 16, 142))),
        ),
        end=((0.65, Pose(right_arm=(-6, 10, 25, 16), left_arm=(-6, 10, 25, 16))),),
        settle_s=0.35,
    ),
    "push": Motion(
        start=(
            (0.15, Pose(right_arm=(-5, 10, 20, 23), left_arm=(-5, 10, 20, 23))),
            (0.38, Pose(right_arm=(13, 26, 6, 130), left_arm=(13, 26, 6, 130))),
            (0.32, Pose(right_arm=(86, 12, 40, 28), left_arm=(86, 12, 40, 28))),
            (0.25, Pose(right_arm=(80, 12, 40, 30), left_arm=(80, 12, 40, 30))),
        ),
        end=((0.60, Pose(right_arm=(-8, 10, 28, 17), left_arm=(-8, 10, 28, 17))),),
        settle_s=0.30,
    ),
    "knock": Motion(
        start=(
            (0.17, Pose(right_arm=(-4, 11, 15, 32))),
            (0.32, Pose(trunk=(-4, 0, 2), right_arm=(66, 36, -2, 105))),
        ),
        cycle=(
            (0.18, Pose(trunk=(-4, 1, 9), right_arm=(84, 38, 8, 62))),
            (0.18, Pose(trunk=(-4, 1, 9), right_arm=(78, 38, 0, 88))),
        ),
        cycles=(2, 3),
        end=((0.50, Pose(trunk=(-4, 0, 3), right_arm=(-9, 11, 25, 20))),),
        settle_s=0.35,
    ),
    "catch": Motion(
        start=(
            (0.20, Pose(right_arm=(-5, 11, 14, 35))),
            (0.27, Pose(trunk=(-3, 1, 1), right_arm=(55, 38, -6, 97))),
            (0.23, Pose(trunk=(-3, 0, 16), right_arm=(110, 45, 13, 19))),
            (0.37, Pose(trunk=(-4, 1, 12), right_arm=(74, 46, 12, 55))),
        ),
        end=((0.50, Pose(trunk=(-3, 1, 1), right_arm=(-10, 10, 15, 24))),),
        settle_s=0.43,
    ),
    "jog": Motion(
        start=((0.15, STANDING), (0.20, _JOG_LAND)),
        cycle=((_HOP, _JOG_RIGHT), (_HOP, _JOG_LAND), (_HOP, _JOG_RIGHT.mirrored()), (_HOP, _JOG_LAND)),
        cycles=(2, 3),
        settle_s=0.5,
    ),
    "walk": Motion(
        start=((0.15, STANDING), (0.20, _WALK_LAND)),
        cycle=((_STEP, _WALK_RIGHT), (_STEP, _WALK_LAND), (_STEP, _WALK_RIGHT.mirrored()), (_STEP, _WALK_LAND)),
        cycles=(2, 3),
        settle_s=0.5,
    ),
    "stand to sit": Motion(
        start=(
            (0.20, Pose(trunk=(3, 0, 0), right_leg=(6, 3, 8, 4), left_leg=(6, 3, 8, 4))),
            (0.55, Pose(trunk=(37, 0, 0), right_arm=(5, 12, 25, 30), left_arm=(5, 12, 25, 30),
                        right_leg=(62, 6, 76, 14), left_leg=(62, 6, 76, 14))),
        ),
        settle_s=0.80,
        after=SEATED,
    ),
    "sit to stand": Motion(
        start=(
            (0.60, Pose(trunk=(37, 0, 0), right_arm=(5, 12, 25, 30), left_arm=(5, 12, 25, 30),
                        right_leg=(76, 6, 88, 12), left_leg=(76, 6, 88, 12))),
        ),
        settle_s=0.85,
        before=SEATED,
    ),
    "lunge": Motion(
        start=(
            (0.25, Pose(left_leg=(10, 4, 22, 0), right_leg=(1, 2, 4, 2), support=1)),
            (0.38, Pose(trunk=(-2, 0, -4), left_leg=(38, 6, 18, 0), right_leg=(-6, 2, 18, 10), support=1)),
            (0.45, Pose(trunk=(11, -2, -2), left_leg=(78, 5, 84, 6), right_leg=(-8, 6, 80, 10), support=1)),
            (0.15, Pose(trunk=(11, -2, -2), left_leg=(76, 5, 82, 6), right_leg=(-8, 6, 78, 10), support=1)),
        ),
        end=(
            (0.45, Pose(trunk=(0, 0, -2), left_leg=(38, 5, 22, 0), right_leg=(-6, 2, 18, 10), support=1)),
            (0.35, Pose(left_leg=(10, 4, 20, 0), right_leg=(1, 2, 4, 2), support=1)),
        ),
        settle_s=0.30,
    ),
    "squat": Motion(
        start=(
            (0.15, STANDING),
            (0.50, Pose(right_arm=(78, 20, 45, 33), left_arm=(78, 20, 45, 33))),
            (0.55, Pose(trunk=(21, 0, 0), right_arm=_REACH, left_arm=_REACH, right_leg=_DEEP, left_leg=_DEEP)),
            (0.15, Pose(trunk=(21, 0, 0), right_arm=_REACH, left_arm=_REACH, right_leg=_DEEP, left_leg=_DEEP)),
            (0.55, Pose(trunk=(1, 0, 0), right_arm=_REACH, left_arm=_REACH)),
        ),
        end=((0.55, Pose(right_arm=(-6, 10, 30, 18), left_arm=(-6, 10, 30, 18))),),
        settle_s=0.30,
    ),
}  # fmt: skip
ACTIONS: tuple[str, ...] = tuple(MOTIONS)
