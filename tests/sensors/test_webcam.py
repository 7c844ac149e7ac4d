"""The webcam: newest pictures, clocks, and the ways a camera fails. A fake stands for the camera; MediaPipe is real."""

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from skel.sensors import camera as camera_module
from skel.sensors import webcam
from skel.sensors.base import EndOfStream, SensorError, SensorLost, SensorTimeout
from skel.sensors.camera import open_camera, require_camera
from skel.sensors.webcam import WebcamSensor

cv2 = pytest.importorskip("cv2")
pytest.importorskip("mediapipe")


class FakeCamera:
    """Gives the pictures that a test shows it, as `cv2.VideoCapture` does; with none to give, it fails as a camera does."""

    fps = 24.0

    def __init__(self) -> None:
        self._pictures: queue.Queue[tuple[np.ndarray, float]] = queue.Queue()
        self._given = False
        self._stamp_ms = 0.0
        self.breaks: Exception | None = None
        self.hangs = False
        self.hanging, self.goes_on, self.released = threading.Event(), threading.Event(), threading.Event()

    def show(self, brightness: int, stamp_s: float = 0.0) -> None:
        """Wait until the sensor's thread has kept this picture, and asks for the next."""
        self._pictures.put((np.full((48, 64, 3), brightness, np.uint8), 1000 * stamp_s))
        self._pictures.join()

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self._given:
            self._pictures.task_done()
            self._given = False
        if self.breaks:
            raise self.breaks
        if self.hangs:
            self.hanging.set()
            self.goes_on.wait(60)
        try:
            picture, self._stamp_ms = self._pictures.get(timeout=0.01)
        except queue.Empty:
            return False, None
        self._given = True
        return True, picture

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_POS_MSEC: self._stamp_ms, cv2.CAP_PROP_FPS: self.fps}[what]

    def release(self) -> None:
        self.released.set()


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[FakeCamera]:
    """Those that were opened."""
    opened: list[FakeCamera] = []

    def open_fake(source: int, width_px: int, height_px: int, fps: float) -> FakeCamera:
        opened.append(FakeCamera())
        return opened[-1]

    monkeypatch.setattr(webcam, "require_camera", lambda source: None)
    monkeypatch.setattr(webcam, "open_camera", open_fake)
    return opened


@pytest.fixture
def sensor(shared: Path, cameras: list[FakeCamera]) -> Iterator[WebcamSensor]:
    sensor = WebcamSensor(pose_model=shared / "models" / "pose_landmarker_lite.task")
    yield sensor
    sensor.close()
    assert all(camera.released.wait(30) for camera in cameras)


def in_thread(action: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    results: list[object] = []

    def run() -> None:
        try:
            results.append(action())
        except Exception as error:
            results.append(type(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, results


def test_says_what_it_is_once_open(sensor, cameras):
    assert sensor.mode == ""
    with sensor:
        assert (sensor.mode, sensor.nominal_fps) == ("MediaPipe lite", 24.0)


@pytest.mark.parametrize("stated", [0.0, -1.0, math.nan, math.inf])
def test_a_driver_that_does_not_know_its_rate_leaves_the_one_that_was_asked_for(sensor, cameras, monkeypatch, stated):
    monkeypatch.setattr(FakeCamera, "fps", stated)
    with sensor:
        assert sensor.nominal_fps == 30.0


def test_gives_the_newest_picture_and_tells_of_those_that_were_dropped(sensor, cameras):
    with sensor:
        for brightness in (10, 20, 30):
            cameras[0].show(brightness)
        first = sensor.read(30)
        assert (first.image[0, 0, 0], first.index) == (30, 0)  # what came before the first read was not missed
        cameras[0].show(40)
        assert [sensor.read(30).index] == [1]
        for brightness in (50, 60, 70):
            cameras[0].show(brightness)
        later = sensor.read(30)
        assert (later.image[0, 0, 0], later.index) == (70, 4)
        with pytest.raises(SensorTimeout):
            sensor.read(0.0)


def test_the_drivers_stamp_is_used_where_it_is_on_our_clock_and_goes_forward(sensor, cameras):
    with sensor:
        began_s = time.monotonic()
        for _ in range(2):
            stamp_s = time.monotonic() - 0.02
            cameras[0].show(10, stamp_s)
            frame = sensor.read(30)
            assert frame.time_s == pytest.approx(stamp_s, abs=1e-6)
            assert frame.host_time_s >= began_s
        last_s = frame.time_s
        # Repeated, backward, of another clock, in the future, or none: the arrival counts.
        for stamp_s in (last_s, last_s - 0.01, 1.7e9, time.monotonic() + 3600, 0.0):
            cameras[0].show(10, stamp_s)
            frame = sensor.read(30)
            assert frame.time_s == frame.host_time_s > last_s
            last_s = frame.time_s


def test_silence_is_a_timeout_and_in_the_end_a_loss(sensor, cameras, monkeypatch):
    with sensor:
        with pytest.raises(SensorTimeout):
            sensor.read(0.01)
        cameras[0].show(10)
        sensor.read(30)
        monkeypatch.setattr(camera_module, "_LOST_S", 0.05)
        with pytest.raises(SensorLost, match="camera 0: no picture for"):
            sensor.read(30)
        cameras[0].show(20)  # it was only slow
        assert sensor.read(30).index == 1


def test_a_driver_that_fails_is_a_loss_and_the_camera_can_be_opened_again(sensor, cameras):
    sensor.open()
    cameras[0].breaks = RuntimeError("device unplugged")
    with pytest.raises(SensorLost, match="camera 0: device unplugged"):
        sensor.read(30)
    assert cameras[0].released.wait(30)
    sensor.close()
    with sensor:
        cameras[1].show(10)
        assert sensor.read(30).index == 0


def test_closing_ends_a_read_and_the_thread(sensor, cameras):
    sensor.open()
    reader, results = in_thread(lambda: sensor.read(60))
    sensor.close()
    reader.join(30)
    assert results == [EndOfStream]
    assert cameras[0].released.wait(30)
    with pytest.raises(EndOfStream):
        sensor.read(0)


def test_closing_does_not_wait_for_a_camera_that_hangs(sensor, cameras, monkeypatch):
    monkeypatch.setattr(camera_module, "_CLOSE_S", 0.05)
    sensor.open()
    cameras[0].hangs = True
    assert cameras[0].hanging.wait(30)
    closing, _ = in_thread(sensor.close)
    closing.join(30)
    assert not closing.is_alive()
    assert not cameras[0].released.is_set()
    cameras[0].goes_on.set()


def test_without_a_pose_model_the_camera_stays_off(cameras, tmp_path):
    with pytest.raises(SensorError, match="there is no such file"):
        WebcamSensor(pose_model=tmp_path / "absent.task").open()
    assert cameras == []


def test_nobody_is_asked_for_a_download_where_there_is_no_camera(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("skel.sensors.pose_model.cached_pose_model", lambda variant: tmp_path / "absent.task")
    questions: list[str] = []
    with pytest.raises(SensorError, match="there is no /dev/video63; "):
        WebcamSensor(63, confirm=lambda question: bool(questions.append(question))).open()
    assert questions == []
    monkeypatch.setattr(Path, "exists", lambda path: True)
    require_camera(63)


def test_a_camera_that_does_not_open_leaves_nothing_open(shared):
    sensor = WebcamSensor(63, pose_model=shared / "models" / "pose_landmarker_lite.task")
    with pytest.raises(SensorError, match="camera 63 cannot be opened"):
        sensor.open()
    with pytest.raises(EndOfStream):
        sensor.read(0)


@pytest.mark.parametrize(
    ("allowed", "advice"),
    [
        (False, r"no permission for /dev/video63: sudo usermod -aG video \$USER"),
        (True, "close other programs that use /dev/video63"),
    ],
)
def test_a_camera_that_does_not_open_comes_with_advice(allowed, advice, monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("os.access", lambda *_: allowed)
    with pytest.raises(SensorError, match=f"camera 63 cannot be opened: {advice}"):
        open_camera(63, 640, 480, 30)


def test_the_format_is_asked_for_before_the_size(monkeypatch):
    asked = []

    given = SimpleNamespace(isOpened=lambda: True, set=lambda what, value: asked.append((what, value)))
    monkeypatch.setattr(cv2, "VideoCapture", lambda source: given)
    open_camera(0, 1280, 720, 30)
    assert asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30),
    ]
