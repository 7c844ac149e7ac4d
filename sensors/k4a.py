"""Azure Kinects, and recordings of them (MKV), through pyk4a: pictures, calibration, which way is up.

Also Orbbec's Femto Bolt and Mega, whose vendor offers a libk4a of his own. Source: https://github.com/etiennedub/pyk4a
"""

import logging
import math
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skel.sensors.base import EndOfStream, SensorAbsent, SensorError, SensorLost
from skel.sensors.opencv import import_cv2
from skel.sensors.pyk4a_rig import import_pyk4a, rig_of, up_of

_log = logging.getLogger(__name__)

_IMU_SAMPLES = 32  # 20 ms at 1.6 kHz: enough to average the accelerometer's noise out
_IMU_WAIT_MS = 100
_FPS = {0: 5.0, 1: 15.0, 2: 30.0}  # k4a_fps_t


class Capture(NamedTuple):
    """What the cameras saw at one instant.

    Attributes:
        time_s: the device's clock.
        depth_mm: (H, W) uint16, 0 where nothing was measured.
        image: (H, W, 3) uint8, BGR.
        handle: pyk4a's capture, for the body tracker.
    """

    time_s: float
    depth_mm: npt.NDArray[np.uint16]
    image: npt.NDArray[np.uint8]
    handle: Any


class KinectDevice:
    """A device that is plugged in: 30 depth and colour pictures a second, in pairs.

    Attributes:
        calibration: pyk4a's.
        rig: the same as geometry.
        fps: pictures a second.
    """

    fps = 30.0

    def __init__(self, index: int) -> None:
        """Open the device and start its cameras; `SensorError` where that is not possible."""
        pyk4a = import_pyk4a()
        self._pyk4a, self._decode = pyk4a, _Decoder()
        count = pyk4a.connected_device_count()
        if count == 0:
            raise SensorAbsent(
                "no Azure Kinect is connected: plug in its USB 3 cable and its power supply; on Linux, allow access with "
                "the udev rules (docs/kinect.md)"
            )
        if not 0 <= index < count:
            raise SensorError(f"there is no Kinect {index}: {count} connected, counted from 0")
        config = pyk4a.Config(
            color_resolution=pyk4a.ColorResolution.RES_720P,
            color_format=pyk4a.ImageFormat.COLOR_MJPG,  # every other format is made from it by libk4a, at more cost
            depth_mode=pyk4a.DepthMode.NFOV_UNBINNED,
            camera_fps=pyk4a.FPS.FPS_30,
            synchronized_images_only=True,
        )
        # With "thread_safe" pyk4a would hold Python's lock while it waits, and nothing else would run.
        self._device = pyk4a.PyK4A(config, device_id=index, thread_safe=False)
        try:
            self._device.open()
        except pyk4a.K4AException as error:
            raise SensorError(
                f"Kinect {index} cannot be opened: another program uses it, or (Linux) the udev rules are missing"
            ) from error
        try:
            self._device.start()
            self.calibration = self._device.calibration
            self.rig = rig_of(self.calibration, up_of(self.calibration, self._accelerations()))
        except pyk4a.K4AException as error:
            self.close()
            raise SensorError(
                f"Kinect {index} does not start its cameras: use a USB 3 port of its own and the power supply, and on Linux "
                "a display for the depth engine"
            ) from error
        except BaseException:
            self.close()
            raise

    def capture(self, timeout_s: float) -> Capture | None:
        """The next capture; None if none comes in time or it lacks a picture. `SensorLost` when the device is gone."""
        try:
            handle = self._device.get_capture(timeout=max(round(timeout_s * 1000), 0))
        except self._pyk4a.K4ATimeoutException:
            return None
        except self._pyk4a.K4AException as error:
            raise SensorLost("the Kinect was unplugged, or its driver has stopped") from error
        return self._decode(handle, self._pyk4a.ImageFormat.COLOR_MJPG)

    def _accelerations(self) -> list[Any]:
        samples = []
        with suppress(self._pyk4a.K4AException):  # without them the housing counts as level
            for _ in range(_IMU_SAMPLES):
                samples.append(self._device.get_imu_sample(timeout=_IMU_WAIT_MS)["acc_sample"])
        return samples

    def close(self) -> None:
        """Stop the cameras and release the device, as far as it is still there. May be repeated."""
        device = self._device
        if device.is_running:
            device.is_running = False
            with suppress(self._pyk4a.K4AException):
                device.stop()
        if device.opened:
            with suppress(self._pyk4a.K4AException):
                device.close()


class KinectRecording:
    """A recording by `k4arecorder` or any program that writes its format, played by the device's time stamps.

    Attributes: as those of `KinectDevice`.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        """Open the file.

        Args:
            path: the recording, .mkv.
            speed: times real time; `math.inf` = as fast as it is read.

        Raises:
            SensorError: there is no such file, or it has no depth, no colour or no calibration.
        """
        pyk4a = import_pyk4a()
        self._pyk4a, self._decode = pyk4a, _Decoder()
        if not path.is_file():
            raise SensorError(f"{path}: no such recording")
        self._path, self._speed = path, speed
        self._next: Capture | None = None
        self._is_damaged = False
        self._anchor: tuple[float, float] | None = None  # a monotonic time, and the device's time due then
        self._playback = pyk4a.PyK4APlayback(path, thread_safe=False)
        try:
            self._playback.open()
        except pyk4a.K4AException as error:
            raise SensorError(f"{path} is not a recording of an Azure Kinect, or its end is missing") from error
        try:
            self._configuration = self._playback.configuration
            lacking = [what for what in ("depth", "color") if not self._configuration[f"{what}_track_enabled"]]
            if lacking:
                raise SensorError(f"{path} has no {' and no '.join(lacking)} pictures: record both")
            self.fps = _FPS[int(self._configuration["camera_fps"])]
            self.calibration = self._playback.calibration
            self.rig = rig_of(self.calibration, up_of(self.calibration, self._accelerations()))
        except pyk4a.K4AException as error:
            self.close()
            raise SensorError(f"{path} has no calibration that can be read: record it anew") from error
        except BaseException:
            self.close()
            raise

    def capture(self, timeout_s: float) -> Capture | None:
        """The next capture; None if it is not due in time or lacks a picture. `EndOfStream` after the last."""
        if self._is_damaged:
            raise EndOfStream(f"{self._path} cannot be read on")
        if self._next is None:
            try:
                handle = self._playback.get_next_capture()
            except EOFError as error:
                raise EndOfStream("the recording has ended") from error
            except self._pyk4a.K4AException as error:
                self._is_damaged = True
                _log.warning("%s is damaged: what comes after this place is lost", self._path)
                raise EndOfStream(f"{self._path} cannot be read on") from error
            self._next = self._decode(handle, self._configuration["color_format"])
            if self._next is None:
                return None
        now_s = time.monotonic()
        if self._anchor is None:
            self._anchor = (now_s, self._next.time_s)
        wait_s = 0.0
        if self._speed != math.inf:
            wait_s = self._anchor[0] + (self._next.time_s - self._anchor[1]) / self._speed - now_s
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        time.sleep(max(wait_s, 0.0))
        capture, self._next = self._next, None
        return capture

    def _accelerations(self) -> list[Any]:
        samples = []
        with suppress(EOFError, self._pyk4a.K4AException):  # without them the housing counts as level
            for _ in range(_IMU_SAMPLES):
                samples.append(self._playback.get_next_imu_sample()["acc_sample"])
        return samples

    def close(self) -> None:
        """Close the file; may be repeated."""
        self._next = None
        with suppress(self._pyk4a.K4AException):  # it is closed
            self._playback.close()


class _Decoder:
    """pyk4a's captures as ours."""

    def __init__(self) -> None:
        self._cv2 = import_cv2()

    def __call__(self, handle: Any, colour_format: Any) -> Capture | None:
        """None where a picture is missing or cannot be read."""
        depth_mm, colour = handle.depth, handle.color
        if depth_mm is None or colour is None:
            return None
        image = self._image(colour, colour_format.name)
        return None if image is None else Capture(handle.depth_timestamp_usec / 1e6, depth_mm, image, handle)

    def _image(self, colour: npt.NDArray[np.uint8], colour_format: str) -> npt.NDArray[np.uint8] | None:
        cv2 = self._cv2
        if colour_format == "COLOR_MJPG":
            return cv2.imdecode(colour, cv2.IMREAD_COLOR)  # type: ignore[no-any-return]
        codes = {
            "COLOR_BGRA32": cv2.COLOR_BGRA2BGR,
            "COLOR_NV12": cv2.COLOR_YUV2BGR_NV12,
            "COLOR_YUY2": cv2.COLOR_YUV2BGR_YUY2,
        }
        return cv2.cvtColor(colour, codes[colour_format])  # type: ignore[no-any-return]
