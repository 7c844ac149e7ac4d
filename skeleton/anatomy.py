"""What is true of every person, whichever sensor saw them: where left, up and forward are, and how long bones can be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.layouts import SkeletonLayout

Array = npt.NDArray[np.float64]

_ADULT_BONES_M = {
    "SpineBase": 0.31,
    "SpineMid": 0.23,
    "Neck": 0.075,
    "Head": 0.15,
    "Shoulder": 0.17,
    "Elbow": 0.27,
    "Wrist": 0.24,
    "Hand": 0.06,
    "Hip": 0.085,
    "Knee": 0.40,
    "Ankle": 0.37,
    "Foot": 0.12,
    "HandTip": 0.06,
    "Thumb": 0.045,
}
_LEAST_SCALE, _GREATEST_SCALE = 0.5, 1.5  # from a small child to a tall adult, and the differences between sensors


def human_range_m(joint: str) -> tuple[float, float]:
    """Shortest and longest bone of NTU25 that ends in this joint, on any person, in metres.

    Half to one and a half times that bone on a standing adult as a depth sensor measures it. Limbs are within 15 % of the
    segment lengths of Drillis and Contini (1966; in D. Winter, "Biomechanics and Motor Control of Human Movement", chapter
    "Anthropometry") for a height of 1.7 m: upper arm .186, forearm .146, thigh .245 and shank .246 of it.
    """
    adult = _ADULT_BONES_M[joint.removeprefix("Left").removeprefix("Right")]
    return _LEAST_SCALE * adult, _GREATEST_SCALE * adult


def bone_lengths_m(positions_m: npt.NDArray[np.floating[Any]], layout: SkeletonLayout) -> Array:
    """Positions (…, V, 3) → the lengths of the layout's bones, (…, B); NaN where an end is not tracked."""
    positions = np.asarray(positions_m, np.float64)
    children, parents = np.array(layout.bones).T
    return np.asarray(np.linalg.norm(positions[..., children, :] - positions[..., parents, :], axis=-1))


def forward(positions_m: npt.NDArray[np.floating[Any]], layout: SkeletonLayout) -> Array:
    """Where the chest looks: unit vectors (…, 3) of positions (…, V, 3) in any layout.

    The trunk's up × the shoulders' right. On a mirrored body (one axis flipped, or the sides exchanged) it points backwards.
    """
    joint = _joints(positions_m, layout)
    right = joint("RightShoulder") - joint("LeftShoulder")
    up = joint("LeftShoulder") + joint("RightShoulder") - joint("LeftHip") - joint("RightHip")
    ahead = np.cross(up, right)
    return np.asarray(ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9))


def facing_checks(positions_m: npt.NDArray[np.floating[Any]], layout: SkeletonLayout) -> dict[str, Array]:
    """How far each of these holds, in metres, for positions (…, V, 3) of somebody who stands facing the sensor: > 0 = yes.

    Together they tell canonical space from any other choice of axes: one upside down, mirrored, or with the sides exchanged.
    """
    joint = _joints(positions_m, layout)
    head, toe = ("Head", "Foot") if "Head" in layout.joints else ("Nose", "FootIndex")
    toes = joint(f"Left{toe}") - joint("LeftAnkle") + joint(f"Right{toe}") - joint("RightAnkle")
    return {
        "left shoulder on the left": joint("RightShoulder")[..., 0] - joint("LeftShoulder")[..., 0],
        "head above the hips": joint(head)[..., 1] - (joint("LeftHip") + joint("RightHip"))[..., 1] / 2,
        "toes in front": np.asarray((toes * forward(positions_m, layout)).sum(axis=-1)) / 2,
    }


def _joints(positions_m: npt.NDArray[np.floating[Any]], layout: SkeletonLayout) -> Callable[[str], Array]:
    return lambda name: np.asarray(positions_m[..., layout.index(name), :], np.float64)
