"""Replay: what is given out, when it is due, and the controls."""

import math
import threading
from pathlib import Path

import numpy as np
import pytest

from skel.sensors import played, replay
from skel.sensors.base import EndOfStream, SensorError, SensorTimeout
from skel.sensors.replay import ReplaySensor
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording, Segment, save_recording
from skel.skeleton.window import SlidingWindow

STAMPS_S = np.array([5.0, 5.1, 5.2, 5.4, 5.5])  # the fourth of six frames was lost


def take(times_s: np.ndarray = STAMPS_S, bodies: int = 1) -> Recording:
    """Every joint of frame t and body m at x = t, y = m."""
    t, m = np.meshgrid(np.arange(len(times_s)), np.arange(bodies), indexing="ij")
    positions = np.zeros((len(times_s), bodies, 25, 3), np.float32)
    positions[..., 0], positions[..., 1], positions[..., 2] = t[..., None], m[..., None], 3.0
    return Recording(positions, times_s, NTU25, 10.0, "test", (Segment(0.1, 0.4, "wave"),))


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


class ClockCondition(threading.Condition):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.wait(timeout)
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(replay, "time", clock)
    monkeypatch.setattr(played, "time", clock)
    return clock


def opened(clock: Clock, recording: Recording, **options) -> ReplaySensor:
    sensor = ReplaySensor(recording, **options)
    sensor._changed = ClockCondition(clock)
    sensor.open()
    return sensor


def rows(frames: list[SkeletonFrame]) -> list[int]:
    return [int(frame.positions_m[0, 0, 0]) for frame in frames]


def test_frames_come_when_their_time_stamps_say(clock: Clock):
    sensor = opened(clock, take())
    frames = [sensor.read() for _ in STAMPS_S]
    assert rows(frames) == [0, 1, 2, 3, 4]
    np.testing.assert_allclose([f.host_time_s for f in frames], 100 + STAMPS_S - 5)
    np.testing.assert_array_equal([f.time_s for f in frames], STAMPS_S)
    with pytest.raises(EndOfStream):
        sensor.read()


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_speed_divides_the_waiting(clock: Clock, speed: float):
    sensor = opened(clock, take(), speed=speed)
    frames = [sensor.read() for _ in STAMPS_S]
    np.testing.assert_allclose([f.host_time_s for f in frames], 100 + (STAMPS_S - 5) / speed)


def test_as_fast_as_read_waits_for_nothing(clock: Clock):
    sensor = opened(clock, take(), speed=math.inf)
    assert rows([sensor.read(0.0) for _ in STAMPS_S]) == [0, 1, 2, 3, 4]
    assert clock.now_s == 100.0


def test_a_late_reader_catches_up_without_drift(clock: Clock):
    sensor = opened(clock, take())
    sensor.read()
    clock.now_s += 0.25
    late = [sensor.read(), sensor.read()]
    assert [f.host_time_s for f in late] == [100.25, 100.25]
    assert sensor.read().host_time_s == pytest.approx(100.4)


def test_the_clock_starts_with_the_first_read_not_with_open(clock: Clock):
    sensor = opened(clock, take())
    clock.now_s += 60
    assert [sensor.read().host_time_s for _ in range(2)] == pytest.approx([160.0, 160.1])


def test_a_timeout_shorter_than_the_wait(clock: Clock):
    sensor = opened(clock, take())
    sensor.read()
    with pytest.raises(SensorTimeout):
        sensor.read(0.04)
    assert sensor.read(1.0).host_time_s == pytest.approx(100.1)


def test_changing_the_speed_keeps_the_part_of_the_wait_that_has_passed(clock: Clock):
    sensor = opened(clock, take())
    sensor.read()
    clock.now_s += 0.05
    sensor.speed = 0.5
    assert sensor.read().host_time_s == pytest.approx(100.05 + 0.05 / 0.5)
    sensor.speed = math.inf
    assert sensor.read().host_time_s == pytest.approx(100.15)
    sensor.speed = 1.0
    assert [sensor.read().host_time_s for _ in range(2)] == pytest.approx([100.15, 100.25])


def test_looping_goes_on_by_one_frame_interval(clock: Clock):
    sensor = opened(clock, take(), loop=True)
    frames = [sensor.read() for _ in range(12)]
    assert rows(frames) == [0, 1, 2, 3, 4] * 2 + [0, 1]
    assert [f.index for f in frames] == list(range(12))
    duration_s = 0.5 + 0.1
    expected = np.concatenate([STAMPS_S, STAMPS_S + duration_s, STAMPS_S[:2] + 2 * duration_s])
    np.testing.assert_allclose([f.time_s for f in frames], expected)
    np.testing.assert_allclose([f.host_time_s for f in frames], 100 + expected - 5)


def test_pause_holds_frames_back_and_step_lets_them_through(clock: Clock):
    sensor = opened(clock, take())
    sensor.read()
    sensor.paused = True
    with pytest.raises(SensorTimeout):
        sensor.read(3.0)
    sensor.step(2)
    assert rows([sensor.read(0.0), sensor.read(0.0)]) == [1, 2]
    with pytest.raises(SensorTimeout):
        sensor.read(0.0)
    sensor.step(-1)
    assert rows([sensor.read(0.0)]) == [1]
    sensor.step(-9)
    assert rows([sensor.read(0.0)]) == [0]
    sensor.paused = False
    frames = [sensor.read(), sensor.read()]
    assert rows(frames) == [1, 2]
    assert frames[1].host_time_s - frames[0].host_time_s == pytest.approx(0.1)


def test_stepping_when_not_paused_does_nothing(clock: Clock):
    sensor = opened(clock, take())
    sensor.step(-2)
    sensor.step(3)
    assert rows([sensor.read(), sensor.read()]) == [0, 1]


def test_step_back_from_the_last_frame_of_a_loop(clock: Clock):
    sensor = opened(clock, take(), loop=True, speed=math.inf)
    for _ in STAMPS_S:
        sensor.read()
    sensor.paused = True
    with pytest.raises(SensorTimeout):
        sensor.read(0.0)
    assert sensor.position_s == pytest.approx(sensor.duration_s)
    sensor.step(-1)
    assert rows([sensor.read(0.0)]) == [3]
    sensor.step(2)
    assert rows([sensor.read(0.0), sensor.read(0.0)]) == [4, 0]


def test_seek_goes_to_the_nearest_frame_and_index_counts_on(clock: Clock):
    sensor = opened(clock, take())
    for _ in STAMPS_S:
        sensor.read()
    with pytest.raises(EndOfStream):
        sensor.read()
    sensor.seek(0.36)
    assert sensor.position_s == pytest.approx(0.4)
    frame = sensor.read(0.0)
    assert (rows([frame]), frame.time_s, frame.index) == ([3], 5.4, 5)
    sensor.seek(-7)
    assert rows([sensor.read(0.0)]) == [0]
    sensor.seek(99)
    assert rows([sensor.read(0.0)]) == [4]


def test_a_backward_seek_empties_a_sliding_window(clock: Clock):
    sensor, window = opened(clock, take(), speed=math.inf), SlidingWindow(ClipConfig())
    for _ in STAMPS_S:
        window.push(sensor.read())
    sensor.seek(0.1)
    window.push(sensor.read())
    assert window.time_s == 5.1
    assert window.tracked_s(0) == 0.0


def test_position_runs_from_zero_to_the_duration(clock: Clock):
    sensor = opened(clock, take(), speed=math.inf)
    positions = [sensor.position_s]
    for _ in STAMPS_S:
        sensor.read()
        positions.append(sensor.position_s)
    assert positions == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.5, sensor.duration_s])


def test_untracked_bodies_are_left_out_and_untracked_joints_have_no_confidence(clock: Clock):
    recording = take(bodies=3)
    recording.positions_m[0, 1] = np.nan
    recording.positions_m[0, 2, 11] = np.nan
    recording.positions_m[0, 2, 12, 1] = np.inf
    frame = opened(clock, recording).read()
    assert frame.body_ids.tolist() == [0, 2]
    assert frame.confidence[0].min() == 1
    assert np.flatnonzero(frame.confidence[1] == 0).tolist() == [11, 12]
    assert np.isnan(frame.positions_m[1, 11:13]).all()


def test_nobody_in_view(clock: Clock):
    recording = take()
    recording.positions_m[0] = np.nan
    frame = opened(clock, recording).read()
    assert frame.positions_m.shape == (0, 25, 3)


def test_opened_again_it_starts_from_the_beginning(clock: Clock):
    sensor = opened(clock, take(), loop=True)
    for _ in range(7):
        sensor.read()
    sensor.close()
    sensor.open()
    frame = sensor.read()
    assert (rows([frame]), frame.index, frame.time_s) == ([0], 0, 5.0)


def test_knows_its_recording(tmp_path: Path):
    save_recording(tmp_path / "take.npy", take())
    assert ReplaySensor(tmp_path / "take.npy").recording.segments == (Segment(0.1, 0.4, "wave"),)
    np.save(tmp_path / "bare.npy", np.zeros((6, 20, 3), np.float32))
    bare = ReplaySensor(str(tmp_path / "bare.npy"), fps=60.0)
    assert (bare.layout.name, bare.nominal_fps) == ("KINECT20", 60.0)
    assert "60 frames a second" in bare.recording.assumed


def test_what_cannot_be_played_is_told_in_one_line(tmp_path: Path):
    with pytest.raises(SensorError, match="no such recording"):
        ReplaySensor(tmp_path / "absent.npy")
    with pytest.raises(SensorError, match="has no frame"):
        ReplaySensor(take(np.zeros(0)))
    for speed in (0.0, -1.0, math.nan):
        with pytest.raises(UserError, match="speed must be above 0"):
            ReplaySensor(take(), speed=speed)


@pytest.mark.parametrize("wake", ["close", "seek", "step", "resume"])
def test_controls_reach_a_read_that_waits_in_another_thread(wake: str):
    """The read would wait for minutes (or for ever, paused), were it not woken."""
    sensor = ReplaySensor(take(np.array([0.0, 300.0])))
    waiting, results = threading.Event(), []
    wait = sensor._changed.wait

    def announced_wait(timeout: float | None = None) -> bool:
        waiting.set()
        return wait(timeout)

    sensor._changed.wait = announced_wait  # type: ignore[method-assign]

    def read() -> None:
        try:
            results.append(int(sensor.read(200.0).positions_m[0, 0, 0]))
        except EndOfStream:
            results.append("end")

    sensor.open()
    assert sensor.read().index == 0
    sensor.paused = wake in ("step", "resume")
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert waiting.wait(30)
    controls = {
        "close": sensor.close,
        "seek": lambda: sensor.seek(0.0),
        "step": sensor.step,
        "resume": lambda: setattr(sensor, "paused", False),
    }
    controls[wake]()
    reader.join(30)
    assert results == [{"close": "end", "seek": 0, "step": 1, "resume": 1}[wake]]
