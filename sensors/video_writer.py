"""The colour pictures of a recording as a video beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorError
from skel.sensors.opencv import import_cv2

_CODEC = "mp4v"  # MPEG-4: everything plays it, and every build of OpenCV writes it


class VideoWriter:
    """Writes a video, picture n of which belongs to frame n of a recording.

    A frame without a picture repeats the one before it. The video's own clock is the nominal rate; the recording's time
    stamps say when a picture was really taken. Give it a Matroska file (.mkv): one that is cut off can still be played.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """Nothing is written before the first picture. `SensorError` where OpenCV is not installed."""
        self.path = path
        self._cv2 = import_cv2()
        self._fps = fps
        self._writer: Any = None
        self._last: npt.NDArray[np.uint8] | None = None
        self._blank = 0  # frames before the first picture

    def write(self, picture: npt.NDArray[np.uint8] | None) -> None:
        """Add a frame's picture, BGR (H, W, 3), or None; a picture of another size is brought to the first one's.

        Raises:
            SensorError: the file cannot be written.
        """
        if self._last is None and picture is None:
            self._blank += 1
            return
        if picture is not None:
            if self._last is None:
                self._begin(picture)
            elif picture.shape != self._last.shape:
                picture = np.asarray(self._cv2.resize(picture, self._last.shape[1::-1]), np.uint8)
            self._last = picture
        self._writer.write(self._last)

    def _begin(self, picture: npt.NDArray[np.uint8]) -> None:
        code = self._cv2.VideoWriter_fourcc(*_CODEC)
        self._writer = self._cv2.VideoWriter(str(self.path), code, self._fps, picture.shape[1::-1])
        if not self._writer.isOpened():
            raise SensorError(f"cannot write the video {self.path}: is the folder writable, and the disk not full?")
        for _ in range(self._blank):
            self._writer.write(np.zeros_like(picture))

    def close(self) -> None:
        """Finish the file; without effect the second time."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
