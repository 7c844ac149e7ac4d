"""An orbiting pinhole camera in canonical space: from metres to pixels, without OpenGL."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Points = npt.NDArray[np.float64]

NEAR_M = 0.05
_STEEPEST_RAD = np.radians(85.0)
_DISTANCE_RANGE_M = (0.5, 30.0)


@dataclass(frozen=True)
class Camera:
    """A camera that looks at `target_m` from `distance_m`.

    At yaw 0 it looks along +z as the sensor does, with the sensor's left (+x) on the left of the picture; a growing yaw
    moves it to its own right, a growing pitch up. `mirrored` turns the picture about its vertical middle line.
    """

    target_m: tuple[float, float, float] = (0.0, 0.0, 3.0)
    distance_m: float = 4.0
    yaw_rad: float = 0.0
    pitch_rad: float = 0.15
    field_of_view_rad: float = float(np.radians(40.0))
    mirrored: bool = False

    @cached_property
    def axes(self) -> Points:
        """(3, 3): the camera's right, up and forward as unit vectors in canonical space."""
        (sin_y, cos_y), (sin_p, cos_p) = ((np.sin(a), np.cos(a)) for a in (self.yaw_rad, self.pitch_rad))
        forward = np.array([sin_y * cos_p, -sin_p, cos_y * cos_p])
        right = np.array([-cos_y, 0.0, sin_y])
        up = np.array([sin_y * sin_p, cos_p, cos_y * sin_p])
        return np.stack([right, up, forward])

    @cached_property
    def eye_m(self) -> Points:
        """(3,): where the camera is."""
        return np.asarray(np.asarray(self.target_m) - self.distance_m * self.axes[2])

    def focal_px(self, height: int) -> float:
        """Pixels per metre at one metre's depth, in a picture of that height."""
        return float(0.5 * height / np.tan(0.5 * self.field_of_view_rad))

    def to_camera(self, points_m: Array) -> Points:
        """(…, 3) in canonical space as (…, 3): metres to the right, up and forward of the camera."""
        return np.asarray((points_m - self.eye_m) @ self.axes.T)

    def to_pixels(self, points: Array, width: int, height: int) -> Points:
        """(…, 3) of `to_camera` as (…, 2) pixels from the top left; NaN where the point is not in front of the camera."""
        x, y, depth = points[..., 0], points[..., 1], points[..., 2]
        scale = np.full(depth.shape, np.nan)
        np.divide(self.focal_px(height), depth, out=scale, where=depth >= NEAR_M)
        pixels = np.empty((*depth.shape, 2))
        pixels[..., 0] = 0.5 * width + (-1.0 if self.mirrored else 1.0) * x * scale
        pixels[..., 1] = 0.5 * height - y * scale
        return pixels

    def project(self, points_m: Array, width: int, height: int) -> Points:
        """(…, 3) in canonical space as (…, 2) pixels; NaN for points behind the camera and for NaN."""
        return self.to_pixels(self.to_camera(points_m), width, height)

    def project_lines(self, lines_m: Array, width: int, height: int) -> Points:
        """(L, 2, 3) line segments as (L', 2, 2) pixels: cut off at the near plane, those behind it left out."""
        lines = self.to_camera(lines_m)
        lines = lines[(lines[..., 2] >= NEAR_M).any(axis=1)]
        first, last = lines[:, 0], lines[:, 1]
        run = last[:, 2] - first[:, 2]
        share = np.divide(NEAR_M - first[:, 2], run, out=np.zeros_like(run), where=run != 0)[:, None]
        crossing = first + share * (last - first)
        crossing[:, 2] = NEAR_M  # exactly, or rounding could put it behind
        cut = np.stack([np.where(end[:, 2:] < NEAR_M, crossing, end) for end in (first, last)], axis=1)
        return self.to_pixels(cut, width, height)

    def orbited(self, dx: float, dy: float) -> "Camera":
        """Turned by a drag of that many pixels: what is in front of the target follows the pointer."""
        turn = dx if self.mirrored else -dx
        pitch = float(np.clip(self.pitch_rad + 0.006 * dy, -_STEEPEST_RAD, _STEEPEST_RAD))
        yaw = (self.yaw_rad + 0.006 * turn + np.pi) % (2 * np.pi) - np.pi
        return replace(self, yaw_rad=float(yaw), pitch_rad=pitch)

    def panned(self, dx: float, dy: float, height: int) -> "Camera":
        """Moved sideways by a drag of that many pixels: what is at the target's depth follows the pointer."""
        right, up, _ = self.axes
        metres = self.distance_m / self.focal_px(height)
        side = 1.0 if self.mirrored else -1.0
        x, y, z = np.asarray(self.target_m) + metres * (side * dx * right + dy * up)
        return replace(self, target_m=(float(x), float(y), float(z)))

    def zoomed(self, factor: float) -> "Camera":
        """With the distance multiplied by `factor`, within bounds."""
        return replace(self, distance_m=float(np.clip(self.distance_m * factor, *_DISTANCE_RANGE_M)))


def framing_distance_m(extent_m: Array, camera: Camera, width: int, height: int) -> float:
    """The least distance at which a camera that looks at the middle of a box (3,) of that size, from any side, shows it all.

    Nine tenths of the picture are used, so that what moves has some room.
    """
    corners = 0.5 * np.asarray(extent_m) * np.stack(np.meshgrid((-1, 1), (-1, 1), (-1, 1)), axis=-1).reshape(8, 3)
    offsets = np.abs(corners @ camera.axes.T)
    limits = np.array([width / max(height, 1), 1.0]) * np.tan(0.5 * camera.field_of_view_rad) * 0.9
    # A corner at (x, y, z) from the middle is in the picture when |x| <= limit · (distance + z), and so for y.
    needed = (offsets[:, :2] / limits).max(axis=1) - corners @ camera.axes[2]
    return float(np.clip(needed.max(), *_DISTANCE_RANGE_M))
