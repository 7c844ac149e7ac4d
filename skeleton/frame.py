"""One instant of all the people in view."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from skel.skeleton.layouts import SkeletonLayout, convert, convert_confidence


@dataclass(frozen=True, eq=False)
class SkeletonFrame:
    """All bodies at one instant, in canonical space (metres; x to the sensor's left, y up, z away from the sensor).

    Attributes:
        layout: what the V joints are.
        positions_m: (M, V, 3) float32; NaN where a joint is not tracked. M may be 0 and may change between frames.
        confidence: (M, V) float32 in 0..1.
        body_ids: (M,) int64; a person keeps the id for as long as the sensor can follow.
        index: counts the sensor's frames from 0; a jump means that frames were dropped.
        time_s: the sensor's own clock.
        host_time_s: `time.monotonic()` at which the frame reached this process.
        image: the colour picture of the same instant, BGR uint8 (H, W, 3), where the sensor has one.
        image_points_px: (M, V, 2) float32, where each joint lies in that picture (x right, y down from its upper left
            corner; may lie outside); NaN where that is not known, None where the sensor has no picture.
    """

    layout: SkeletonLayout
    positions_m: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]
    body_ids: npt.NDArray[np.int64]
    index: int
    time_s: float
    host_time_s: float
    image: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    image_points_px: npt.NDArray[np.float32] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        bodies, joints = len(self.body_ids), len(self.layout)
        if self.positions_m.shape != (bodies, joints, 3) or self.confidence.shape != (bodies, joints):
            raise ValueError(
                f"a frame of {bodies} bodies in {self.layout.name} needs positions ({bodies}, {joints}, 3) and "
                f"confidence ({bodies}, {joints}), not {self.positions_m.shape} and {self.confidence.shape}"
            )
        points = self.image_points_px
        if points is not None and points.shape != (bodies, joints, 2):
            raise ValueError(f"a frame of {bodies} bodies needs image points ({bodies}, {joints}, 2), not {points.shape}")

    def converted(self, layout: SkeletonLayout) -> "SkeletonFrame":
        """The same instant in another layout (see `layouts.conversion`)."""
        if layout == self.layout:
            return self
        points = self.image_points_px
        return replace(
            self,
            layout=layout,
            positions_m=convert(self.positions_m, self.layout, layout),
            confidence=convert_confidence(self.confidence, self.layout, layout),
            image_points_px=None if points is None else convert(points, self.layout, layout),
        )
