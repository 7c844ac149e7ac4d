"""The colour pictures of a recording as a video beside it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorError
from skel.sensors.opencv import import_cv2

_CODEC = "mp4v"  # MPEG-4: everything plays it, and every build of OpenCV writes it
# How long a file may stay as it is while all is well: FFmpeg writes it in pieces of 256 KiB, Matroska holds up to 5 s back,
# and no picture takes less than a dark one: of each block of 16 × 16 pixels 22 bits in every twelfth picture, which OpenCV
# has stand alone, and 1 bit in those between, a third of a byte on average.
_PIECE_BYTES, _HELD_BACK_S, _LEAST_BYTES_PER_PIXEL = 1 << 18, 5.0, 1 / 3 / 256


class VideoWriter:
    """Writes a video, picture n of which belongs to frame n of a recording.

    A frame without a picture repeats the one before it. The video's own clock is the nominal rate; the recording's time
    stamps say when a picture was really taken. Give it a Matroska file (.mkv): one that is cut off can still be played.
    """

    def __init__(self, path: Path, fps: float) -> None:
        """Nothing is written before the first picture. `SensorError` where OpenCV is not installed."""
        self.path = path
        self._cv2 = import_cv2()
        self._fps = fps if fps <= 60 else round(fps, 1)  # MPEG-4 counts time in at most 65535 parts of a second
        self._writer: Any = None
        self._last: npt.NDArray[np.uint8] | None = None
        self._blank = 0  # frames before the first picture
        self._bytes = self._since = 0  # the file's size, and how many pictures were written since it had another
        self._most_since = math.inf  # as many it takes for the next piece, whatever they show

    def write(self, picture: npt.NDArray[np.uint8] | None) -> None:
        """Add a frame's picture, BGR (H, W, 3), or None; a picture of another size is brought to the first one's.

        Raises:
            SensorError: the file cannot be written, or has not grown for so long that it has surely stopped.
            OSError: the file has gone.
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
        self._since += 1
        if self._since % round(max(self._fps, 1)) == 0:
            self._check_growth()

    def _check_growth(self) -> None:
        """OpenCV says nothing when a file cannot grow: the disk is full, or the file too large for its file system."""
        size = self.path.stat().st_size
        if size != self._bytes:
            self._bytes, self._since = size, 0
        if self._since > self._most_since:
            self._writer.release()
            self._writer = None
            raise self._stopped()

    def _begin(self, picture: npt.NDArray[np.uint8]) -> None:
        code = self._cv2.VideoWriter_fourcc(*_CODEC)
        writer = self._cv2.VideoWriter(str(self.path), code, self._fps, picture.shape[1::-1])
        if not writer.isOpened():
            raise SensorError(f"cannot write the video {self.path}: is the folder writable, and the disk not full?")
        self._writer = writer
        height, width = picture.shape[:2]
        self._most_since = _HELD_BACK_S * self._fps + _PIECE_BYTES / (height * width * _LEAST_BYTES_PER_PIXEL)
        for _ in range(self._blank):
            self._writer.write(np.zeros_like(picture))

    def close(self) -> None:
        """Finish the file; without effect the second time.

        Raises:
            SensorError: its end could not be written.
            OSError: the file has gone.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        written = self._cv2.VideoCapture(str(self.path))
        states_length = written.get(self._cv2.CAP_PROP_FRAME_COUNT) > 0  # which is written last
        written.release()
        if not states_length:
            raise self._stopped()

    def _stopped(self) -> SensorError:
        megabytes = self.path.stat().st_size / 1e6
        return SensorError(
            f"the video {self.path} has stopped at {megabytes:.0f} MB: is the disk full, or the file too large for it?"
        )
