"""Depth pixels as points in space, and where they lie in the colour picture: the geometry of a depth camera in numpy.

Lens model: Brown–Conrady with six radial and two tangential coefficients, as the Azure Kinect's calibration states it and
OpenCV names it (https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html, k1…k6, p1, p2).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
_NEWTON_STEPS = 12
_RANGE_M = (0.4, 10.0)  # of depths that are looked for; an Azure Kinect measures from 0.5 to 5.5 m
_MARGIN_PX = 10.0
_LEVEL_PART = 0.05  # of the direction in which a camera looks; with less, 3°, it would come from the accelerometer's noise
_CELL_PX = 32  # of the grid that points of the picture are found by


@dataclass(frozen=True, eq=False)
class Lens:
    """How one camera projects: x right, y down, z forwards.

    Attributes:
        width_px, height_px: of its picture.
        focal_px, centre_px: (fx, fy) and (cx, cy).
        radial: k1…k6.
        tangential: p1, p2.
    """

    width_px: int
    height_px: int
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]
    radial: tuple[float, float, float, float, float, float]
    tangential: tuple[float, float]

    def project(self, points_m: npt.NDArray[np.floating[Any]]) -> Array:
        """Points (…, 3) in the camera's axes as pixels (…, 2), the first pixel's centre being (0, 0); NaN behind it."""
        x, y, z = np.moveaxis(np.asarray(points_m, np.float32), -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(z > 0, 1 / z, np.float32(np.nan))
            x, y = self._distorted(x * inverse, y * inverse)
        focal, centre = np.array(self.focal_px, np.float32), np.array(self.centre_px, np.float32)
        return np.asarray(np.stack([x * focal[0] + centre[0], y * focal[1] + centre[1]], axis=-1))

    def rays(self, pixels: npt.NDArray[np.floating[Any]]) -> Array:
        """Pixels (…, 2) as the points (…, 3) at depth 1 that are seen there; NaN where the lens model has none.

        The distortion is undone by Newton's method with a numerical derivative; in float64, since this is done once.
        """
        target = (np.asarray(pixels, np.float64) - self.centre_px) / self.focal_px
        ray = target.copy()
        step = 1e-6
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for _ in range(_NEWTON_STEPS):
                x, y = ray[..., 0], ray[..., 1]
                at, right, below = (
                    np.stack(self._distorted(*point), axis=-1) for point in ((x, y), (x + step, y), (x, y + step))
                )
                (a, c), (b, d) = np.moveaxis((right - at) / step, -1, 0), np.moveaxis((below - at) / step, -1, 0)
                off = target - at
                if not (np.abs(off) > 1e-9).any():
                    break
                determinant = a * d - b * c
                ray += (
                    np.stack([d * off[..., 0] - b * off[..., 1], a * off[..., 1] - c * off[..., 0]], axis=-1)
                    / (determinant[..., None])
                )
            missed = ~(np.abs(np.stack(self._distorted(ray[..., 0], ray[..., 1]), axis=-1) - target).max(axis=-1) < 1e-6)
        ray[missed] = np.nan
        return np.asarray(np.concatenate([ray, np.ones_like(ray[..., :1])], axis=-1), np.float32)

    def _distorted(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        k1, k2, k3, k4, k5, k6 = self.radial
        p1, p2 = self.tangential
        square = x * x + y * y
        gain = (1 + square * (k1 + square * (k2 + square * k3))) / (1 + square * (k4 + square * (k5 + square * k6)))
        twice = 2 * x * y
        return (
            x * gain + p1 * twice + p2 * (square + 2 * x * x),
            y * gain + p2 * twice + p1 * (square + 2 * y * y),
        )


@dataclass(frozen=True, eq=False)
class Rig:
    """A depth camera and a colour camera in one housing, and which way is up.

    Attributes:
        depth, colour: the two cameras.
        rotation, translation_m: (3, 3) and (3,); a point p of the depth camera is `rotation @ p + translation_m` in the
            colour camera's axes.
        up: (3,) unit vector against gravity in the depth camera's axes.
    """

    depth: Lens
    colour: Lens
    rotation: npt.NDArray[np.float64]
    translation_m: npt.NDArray[np.float64]
    up: npt.NDArray[np.float64]

    @cached_property
    def to_canonical(self) -> npt.NDArray[np.float64]:
        """(3, 3): the depth camera's axes → canonical ones, x to the sensor's left, y up against gravity, z away.

        Without tilt (x, y, z) → (−x, −y, z). However the housing is tilted or rolled, upside down under a ceiling too, z is
        the level part of the direction in which the depth camera looks; that of an Azure Kinect looks 6° down when the
        housing stands level. Where it looks straight up or down there is no such part: x stays across the picture.
        """
        ahead = np.array([0.0, 0.0, 1.0]) - self.up[2] * self.up
        if np.linalg.norm(ahead) < _LEVEL_PART:
            ahead = np.cross([-1.0, 0.0, 0.0], self.up)
        ahead /= np.linalg.norm(ahead)
        return np.stack([np.cross(self.up, ahead), self.up, ahead])

    def canonical(self, depth_points_m: npt.NDArray[np.floating[Any]]) -> Array:
        """Points (…, 3) of the depth camera in canonical axes."""
        return np.asarray(depth_points_m @ self.to_canonical.T, np.float32)

    def canonical_from_colour(self, colour_points_m: npt.NDArray[np.floating[Any]]) -> Array:
        """Points (…, 3) of the colour camera in canonical axes."""
        return self.canonical((colour_points_m - self.translation_m) @ self.rotation)

    def depth_to_colour(self, depth_points_m: npt.NDArray[np.floating[Any]]) -> Array:
        """Points (…, 3) of the depth camera in the colour camera's axes."""
        return np.asarray(depth_points_m @ self.rotation.T + self.translation_m, np.float32)

    def colour_px(self, depth_points_m: npt.NDArray[np.floating[Any]]) -> Array:
        """Where points (…, 3) of the depth camera lie in the colour picture (…, 2)."""
        return self.colour.project(self.depth_to_colour(depth_points_m))


class Registration:
    """Brings depth pictures into the colour picture of a rig.

    A depth pixel (u, v) with depth d is the point d · ray(u, v). The rays are worked out once, already turned into the
    colour camera's axes, so that a picture costs one multiplication and the lens model.
    """

    def __init__(self, rig: Rig, stride: int = 2) -> None:
        """Work the rays out for every `stride`-th pixel of every `stride`-th row."""
        self._stride = stride
        self._colour = rig.colour
        rows, columns = np.mgrid[0 : rig.depth.height_px : stride, 0 : rig.depth.width_px : stride]
        rays = rig.depth.rays(np.stack([columns, rows], axis=-1).reshape(-1, 2))
        self._usable = np.isfinite(rays[:, 0])
        self._rays = np.ascontiguousarray((rays @ rig.rotation.T.astype(np.float32)).T)  # (3, N)
        self._translation_m = rig.translation_m.astype(np.float32)[:, None]
        # Whatever its depth, a pixel comes to lie between where its nearest and its farthest point lie.
        ends = np.stack([rig.colour.project((self._rays * depth + self._translation_m).T).T for depth in _RANGE_M])
        self._least_px, self._most_px = ends.min(axis=0) - _MARGIN_PX, ends.max(axis=0) + _MARGIN_PX  # (2, N)

    def __call__(
        self, depth_mm: npt.NDArray[np.uint16], box_px: npt.NDArray[np.floating[Any]] | None = None
    ) -> "RegisteredDepth":
        """Where the measured pixels of a depth picture (H, W) lie; 0 is "not measured".

        Args:
            depth_mm: the picture.
            box_px: [[left, top], [right, bottom]] in the colour picture, outside of which nothing is wanted: the time it
                takes is proportional to the number of points.
        """
        depth = depth_mm[:: self._stride, :: self._stride].ravel()
        wanted = (depth > 0) & self._usable
        if box_px is not None:
            for axis in (0, 1):
                wanted &= (self._most_px[axis] >= box_px[0, axis]) & (self._least_px[axis] <= box_px[1, axis])
        measured = np.flatnonzero(wanted)
        points_m = self._rays.take(measured, axis=1)
        points_m *= depth[measured].astype(np.float32) * np.float32(1e-3)
        points_m += self._translation_m
        return RegisteredDepth(self._colour, self._colour.project(points_m.T), points_m[2])


class RegisteredDepth:
    """The measured points of one depth picture, found by where they lie in the colour picture.

    Attributes:
        pixels: (N, 2) in the colour picture; some lie outside it.
        depth_m: (N,) along the colour camera's axis.
    """

    def __init__(self, colour: Lens, pixels: Array, depth_m: Array) -> None:
        self.pixels, self.depth_m = pixels, depth_m
        self._columns, self._rows = colour.width_px // _CELL_PX + 1, colour.height_px // _CELL_PX + 1
        x, y = pixels.T
        inside = np.flatnonzero((x >= 0) & (x < colour.width_px) & (y >= 0) & (y < colour.height_px))
        column, row = ((places[inside] * np.float32(1 / _CELL_PX)).astype(np.uint16) for places in (x, y))
        cells = row * np.uint16(self._columns) + column
        # Stable sorting of 16-bit integers is a radix sort: a tenth of the time of the others.
        order = np.argsort(cells, kind="stable")
        self._order = inside[order]
        self._starts = np.searchsorted(cells[order], np.arange(self._columns * self._rows + 1))

    def near(self, pixel: npt.NDArray[np.floating[Any]], radius_px: float) -> Array:
        """The depths (K,) of the points within `radius_px` of a pixel (2,), in no order."""
        low = np.floor((pixel - radius_px) / _CELL_PX).astype(int)
        high = np.floor((pixel + radius_px) / _CELL_PX).astype(int)
        left, right = max(low[0], 0), min(high[0], self._columns - 1)
        if left > right:
            return self.depth_m[:0]
        chosen = [
            self._order[self._starts[row * self._columns + left] : self._starts[row * self._columns + right + 1]]
            for row in range(max(low[1], 0), min(high[1], self._rows - 1) + 1)
        ]
        points = np.concatenate(chosen) if chosen else self._order[:0]
        off = self.pixels[points] - pixel.astype(np.float32)
        return np.asarray(self.depth_m[points[(off * off).sum(axis=1) <= radius_px * radius_px]])
