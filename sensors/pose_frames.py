"""From a colour picture alone to a frame: landmarks, who they belong to, and where in the room they are."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.sensors.people import PeopleTracker
from skel.sensors.placement import place
from skel.sensors.pose import PoseEstimator
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import MEDIAPIPE33


def checked_options(people: int, field_of_view_deg: float) -> tuple[int, float]:
    """What `PoseFrames` takes, as it is; `UserError` for what is out of range."""
    if people < 1:
        raise UserError(f"at least one person must be looked for, not {people}")
    if not 0 < field_of_view_deg < 180:
        raise UserError(f"a field of view is between 0 and 180 degrees wide (webcams: 50 to 90), not {field_of_view_deg:g}")
    return people, field_of_view_deg


class PoseFrames:
    """Makes frames of the pictures of one camera or video, in the order in which they were taken.

    Positions are the model's world landmarks, put where the assumed field of view says (see `placement`); confidence is the
    landmarks' visibility. No filter is laid over the place: on a video of one person who stands still, its depth scatters by
    7 mm (13 mm with `people` above 1), less than the model's own joints do.
    """

    def __init__(self, model: Path, people: int, field_of_view_deg: float) -> None:
        self._estimator = PoseEstimator(model, people)
        self._tracker = PeopleTracker()
        self._field_of_view_deg = field_of_view_deg

    def __call__(self, image: npt.NDArray[np.uint8], index: int, time_s: float, host_time_s: float) -> SkeletonFrame:
        """The frame of a picture (H, W, 3), BGR, in MEDIAPIPE33; the other arguments are the frame's fields."""
        height_px, width_px = image.shape[:2]
        people = self._tracker(self._estimator(image, time_s), time_s)
        positions = [p.world_m + place(p, width_px, height_px, self._field_of_view_deg) for p in people.values()]
        joints = len(MEDIAPIPE33)
        return SkeletonFrame(
            layout=MEDIAPIPE33,
            positions_m=np.array(positions, np.float32).reshape(-1, joints, 3),
            confidence=np.array([p.visibility for p in people.values()], np.float32).reshape(-1, joints),
            body_ids=np.array(list(people), np.int64),
            index=index,
            time_s=time_s,
            host_time_s=host_time_s,
            image=image,
            image_points_px=np.array([p.image_px for p in people.values()], np.float32).reshape(-1, joints, 2),
        )

    def close(self) -> None:
        """Free the model; from any thread, any number of times."""
        self._estimator.close()
