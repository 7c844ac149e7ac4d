"""A live sensor that has a picture: the synthetic actors before a camera, each picture of its own frame's colour."""

from dataclasses import replace

import numpy as np

from skel.sensors.synthetic import SyntheticSensor
from skel.skeleton.frame import SkeletonFrame

SIZE = (640, 360)
FOCAL_PX = 330.0


def image_points(positions_m: np.ndarray) -> np.ndarray:
    """(…, 3) in canonical space → (…, 2) in the picture of a camera without distortion."""
    x, y, z = np.moveaxis(positions_m, -1, 0)
    return np.stack([SIZE[0] / 2 - FOCAL_PX * x / z, SIZE[1] / 2 - FOCAL_PX * y / z], axis=-1).astype(np.float32)


def picture(index: int) -> np.ndarray:
    """(360, 640, 3) BGR: its left half tells the frame's index in blue; the right half is brighter."""
    image = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
    image[:, SIZE[0] // 2 :] = 110
    image[..., 0] = index % 200
    return image


def with_picture(frame: SkeletonFrame) -> SkeletonFrame:
    return replace(frame, image=picture(frame.index), image_points_px=image_points(frame.positions_m))


class CameraSensor(SyntheticSensor):
    """`pictures` may be turned off while it runs, as by a camera that gives depth only."""

    mode = "a camera of numpy"
    pictures = True

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        frame = super().read(timeout_s)
        return with_picture(frame) if self.pictures else frame
