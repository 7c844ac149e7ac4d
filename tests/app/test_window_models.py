"""Two models side by side, the model's card, and the model of the last time."""

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from window_driver import at_the_sizes, key, shot

from skel.app import desktop, texts, texts_card, texts_teach
from skel.app.card import as_text, card_of
from skel.app.events import ActionEvents
from skel.app.options import Options
from skel.app.session import recording_source
from skel.app.settings import Settings
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return shutil.copy(DEFAULT_MODEL, tmp_path / "other.onnx")


def test_two_models_are_shown_side_by_side(playing: MainWindow, other: Path, monkeypatch, qtbot):
    monkeypatch.setattr("skel.app.opening.QFileDialog.getOpenFileName", lambda *_: (str(other), ""))
    playing.space.header.comparison_wanted.emit()
    assert f"{texts.BUILT_IN_MODEL} / other" in playing.space.header.text
    playing.session.playable.step(100)
    qtbot.waitUntil(lambda: playing.player.shown_s > 3.0 and len(playing.display._rival.people) == 2, timeout=30_000)
    ours, theirs = playing.display.people, playing.display._rival.people
    assert [(p.body, p.headline) for p in ours] == [(p.body, p.headline) for p in theirs]  # the same weights
    assert playing.space.panel.rival_headline == playing.space.panel.headline == ours[0].headline
    playing.refresh()
    lanes = playing.space.timeline.lanes._lanes
    assert [lane.name for lane in lanes] == [texts.BUILT_IN_MODEL, texts.TRUTH_LANE, "other"]
    assert lanes[0].segments == lanes[2].segments
    at_the_sizes(playing, "compared")
    playing.space.header.comparison_ended.emit()
    assert playing.space.header.text.endswith(texts.BUILT_IN_MODEL)
    playing.session.playable.step(1)
    qtbot.waitUntil(lambda: playing.display.shown is not None, timeout=30_000)
    assert playing.space.panel.rival_headline == ""


def test_a_segment_is_framed_in_the_lane_of_the_model_that_named_it(playing: MainWindow, other: Path, qtbot):
    playing.opening.rival(other)
    playing.session.playable.speed = float("inf")  # no frame is skipped
    playing.session.playable.step(150)
    qtbot.waitUntil(lambda: playing.player.shown_s > 4.9 and len(playing.display._rival.people) == 2, timeout=100_000)
    playing.refresh()
    lanes, accent = playing.space.timeline.lanes, QColor(playing.theme.accent)
    for clicked, beside in ((0, 2), (2, 0)):
        box = {row: box for row, box, _ in lanes.bars()}
        qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=box[clicked].center().toPoint())
        playing.review.chooser.hide()
        shot(playing, f"framed-{clicked}")
        picture = lanes.grab().toImage()
        edges = {row: picture.pixelColor(box[row].center().toPoint().x(), round(box[row].top())) for row in box}
        assert edges[clicked] == accent != edges[beside]


@pytest.fixture
def taught(playing: MainWindow) -> MainWindow:
    """The window whose user has taught an action."""
    shown = perform(seed=6, duration_s=14.0, script=("lunge",), fps=15.0)
    for segment in shown.segments[:3]:
        playing.teacher.actions.store.add_correction(shown, replace(segment, label="long step"))
    return playing


def learned(window: MainWindow, qtbot) -> None:
    window.refresh()
    qtbot.waitUntil(lambda: not window.teacher.actions.is_learning, timeout=60_000)
    window.refresh()


def test_both_models_name_what_was_taught(taught: MainWindow, other: Path, path: Path, qtbot):
    taught.opening.rival(other)
    taught.teacher.actions.learn()
    learned(taught, qtbot)
    for source in (None, recording_source(path)):  # another source is recognised by the same two
        if source is not None:
            taught.open_source(source)
        pipeline = taught.session.pipeline
        assert pipeline.recognizer.labels[-1] == pipeline.rival.labels[-1] == "long step"
    taught.teacher.actions.store.remove("long step")
    taught.teacher.actions.learn()
    learned(taught, qtbot)
    assert "long step" not in (*taught.session.labels, *taught.session.pipeline.rival.labels)


def test_other_programs_are_told_what_can_be_named(taught: MainWindow, qtbot):
    messages: list[dict] = []
    taught.session.events = ActionEvents(messages.append)
    for change in (lambda: None, lambda: taught.teacher.actions.store.rename("long step", "far step")):
        change()
        taught.teacher.actions.learn()
        learned(taught, qtbot)
        states = [message for message in messages if message["event"] == "state"]
        assert states[-1]["labels"] == list(taught.session.labels)
    taught.teacher.actions.learn()
    learned(taught, qtbot)
    assert [state["labels"][-1] for state in states] == ["long step", "far step"]
    assert states[-1]["source"] == "take.npy"


def test_a_rival_that_cannot_be_taught_is_said(taught: MainWindow, other: Path, qtbot):
    taught.opening.rival(other)
    card = taught.session.rival.bundle
    taught.session.rival.bundle = replace(card, clip=replace(card.clip, layout="KINECT20"))
    taught.teacher.actions.learn()
    learned(taught, qtbot)
    assert "long step" in taught.session.labels
    assert "which other.onnx cannot learn: no conversion from layout NTU25" in taught.space.banner.text
    assert [lane.name for lane in taught.space.timeline.lanes._lanes][-1] == "other (untaught)"
    taught.session.playable.step(100)
    qtbot.waitUntil(lambda: taught.player.shown_s > 3.0 and len(taught.display.people) == 2, timeout=30_000)
    at_the_sizes(taught, "compared-untaught")
    taught.models.compare_with(None)
    learned(taught, qtbot)
    assert not taught.session.rival_is_untaught


def test_a_model_that_cannot_be_taught_is_said_and_the_actions_stay_listed(taught: MainWindow, other: Path, qtbot):
    taught.opening.model(other)
    card = taught.session.model.bundle
    taught.session.model.bundle = replace(card, clip=replace(card.clip, layout="KINECT20"))
    taught.teacher.actions.learn()
    learned(taught, qtbot)
    assert "No conversion from layout" in taught.space.banner.text
    assert taught.space.teach.actions_taught.labels == ["long step"]
    assert texts_teach.NOT_LEARNED in taught.space.teach.actions_taught.text


def test_a_wrong_rival_is_said_and_nothing_changes(playing: MainWindow, tmp_path: Path):
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    playing.opening.rival(tmp_path / "broken.onnx")
    assert "cannot be loaded" in playing.space.banner.text
    assert playing.session.rival is None


def test_the_card_says_what_the_file_says_and_can_be_copied(window: MainWindow, model: OnnxModel, qtbot):
    key(qtbot, window, Qt.Key.Key_I)
    dialog = window.models.card
    assert dialog.isVisible()
    page = dialog.page.toPlainText()
    run = model.bundle.provenance["runs"][0]
    for said in ("Basketball shoot", run["data"][0], run["command"], run["weights_sha256"], texts_card.OUR_LICENCE):
        assert said in page
    for metric in model.bundle.metrics.values():
        assert metric["protocol"] in page
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == as_text(texts.BUILT_IN_MODEL, card_of(model))
    shot(dialog, "card")
    dialog.close()


def test_a_card_without_measurements_says_so(model: OnnxModel, other: Path):
    stranger = OnnxModel(other, "cpu")
    stranger.bundle = type(model.bundle)(**{**vars(model.bundle), "metrics": {}, "provenance": {}})
    said = as_text("other.onnx", card_of(stranger))
    assert said.count(texts_card.NOT_STATED) >= 4
    assert texts_card.OUR_LICENCE not in said


def test_the_model_is_remembered_until_another_is_chosen(window: MainWindow, settings: Settings, other: Path):
    window.opening.model(other)
    assert settings.model == other
    model, problem = desktop._model(Options(), settings)
    assert (model.path, problem) == (other, "")
    assert desktop._model(Options(model=DEFAULT_MODEL), settings)[0].path == DEFAULT_MODEL  # what is asked for comes first
    away = other.rename(other.with_suffix(".away"))  # as on a drive that is not mounted today
    model, problem = desktop._model(Options(), settings)
    assert model.path == DEFAULT_MODEL
    assert "no model at" in problem
    away.rename(other)
    assert desktop._model(Options(), settings)[0].path == other
    window.opening.model(DEFAULT_MODEL)
    assert settings.model is None


def test_a_device_that_is_not_there_does_not_cost_the_model(settings: Settings, other: Path):
    settings.model = other
    with suppress(UserError):  # where there is no NVIDIA GPU
        desktop._model(Options(device="cuda"), settings)
    assert settings.model == other
