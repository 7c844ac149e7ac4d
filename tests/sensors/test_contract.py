"""What `skel.sensors.base.Sensor` promises, asked of every registered sensor."""

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skel.sensors.base import EndOfStream, Sensor, SensorTimeout
from skel.sensors.played import PlayedSensor
from skel.sensors.registry import create_sensor, sensor_names
from skel.sensors.synthetic import perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import save_recording

FPS = 100.0  # quick, yet slow enough for a read without waiting to find nothing
FRAMES = 12
CAMERA_FPS = 30.0


def _recording(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    path = folder / "take.npy"
    save_recording(path, perform(4, 2.0, persons=2, fps=FPS, occlusion=0.4))
    return {"source": path}


@lru_cache(maxsize=1)
def _two_people(video: Path) -> list[np.ndarray]:
    """Pictures of two people: the first of a real video, twice side by side, smaller."""
    cv2 = pytest.importorskip("cv2")
    capture = cv2.VideoCapture(str(video))
    pictures = [cv2.resize(capture.read()[1], (240, 426)) for _ in range(2 * FRAMES)]
    return [np.hstack([picture, picture]) for picture in pictures]


def _pose_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    pytest.importorskip("mediapipe")
    return {"people": 2, "pose_model": request.getfixturevalue("shared") / "models" / "pose_landmarker_lite.task"}


def _video(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    options, cv2 = _pose_options(request), pytest.importorskip("cv2")
    pictures = _two_people(request.getfixturevalue("shared") / "media" / "squat.mp4")
    path = folder / "two.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), CAMERA_FPS, pictures[0].shape[1::-1])
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return {"source": path, **options}


class _Camera:
    """Shows those pictures over and over, each when it is due, as `cv2.VideoCapture` does with a camera."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self._pictures, self._count, self._began_s = pictures, 0, time.monotonic() + 0.1  # a camera takes a while to start

    def read(self) -> tuple[bool, np.ndarray]:
        self._count += 1
        time.sleep(max(self._began_s + self._count / CAMERA_FPS - time.monotonic(), 0))
        return True, self._pictures[self._count % len(self._pictures)]

    def get(self, what: int) -> float:
        return 0.0

    def release(self) -> None:
        pass


def _webcam(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    options = _pose_options(request)
    pictures = _two_people(request.getfixturevalue("shared") / "media" / "squat.mp4")
    monkeypatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setattr("skel.sensors.webcam.require_camera", lambda source: None)
    monkeypatch.setattr("skel.sensors.webcam.open_camera", lambda *_: _Camera(pictures))
    return options


def _auto(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"candidates": {"synthetic": lambda: create_sensor("synthetic", seed=4, persons=2, fps=FPS)}}


def _synthetic(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"seed": 4, "persons": 2, "fps": FPS, "occlusion": 0.4, "drop_rate": 0.2}


def _kinect(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A recording of an empty room, in which a stand-in for the body tracker sees two people."""
    from k4abt_stub import built_stub
    from mkv_writer import Picture, write_mkv

    calibration = (request.getfixturevalue("shared") / "k4a" / "calibration.json").read_bytes()
    grey, flat = np.full((720, 1280, 3), 90, np.uint8), np.full((576, 640), 2000, np.uint16)
    path = write_mkv(folder / "room.mkv", [Picture(1 + i / 30, grey, flat) for i in range(FRAMES + 2)], calibration)
    # What is refused is a libk4a that a real tracker cannot share; the stand-in uses none.
    request.getfixturevalue("monkeypatch").setattr("skel.sensors.k4abt.refuse_foreign_libk4a", lambda: None)
    return {"source": path, "tracker": "body-tracking", "sdk": built_stub(folder)}


# How each sensor is run here: two persons who face it, if it can choose. A new sensor needs a line.
OPTIONS: dict[str, Callable[[Path, pytest.FixtureRequest], dict[str, Any]]] = {
    "auto": _auto,
    "kinect": _kinect,
    "webcam": _webcam,
    "video": _video,
    "replay": _recording,
    "synthetic": _synthetic,
}
LIVE = {"webcam"}  # what is not read in time is lost: when each frame comes out depends on the machine


@pytest.fixture(params=sensor_names())
def sensor(request: pytest.FixtureRequest, tmp_path: Path) -> Sensor:
    assert request.param in OPTIONS, f"say in OPTIONS how the contract test runs {request.param!r}"
    return create_sensor(request.param, **OPTIONS[request.param](tmp_path, request))


def frames_of(sensor: Sensor, count: int = FRAMES) -> list[SkeletonFrame]:
    with sensor:
        return [sensor.read(5.0) for _ in range(count)]


def test_says_what_it_is(sensor: Sensor):
    assert sensor.name in sensor_names()
    assert sensor.nominal_fps > 0
    assert frames_of(sensor, 1)[0].layout == sensor.layout


def test_frames_are_in_order(sensor: Sensor):
    frames = frames_of(sensor)
    assert frames[0].index == 0
    for values in ([f.index for f in frames], [f.time_s for f in frames]):
        assert (np.diff(values) > 0).all()
    assert (np.diff([f.host_time_s for f in frames]) >= 0).all()


def test_shapes_types_and_confidence(sensor: Sensor):
    for frame in frames_of(sensor):
        bodies = len(frame.body_ids)
        assert frame.positions_m.shape == (bodies, len(sensor.layout), 3)
        assert frame.confidence.shape == (bodies, len(sensor.layout))
        assert (frame.positions_m.dtype, frame.confidence.dtype, frame.body_ids.dtype) == (np.float32, np.float32, np.int64)
        assert len(set(frame.body_ids.tolist())) == bodies
        tracked = np.isfinite(frame.positions_m).all(axis=-1)
        assert np.isnan(frame.positions_m[~tracked]).all()
        assert (frame.confidence[~tracked] == 0).all()
        assert ((frame.confidence >= 0) & (frame.confidence <= 1)).all()


def test_axes_are_canonical(sensor: Sensor):
    joint = NTU25.index
    bodies = np.concatenate([frame.converted(NTU25).positions_m for frame in frames_of(sensor)])
    x, y, z = np.nanmean(bodies, axis=0).T
    assert x[joint("LeftShoulder")] < x[joint("RightShoulder")]
    assert y[joint("Head")] > y[joint("LeftHip")] > y[joint("LeftAnkle")]
    assert (z > 0).all()


def test_frames_do_not_share_memory(sensor: Sensor):
    first, second = frames_of(sensor, 2)
    kept = second.positions_m.copy()
    first.positions_m[:] = 0
    np.testing.assert_array_equal(second.positions_m, kept)


def test_a_timeout_is_told_and_loses_nothing(sensor: Sensor, tmp_path: Path):
    undisturbed = frames_of(sensor)
    frames, timeouts, began_s = [], 0, time.monotonic()
    with sensor:
        if isinstance(sensor, PlayedSensor):
            sensor.paused = True
            with pytest.raises(SensorTimeout):
                sensor.read(0.0)
            sensor.paused, timeouts = False, 1
        while len(frames) < FRAMES:
            try:
                frames.append(sensor.read(0.0))
            except SensorTimeout:
                timeouts += 1
    # On a busy machine there may never be a frame to wait for; but then reading took as long as the frames.
    assert timeouts > 0 or time.monotonic() - began_s >= frames[-1].time_s - frames[0].time_s
    assert (np.diff([f.index for f in frames]) > 0).all()
    if sensor.name not in LIVE:
        assert [f.index for f in frames] == [f.index for f in undisturbed]


def test_open_and_close_as_often_as_you_like(sensor: Sensor):
    sensor.close()
    sensor.open()
    first = sensor.read(5.0)
    sensor.open()  # open already: nothing starts over
    assert sensor.read(5.0).index > first.index
    sensor.close()
    sensor.close()


def test_a_closed_sensor_is_at_its_end_and_opens_again(sensor: Sensor):
    with pytest.raises(EndOfStream):
        sensor.read(0.0)
    first = frames_of(sensor)
    with pytest.raises(EndOfStream):
        sensor.read(0.0)
    again = frames_of(sensor)
    assert again[0].index == first[0].index
    if sensor.name not in LIVE:
        assert [f.index for f in again] == [f.index for f in first]


def test_closing_ends_a_read_in_another_thread(sensor: Sensor):
    ended = threading.Event()

    def read_on() -> None:
        try:
            while True:
                sensor.read(60.0)
        except EndOfStream:
            ended.set()

    sensor.open()
    reader = threading.Thread(target=read_on, daemon=True)
    reader.start()
    sensor.close()
    assert ended.wait(30.0)
    reader.join(30.0)
