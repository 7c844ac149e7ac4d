"""MediaPipe's landmarks made metric by a depth camera: one depth for each joint, measured where it can be.

A landmark fixes the line of sight that its joint lies on; what is missing is how far along. The depth picture tells how
far away the surface in front of the joint is, unless there is a hole, the edge of the body, or another limb. What a joint's
depth should be about is known beforehand: the world landmarks give the person's shape, and so the depths up to one scale.

1. Place the shape so that it projects onto the landmarks (linear in the translation), and find the scale as the median
   ratio of measured to predicted depths: half of the joints may see something else.
2. At each joint, take only depths near the prediction; where another limb is predicted to pass in front, only those
   nearer to the joint's own surface than to the limb's. Of these a low quantile is the front surface: mixed ("flying")
   pixels at an edge lie behind it.
3. Joints without such depths take the shape's own, corrected by how far their neighbours are off it.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skel.sensors.placement import place_on_rays
from skel.sensors.pose import PersonPose
from skel.sensors.registration import Array, Lens, RegisteredDepth
from skel.skeleton.layouts import MEDIAPIPE33

_AROUND_PX = 40.0  # at 0.5 m, the nearest that the depth camera measures, 3 cm are 37 pixels of a 720p picture
_SEARCH_M = 0.03  # half the width of a forearm: how far around a landmark depths are looked at
_SEARCH_LEAST_PX = 5.0  # far away that is less than the landmarks' own error
_QUANTILE = 0.25
_FEWEST_POINTS = 4
_LEAST_SHARE = 0.1  # of the depths around a landmark that must agree with the prediction
_TOLERANCE_M = 0.25  # world landmarks underestimate how far a limb reaches to or from the camera by up to this
_ASIDE_M = 0.02  # how much farther than it is thick a limb may hide a joint: the landmarks' error
_IN_FRONT_M = 0.05
_FEWEST_JOINTS = 3
_REACH_M = 0.1  # neighbours much nearer than this to a joint count alike
_VISIBLE = 0.5
_UNMEASURED_CONFIDENCE = 0.5

# From the surface that the camera sees to the joint inside. Half of the limb's thickness, that is its girth over 2π (adults'
# girths: ANSUR II, Gordon et al., Natick/TR-15/007, 2014); the landmarks of the face and hands lie on the surface.
_DEPTH_INSIDE_M = {
    "Ear": 0.02,
    "Shoulder": 0.06,
    "Elbow": 0.04,
    "Wrist": 0.03,
    "Pinky": 0.01,
    "Index": 0.01,
    "Thumb": 0.01,
    "Hip": 0.10,
    "Knee": 0.06,
    "Ankle": 0.04,
    "Heel": 0.03,
    "FootIndex": 0.02,
}
_INSIDE_M = np.array([_DEPTH_INSIDE_M.get(j.removeprefix("Left").removeprefix("Right"), 0.0) for j in MEDIAPIPE33.joints])

_LIMBS = [
    (f"{side}{a}", f"{side}{b}")
    for side in ("Left", "Right")
    for a, b in (
        ("Shoulder", "Elbow"),
        ("Elbow", "Wrist"),
        ("Wrist", "Index"),
        ("Hip", "Knee"),
        ("Knee", "Ankle"),
        ("Ankle", "FootIndex"),
    )
]
# The trunk is a surface: its outline and both diagonals leave no gap wider than a limb.
_TRUNK = [("LeftShoulder", "RightShoulder"), ("LeftHip", "RightHip")] + [
    (f"{a}Shoulder", f"{b}Hip") for a in ("Left", "Right") for b in ("Left", "Right")
]
_SEGMENTS = np.array([[MEDIAPIPE33.index(joint) for joint in ends] for ends in _LIMBS + _TRUNK])  # (S, 2)
_SHARES = np.linspace(0, 1, 5)

_Floats = npt.NDArray[np.float64]


class LiftedPose(NamedTuple):
    """One person's joints in metres.

    Attributes:
        positions_m: (33, 3) float32 in the colour camera's axes (x right, y down, z forwards).
        measured: (33,) whether the joint's depth was measured, not taken from the shape.
        confidence: (33,) float32: the landmark's visibility, halved where its depth was not measured.
    """

    positions_m: Array
    measured: npt.NDArray[np.bool_]
    confidence: Array


def lift(pose: PersonPose, depth: RegisteredDepth, lens: Lens) -> LiftedPose:
    """Give a person's landmarks their places in front of the colour camera.

    Args:
        pose: the landmarks found in the colour picture.
        depth: the depth picture of the same instant, registered to the colour picture.
        lens: of the colour camera.
    """
    rays = lens.rays(pose.image_px).astype(np.float64)
    inside = ((pose.image_px >= 0) & (pose.image_px < (lens.width_px, lens.height_px))).all(axis=-1)
    inside &= np.isfinite(rays).all(axis=-1)
    rays[~inside] = (0, 0, 1)  # not used, but numbers
    placed_m = pose.world_m + place_on_rays(pose.world_m, -rays[:, :2], pose.visibility * inside)
    shape = placed_m * np.array([-1.0, -1.0, 1.0])
    seen = inside & (pose.visibility >= _VISIBLE)

    radius_px = max(lens.focal_px[0] * _SEARCH_M / float(np.median(shape[:, 2])), _SEARCH_LEAST_PX)
    found = _sorted_depths(pose.image_px, seen, depth, radius_px)
    surface, usable = _front(found, np.zeros(len(shape)), np.full(len(shape), np.inf))
    if usable.sum() >= _FEWEST_JOINTS:
        shape *= np.median((surface + _INSIDE_M)[usable] / shape[usable, 2])
        own_surface = shape[:, 2] - _INSIDE_M
        nearest = np.maximum(own_surface - _TOLERANCE_M, (own_surface + _hidden_by(pose.image_px, shape[:, 2], lens)) / 2)
        surface, usable = _front(found, nearest, own_surface + _TOLERANCE_M)
    if usable.sum() < _FEWEST_JOINTS:
        usable[:] = False

    depths_m = np.where(usable, surface + _INSIDE_M, shape[:, 2] + _correction(shape, surface + _INSIDE_M, usable))
    # A joint outside the picture has no line of sight worth the name: its offset from the others is all there is.
    beside = shape * (depths_m / shape[:, 2])[:, None]
    positions_m = np.where(inside[:, None], rays * depths_m[:, None], beside)
    confidence = pose.visibility * np.where(usable, 1.0, _UNMEASURED_CONFIDENCE)
    return LiftedPose(positions_m.astype(np.float32), usable, confidence.astype(np.float32))


def box_around(pixels: Array) -> Array:
    """[[left, top], [right, bottom]] in the colour picture: where depths are needed to lift these landmarks (…, 2)."""
    every = pixels.reshape(-1, 2)
    return np.array([every.min(axis=0) - _AROUND_PX, every.max(axis=0) + _AROUND_PX])


def _sorted_depths(pixels: Array, wanted: npt.NDArray[np.bool_], depth: RegisteredDepth, radius_px: float) -> _Floats:
    """(33, K): the depths around each wanted landmark in rising order, filled up with NaN."""
    near = [depth.near(pixel, radius_px) if want else depth.depth_m[:0] for pixel, want in zip(pixels, wanted)]
    found = np.full((len(near), max(map(len, near))), np.nan)
    for row, depths in zip(found, near):
        row[: len(depths)] = np.sort(depths)
    return found


def _front(found: _Floats, nearest: _Floats, farthest: _Floats) -> tuple[_Floats, npt.NDArray[np.bool_]]:
    """The front surface (33,) among the depths from `nearest` to `farthest`, and whether there are enough of them."""
    start, end = (found < nearest[:, None]).sum(axis=1), (found <= farthest[:, None]).sum(axis=1)
    count, total = end - start, np.isfinite(found).sum(axis=1)
    enough = (count >= _FEWEST_POINTS) & (count >= _LEAST_SHARE * total)
    chosen = np.where(enough, start + (_QUANTILE * (count - 1)).astype(int), 0)
    surface = found[np.arange(len(found)), chosen] if found.shape[1] else np.full(len(found), np.nan)
    return np.where(enough, surface, np.nan), enough


def _hidden_by(pixels: Array, depths_m: _Floats, lens: Lens) -> _Floats:
    """(33,): the surface of the limb that passes in front of each joint, the one closest to it; −inf where none does.

    A limb is looked at in a few places along it, so one that points at the camera can hide the joint that it starts from.
    """
    start, end = _SEGMENTS.T
    places_px = pixels[start, None] + _SHARES[:, None] * (pixels[end] - pixels[start])[:, None]  # (S, shares, 2)
    surface = depths_m - _INSIDE_M
    surfaces = (surface[start, None] + _SHARES * (surface[end] - surface[start])[:, None]).ravel()
    reach_m = (_INSIDE_M[start, None] + _SHARES * (_INSIDE_M[end] - _INSIDE_M[start])[:, None]).ravel() + _ASIDE_M
    aside_px = np.linalg.norm(pixels[:, None] - places_px.reshape(1, -1, 2), axis=-1)  # (33, S · shares)
    hides = (aside_px * depths_m[:, None] < reach_m * lens.focal_px[0]) & (surfaces < surface[:, None] - _IN_FRONT_M)
    return np.asarray(np.where(hides, surfaces, -np.inf).max(axis=1))


def _correction(shape: _Floats, depths_m: _Floats, measured: npt.NDArray[np.bool_]) -> _Floats:
    """(33,): how far measured joints lie behind the shape, spread to all; those near in the body count most."""
    if not measured.any():
        return np.zeros(len(shape))
    apart = np.linalg.norm(shape[:, None] - shape[None, measured], axis=-1)  # (33, measured)
    weights = 1 / (apart**2 + _REACH_M**2) ** 2
    return np.asarray(weights @ (depths_m - shape[:, 2])[measured] / weights.sum(axis=1))
