"""Devices and recordings through pyk4a: a real recording, and what goes wrong with either."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mkv_writer import Picture, write_mkv

from skel.sensors.base import EndOfStream, SensorError, SensorLost
from skel.sensors.k4a import KinectDevice, KinectRecording
from skel.sensors.pyk4a_rig import import_pyk4a, up_of

pyk4a = pytest.importorskip("pyk4a")
pytest.importorskip("cv2")
GREY, FLAT = np.full((720, 1280, 3), 90, np.uint8), np.full((576, 640), 1500, np.uint16)


@pytest.fixture(scope="module")
def calibration_json(shared: Path) -> bytes:
    return (shared / "k4a" / "calibration.json").read_bytes()


@pytest.fixture
def real(shared: Path):
    recording = KinectRecording(shared / "k4a" / "recording.mkv", math.inf)
    yield recording
    recording.close()


def test_reads_a_real_recording(real: KinectRecording):
    capture = real.capture(0.0)
    assert capture is not None
    assert (capture.image.shape, capture.image.dtype) == ((720, 1280, 3), np.uint8)
    assert (capture.depth_mm.shape, capture.depth_mm.dtype) == ((576, 640), np.uint16)
    assert capture.time_s == pytest.approx(0.800222)
    assert 60 < capture.image.mean() < 200
    assert real.fps == 5
    with pytest.raises(EndOfStream):
        real.capture(0.0)


def test_up_is_up_in_a_real_recording(real: KinectRecording):
    """The device stood on a desk and looked upwards: levelled, the desk is horizontal and the wall behind it vertical."""
    capture = real.capture(0.0)
    assert capture is not None

    def normal(rows: slice, columns: slice) -> np.ndarray:
        v, u = np.mgrid[rows, columns]
        depth_m = capture.depth_mm[rows, columns] / 1000
        points = real.rig.canonical(real.rig.depth.rays(np.stack([u, v], axis=-1)) * depth_m[..., None])[depth_m > 0]
        return np.linalg.svd(points - np.median(points, axis=0), full_matrices=False)[2][2]

    desk, wall = normal(slice(540, 570), slice(260, 460)), normal(slice(420, 480), slice(400, 560))
    assert abs(desk[1]) > math.cos(math.radians(4))
    assert abs(wall[1]) < math.sin(math.radians(4))
    tilt_deg = math.degrees(math.asin(real.rig.up[2]))
    assert tilt_deg == pytest.approx(10.8, abs=0.5)


def test_without_an_accelerometer_the_housing_counts_as_level(calibration_json: bytes, tmp_path: Path):
    recording = KinectRecording(write_mkv(tmp_path / "a.mkv", [Picture(1.0, GREY, FLAT)] * 2, calibration_json))
    recording.close()
    recording.close()
    looks_down_deg = math.degrees(math.asin(-recording.rig.up[2]))
    assert looks_down_deg == pytest.approx(4.9, abs=0.1)  # by this device's calibration; 6° by its data sheet


def test_captures_without_depth_or_colour_are_left_out(calibration_json: bytes, tmp_path: Path):
    pictures = [
        Picture(1.0, None, FLAT),
        Picture(1.1, GREY, FLAT),
        Picture(1.2, GREY, None),
        Picture(1.3, b"\xff\xd8 not a picture", FLAT),
        Picture(1.4, GREY, FLAT),
    ]
    recording = KinectRecording(write_mkv(tmp_path / "a.mkv", pictures, calibration_json, fps=15), math.inf)
    captures = [recording.capture(0.0) for _ in pictures]
    recording.close()
    assert [capture and round(capture.time_s, 3) for capture in captures] == [None, 1.1, None, None, 1.4]


def test_a_recording_that_is_damaged_ends_there(real: KinectRecording, monkeypatch: pytest.MonkeyPatch, caplog):
    def fail(self: object) -> None:
        raise pyk4a.K4AException

    monkeypatch.setattr(pyk4a.PyK4APlayback, "get_next_capture", fail)
    for _ in range(2):
        with pytest.raises(EndOfStream):
            real.capture(0.0)
    assert caplog.text.count("is damaged") == 1


def test_a_recording_that_cannot_be_used_is_told_in_one_line(calibration_json: bytes, tmp_path: Path):
    colour_only = write_mkv(tmp_path / "colour.mkv", [Picture(1.0, GREY, None)], calibration_json)
    no_calibration = write_mkv(tmp_path / "none.mkv", [Picture(1.0, GREY, FLAT)], b"{}")
    text = tmp_path / "text.mkv"
    text.write_text("not a recording")
    cut_off = tmp_path / "cut.mkv"
    cut_off.write_bytes(colour_only.read_bytes()[:-1000])
    for path, reason in (
        (tmp_path / "absent.mkv", "no such recording"),
        (text, "not a recording of an Azure Kinect"),
        (cut_off, "its end is missing"),
        (colour_only, "no depth pictures"),
        (no_calibration, "no calibration"),
    ):
        with pytest.raises(SensorError, match=reason) as caught:
            KinectRecording(path)
        assert "\n" not in str(caught.value)


def test_no_kinect_is_told_at_once():
    if pyk4a.connected_device_count():
        pytest.skip("a Kinect is connected")
    with pytest.raises(SensorError, match=r"^no Azure Kinect is connected: [^\n]*$"):
        KinectDevice(0)


def test_pyk4a_that_is_missing_or_broken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyk4a", None)
    with pytest.raises(SensorError, match=r"pip install -c constraints.txt \"\.\[kinect\]\""):
        KinectDevice(0)


class FakeDevice:
    """In the place of `pyk4a.PyK4A`: gives the captures of a real recording, then what the test asks for."""

    made: "FakeDevice"

    def __init__(self, config: Any, device_id: int, thread_safe: bool) -> None:
        assert not thread_safe, "pyk4a would hold Python's lock while it waits"
        FakeDevice.made = self
        self.opened = self.is_running = False
        self.captures: list[Any] = []
        self.fails: set[str] = set()
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in FakeDevice.failing:
            raise pyk4a.K4AException

    failing: frozenset[str] = frozenset()

    def open(self) -> None:
        self._call("open")
        self.opened = True

    def start(self) -> None:
        self._call("start")
        self.is_running = True

    @property
    def calibration(self) -> Any:
        return FakeDevice.playback.calibration

    playback: Any

    def get_imu_sample(self, timeout: int) -> Any:
        self._call("imu")
        return {"acc_sample": (0.0, 0.0, -9.8)}

    def get_capture(self, timeout: int) -> Any:
        if not self.captures:
            raise pyk4a.K4AException
        capture = self.captures.pop(0)
        if capture is None:
            raise pyk4a.K4ATimeoutException
        return capture

    def stop(self) -> None:
        self._call("stop")
        self.opened = False

    def close(self) -> None:
        self._call("close")
        self.opened = False


@pytest.fixture
def device(shared: Path, monkeypatch: pytest.MonkeyPatch):
    """A device is connected, or so it seems."""
    monkeypatch.setattr(pyk4a, "connected_device_count", lambda: 1)
    monkeypatch.setattr(pyk4a, "PyK4A", FakeDevice)
    monkeypatch.setattr(FakeDevice, "failing", frozenset())
    with pyk4a.PyK4APlayback(shared / "k4a" / "recording.mkv") as playback:
        monkeypatch.setattr(FakeDevice, "playback", playback, raising=False)
        yield FakeDevice


def test_a_device_gives_captures_waits_and_is_lost(device: type[FakeDevice]):
    kinect = KinectDevice(0)
    device.made.captures = [device.playback.get_next_capture(), None]
    capture = kinect.capture(0.1)
    assert capture is not None
    assert capture.image.shape == (720, 1280, 3)
    assert kinect.capture(0.1) is None
    with pytest.raises(SensorLost, match="unplugged"):
        kinect.capture(0.1)
    kinect.close()
    kinect.close()
    assert device.made.calls.count("stop") == 1
    assert math.degrees(math.asin(-kinect.rig.up[2])) == pytest.approx(6.2, abs=0.3)


@pytest.mark.parametrize(
    ("failing", "reason", "left_open"),
    [({"open"}, "cannot be opened", False), ({"start"}, "does not start its cameras", False), ({"imu"}, "", True)],
)
def test_a_device_that_does_not_start_is_released(monkeypatch, device: type[FakeDevice], failing, reason, left_open):
    monkeypatch.setattr(FakeDevice, "failing", frozenset(failing))
    if reason:
        with pytest.raises(SensorError, match=reason):
            KinectDevice(0)
    else:  # it has no accelerometer, which is not needed
        KinectDevice(0).close()
    assert not device.made.opened


def test_a_device_that_was_unplugged_is_closed_without_a_word(monkeypatch, device: type[FakeDevice]):
    kinect = KinectDevice(0)
    monkeypatch.setattr(FakeDevice, "failing", frozenset({"stop", "close"}))
    kinect.close()
    assert device.made.calls[-2:] == ["stop", "close"]


def test_a_device_that_is_not_there(device: type[FakeDevice]):
    with pytest.raises(SensorError, match="no Kinect 3: 1 connected"):
        KinectDevice(3)


@pytest.mark.parametrize(("measured", "known"), [((0, 0, -9.8), True), ((0, 0, -14.0), False), ((0, 0, 0), False)])
def test_only_an_accelerometer_at_rest_tells_where_up_is(real: KinectRecording, measured, known, caplog):
    up = up_of(real.calibration, [measured] * 4)
    assert (up is not None) == known
    assert bool(caplog.records) != known


def test_a_folder_of_libraries_that_is_not_there_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def add(folder: str) -> None:
        raise FileNotFoundError(2, "The system cannot find the file specified", folder)

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("os.add_dll_directory", add, raising=False)
    monkeypatch.setenv("K4A_DLL_DIR", str(tmp_path / "absent"))
    with pytest.raises(SensorError, match=r"pyk4a cannot be loaded \(.*absent'\)"):
        import_pyk4a()
