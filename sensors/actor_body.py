"""The synthetic actor's body: a pose in joint angles, its limits, and forward kinematics to NTU25 joints.

Body axes, for a body that faces the sensor, are the canonical ones: x to the person's right, y up, z backwards.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skel.skeleton.layouts import NTU25

Array = npt.NDArray[np.float64]


class Pose(NamedTuple):
    """One posture, in degrees; the defaults are quiet standing with hanging arms.

    Attributes:
        trunk: lean forwards, bend to the right, twist to the left, all above the hips.
        head: nod forwards, turn to the left, relative to the trunk.
        right_arm, left_arm: raise forwards, raise sideways (together a swing of the hanging upper arm about one horizontal
            axis, so that no order of the two matters), turn inwards about the upper arm, bend the elbow.
        right_leg, left_leg: raise the thigh forwards and sideways from the vertical, bend the knee, lift the toes.
        support: share of the right foot in what stays in place on the floor: 0 = the left foot is fixed, 1 = the right.
    """

    trunk: tuple[float, float, float] = (-3, 0, 0)
    head: tuple[float, float] = (4, 0)
    right_arm: tuple[float, float, float, float] = (-4, 10, 25, 18)
    left_arm: tuple[float, float, float, float] = (-4, 10, 25, 18)
    right_leg: tuple[float, float, float, float] = (2, 2, 4, 2)
    left_leg: tuple[float, float, float, float] = (2, 2, 4, 2)
    support: float = 0.5

    def angles(self) -> Array:
        """All of it as one row (CHANNELS,)."""
        return np.hstack(self)

    def mirrored(self) -> "Pose":
        """The same with left and right exchanged."""
        lean, bend, twist = self.trunk
        nod, turn = self.head
        arms, legs = (self.left_arm, self.right_arm), (self.left_leg, self.right_leg)
        return Pose((lean, -bend, -twist), (nod, -turn), *arms, *legs, 1 - self.support)


_ARM = ((-50, 175), (-50, 170), (-80, 90), (0, 150))
_LEG = ((-35, 115), (-20, 45), (0, 140), (-45, 30))
LIMITS = np.array([(-20, 80), (-35, 35), (-50, 50), (-40, 45), (-70, 70), *_ARM, *_ARM, *_LEG, *_LEG, (0, 1)], np.float64)
"""(CHANNELS, 2): the least and greatest of every angle, from the ranges of motion of healthy adults (Norkin & White,
Measurement of Joint Motion, 5th ed. 2016, appendix B)."""

# Segment lengths as shares of the body's height: Winter, Biomechanics and Motor Control of Human Movement, 4th ed. 2009,
# fig. 4.1 (after Drillis & Contini 1966). Where a Kinect places a joint elsewhere than the anatomist does (shoulders and
# hips nearer the middle, shorter arms, the points of the spine and the hand), the share is what it measures on adults.
_SPINE_LOW, _SPINE_HIGH, _NECK, _HEAD = 0.165, 0.135, 0.045, 0.085
_CLAVICLE = (0.097, -0.026, -0.006)
_HIP = (0.050, 0.0, -0.012)
_UPPER_ARM, _FOREARM, _HAND = 0.162, 0.140, 0.038
_THIGH, _SHANK, _FOOT = 0.245, 0.246, (0.0, -0.022, -0.080)
_TIP_FROM_HAND, _THUMB_FROM_HAND = (0.0, -0.042, 0.0), (-0.022, -0.012, -0.012)
_ANKLE_HEIGHT = 0.039
_STANCE = 0.067  # from the middle to either foot
_GIVE = 0.01  # of the body's height: how softly weight is taken over by the other foot
_SHOULDER_LIFT = 0.12  # degrees that the collar bone rises with each degree the arm is raised over 30


def joint_positions(angles_deg: Array, height_m: float) -> Array:
    """Forward kinematics: (T, CHANNELS) angles → (T, 25, 3) metres in body axes.

    Angles outside `LIMITS` are clamped. The floor is y = 0, with the lower foot on it within 2 cm; the supporting
    foot stays where it is in quiet standing, astride of x = z = 0.
    """
    angles = np.radians(np.clip(angles_deg, LIMITS[:, 0], LIMITS[:, 1]))
    support = np.clip(angles_deg[:, -1], 0, 1)[:, None]
    trunk, head, right_arm, left_arm, right_leg, left_leg = np.split(angles[:, :-1], [3, 5, 9, 13, 17], axis=1)
    joints = np.zeros((len(angles), len(NTU25), 3))

    def place(joint: str, origin: str, turn: Array, offset: tuple[float, float, float]) -> None:
        joints[:, NTU25.index(joint)] = joints[:, NTU25.index(origin)] + turn @ np.array(offset)

    lean, bend, twist = trunk.T
    half = _turn_y(twist / 2) @ _swing(-lean * 0.8, -bend * 0.8)  # the lower back bends less than the upper
    chest = _turn_y(twist) @ _swing(-lean, -bend)
    skull = chest @ _turn_y(head[:, 1]) @ _swing(-head[:, 0], np.zeros(len(angles)))
    place("SpineMid", "SpineBase", half, (0, _SPINE_LOW, 0.004))
    place("SpineShoulder", "SpineMid", chest, (0, _SPINE_HIGH, 0))
    place("Neck", "SpineShoulder", chest, (0, _NECK, 0))
    place("Head", "Neck", skull, (0, _HEAD, 0))

    for side, sign, arm, leg in (("Right", 1.0, right_arm, right_leg), ("Left", -1.0, left_arm, left_leg)):
        forwards, sideways, inwards, elbow = arm.T
        lift = _SHOULDER_LIFT * np.maximum(np.hypot(forwards, sideways) - np.radians(30), 0)
        collar = chest @ _swing(np.zeros(len(angles)), sign * lift)
        upper_arm = chest @ _swing(forwards, sign * sideways) @ _turn_y(sign * inwards)
        forearm = upper_arm @ _swing(elbow, np.zeros(len(angles)))
        place(f"{side}Shoulder", "SpineShoulder", collar, _mirrored(_CLAVICLE, sign))
        place(f"{side}Elbow", f"{side}Shoulder", upper_arm, (0, -_UPPER_ARM, 0))
        place(f"{side}Wrist", f"{side}Elbow", forearm, (0, -_FOREARM, 0))
        place(f"{side}Hand", f"{side}Wrist", forearm, (0, -_HAND, 0))
        place(f"{side}HandTip", f"{side}Hand", forearm, _TIP_FROM_HAND)
        place(f"{side}Thumb", f"{side}Hand", forearm, _mirrored(_THUMB_FROM_HAND, sign))

        forwards, sideways, knee, toes = leg.T
        thigh = _swing(forwards, sign * sideways)
        shank = thigh @ _swing(-knee, np.zeros(len(angles)))
        foot = shank @ _swing(toes, np.zeros(len(angles)))
        place(f"{side}Hip", "SpineBase", np.eye(3), _mirrored(_HIP, sign))
        place(f"{side}Knee", f"{side}Hip", thigh, (0, -_THIGH, 0))
        place(f"{side}Ankle", f"{side}Knee", shank, (0, -_SHANK, 0))
        place(f"{side}Foot", f"{side}Ankle", foot, _FOOT)

    ankles = joints[:, [NTU25.index("LeftAnkle"), NTU25.index("RightAnkle")]]
    standing = ankles[:, 0] * (1 - support) + ankles[:, 1] * support + [_STANCE, 0, 0] * (1 - 2 * support)
    # A smooth minimum: weight passes from foot to foot without a jolt.
    standing[:, 1] = -_GIVE * np.logaddexp(-ankles[:, 0, 1] / _GIVE, -ankles[:, 1, 1] / _GIVE) - _ANKLE_HEIGHT
    return np.asarray((joints - standing[:, None]) * height_m)


def _mirrored(offset: tuple[float, float, float], sign: float) -> tuple[float, float, float]:
    return (sign * offset[0], offset[1], offset[2])


def _turn_y(angle: Array) -> Array:
    """(T,) radians → (T, 3, 3): rotations about the vertical, positive from x (right) to −z (forwards)."""
    cos, sin, turn = np.cos(angle), np.sin(angle), np.zeros((len(angle), 3, 3))
    turn[:, 0, 0], turn[:, 0, 2], turn[:, 1, 1], turn[:, 2, 0], turn[:, 2, 2] = cos, sin, 1.0, -sin, cos
    return turn


def _swing(about_x: Array, about_z: Array) -> Array:
    """(T,) radians each → (T, 3, 3): rotation about the horizontal axis (about_x, 0, about_z) by that vector's length.

    Rodrigues' formula. A hanging limb swings forwards with `about_x` and to the right with `about_z`.
    """
    angle = np.hypot(about_x, about_z)
    safe = np.where(angle > 1e-9, angle, 1.0)
    cross = np.zeros((len(angle), 3, 3))
    cross[:, 0, 1], cross[:, 1, 0] = -about_z / safe, about_z / safe
    cross[:, 1, 2], cross[:, 2, 1] = -about_x / safe, about_x / safe
    sin, versine = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + sin * cross + versine * (cross @ cross))
