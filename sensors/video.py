"""A video file as a sensor: every frame in order, MediaPipe Pose on each."""

import math
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorError
from skel.sensors.opencv import import_cv2
from skel.sensors.placement import FIELD_OF_VIEW_DEG
from skel.sensors.played import PlayedSensor
from skel.sensors.pose_frames import PoseFrames, checked_options
from skel.sensors.pose_model import Confirm, PoseVariant, find_pose_model, pose_mode
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import MEDIAPIPE33

_USUAL_FPS = 30.0

Picture = npt.NDArray[np.uint8]


class VideoSensor(PlayedSensor[Picture]):
    """Gives every frame of a video out when it is due, none skipped. The controls of `Playable` may be used from any thread.

    `time_s` is the video's own time stamp, from its first frame on, so a variable frame rate is kept; a stamp that is
    missing or not later than the one before is put one frame interval after it. Seeking goes by time, stepping back by
    counting frames, which in a video of variable rate may miss by a few. A video that does not state its length, since its
    writer was killed, is read anew from its start for either: that takes longer. See `PoseFrames` for what a frame holds.
    """

    name = "video"
    layout = MEDIAPIPE33

    def __init__(
        self,
        source: Path | str,
        *,
        pose_model: Path | None = None,
        variant: PoseVariant = "lite",
        people: int = 1,
        speed: float = 1.0,
        loop: bool = False,
        field_of_view_deg: float = FIELD_OF_VIEW_DEG,
        confirm: Confirm | None = None,
    ) -> None:
        """Look into the file.

        Args:
            source: any video that OpenCV reads.
            pose_model, variant, confirm: which pose model; see `find_pose_model`.
            people: how many to look for at most.
            speed: times real time; `math.inf` = as fast as frames are read.
            loop: start over at the end, instead of `EndOfStream`.
            field_of_view_deg: along the picture's longer side.

        Raises:
            SensorError: there is no such file, or no video in it.
            UserError: the speed is not positive; `people` or `field_of_view_deg` is out of range.
        """
        super().__init__(speed, loop)
        self.source = Path(source)
        self.mode = ""
        self._find_model = partial(find_pose_model, pose_model, variant, confirm)
        self._model: Path | None = None
        self._options = checked_options(people, field_of_view_deg)
        self._poses: PoseFrames | None = None
        self._cv2 = import_cv2()
        self._begin()
        stated_fps = float(self._video.get(self._cv2.CAP_PROP_FPS))
        self.nominal_fps = stated_fps if 0 < stated_fps <= 1000 else _USUAL_FPS
        count = float(self._video.get(self._cv2.CAP_PROP_FRAME_COUNT))
        self._video.release()
        self._states_length = count > 0
        self.duration_s = max(count if self._states_length else self._counted(), 1.0) / self.nominal_fps

    def open(self) -> None:
        """Begin at the start; does nothing when open. `SensorError` without a pose model, or when the file has gone."""
        if self._model is None:  # before anything is held: it may ask, and load a file from the network
            self._model = self._find_model()
            self.mode = pose_mode(self._model)
        super().open()

    @property
    def position_s(self) -> float:
        """Where the next frame stands, in seconds from the first; `duration_s` at the end."""
        return self._next_s

    def _start(self) -> None:
        assert self._model is not None
        self._begin()
        self._poses = PoseFrames(self._model, *self._options)

    def _stop(self) -> None:
        self._video.release()
        if self._poses is not None:
            self._poses.close()

    def _begin(self) -> None:
        """Open the file and read its first picture."""
        if not self.source.is_file():
            raise SensorError(f"there is no video {self.source}")
        self._video = self._cv2.VideoCapture(str(self.source))
        found, picture = self._video.read()
        if not found:
            self._video.release()
            why = "it is cut off, or of an unknown format" if os.access(self.source, os.R_OK) else "you have no permission"
            raise SensorError(f"{self.source} cannot be read as a video: {why}")
        self._first_s = self._video.get(self._cv2.CAP_PROP_POS_MSEC) / 1000
        self._picture: Picture | None = picture  # the next one, read ahead since only then its time stamp is known
        self._ended = False
        self._row = 0  # of the next picture
        self._next_s, self._last_s = 0.0, -math.inf

    def _counted(self) -> int:
        """How many pictures are in the file, without decoding them."""
        packets = self._cv2.VideoCapture(str(self.source), self._cv2.CAP_FFMPEG, [self._cv2.CAP_PROP_FORMAT, -1])
        count = 0
        while packets.grab():
            count += 1
        packets.release()
        return count

    def _at_end(self) -> bool:
        if self._picture is None and not self._ended:
            self._row = int(self._video.get(self._cv2.CAP_PROP_POS_FRAMES))
            found, picture = self._video.read()
            if found:
                self._picture = picture
                stamp_s = self._video.get(self._cv2.CAP_PROP_POS_MSEC) / 1000 - self._first_s
                self._next_s = stamp_s if stamp_s > self._last_s else self._last_s + 1 / self.nominal_fps
            else:
                self._ended = True
                if self._last_s >= 0:
                    self.duration_s = self._last_s + 1 / self.nominal_fps
                self._next_s = self.duration_s
        return self._ended

    def _take(self) -> tuple[Picture, float]:
        assert self._picture is not None
        picture, stamp_s = self._picture, self._next_s
        self._picture, self._last_s = None, stamp_s
        self._row, self._next_s = self._row + 1, stamp_s + 1 / self.nominal_fps
        return picture, stamp_s

    def _go_to(self, position_s: float) -> None:
        if position_s <= 0:
            self._video.release()
            self._begin()
            return
        within_s = min(position_s, self.duration_s - 1 / self.nominal_fps)
        if self._states_length:
            self._video.set(self._cv2.CAP_PROP_POS_MSEC, 1000 * (within_s + self._first_s))
        else:
            self._read_up_to(round(within_s * self.nominal_fps))
        self._forget(within_s)

    def _go_back(self, items: int) -> None:
        row = max(self._row - 1 - items, 0)
        if self._states_length:
            self._video.set(self._cv2.CAP_PROP_POS_FRAMES, row)
        else:
            self._read_up_to(row)
        self._forget(row / self.nominal_fps)

    def _read_up_to(self, row: int) -> None:
        """Have that picture come next. Where a video states no length, OpenCV's own seeking only reads on."""
        self._video.release()
        self._video = self._cv2.VideoCapture(str(self.source))
        for _ in range(row):
            self._video.grab()

    def _forget(self, position_s: float) -> None:
        """What was read ahead is no longer what comes next."""
        self._picture, self._ended = None, False
        self._next_s, self._last_s = position_s, -math.inf

    def _frame(self, item: Picture, index: int, time_s: float) -> SkeletonFrame:
        assert self._poses is not None
        return self._poses(item, index, time_s, time.monotonic())
