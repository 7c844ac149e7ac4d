"""A webcam as a sensor: a thread reads the camera, and each read takes its newest picture to MediaPipe Pose."""

import threading
from functools import partial
from pathlib import Path

from skel.sensors.base import EndOfStream, SensorContext
from skel.sensors.camera import CameraReader, open_camera, require_camera
from skel.sensors.opencv import import_cv2
from skel.sensors.placement import FIELD_OF_VIEW_DEG
from skel.sensors.pose_frames import PoseFrames, checked_options
from skel.sensors.pose_model import Confirm, PoseVariant, find_pose_model, pose_mode
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import MEDIAPIPE33


class WebcamSensor(SensorContext):
    """People before a camera that OpenCV can open, as frames of the newest picture whenever one is read.

    Pictures that come while the last one is still being looked at are dropped: `index` jumps by their number. `time_s` is
    the driver's time stamp of the picture where it has one on the clock of `time.monotonic` (Linux), otherwise its arrival;
    `host_time_s` is always the arrival. See `PoseFrames` for what a frame holds. The picture is not mirrored.

    `read` raises `SensorLost` after three seconds without a picture, or when the driver fails.

    Attributes:
        latency_ms: from the driver's time stamp of the last picture to its arrival; None where it gave none.
    """

    name = "webcam"
    layout = MEDIAPIPE33

    def __init__(
        self,
        source: int = 0,
        *,
        pose_model: Path | None = None,
        variant: PoseVariant = "lite",
        people: int = 1,
        width_px: int = 1280,
        height_px: int = 720,
        fps: float = 30.0,
        field_of_view_deg: float = FIELD_OF_VIEW_DEG,
        confirm: Confirm | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            source: the camera's number, from 0.
            pose_model, variant, confirm: which pose model; see `find_pose_model`.
            people: how many to look for at most.
            width_px, height_px, fps: what to ask of the camera; it may give something near.
            field_of_view_deg: along the picture's longer side.

        Raises:
            UserError: `people` or `field_of_view_deg` is out of range.
        """
        self.mode = ""
        self.nominal_fps = fps
        self.latency_ms: float | None = None
        self._source = source
        self._wanted = (width_px, height_px, fps)
        self._find_model = partial(find_pose_model, pose_model, variant, confirm)
        self._options = checked_options(people, field_of_view_deg)
        self._changed = threading.Condition()
        self._reader: CameraReader | None = None
        self._poses: PoseFrames | None = None
        self._first_number: int | None = None

    def open(self) -> None:
        """Load the model and start the camera; `SensorError` where there is no model, or the camera cannot be opened."""
        if self._reader is not None:
            return
        require_camera(self._source)  # before anybody is asked for a download, and without switching the camera on
        model = self._find_model()
        poses = PoseFrames(model, *self._options)
        try:
            camera = open_camera(self._source, *self._wanted)
        except BaseException:
            poses.close()
            raise
        self.mode = pose_mode(model)
        stated_fps = float(camera.get(import_cv2().CAP_PROP_FPS))  # 0, -1 or nan where the driver does not know
        self.nominal_fps = stated_fps if 0 < stated_fps <= 1000 else self._wanted[2]
        self._first_number = None
        with self._changed:
            self._poses, self._reader = poses, CameraReader(camera, self._source)

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The people in the newest picture that has not been read."""
        with self._changed:
            reader, poses = self._reader, self._poses
        if reader is None or poses is None:
            raise EndOfStream("the webcam is closed")
        shot = reader.newest(timeout_s)
        if self._first_number is None:
            self._first_number = shot.number
        self.latency_ms = 1e3 * (shot.host_time_s - shot.time_s) if shot.time_s < shot.host_time_s else None
        frame = poses(shot.image, shot.number - self._first_number, shot.time_s, shot.host_time_s)
        if self._reader is not reader:
            raise EndOfStream("the webcam was closed")
        return frame

    def close(self) -> None:
        """Stop the camera; a read that waits in another thread ends with `EndOfStream`."""
        with self._changed:
            reader, poses, self._reader, self._poses = self._reader, self._poses, None, None
        if reader is not None:
            reader.close()
        if poses is not None:
            poses.close()
