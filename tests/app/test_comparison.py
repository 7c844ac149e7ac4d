"""Two models on one recording, without a window."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pipeline_fakes import NTU25, FakeModel, FakePlayer, bundle, frames_of, movement
from rich.console import Console

from skel.app import cli
from skel.app.comparison import Agreement, accuracy, names_of, print_comparison
from skel.app.headless import results_of
from skel.app.options import Options
from skel.app.pipeline import Snapshot
from skel.models.recognizer import Recognizer
from skel.sensors.replay import ReplaySensor
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment


def model(*labels: str, **live) -> FakeModel:
    return FakeModel(bundle(live, labels=labels))


def test_both_models_and_the_truth():
    truth = (Segment(0.5, 1.5, "wave"), Segment(2, 3, "sit"))
    recording = Recording(movement(90), 100 + np.arange(90) / 30, NTU25, segments=truth)
    ours, theirs = Recognizer(model("wave")), Recognizer(model("sit"))
    text = io.StringIO()
    results = results_of(ReplaySensor(recording, speed=float("inf")), ours, rival=theirs)
    print_comparison(results, (ours, theirs), ("one", "other"), recording, Console(file=text, width=100))
    said = text.getvalue()
    rows = [line.replace("│", " ").split() for line in said.splitlines() if "%" in line and "│" in line]
    assert rows == [
        ["0.5", "3.0", "100%", "wave"],
        ["0.5", "3.0", "100%", "sit"],
        ["0.5", "1.5", "100%", "0%", "wave"],
        ["2.0", "3.0", "0%", "97%", "sit"],  # the last frame is at 2.97 s
    ]
    assert "same action named in 0.0% of 75 predictions" in said
    assert "one: 50.0% of the actions' time named right" in said


def test_names_and_labels_are_printed_as_they_are():
    label, names = "kick [left]", ("[/x]", "best [v2] :smile:")
    recording = Recording(movement(60), np.arange(60) / 30, NTU25, segments=(Segment(0.5, 1.5, label),))
    ours, theirs = Recognizer(model(label)), Recognizer(model(label))
    text = io.StringIO()
    results = results_of(ReplaySensor(recording, speed=float("inf")), ours, rival=theirs)
    print_comparison(results, (ours, theirs), names, recording, Console(file=text, width=100))
    said = text.getvalue()
    for name in names:
        assert said.count(name) == 3  # above the segments, above the truth, below it
    assert said.count(label) == 3


def test_times_count_from_the_first_frame_of_what_is_not_a_recording():
    frames = [replace(frame, time_s=frame.time_s + 90_000.0) for frame in frames_of(movement(60))]
    ours, theirs = Recognizer(model("wave")), Recognizer(model("sit"))
    text = io.StringIO()
    results = results_of(FakePlayer(frames, speed=float("inf")), ours, rival=theirs)
    print_comparison(results, (ours, theirs), ("one", "other"), None, Console(file=text, width=100))
    rows = [line.replace("│", " ").split() for line in text.getvalue().splitlines() if "│" in line and "%" in line]
    assert rows == [["0.5", "2.0", "100%", "wave"], ["0.5", "2.0", "100%", "sit"]]


def test_what_both_do_not_know_is_the_same():
    recognizers = Recognizer(model("a", "still", idle_label="still")), Recognizer(model("b", rejection_threshold=1.0))
    agreement = Agreement((("unknown", "still"), ("unknown",)))
    frames = frames_of(movement(40))
    for frame in frames:
        one, other = (tuple(recognizer.push(frame)) for recognizer in recognizers)
        agreement.push(Snapshot(frame, one, 0.0, other))
    assert agreement.count > 0
    assert Agreement(((), ())).share is None


def test_accuracy_counts_time():
    truth = (Segment(0, 1, "a"), Segment(1, 4, "b"))
    assert accuracy([1.0, 0.0], truth) == 0.25


def test_models_of_one_name_are_told_apart():
    assert names_of(Path("x/one.onnx"), Path("y/two.onnx")) == ("one", "two")
    assert names_of(Path("x/model.onnx"), Path("y/model.onnx")) == ("x/model", "y/model")


def test_the_command(tmp_path, monkeypatch, capsys):
    np.save(tmp_path / "walk.npy", movement(60))
    monkeypatch.setattr(Options, "make_model", lambda self: model("wave"))
    monkeypatch.setattr(Options, "make_rival", lambda self: model("sit"))
    cli.run(Options(play=tmp_path / "walk.npy", headless=True, compare=Path("other.onnx")))
    said = capsys.readouterr().out
    assert "Recognised actions: default" in said
    assert "Recognised actions: other" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(demo=True, compare=Path("b.onnx"), headless=True, json="-"), "leave out --json"),
        (Options(demo=True, headless=True, fullscreen=True), "--fullscreen makes sense only where there is a window"),
        (Options(demo=True, screenshot=Path("a.png"), websocket="8765"), "--websocket makes sense only with"),
    ],
)
def test_contradictions(options, words):
    with pytest.raises(UserError, match=words):
        options.resolved()
