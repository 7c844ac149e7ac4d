"""The session and the user's controls, on a real replay."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pipeline_fakes import FakeModel, FakeSensor

from skel.app.events import ActionEvents
from skel.app.pipeline import PipelineStats, Snapshot, State
from skel.app.player import SPEEDS, Player
from skel.app.session import Session, Source, kind_of_file, recording_source
from skel.models.pretrained import DEFAULT_MODEL
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import SyntheticSensor, perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, save_recording


class Stage:
    """A session that plays a second and a half of an actor, paused at the start."""

    def __init__(self) -> None:
        self.changed = threading.Event()
        self.session = Session(FakeModel(), self.changed.set)
        self.player = Player(self.session)
        self.recording: Recording = perform(seed=1, duration_s=1.5)

    def open(self, loop: bool = False) -> ReplaySensor:
        sensor = ReplaySensor(self.recording, loop=loop)
        sensor.paused = True
        self.session.open_source(Source("actor", lambda: sensor))
        return sensor

    def next_snapshot(self) -> Snapshot:
        snapshot: Snapshot | None = None
        give_up_s = time.monotonic() + 20
        while snapshot is None:
            assert time.monotonic() < give_up_s
            self.changed.wait(0.5)
            self.changed.clear()
            snapshot = self.session.pipeline.take_snapshot()
        self.player.shown_s = self.session.position_s(snapshot.frame.time_s)
        return snapshot

    def stats(self) -> PipelineStats:
        return self.session.pipeline.stats()

    def wait_for(self, state: State) -> None:
        self.wait_until(lambda: self.stats().state == state)

    def wait_until(self, comes_true: Callable[[], bool]) -> None:
        give_up_s = time.monotonic() + 20
        while not comes_true():
            assert time.monotonic() < give_up_s
            self.changed.wait(0.05)
            self.changed.clear()


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.session.close()


def test_stepping_and_seeking(stage: Stage):
    stage.open()
    stage.player.step(1)
    assert stage.next_snapshot().frame.time_s == 0.0
    stage.player.step(1)
    stage.next_snapshot()
    assert stage.player.shown_s == pytest.approx(1 / 30)
    stage.player.seek(1.0)
    stage.next_snapshot()
    assert stage.player.shown_s == pytest.approx(1.0)
    stage.player.step(-1)
    stage.next_snapshot()
    assert stage.player.shown_s == pytest.approx(1.0 - 1 / 30)
    stage.player.seek_by(-0.5)
    stage.next_snapshot()
    assert stage.player.shown_s == pytest.approx(0.5 - 1 / 30, abs=0.02)


def test_stepping_pauses(stage: Stage):
    sensor = stage.open()
    stage.player.toggle_play()
    assert not sensor.paused
    stage.next_snapshot()
    stage.player.step(1)
    assert sensor.paused


def test_single_steps_are_no_frame_rate(stage: Stage):
    sensor = stage.open()
    for _ in range(20):
        stage.player.step(1)
    stage.wait_until(lambda: stage.stats().frames == 20)
    assert stage.stats().sensor_fps == 0.0
    sensor.paused = False
    stage.wait_until(lambda: stage.stats().sensor_fps > 0.0)


def test_play_at_the_end_starts_over(stage: Stage):
    sensor = stage.open()
    sensor.speed = float("inf")
    stage.player.toggle_play()
    stage.wait_for(State.ENDED)
    assert stage.player.state().paused  # so that the button offers to play
    stage.player.set_speed(0.25)
    stage.player.toggle_play()
    stage.wait_for(State.RUNNING)
    assert sensor.position_s < 1.5
    assert not stage.player.state().paused


def test_speeds(stage: Stage):
    stage.open()
    for expected in (*SPEEDS[SPEEDS.index(1.0) + 1 :], SPEEDS[-1]):
        stage.player.change_speed(1)
        assert stage.player.state().speed == expected
    stage.player.set_speed(0.3)
    stage.player.change_speed(-1)
    stage.player.change_speed(-1)
    assert stage.player.state().speed == 0.25


def test_loop_counts_the_position_from_each_start(stage: Stage):
    stage.open()
    stage.player.toggle_loop()
    assert stage.player.state().loop
    stage.player.step(1)
    first = stage.next_snapshot()
    stage.player.seek(1.5)
    last = stage.next_snapshot()
    stage.player.step(1)
    second = stage.next_snapshot()
    assert second.frame.time_s > last.frame.time_s
    assert np.array_equal(second.frame.positions_m, first.frame.positions_m)
    assert stage.player.shown_s == pytest.approx(0.0, abs=1e-6)


def test_a_live_source_cannot_be_played(stage: Stage):
    stage.session.open_source(Source("live", lambda: SyntheticSensor()))
    assert stage.player.state() is None
    for control in (stage.player.toggle_play, stage.player.toggle_loop, lambda: stage.player.step(1)):
        control()
    stage.player.seek(1.0)
    stage.player.change_speed(1)
    assert stage.session.recording is None
    assert stage.session.position_s(5.0) == 0.0
    stage.next_snapshot()


def test_what_fails_leaves_the_source_running(stage: Stage, tmp_path: Path):
    sensor = stage.open()
    pipeline = stage.session.pipeline
    with pytest.raises(UserError, match=r"nothing\.npy"):
        stage.session.open_source(recording_source(tmp_path / "nothing.npy"))
    with pytest.raises(UserError, match=r"nothing\.onnx"):
        stage.session.open_model(tmp_path / "nothing.onnx")
    assert stage.session.pipeline is pipeline
    assert stage.session.sensor is sensor


def test_another_model_goes_on_where_the_recording_was(stage: Stage):
    stage.open()
    stage.player.seek(0.8)
    stage.next_snapshot()
    old = stage.session.pipeline.recognizer
    stage.session.open_model(DEFAULT_MODEL)
    assert stage.session.pipeline.recognizer is not old
    stage.next_snapshot()
    assert stage.player.shown_s == pytest.approx(0.8, abs=0.04)


def test_a_source_that_was_left_tells_other_programs_nothing_more(stage: Stage):
    messages: list[dict] = []
    stage.session.events = ActionEvents(messages.append)
    stage.session.model.path = Path("fake.onnx")
    stage.open()
    stage.player.step(40)
    stage.wait_until(lambda: any(message["event"] == "prediction" for message in messages))
    tell, snapshot = stage.session.pipeline.listener, stage.next_snapshot()
    for change in (lambda: stage.session.open_model(DEFAULT_MODEL), stage.open, stage.session.close):
        change()
        before = len(messages)
        tell(snapshot)  # as a thread does that was just about to
        assert len(messages) == before
        pipeline = stage.session.pipeline
        tell = pipeline.listener if pipeline else tell


def test_recordings_on_disk(stage: Stage, tmp_path: Path):
    save_recording(tmp_path / "take.npy", stage.recording)
    source = recording_source(tmp_path / "take.npy", loop=True)
    assert source.title == "take.npy"
    stage.session.open_source(source)
    assert stage.session.recording is not None
    assert stage.player.state().loop


def test_kinds_of_files():
    assert kind_of_file(Path("a/B.NPY")) == "recording"
    assert kind_of_file(Path("b.onnx")) == "model"
    assert kind_of_file(Path("c.ZIP")) == "taught actions"
    with pytest.raises(UserError, match=r"c\.txt is neither a recording"):
        kind_of_file(Path("c.txt"))


def test_a_source_that_is_slow_to_let_go_holds_nobody_up():
    class Slow(FakeSensor):
        def close(self):
            assert may_close.wait(30)
            super().close()

    may_close = threading.Event()
    slow, following, session = Slow([], ends=False), FakeSensor([], ends=False), Session(FakeModel(), lambda: None)
    try:
        session.open_source(Source("slow", lambda: slow))
        session.open_source(Source("following", lambda: following))  # returns at once
        assert session.sensor is following
        assert (slow.closed, following.opened) == (0, 0)  # which may be the same device
        may_close.set()
        assert following.all_given.wait(30)  # so it is open, and read
        assert (slow.closed, following.opened) == (1, 1)
    finally:
        may_close.set()
        session.close()
