"""Recording beside recognition: replay gives what live gave, and neither a slow model nor a bad disk spoils the other."""

import errno
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pipeline_fakes import FakeModel, FakePlayer, FakeSensor, frame_of, frames_of, movement

from skel.app import recording as module
from skel.app.headless import results_of
from skel.app.pipeline import Pipeline
from skel.app.recording import LiveRecording
from skel.app.session import Session, Source, recording_source
from skel.models.recognizer import Recognizer
from skel.sensors.base import SensorError, SensorLost
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import SyntheticSensor
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import load_recording
from skel.skeleton.window import MAX_GAP_S


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(FakeModel(), lambda: None)
    yield session
    session.close()


def predictions(results):
    return [prediction for result in results for prediction in result.predictions]


def until(condition, timeout_s: float = 30.0) -> None:
    pause = threading.Event()
    for _ in range(round(timeout_s / 0.01)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("waited in vain")


def test_replay_predicts_what_was_predicted_live(tmp_path: Path):
    """Dropped frames, hidden limbs, two people: the same classes, probabilities and time stamps to the last bit."""
    sensor = SyntheticSensor(3, persons=2, occlusion=0.3, drop_rate=0.1, real_time=False)
    with sensor:
        live_frames = [sensor.read() for _ in range(240)]
    source = FakePlayer(live_frames, speed=float("inf"))
    recording = LiveRecording(tmp_path, source)
    live = predictions(results_of(source, Recognizer(FakeModel()), recording))
    path = recording.stop()
    replayed = predictions(results_of(ReplaySensor(path, speed=float("inf")), Recognizer(FakeModel())))
    assert len(live) == len(replayed) > 300
    for before, after in zip(live, replayed):
        assert (before.person, before.time_s, before.action, before.top) == (
            *(after.person, after.time_s, after.action),
            after.top,
        )
        assert np.array_equal(before.probabilities, after.probabilities)


def test_a_slow_model_costs_the_recording_nothing(tmp_path: Path):
    model = FakeModel()
    model.gate.clear()
    sensor = FakeSensor(frames_of(movement(500)), ends=False)
    pipeline = Pipeline(sensor, Recognizer(model))
    pipeline.recording = LiveRecording(tmp_path / "take.npy", sensor)
    recording = pipeline.recording
    pipeline.start()
    try:
        assert sensor.all_given.wait(30)
        until(lambda: recording.frames == 500)
        assert pipeline.stats().drops > 300  # of those that wait for the model
        assert recording.problem == ""
        pipeline.recording = None
        assert np.array_equal(load_recording(recording.stop()).positions_m, movement(500))
    finally:
        model.gate.set()
        pipeline.stop()
        recording.stop()


def test_a_slow_disk_never_holds_up_the_sensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    may_write = threading.Event()
    append = module.Recorder.append

    def wait_and_append(self, frame):
        assert may_write.wait(30)
        append(self, frame)

    monkeypatch.setattr(module.Recorder, "append", wait_and_append)
    monkeypatch.setattr(module, "_WAITING_FRAMES", 50)
    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]))
    frames = frames_of(movement(100))
    for frame in frames:
        recording.put(frame)
    assert "the disk is too slow" in recording.problem
    may_write.set()
    take = load_recording(recording.stop())
    assert f" {100 - len(take)} frames are missing" in recording.problem
    assert take.times_s.tolist() == [frame.time_s for frame in frames[: len(take)]]  # the time stamps tell what is missing


def test_a_full_disk_ends_the_recording_and_nothing_else(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    append = module.Recorder.append

    def fill(self, frame):
        if self.frames == 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, frame)

    monkeypatch.setattr(module.Recorder, "append", fill)
    sensor = FakePlayer(frames_of(movement(200)))
    sensor.paused = True
    session.open_source(Source("fake", lambda: sensor))
    session.start_recording(tmp_path / "take.npy")
    sensor.paused = False
    until(lambda: session.recording_to is None)
    until(lambda: session.pipeline.stats().frames == 200)
    problem = session.pipeline.recording.problem
    assert problem == "recording has stopped after 40 frames: No space left on device"
    assert session.stop_recording() == tmp_path / "take.npy"
    assert len(load_recording(tmp_path / "take.npy")) == 40


def test_a_recording_that_cannot_be_finished_says_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path, recording):
        raise OSError(errno.ENOSPC, "No space left on device")

    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]))
    for frame in frames_of(movement(10)):
        recording.put(frame)
    with monkeypatch.context() as patch:
        patch.setattr("skel.skeleton.recorder.save_recording", full)
        assert recording.stop() is None
    assert f"10 frames are kept in {tmp_path / 'take.unfinished'}" in recording.problem
    assert len(load_recording(tmp_path / "take.npy")) == 10
    LiveRecording(tmp_path, FakeSensor([])).stop()  # the next recording finishes what was left
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take.json", "take.npy"]


def test_whatever_breaks_a_recording_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def break_down(self, frame):
        raise ValueError("what nobody thought of")

    monkeypatch.setattr(module.Recorder, "append", break_down)
    monkeypatch.setattr(module, "_WAITING_FRAMES", 2)
    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]))
    for frame in frames_of(movement(10)):
        recording.put(frame, patiently=True)
    assert recording.stop() is None
    assert recording.problem == "recording has stopped after 0 frames: what nobody thought of"


def test_a_lost_device_leaves_a_gap_in_one_recording(tmp_path: Path):
    class Unplugged(FakePlayer):
        def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
            if self.given == 30 and self.opened == 1:
                raise SensorLost("unplugged")
            if self.opened == 2 and self.given == 30:
                self.given, self.opened = 0, 3  # its clock begins anew
            return replace(super().read(timeout_s), host_time_s=100.0 * self.opened)

    sensor = Unplugged(frames_of(movement(40)), speed=float("inf"))
    recording = LiveRecording(tmp_path / "take.npy", sensor)
    live = predictions(results_of(sensor, Recognizer(FakeModel()), recording, tell=lambda line: None))
    path = recording.stop()
    take = load_recording(path)
    assert len(take) == 70
    gaps = np.diff(take.times_s)
    assert np.argmax(gaps) == 29
    assert gaps[29] > MAX_GAP_S
    replayed = predictions(results_of(ReplaySensor(path, speed=float("inf")), Recognizer(FakeModel())))
    assert [(p.time_s, p.top) for p in replayed] == [(p.time_s, p.top) for p in live]


def test_frames_in_another_layout_go_into_a_new_recording(tmp_path: Path):
    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]))
    for i, joints in enumerate((25, 25, 32)):
        recording.put(frame_of(np.ones((1, joints, 3), np.float32), i, i / 30))
    assert recording.stop() == tmp_path / "take-2.npy"
    assert [load_recording(tmp_path / name).layout.name for name in ("take.npy", "take-2.npy")] == ["NTU25", "AZURE32"]


def test_the_pictures_become_a_video_frame_by_frame(tmp_path: Path):
    cv2 = pytest.importorskip("cv2")
    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]), video=True)
    shades = [None, 40, 80, None, 160, 200]
    for frame, shade in zip(frames_of(movement(6)), shades):
        image = None if shade is None else np.full((48, 64, 3), shade, np.uint8)
        recording.put(replace(frame, image=image), patiently=True)
    assert recording.stop() == tmp_path / "take.npy"
    assert recording.problem == ""
    video = cv2.VideoCapture(str(tmp_path / "take.mkv"))
    seen = [picture.mean() for _ in range(7) if (picture := video.read()[1]) is not None]
    video.release()
    assert seen == pytest.approx([0, 40, 80, 80, 160, 200], abs=4)


@pytest.mark.parametrize("failing", ["write", "close"])
def test_pictures_that_cannot_be_written_cost_no_skeletons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str):
    pytest.importorskip("cv2")

    def full(*_):
        raise SensorError("the video has stopped at 4295 MB")

    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]), video=True)
    for number, frame in enumerate(frames_of(movement(6))):
        recording.put(replace(frame, image=np.zeros((48, 64, 3), np.uint8)), patiently=True)
        until(lambda at=number: recording.frames > at)
        if number == 2:
            monkeypatch.setattr(module.VideoWriter, failing, full)
    assert recording.stop() == tmp_path / "take.npy"
    assert len(load_recording(tmp_path / "take.npy")) == 6
    assert "the video has stopped at 4295 MB" in recording.problem


def test_without_a_picture_there_is_no_video(tmp_path: Path):
    pytest.importorskip("cv2")
    recording = LiveRecording(tmp_path / "take.npy", FakeSensor([]), video=True)
    recording.put(frames_of(movement(1))[0])
    recording.stop()
    assert not (tmp_path / "take.mkv").exists()


def test_recording_from_a_session(session: Session, tmp_path: Path):
    with pytest.raises(UserError, match="nothing to record"):
        session.start_recording(tmp_path)
    assert session.stop_recording() is None
    session.open_source(Source("actor", SyntheticSensor))
    session.start_recording(tmp_path)
    path = session.recording_to
    assert path.parent == tmp_path
    until(lambda: session.pipeline.recording.frames > 0)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot record into"):
        session.start_recording(tmp_path / "file")
    assert session.recording_to == path  # and goes on
    assert session.stop_recording() == path
    assert session.recording_to is None
    session.open_source(recording_source(path))
    with pytest.raises(UserError, match="a recording already"):
        session.start_recording(tmp_path)
    session.close()
    assert load_recording(path).assumed == ""


def test_changing_the_source_or_closing_finishes_the_recording(session: Session, tmp_path: Path):
    for name in ("a.npy", "b.npy"):
        session.open_source(Source("actor", SyntheticSensor))
        session.start_recording(tmp_path / name)
        until(lambda: session.pipeline.recording.frames > 0)
    session.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.npy", "b.json", "b.npy"]
