"""A camera, opened through OpenCV and read by a thread that keeps its newest picture."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skel.sensors.base import EndOfStream, SensorError, SensorLost, SensorTimeout
from skel.sensors.opencv import import_cv2

_LOST_S = 3.0  # a camera without a picture for that long is gone
_RETRY_S = 0.01
_CLOSE_S = 0.5


class Shot(NamedTuple):
    """A picture of the camera, its number, its time on the camera's clock, and when it arrived."""

    image: npt.NDArray[np.uint8]
    number: int
    time_s: float
    host_time_s: float


class CameraReader:
    """A thread that takes every picture off a camera and keeps the newest.

    It owns the camera and releases it in the end, since OpenCV may hang for seconds in reading an unplugged camera and must
    not be disturbed meanwhile; `close` does not wait for that.
    """

    def __init__(self, camera: Any, source: int) -> None:
        """Begin; `camera` is an opened `cv2.VideoCapture`, `source` its number for messages."""
        self._camera, self._source = camera, source
        self._changed = threading.Condition()
        self._shot: Shot | None = None  # the newest, until it is taken
        self._failure = ""
        self._alive_s = time.monotonic()  # when the last picture came
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self._thread.start()

    def newest(self, timeout_s: float) -> Shot:
        """The newest picture that was not given out yet; raises as `Sensor.read` does."""
        give_up_s = time.monotonic() + timeout_s
        with self._changed:
            while self._shot is None:
                now_s = time.monotonic()
                if self._closed.is_set():
                    raise EndOfStream("the webcam was closed")
                if self._failure:
                    raise SensorLost(f"camera {self._source}: {self._failure}")
                if now_s - self._alive_s >= _LOST_S:
                    raise SensorLost(f"camera {self._source}: no picture for {now_s - self._alive_s:.0f} s")
                if now_s >= give_up_s:
                    raise SensorTimeout(f"no picture within {timeout_s:g} s")
                self._changed.wait(min(give_up_s, self._alive_s + _LOST_S) - now_s)
            shot, self._shot = self._shot, None
        return shot

    def close(self) -> None:
        """Stop, in half a second at most; whoever waits for a picture gets `EndOfStream`."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            self._take_pictures()
        except Exception as error:  # OpenCV and drivers raise what they like
            with self._changed:
                self._failure = str(error) or type(error).__name__
                self._changed.notify_all()
        finally:
            self._camera.release()

    def _take_pictures(self) -> None:
        stamp_of = import_cv2().CAP_PROP_POS_MSEC
        number, last_s = 0, -1.0
        while not self._closed.is_set():
            found, image = self._camera.read()
            arrived_s = time.monotonic()
            if not found or image is None or not image.size:
                self._closed.wait(_RETRY_S)
                continue
            stamp_s = self._camera.get(stamp_of) / 1000
            # Only a stamp of the same clock can be that recent; drivers also give 0, the time of day, or nonsense.
            last_s = stamp_s if max(last_s, arrived_s - 1) < stamp_s <= arrived_s else arrived_s
            with self._changed:
                self._shot = Shot(image, number, last_s, arrived_s)
                self._alive_s = arrived_s
                self._changed.notify_all()
            number += 1


def require_camera(source: int) -> None:
    """Raise `SensorError` where there cannot be such a camera, without touching one."""
    if sys.platform.startswith("linux") and not (device := Path(f"/dev/video{source}")).exists():
        others = sorted(path.name.removeprefix("video") for path in Path("/dev").glob("video*"))
        advice = f"numbers in use: {', '.join(others)}" if others else "connect a camera"
        raise SensorError(f"camera {source} cannot be opened: there is no {device}; {advice}")


def open_camera(source: int, width_px: int, height_px: int, fps: float) -> Any:
    """An opened `cv2.VideoCapture`, asked for that size and rate; `SensorError` says what may be wrong with the camera."""
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")  # seconds; 10 otherwise
    cv2 = import_cv2()
    camera = cv2.VideoCapture(source)
    if not camera.isOpened():
        camera.release()
        raise SensorError(f"camera {source} cannot be opened: {_advice(source)}")
    # Uncompressed, USB 2 carries 720p at 10 pictures a second. The format comes first: sizes depend on it.
    camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
    camera.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
    camera.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
    camera.set(cv2.CAP_PROP_FPS, fps)
    return camera


def _advice(source: int) -> str:
    if not sys.platform.startswith("linux"):
        return "connect it, close other programs that use it, and allow its use in the system's privacy settings"
    device = Path(f"/dev/video{source}")
    if not os.access(device, os.R_OK | os.W_OK):
        return f"no permission for {device}: sudo usermod -aG video $USER, then log in again"
    return f"close other programs that use {device}, or try another number (some cameras have a second one without pictures)"
