"""What `skel.sensors.base.Sensor` promises, asked of every registered sensor."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skel.sensors.base import EndOfStream, Sensor, SensorTimeout
from skel.sensors.registry import create_sensor, sensor_names
from skel.sensors.synthetic import perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import save_recording

FPS = 100.0  # quick, yet slow enough for a read without waiting to find nothing
FRAMES = 12


def _recording(folder: Path) -> dict[str, Any]:
    path = folder / "take.npy"
    save_recording(path, perform(4, 2.0, persons=2, fps=FPS, occlusion=0.4))
    return {"source": path}


# How each sensor is run here: two persons who face it, if it can choose. A new sensor needs a line.
OPTIONS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "auto": lambda folder: {"candidates": {"synthetic": lambda: create_sensor("synthetic", seed=4, persons=2, fps=FPS)}},
    "replay": _recording,
    "synthetic": lambda folder: {"seed": 4, "persons": 2, "fps": FPS, "occlusion": 0.4, "drop_rate": 0.2},
}


@pytest.fixture(params=sensor_names())
def sensor(request: pytest.FixtureRequest, tmp_path: Path) -> Sensor:
    assert request.param in OPTIONS, f"say in OPTIONS how the contract test runs {request.param!r}"
    return create_sensor(request.param, **OPTIONS[request.param](tmp_path))


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
    joint = sensor.layout.index
    bodies = np.concatenate([frame.positions_m for frame in frames_of(sensor)])
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
    frames, timeouts = [], 0
    with sensor:
        while len(frames) < FRAMES:
            try:
                frames.append(sensor.read(0.0))
            except SensorTimeout:
                timeouts += 1
    assert timeouts > 0
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
