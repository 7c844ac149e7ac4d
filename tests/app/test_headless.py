"""Recognition without a window: what is written and printed."""

import errno
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pipeline_fakes import FakeModel, FakePlayer, FakeSensor, bundle, frames_of, movement
from rich.console import Console

from skel.app.headless import print_segments, results_of, write_json
from skel.models.recognizer import Recognizer
from skel.sensors.base import SensorError, SensorLost
from skel.sensors.replay import ReplaySensor
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment


def at_once(frames) -> FakePlayer:
    """Frames that wait for whoever is slow, as those of a file do."""
    return FakePlayer(frames, speed=float("inf"))


def printed(sensor, recognizer, recording=None) -> str:
    text = io.StringIO()
    print_segments(results_of(sensor, recognizer), recognizer, recording, Console(file=text, width=100))
    return text.getvalue()


def test_a_line_a_prediction(tmp_path):
    frames = frames_of(movement(40, bodies=2))
    expected = Recognizer(FakeModel())
    predictions = [p for frame in frames for p in expected.push(frame)]
    target = tmp_path / "named.jsonl"
    assert write_json(results_of(at_once(frames), Recognizer(FakeModel())), str(target)) == len(predictions) == 50
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [(row["time_s"], row["person"], row["action"]) for row in lines] == [
        (round(p.time_s, 6), p.person, p.action) for p in predictions
    ]
    assert set(lines[0]) == {"time_s", "person", "action", "partner", "confidence", "top", "latency_ms"}
    assert lines[0]["confidence"] == lines[0]["top"][0][1]
    assert [label for label, _ in lines[0]["top"]] == [label for label, _ in predictions[0].top]


def test_what_two_people_do_names_the_other_one(tmp_path):
    apart_m = np.zeros((2, 1, 3), np.float32)
    apart_m[1, 0, 0] = 1.0
    frames = frames_of(movement(60, bodies=2)[:, :1] + apart_m)
    card = bundle({"pair_labels": ("hug",)}, labels=("hug",))
    target = tmp_path / "named.jsonl"
    write_json(results_of(at_once(frames), Recognizer(FakeModel(card))), str(target))
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert {(row["person"], row["action"], row["partner"]) for row in lines} == {(0, "hug", 1), (1, "hug", 0)}
    text = printed(at_once(frames), Recognizer(FakeModel(card)))
    rows = [line.replace("│", " ").split() for line in text.splitlines() if "%" in line]
    assert [row[2:] for row in rows] == [["0", "1", "100%", "hug"], ["1", "0", "100%", "hug"]]


def test_json_to_standard_output(capsys):
    assert write_json(results_of(at_once(frames_of(movement(20))), Recognizer(FakeModel())), "-") == 5
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 5


def test_ctrl_c_leaves_complete_lines(tmp_path):
    sensor = at_once(frames_of(movement(40)))
    recognizer = Recognizer(FakeModel())
    observe = recognizer.observe

    def observe_until_stopped(frame):
        if frame.index == 30:
            raise KeyboardInterrupt
        observe(frame)

    recognizer.observe = observe_until_stopped
    target = tmp_path / "named.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_json(results_of(sensor, recognizer), str(target))
    assert len([json.loads(line) for line in target.read_text().splitlines()]) == 15
    assert sensor.closed


def test_ctrl_c_prints_what_there_is():
    class Stopped(FakePlayer):
        stops = 60

        @property
        def speed(self):  # the main thread asks for it each time it looks for frames
            self.stops -= 1
            if self.stops < 0 and threading.current_thread() is threading.main_thread():
                raise KeyboardInterrupt
            return float("inf")

        @speed.setter
        def speed(self, value):
            pass

    text, recognizer = io.StringIO(), Recognizer(FakeModel())
    results = results_of(Stopped(frames_of(movement(90))), recognizer)
    with pytest.raises(KeyboardInterrupt):
        print_segments(results, recognizer, None, Console(file=text, width=100))
    assert "Recognised actions" in text.getvalue()


@pytest.mark.parametrize("target", [".", "missing/folder/named.jsonl"])
def test_a_file_that_cannot_be_written(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="cannot write"):
        write_json(results_of(FakeSensor([]), Recognizer(FakeModel())), target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line():
    with pytest.raises(UserError, match="cannot write /dev/full"):
        write_json(results_of(at_once(frames_of(movement(20))), Recognizer(FakeModel())), "/dev/full")


def test_what_goes_wrong_elsewhere_is_not_said_of_the_file(tmp_path):
    sensor = FakeSensor([])
    sensor.fault = OSError(errno.EIO, "Input/output error")
    with pytest.raises(OSError, match="Input/output error"):
        write_json(results_of(sensor, Recognizer(FakeModel())), str(tmp_path / "named.jsonl"))


def test_a_lost_sensor_is_told_once_and_looked_for():
    class Unplugged(FakePlayer):
        """Goes away after 20 frames, cannot be opened the first time, and then gives the rest."""

        def open(self):
            super().open()
            if self.opened == 2:
                raise SensorError("no such camera")

        def read(self, timeout_s=1.0):
            if self.given == 20 and self.opened == 1:
                raise SensorLost("unplugged")
            return super().read(timeout_s)

    told = []
    sensor = Unplugged(frames_of(movement(60)), speed=float("inf"))
    predictions = [p for result in results_of(sensor, Recognizer(FakeModel()), tell=told.append) for p in result.predictions]
    assert [line.partition(":")[0] for line in told] == ["fake was lost (unplugged)", "connected again"]
    assert len(predictions) == 20 - 15 + 40 - 15
    assert sensor.closed == 2  # when it was lost, and at the end


def test_a_sensor_that_cannot_be_opened_is_one_line():
    class Missing(FakeSensor):
        def open(self):
            raise SensorError("no such camera: plug it in")

    with pytest.raises(UserError, match="no such camera: plug it in"):
        list(results_of(Missing([]), Recognizer(FakeModel())))


def test_our_own_fault_keeps_its_kind():
    sensor = FakeSensor([])
    sensor.fault = ZeroDivisionError("oh")
    with pytest.raises(ZeroDivisionError):
        list(results_of(sensor, Recognizer(FakeModel())))


def test_the_table_of_segments():
    text = printed(at_once(frames_of(movement(90))), Recognizer(FakeModel()))
    assert "Recognised actions" in text
    assert "person" not in text
    assert "truly" not in text
    assert "person" in printed(at_once(frames_of(movement(90, bodies=2))), Recognizer(FakeModel()))


def test_the_truth_is_compared_from_the_recordings_start():
    positions, times_s = movement(90), 100 + np.arange(90) / 30
    model = FakeModel(bundle(labels=("wave",)))
    recording = Recording(positions, times_s, FakeSensor.layout, segments=(Segment(0.5, 1.5, "wave"), Segment(2, 3, "sit")))
    text = printed(ReplaySensor(recording, speed=float("inf")), Recognizer(model), recording)
    rows = [line.replace("│", " ").split() for line in text.splitlines() if "%" in line]
    assert rows == [
        ["0.5", "3.0", "100%", "wave"],
        ["0.5", "1.5", "100%", "wave"],
        ["2.0", "3.0", "0%", "sit"],
    ]


def test_times_count_from_the_first_frame_where_no_recording_says_when_it_began():
    frames = [replace(frame, time_s=frame.time_s + 90_000.0) for frame in frames_of(movement(60))]  # a day after boot
    text = printed(at_once(frames), Recognizer(FakeModel(bundle(labels=("wave",)))))
    assert [line.replace("│", " ").split() for line in text.splitlines() if "%" in line] == [["0.5", "2.0", "100%", "wave"]]


@pytest.mark.parametrize("label", ["kick [left]", "[/x]", "[red]bow", "wave :wave:", "back\\"])
def test_labels_are_printed_as_they_are(label: str):
    truth = (Segment(0.5, 1.5, label),)
    recording = Recording(movement(60), np.arange(60) / 30, FakeSensor.layout, segments=truth)
    sensor, model = ReplaySensor(recording, speed=float("inf")), FakeModel(bundle(labels=(label,)))
    rows = [line for line in printed(sensor, Recognizer(model), recording).splitlines() if "%" in line]
    assert [row.strip("│ ").split("│")[-1].strip() for row in rows] == [label, label]


def test_neither_unknown_nor_idle_is_an_action():
    for card in (bundle({"rejection_threshold": 1.1}), bundle({"idle_label": "still"}, labels=("still",))):
        text = printed(at_once(frames_of(movement(60))), Recognizer(FakeModel(card)))
        assert "none" in text
        assert "%" not in text
