"""Joint layouts, stated once: names, bones, mirror pairs, and the map from one layout to another.

Sources: NTU RGB+D / Kinect for Windows v2 joint table (25 joints); Kinect for Windows v1 `NUI_SKELETON_POSITION_INDEX`
(20); Azure Kinect Body Tracking `k4abt_joint_id_t` (32); MediaPipe Pose landmark model (33).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError


@dataclass(frozen=True)
class SkeletonLayout:
    """How one kind of skeleton numbers its joints.

    `bones` are (child, parent) index pairs; `centre` is the joint that the body is centred on; `mirror[v]` is the joint on
    the other side of the body (v itself for joints on the middle line).
    """

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    centre: int
    mirror: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.joints)

    def index(self, joint: str) -> int:
        """The index of a joint by its name; `ValueError` when there is none."""
        return self.joints.index(joint)

    def side(self, joint: int) -> str:
        """'left', 'right' or 'middle': which side of the person's own body the joint is on."""
        name = self.joints[joint]
        return "left" if name.startswith("Left") else "right" if name.startswith("Right") else "middle"


def _layout(name: str, centre: str, parents: dict[str, str | None]) -> SkeletonLayout:
    """Build a layout from {joint: parent joint or None}; mirror pairs follow from Left…/Right… names."""
    joints = tuple(parents)
    index = {joint: i for i, joint in enumerate(joints)}
    bones = tuple((index[joint], index[parent]) for joint, parent in parents.items() if parent is not None)
    swapped = ("Right" + j[4:] if j.startswith("Left") else "Left" + j[5:] if j.startswith("Right") else j for j in joints)
    return SkeletonLayout(name, joints, bones, index[centre], tuple(index[j] for j in swapped))


NTU25 = _layout(
    "NTU25",
    "SpineShoulder",
    {
        "SpineBase": "SpineMid",
        "SpineMid": "SpineShoulder",
        "Neck": "SpineShoulder",
        "Head": "Neck",
        "LeftShoulder": "SpineShoulder",
        "LeftElbow": "LeftShoulder",
        "LeftWrist": "LeftElbow",
        "LeftHand": "LeftWrist",
        "RightShoulder": "SpineShoulder",
        "RightElbow": "RightShoulder",
        "RightWrist": "RightElbow",
        "RightHand": "RightWrist",
        "LeftHip": "SpineBase",
        "LeftKnee": "LeftHip",
        "LeftAnkle": "LeftKnee",
        "LeftFoot": "LeftAnkle",
        "RightHip": "SpineBase",
        "RightKnee": "RightHip",
        "RightAnkle": "RightKnee",
        "RightFoot": "RightAnkle",
        "SpineShoulder": None,
        # The field's graph (ST-GCN, NTU RGB+D) hangs the hand tip on the thumb and the thumb on the hand.
        "LeftHandTip": "LeftThumb",
        "LeftThumb": "LeftHand",
        "RightHandTip": "RightThumb",
        "RightThumb": "RightHand",
    },
)

KINECT20 = _layout(
    "KINECT20",
    "ShoulderCenter",
    {
        "HipCenter": "Spine",
        "Spine": "ShoulderCenter",
        "ShoulderCenter": None,
        "Head": "ShoulderCenter",
        "LeftShoulder": "ShoulderCenter",
        "LeftElbow": "LeftShoulder",
        "LeftWrist": "LeftElbow",
        "LeftHand": "LeftWrist",
        "RightShoulder": "ShoulderCenter",
        "RightElbow": "RightShoulder",
        "RightWrist": "RightElbow",
        "RightHand": "RightWrist",
        "LeftHip": "HipCenter",
        "LeftKnee": "LeftHip",
        "LeftAnkle": "LeftKnee",
        "LeftFoot": "LeftAnkle",
        "RightHip": "HipCenter",
        "RightKnee": "RightHip",
        "RightAnkle": "RightKnee",
        "RightFoot": "RightAnkle",
    },
)

AZURE32 = _layout(
    "AZURE32",
    "SpineChest",
    {
        "Pelvis": "SpineNavel",
        "SpineNavel": "SpineChest",
        "SpineChest": None,
        "Neck": "SpineChest",
        "LeftClavicle": "SpineChest",
        "LeftShoulder": "LeftClavicle",
        "LeftElbow": "LeftShoulder",
        "LeftWrist": "LeftElbow",
        "LeftHand": "LeftWrist",
        "LeftHandTip": "LeftHand",
        "LeftThumb": "LeftWrist",
        "RightClavicle": "SpineChest",
        "RightShoulder": "RightClavicle",
        "RightElbow": "RightShoulder",
        "RightWrist": "RightElbow",
        "RightHand": "RightWrist",
        "RightHandTip": "RightHand",
        "RightThumb": "RightWrist",
        "LeftHip": "Pelvis",
        "LeftKnee": "LeftHip",
        "LeftAnkle": "LeftKnee",
        "LeftFoot": "LeftAnkle",
        "RightHip": "Pelvis",
        "RightKnee": "RightHip",
        "RightAnkle": "RightKnee",
        "RightFoot": "RightAnkle",
        "Head": "Neck",
        "Nose": "Head",
        "LeftEye": "Head",
        "LeftEar": "Head",
        "RightEye": "Head",
        "RightEar": "Head",
    },
)

# MediaPipe has no spine: the nose is the root of the face, the left hip that of the body, and the two are not joined.
MEDIAPIPE33 = _layout(
    "MEDIAPIPE33",
    "LeftHip",
    {
        "Nose": None,
        "LeftEyeInner": "Nose",
        "LeftEye": "LeftEyeInner",
        "LeftEyeOuter": "LeftEye",
        "RightEyeInner": "Nose",
        "RightEye": "RightEyeInner",
        "RightEyeOuter": "RightEye",
        "LeftEar": "LeftEyeOuter",
        "RightEar": "RightEyeOuter",
        "LeftMouth": "RightMouth",
        "RightMouth": None,
        "LeftShoulder": "LeftHip",
        "RightShoulder": "LeftShoulder",
        "LeftElbow": "LeftShoulder",
        "RightElbow": "RightShoulder",
        "LeftWrist": "LeftElbow",
        "RightWrist": "RightElbow",
        "LeftPinky": "LeftWrist",
        "RightPinky": "RightWrist",
        "LeftIndex": "LeftWrist",
        "RightIndex": "RightWrist",
        "LeftThumb": "LeftWrist",
        "RightThumb": "RightWrist",
        "LeftHip": None,
        "RightHip": "LeftHip",
        "LeftKnee": "LeftHip",
        "RightKnee": "RightHip",
        "LeftAnkle": "LeftKnee",
        "RightAnkle": "RightKnee",
        "LeftHeel": "LeftAnkle",
        "RightHeel": "RightAnkle",
        "LeftFootIndex": "LeftHeel",
        "RightFootIndex": "RightHeel",
    },
)

LAYOUTS: dict[str, SkeletonLayout] = {layout.name: layout for layout in (NTU25, KINECT20, AZURE32, MEDIAPIPE33)}


def layout_named(name: str) -> SkeletonLayout:
    """The layout of that name; a `UserError` that lists the known ones otherwise."""
    if name not in LAYOUTS:
        raise UserError(f"unknown skeleton layout {name!r}: known are {', '.join(LAYOUTS)}")
    return LAYOUTS[name]


def layout_with_joints(joint_count: int) -> SkeletonLayout | None:
    """The layout that has that many joints (20, 25, 32 or 33), or None."""
    return next((layout for layout in LAYOUTS.values() if len(layout) == joint_count), None)


_Recipe = dict[str, dict[str, float]]  # {target joint: {source joint: weight}}, each row summing to 1

_FROM_KINECT20: _Recipe = {
    # Kinect v1 puts its spine higher than v2: on the UTD-MHAD recordings the hip centre lies 7 cm above the middle of the
    # hips (v2: −1 cm) and the shoulder centre 11 cm above the middle of the shoulders, which is where v2 has the neck
    # (12 cm; its spine-shoulder is at 4 cm). v1's "spine", close to its hip centre, has no counterpart.
    "SpineBase": {"LeftHip": 0.5, "RightHip": 0.5},
    "SpineMid": {
        "LeftHip": 0.215,
        "RightHip": 0.215,
        "ShoulderCenter": 0.228,
        "LeftShoulder": 0.171,
        "RightShoulder": 0.171,
    },
    "Neck": {"ShoulderCenter": 1},
    "SpineShoulder": {"ShoulderCenter": 0.4, "LeftShoulder": 0.3, "RightShoulder": 0.3},
    # Kinect v1 sees neither tips nor thumbs: the tip continues the line wrist → hand by its own length, and the thumb,
    # whose side is unknown, is half-way (UTD-MHAD Kinect v2, medians: wrist–hand 6 cm, hand–tip 7 cm, hand–thumb 5 cm).
    **{f"{side}HandTip": {f"{side}Hand": 2, f"{side}Wrist": -1} for side in ("Left", "Right")},
    **{f"{side}Thumb": {f"{side}Hand": 1.5, f"{side}Wrist": -0.5} for side in ("Left", "Right")},
}

_FROM_AZURE32: _Recipe = {
    "SpineBase": {"Pelvis": 1},
    "SpineMid": {"SpineNavel": 1},
    "SpineShoulder": {"LeftClavicle": 0.5, "RightClavicle": 0.5},
}

_SHOULDERS = {"LeftShoulder": 0.5, "RightShoulder": 0.5}
_FROM_MEDIAPIPE33: _Recipe = {
    "SpineBase": {"LeftHip": 0.5, "RightHip": 0.5},
    "SpineMid": {"LeftHip": 0.25, "RightHip": 0.25, "LeftShoulder": 0.25, "RightShoulder": 0.25},
    "Neck": {"LeftShoulder": 0.35, "RightShoulder": 0.35, "LeftEar": 0.15, "RightEar": 0.15},
    "Head": {"LeftEar": 0.5, "RightEar": 0.5},
    "SpineShoulder": _SHOULDERS,
    **{f"{side}Hand": {f"{side}Pinky": 0.5, f"{side}Index": 0.5} for side in ("Left", "Right")},
    **{f"{side}HandTip": {f"{side}Index": 1} for side in ("Left", "Right")},
    **{f"{side}Foot": {f"{side}FootIndex": 1} for side in ("Left", "Right")},
}

_RECIPES = {"KINECT20": _FROM_KINECT20, "AZURE32": _FROM_AZURE32, "MEDIAPIPE33": _FROM_MEDIAPIPE33}


@lru_cache
def conversion(source: SkeletonLayout, target: SkeletonLayout) -> npt.NDArray[np.float64]:
    """The weights (V_target, V_source) that turn positions of one layout into another's; each row sums to 1.

    A joint without a recipe of its own is the source joint of the same name. Known: every layout to NTU25, and each to
    itself; `UserError` for any other pair.
    """
    if source == target:
        weights = np.eye(len(source))
    elif target == NTU25 and source.name in _RECIPES:
        recipe = _RECIPES[source.name]
        weights = np.zeros((len(target), len(source)))
        for row, joint in enumerate(target.joints):
            for name, weight in recipe.get(joint, {joint: 1.0}).items():
                weights[row, source.index(name)] = weight
    else:
        raise UserError(f"no conversion from layout {source.name} to {target.name}: only to NTU25")
    weights.setflags(write=False)
    return weights


def convert(
    positions: npt.NDArray[np.floating[Any]], source: SkeletonLayout, target: SkeletonLayout
) -> npt.NDArray[np.float32]:
    """Positions (…, V_source, 3) in `source` as (…, V_target, 3) float32 in `target`.

    A target joint is NaN only where a source joint that it needs is NaN.
    """
    if source == target:
        return np.asarray(positions, dtype=np.float32)
    weights = conversion(source, target)
    untracked = np.isnan(positions).any(axis=-1)  # (…, V_source)
    converted = np.asarray(weights @ np.where(untracked[..., None], 0.0, positions), np.float32)
    needs = (weights != 0).astype(np.float32)
    converted[(untracked @ needs.T) > 0] = np.nan
    return converted


def convert_confidence(
    confidence: npt.NDArray[np.floating[Any]], source: SkeletonLayout, target: SkeletonLayout
) -> npt.NDArray[np.float32]:
    """Confidence (…, V_source) as (…, V_target): a joint is as sure as the least sure joint it is made from."""
    if source == target:
        return np.asarray(confidence, dtype=np.float32)
    used = conversion(source, target) != 0  # (V_target, V_source)
    spread = np.where(used, np.asarray(confidence, dtype=np.float32)[..., None, :], np.inf)
    return np.asarray(spread.min(axis=-1), dtype=np.float32)
