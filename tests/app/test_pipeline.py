"""Two threads between sensor and screen: nothing grows, nothing is lost, nothing is left behind."""

import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from pipeline_fakes import FakeModel, FakePlayer, FakeSensor, bundle, frame_of, frames_of, movement

from skel.app import acquisition
from skel.app.acquisition import Acquisition
from skel.app.frame_queue import FrameQueue
from skel.app.pipeline import Pipeline, Snapshot, State
from skel.models.live import LiveSettings
from skel.models.recognizer import Recognizer
from skel.sensors.base import SensorError, SensorLost
from skel.sensors.registry import create_sensor
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording


class Changes:
    """Wakes a test up whenever the pipeline has something new."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait_until(self, condition, timeout_s: float = 30.0) -> None:
        """Look at the condition after each change, and every hundredth of a second."""
        end_s = time.monotonic() + timeout_s
        with self._changed:
            while not condition():
                assert time.monotonic() < end_s, "waited in vain"
                self._changed.wait(0.01)

    def snapshot_of(self, pipeline: Pipeline, index: int) -> Snapshot:
        """Take snapshots until the one of this frame comes."""
        taken: list[Snapshot] = []
        self.wait_until(lambda: (s := pipeline.take_snapshot()) is not None and (taken.append(s) or s.frame.index == index))
        return taken[-1]


@pytest.fixture
def run():
    """Start a pipeline that is stopped at the test's end, with no thread left."""
    pipelines = []

    def start(sensor, recognizer, after=None) -> tuple[Pipeline, Changes]:
        changes = Changes()
        pipeline = Pipeline(sensor, recognizer, changes)
        pipelines.append(pipeline)
        pipeline.start(after)
        return pipeline, changes

    yield start
    for pipeline in pipelines:
        assert pipeline.stop(wait_s=30)


def test_frame_and_prediction_stay_together(run):
    positions = movement(60)
    pipeline, changes = run(FakeSensor(frames_of(positions)), Recognizer(FakeModel()))
    snapshot = changes.snapshot_of(pipeline, 59)
    assert [p.time_s for p in snapshot.predictions] == [snapshot.frame.time_s]
    np.testing.assert_array_equal(snapshot.frame.positions_m, positions[59])
    assert pipeline.take_snapshot() is None


def test_a_slow_model_skips_predictions_but_no_frame(run):
    """While the model works on one frame all others arrive; they go into the window, and only the newest is predicted."""
    positions = movement(60)
    model = FakeModel()
    model.gate.clear()
    sensor = FakeSensor(frames_of(positions))
    pipeline, changes = run(sensor, Recognizer(model, LiveSettings((1.0, 2.0), smoothing_s=0)))
    assert sensor.all_given.wait(30)
    assert model.called.wait(30)
    assert pipeline.stats().queued <= 60
    model.gate.set()
    snapshot = changes.snapshot_of(pipeline, 59)
    every_frame = Recognizer(FakeModel(), LiveSettings((1.0, 2.0), smoothing_s=0))
    for frame in frames_of(positions):
        expected = every_frame.push(frame)
    np.testing.assert_array_equal(snapshot.predictions[0].probabilities, expected[0].probabilities)
    stats = pipeline.stats()
    assert stats.drops == 0
    assert stats.frames == 60
    assert stats.overruns > 0
    assert stats.queued == 0


def test_the_queue_is_bounded(run):
    """The sensor is never held up: with a model that hangs, the oldest frames go and are counted."""
    model = FakeModel()
    model.gate.clear()
    sensor = FakeSensor(frames_of(movement(500)))
    pipeline, _ = run(sensor, Recognizer(model))
    assert sensor.all_given.wait(30)
    stats = pipeline.stats()
    assert stats.frames == 500
    assert stats.longest_queue <= 64
    assert stats.drops > 300
    model.gate.set()


def test_as_fast_as_possible_every_frame_is_predicted(run):
    sensor = FakePlayer(frames_of(movement(300)), speed=math.inf)
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.snapshot_of(pipeline, 299)
    stats = pipeline.stats()
    assert (stats.drops, stats.overruns, stats.frames) == (0, 0, 300)
    rows = pipeline.drain()
    assert [p.time_s for p in rows] == pytest.approx([i / 30 for i in range(15, 300)])
    assert pipeline.drain() == []


def test_an_ended_recording_continues_after_a_seek(run):
    sensor = FakePlayer(frames_of(movement(30)))
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.ENDED)
    pipeline.playable.seek(0.5)
    changes.wait_until(lambda: pipeline.stats().frames == 45)
    changes.wait_until(lambda: pipeline.stats().state == State.ENDED)


def test_paused_and_waiting_are_told_apart(run):
    player, live = FakePlayer(frames_of(movement(30))), FakeSensor([], ends=False)
    player.paused = True
    pipeline, changes = run(player, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.PAUSED)
    pipeline, changes = run(live, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.WAITING)
    assert pipeline.playable is None


def test_a_gap_in_a_recording_is_not_waited_out_as_a_sensors_silence(run, monkeypatch):
    monkeypatch.setattr(acquisition, "_WAITING_AFTER_S", 0.0)
    player = FakePlayer(frames_of(movement(30)), ends=False)  # the next frame is not due yet
    pipeline, _ = run(player, Recognizer(FakeModel()))
    assert player.all_given.wait(30)
    player.all_given.clear()
    assert player.all_given.wait(30)  # it was asked once more
    assert pipeline.stats().state == State.RUNNING


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (SensorError("no such camera: plug it in"), "no such camera: plug it in"),
        (ZeroDivisionError("oh"), "ZeroDivisionError: oh"),
    ],
)
def test_a_fault_of_the_sensor_is_a_state(run, fault, message):
    sensor = FakeSensor(frames_of(movement(3)))
    sensor.fault = fault
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.FAILED)
    assert pipeline.stats().message == message
    changes.wait_until(lambda: sensor.closed > 0)
    assert pipeline.stop(wait_s=30)
    assert pipeline.stats().state == State.FAILED


def test_a_lost_device_is_looked_for_until_it_is_back(run):
    sensor = FakeSensor(frames_of(movement(40)), ends=False)
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    assert sensor.all_given.wait(30)
    sensor.fault = SensorLost("unplugged")
    changes.wait_until(lambda: pipeline.stats().state == State.RECONNECTING)
    assert pipeline.stats().message.startswith("fake was lost (unplugged): trying again")
    sensor.fault, sensor.given = None, 0
    changes.wait_until(lambda: pipeline.stats().frames == 80)
    assert pipeline.stats().message == ""
    assert (sensor.opened, sensor.closed) == (2, 1)
    changes.wait_until(lambda: pipeline.stats().state == State.WAITING)


def test_a_fault_of_the_model_is_a_state(run):
    class Broken(FakeModel):
        def __call__(self, clips):
            raise ValueError("shapes")

    pipeline, changes = run(FakeSensor(frames_of(movement(60))), Recognizer(Broken()))
    changes.wait_until(lambda: pipeline.stats().state == State.FAILED)
    assert pipeline.stats().message == "ValueError: shapes"


def test_the_wake_up_comes_once_until_the_snapshot_is_taken(run):
    sensor = FakePlayer(frames_of(movement(200)), speed=math.inf)
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.ENDED)
    assert changes.count == 3  # running, a snapshot, ended


def test_stopping(run):
    before = set(threading.enumerate())
    sensor = FakeSensor([], ends=False)
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.WAITING)
    assert pipeline.stop(wait_s=30)
    assert set(threading.enumerate()) <= before
    assert sensor.closed
    pipeline.stop()
    assert pipeline.stats().state == State.STOPPED


def test_stopping_before_the_start():
    pipeline = Pipeline(FakeSensor([]), Recognizer(FakeModel()))
    pipeline.stop()
    assert pipeline.stats().state == State.STOPPED


def test_frames_that_the_sensor_dropped_are_counted(run):
    frames = [frame for frame in frames_of(movement(60)) if frame.index % 10 != 5]
    pipeline, changes = run(FakeSensor(frames), Recognizer(FakeModel()))
    changes.wait_until(lambda: pipeline.stats().state == State.ENDED)
    assert pipeline.stats().drops == 6


def test_a_recogniser_with_a_past_starts_afresh(run):
    recognizer = Recognizer(FakeModel())
    recognizer.push(frame_of(movement(1)[0], 0, -0.4))
    pipeline, changes = run(FakePlayer(frames_of(movement(30)), speed=math.inf), recognizer)
    changes.snapshot_of(pipeline, 29)
    assert pipeline.drain()[0].time_s == pytest.approx(0.5)


def test_another_recogniser_takes_over_without_a_past(run):
    sensor = FakePlayer(frames_of(movement(90)))
    pipeline, changes = run(sensor, Recognizer(FakeModel()))
    changes.snapshot_of(pipeline, 89)
    pipeline.recognizer = Recognizer(FakeModel(bundle(labels=("x", "y"))))
    assert pipeline.take_snapshot() is None
    sensor.seek(0.0)
    snapshot = changes.snapshot_of(pipeline, 89)
    assert len(snapshot.predictions[0].probabilities) == 2
    assert all(len(p.probabilities) == 2 for p in pipeline.drain())
    assert sensor.opened == 1


def test_the_next_sensor_is_opened_when_the_one_before_is_closed(run):
    class Slow(FakeSensor):
        def close(self):
            assert may_close.wait(30)
            super().close()

    may_close = threading.Event()
    first, second = Slow([], ends=False), FakeSensor([], ends=False)
    before, changes = run(first, Recognizer(FakeModel()))
    changes.wait_until(lambda: before.stats().state == State.WAITING)
    assert not before.stop(wait_s=0.0)  # the caller need not wait
    run(second, Recognizer(FakeModel()), after=before)
    assert second.opened == 0
    may_close.set()
    changes.wait_until(lambda: second.opened == 1)
    assert first.closed == 1


def test_the_queue_keeps_every_skeleton_but_one_picture():
    queue = FrameQueue()
    for frame in frames_of(movement(5)):
        queue.put(replace(frame, image=np.zeros((2, 2, 3), np.uint8)))
    frames = queue.take(everything=True)
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.image is None for frame in frames] == [True] * 4 + [False]


def test_a_closed_queue_lets_go():
    queue = FrameQueue(capacity=1)
    (frame,) = frames_of(movement(1))
    queue.put_patiently(frame)
    waiting = threading.Thread(target=queue.put_patiently, args=(frame,), daemon=True)
    waiting.start()
    queue.close()
    waiting.join(timeout=30)
    assert not waiting.is_alive()
    assert queue.take(everything=True) == []


@pytest.mark.parametrize(
    ("sensor", "options"),
    [("kinect", {"source": "a.mkv"}), ("replay", {"source": Recording(movement(2), np.arange(2.0), NTU25)})],
)
def test_every_source_that_is_played_as_fast_as_possible_waits(sensor, options):
    assert Acquisition(create_sensor(sensor, speed=math.inf, **options)).is_patient
    assert not Acquisition(create_sensor(sensor, **options)).is_patient
