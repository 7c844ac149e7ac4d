"""Where in the room a body stands, from its landmarks in one picture and an assumed field of view.

A pose model that sees one picture gives a body's shape in metres but not its place. A pinhole camera settles it: only one
translation makes the body's joints project onto their landmarks.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.pose import PersonPose

FIELD_OF_VIEW_DEG = 60.0
"""Assumed along the picture's longer side when nothing is known about the camera: makers state 55–70° for the cameras of
laptops and telephones and for common webcams (70° for Logitech's C920, whose 78° are diagonal).

A wrong angle stretches or squeezes depth by the ratio of the tangents of half the angles (assumed 60° for 70°: everybody 1.2
times as far away). Bodies keep their size, and distances from side to side stay right, since both follow from the body's own
metres.
"""

_NEAREST_M, _FARTHEST_M = 0.2, 20.0
_SURE = 0.02  # an error that is still likely, as a share of the focal length: 1.1°
_ROUNDS = 4


def focal_length_px(width_px: int, height_px: int, field_of_view_deg: float) -> float:
    """The focal length of a camera whose picture's longer side spans that angle."""
    return max(width_px, height_px) / 2 / math.tan(math.radians(field_of_view_deg) / 2)


def place(
    person: PersonPose, width_px: int, height_px: int, field_of_view_deg: float = FIELD_OF_VIEW_DEG
) -> npt.NDArray[np.float32]:
    """What to add to `person.world_m` to put it into the room, (3,) metres in canonical axes.

    Each landmark counts by its visibility, none where it lies outside the picture (the model invents those).
    """
    focal_px = focal_length_px(width_px, height_px, field_of_view_deg)
    # Canonical x and y run against the picture's: a point at (x, y, z) is seen at −(x, y)/z.
    seen = -(person.image_px.astype(np.float64) - [width_px / 2, height_px / 2]) / focal_px  # (33, 2)
    inside = ((person.image_px >= 0) & (person.image_px <= [width_px, height_px])).all(axis=1)
    return place_on_rays(person.world_m, seen, person.visibility * inside)


def place_on_rays(
    world_m: npt.NDArray[np.float32], seen: npt.NDArray[np.float64], trust: npt.NDArray[Any]
) -> npt.NDArray[np.float32]:
    """What to add to landmarks (33, 3) to bring them onto the lines of sight (x, y) / z = `seen` (33, 2), in canonical axes.

    Least squares over the landmarks, which is linear in the translation; each counts by its `trust` (33,), and less the
    worse it fits (Cauchy weights). The nearest joint is kept 0.2 m before the camera, the body at most 20 m away.
    """
    world = world_m.astype(np.float64)
    trust = np.maximum(trust, 1e-3)
    nearest_m, weight = _NEAREST_M - world[:, 2].min(), trust
    for _ in range(_ROUNDS):
        place_m = _least_squares(world, seen, weight, nearest_m)
        placed = world + place_m
        error = np.linalg.norm(placed[:, :2] / placed[:, 2:] - seen, axis=1)
        weight = trust / (1 + (error / _SURE) ** 2)
    return place_m.astype(np.float32)


def _least_squares(
    world: npt.NDArray[np.float64], seen: npt.NDArray[np.float64], weight: npt.NDArray[Any], nearest_m: float
) -> npt.NDArray[np.float64]:
    """The t that minimises Σ weight · |(world + t)_xy − seen · (world + t)_z|², with t_z kept in bounds."""
    weight = weight[:, None] / weight.sum()
    apart = world[:, :2] - seen * world[:, 2:]  # = seen · t_z − t_xy, were the fit perfect
    mean_seen, mean_apart = (weight * seen).sum(axis=0), (weight * apart).sum(axis=0)
    varies = (weight * (seen - mean_seen) ** 2).sum()
    varies_with = (weight * (seen - mean_seen) * apart).sum()
    depth_m = np.clip(varies_with / max(varies, 1e-12), nearest_m, _FARTHEST_M)
    return np.append(mean_seen * depth_m - mean_apart, depth_m)
