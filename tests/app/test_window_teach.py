"""An action is taught in the window by an actor who does what the model does not know; and what is wrong is said there."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from camera_fakes import with_picture
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QInputDialog
from window_driver import answer, drop, key, shot, shows

from skel.app import teaching, texts_teach
from skel.app.session import Source, recording_source
from skel.app.taught import TaughtActions
from skel.app.teaching import Phase
from skel.app.texts import shown
from skel.app.window import MainWindow
from skel.sensors.base import SensorLost
from skel.sensors.synthetic import SyntheticSensor, perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Segment, save_recording

STAR = "star jump"
PERIOD_S, MOVED_S = 2.4, 1.2  # a movement, then rest


def star(frame: SkeletonFrame) -> SkeletonFrame:
    """Somebody who stands and again and again lifts both arms sideways over the head and down, twice."""
    base = STANDING.positions_m[0, 0]
    share = min((frame.time_s % PERIOD_S) / MOVED_S, 1.0)
    angle = np.radians(165.0) * np.sin(2 * np.pi * share) ** 2
    positions = base + np.random.default_rng(frame.index).normal(0, 0.002, base.shape)
    names = frame.layout.joints
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        shoulder = names.index(f"{side}Shoulder")
        arm = [
            j
            for j, name in enumerate(names)
            if name.startswith(side) and any(p in name for p in ("Elbow", "Wrist", "Hand", "Thumb"))
        ]
        offset = positions[arm] - positions[shoulder]
        x, y = offset[:, 0].copy(), offset[:, 1].copy()
        offset[:, 0] = np.cos(sign * angle) * x + np.sin(sign * angle) * y
        offset[:, 1] = -np.sin(sign * angle) * x + np.cos(sign * angle) * y
        positions[arm] = positions[shoulder] + offset
    return replace(frame, positions_m=positions[None].astype(np.float32), confidence=np.ones((1, len(names)), np.float32))


STANDING = perform(seed=5, duration_s=0.2, script=("wave",))


class Performer(SyntheticSensor):
    """Can be unplugged."""

    plugged = threading.Event()

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        if not self.plugged.is_set():
            raise SensorLost("the cable was pulled")
        return star(super().read(timeout_s))


@pytest.fixture
def live(window: MainWindow, qtbot, monkeypatch) -> MainWindow:
    """The window with the performer, and countdowns that nobody has to wait for."""
    for name, shorter in (("COUNTDOWN_S", 0.4), ("STILL_S", 0.4)):
        monkeypatch.setattr(teaching, name, shorter)
    Performer.plugged.set()
    window.open_source(Source("performer", Performer))
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    window.refresh()
    return window


def learned(window: MainWindow, qtbot) -> None:
    qtbot.waitUntil(lambda: not window.teacher.actions.is_learning, timeout=60_000)


def begin(window: MainWindow, qtbot, name: str = STAR) -> None:
    key(qtbot, window, Qt.Key.Key_T)
    panel = window.space.teach
    qtbot.mouseClick(panel.actions_taught.teach, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(panel.form.name, name)
    panel.form.want(3)
    qtbot.keyClick(panel.form.name, Qt.Key.Key_Return)


def both_themes(window: MainWindow, name: str) -> None:
    for size in ((1280, 800), (960, 600)) if os.environ.get("SKEL_SCREENSHOTS") else ((960, 600),):
        window.resize(*size)
        for theme in ("dark", "light"):
            if window.theme.name != theme:
                window.toggle_theme()
            for _ in range(3):
                QApplication.processEvents()
            assert (window.width(), window.height()) == size
            shot(window, f"{name}-{theme}-{size[0]}")
    window.toggle_theme()
    window.resize(1280, 800)


def test_an_action_is_taught_and_recognised_at_once(live: MainWindow, settings, qtbot):
    panel, teacher = live.space.teach, live.teacher
    key(qtbot, live, Qt.Key.Key_T)
    assert panel.isVisible()
    both_themes(live, "teach-empty")
    key(qtbot, live, Qt.Key.Key_T)
    begin(live, qtbot)
    assert teacher.teaching.phase == Phase.COUNTDOWN
    both_themes(live, "teach-countdown")
    # A slow machine may have come further while the pictures were taken.
    qtbot.waitUntil(lambda: teacher.teaching.phase == Phase.RECORDING or teacher.teaching.is_complete, timeout=90_000)
    both_themes(live, "teach-recording")
    qtbot.waitUntil(lambda: teacher.teaching.is_complete, timeout=90_000)
    live.refresh()
    assert len(panel.form.previews) == 3
    assert panel.form.done.isVisible()
    both_themes(live, "teach-examples")
    assert teacher.countdown.large == ""
    qtbot.mouseClick(panel.form.done, Qt.MouseButton.LeftButton)
    learned(live, qtbot)
    assert panel.actions_taught.labels == [STAR]
    # Where frames come late, one example of three may be cut badly.
    assert any(texts_teach.told_apart(right, 3) in panel.actions_taught.text for right in (2, 3))
    assert STAR in live.session.labels
    qtbot.waitUntil(lambda: live.space.panel.headline == shown(STAR), timeout=60_000)
    both_themes(live, "teach-learned")
    assert TaughtActions(settings.taught_folder).labels == (STAR,)
    live.toggle_theme()


def test_pictures_are_shown_and_not_kept(live: MainWindow, qtbot):
    class Filmed(Performer):
        def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
            return with_picture(super().read(timeout_s))

    live.open_source(Source("performer", Filmed))
    qtbot.waitUntil(lambda: live.space.stage.has_picture, timeout=30_000)
    live.refresh()
    begin(live, qtbot)
    qtbot.waitUntil(lambda: len(live.teacher.teaching._frames) > 5, timeout=90_000)
    assert [frame for frame in live.teacher.teaching._frames if frame.image is not None] == []
    assert live.space.stage.picture.frame.image is not None


def test_unplugged_while_teaching(live: MainWindow, qtbot):
    begin(live, qtbot)
    taught, form = live.teacher.teaching, live.space.teach.form
    qtbot.waitUntil(lambda: len(taught.takes) == 1, timeout=90_000)
    Performer.plugged.clear()
    qtbot.waitUntil(lambda: not taught.is_under_way, timeout=30_000)
    live.refresh()
    assert form.said == texts_teach.SOURCE_GONE
    assert live.teacher.countdown.isHidden()
    assert len(taught.takes) == 1  # what there is stays
    assert form.start.text() == texts_teach.GO_ON
    assert not form.start.isEnabled()
    both_themes(live, "teach-unplugged")
    answer("Cancel")
    live.teacher.toggle()  # to close the panel asks first
    assert live.space.teach.isVisible()
    answer("Discard")
    live.teacher.toggle()
    assert not live.space.teach.isVisible()
    assert taught.takes == []


@pytest.fixture
def shown_once(live: MainWindow, qtbot) -> MainWindow:
    """The window with one example that is not kept yet."""
    begin(live, qtbot)
    qtbot.waitUntil(lambda: len(live.teacher.teaching.takes) == 1, timeout=90_000)
    return live


def test_closing_asks_what_becomes_of_examples(shown_once: MainWindow, settings, qtbot):
    answer("Cancel", "teach-closing")
    assert not shown_once.close()
    assert shown_once.isVisible()
    assert len(shown_once.teacher.teaching.takes) == 1
    shown_once.space.teach.form.name.setText("star jumps")  # the name that stands there is the one that counts
    answer("Keep")
    assert shown_once.close()
    assert not shown_once.isVisible()
    assert TaughtActions(settings.taught_folder).labels == ("star jumps",)


def test_closing_discards_examples(shown_once: MainWindow, settings):
    answer("Discard")
    assert shown_once.close()
    assert TaughtActions(settings.taught_folder).labels == ()


def test_examples_that_cannot_be_kept_keep_the_window_open(shown_once: MainWindow, settings):
    settings.taught_folder.write_text("a file, and no folder")
    answer("Keep")
    assert not shown_once.close()
    assert str(settings.taught_folder) in shown_once.space.banner.text
    assert len(shown_once.teacher.teaching.takes) == 1


def test_who_is_told_to_end_asks_nothing_and_waits_for_no_answer(shown_once: MainWindow, settings):
    QTimer.singleShot(200, shown_once.end)  # as on SIGTERM, while the question is open
    shown_once.close()
    assert not shown_once.isVisible()
    assert shown_once.session.pipeline is None
    assert TaughtActions(settings.taught_folder).labels == ()


def test_a_bad_example_is_discarded(live: MainWindow, qtbot):
    begin(live, qtbot)
    form, taught = live.space.teach.form, live.teacher.teaching
    qtbot.waitUntil(lambda: len(taught.takes) == 1, timeout=90_000)
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)  # stop
    assert not taught.is_under_way
    qtbot.mouseClick(form.previews[0].discard, Qt.MouseButton.LeftButton)
    assert (taught.takes, form.previews) == ([], [])
    assert form.start.text() == texts_teach.START
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)
    assert taught.is_under_way


def test_a_name_is_needed(live: MainWindow, qtbot):
    begin(live, qtbot, name="")
    assert "cannot be the name of an action" in live.space.teach.form.said
    assert not live.teacher.teaching.is_under_way


@pytest.fixture
def taught(window: MainWindow, tmp_path: Path, qtbot) -> MainWindow:
    """The window with a recording whose segments were kept as examples of an action."""
    frames = perform(seed=6, duration_s=14.0, script=("lunge",), fps=15.0)
    path = tmp_path / "mine.npy"
    segments = tuple(Segment(s.start_s, s.end_s, "long step") for s in frames.segments[:3])
    save_recording(path, replace(frames, segments=segments))
    sensor = recording_source(path).make()
    sensor.paused = True
    window.open_source(Source("mine.npy", lambda: sensor))
    sensor.step(1)
    shows(qtbot, window, 0.0)
    for _ in segments:
        key(qtbot, window, Qt.Key.Key_Period)
        key(qtbot, window, Qt.Key.Key_K)
    learned(window, qtbot)
    return window


def test_segments_of_a_recording_are_examples(taught: MainWindow, qtbot):
    key(qtbot, taught, Qt.Key.Key_T)
    assert taught.space.teach.actions_taught.labels == ["long step"]
    assert texts_teach.examples(3) in taught.space.teach.actions_taught.text
    assert "Long step" in taught.space.banner.text
    qtbot.mouseClick(taught.space.teach.actions_taught.teach, Qt.MouseButton.LeftButton)
    taught.refresh()
    both_themes(taught, "teach-recording-played")
    assert taught.space.teach.form.said == texts_teach.LIVE_ONLY
    button = taught.space.teach.form.segment
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert taught.space.banner.text == texts_teach.added(0, "long step")  # it is one of the three
    review = taught.review.review
    review.select(review.segments[-1])
    review.assign("far step")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert taught.space.banner.text == texts_teach.added(1, "far step")
    assert len(taught.teacher.actions.store.examples("long step")) == 3
    learned(taught, qtbot)


def test_taught_actions_are_renamed_exported_removed_and_imported(taught: MainWindow, tmp_path: Path, monkeypatch, qtbot):
    listed, archive = taught.space.teach.actions_taught, tmp_path / "mine.zip"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("great step", True))
    monkeypatch.setattr("skel.app.taught_control.QFileDialog.getSaveFileName", lambda *_: (str(archive), ""))
    monkeypatch.setattr("skel.app.taught_control.QFileDialog.getOpenFileName", lambda *_: (str(archive), ""))
    listed.menu_of("long step").actions()[2].trigger()
    learned(taught, qtbot)
    assert listed.labels == ["great step"]
    assert "great step" in taught.session.labels
    *_, export, remove = listed.menu_of("great step").actions()
    export.trigger()
    assert str(archive) in taught.space.banner.text
    monkeypatch.setattr("skel.app.taught_control.QFileDialog.getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    export.trigger()
    assert f"{archive} is there already" in taught.space.banner.text  # which the dialog has not asked about
    answer("Yes")
    remove.trigger()
    learned(taught, qtbot)
    assert listed.labels == []
    assert "great step" not in taught.session.labels
    listed.more.menu().actions()[0].trigger()
    learned(taught, qtbot)
    assert listed.labels == ["great step"]
    imported = taught.space.banner.text
    answer("Yes")
    listed.menu_of("great step").actions()[-1].trigger()
    learned(taught, qtbot)
    taught.space.banner.hide()
    drop(taught, archive)
    assert taught.space.banner.isVisible()
    assert taught.space.banner.text == imported == texts_teach.imported("Great step")
    learned(taught, qtbot)
    assert listed.labels == ["great step"]
    archive.write_bytes(b"nothing")
    drop(taught, archive)
    assert "not a readable ZIP" in taught.space.banner.text
    learned(taught, qtbot)


def test_examples_are_looked_at_and_bad_ones_discarded(taught: MainWindow, qtbot):
    listed, actions = taught.space.teach.actions_taught, taught.teacher.actions
    key(qtbot, taught, Qt.Key.Key_T)
    look = listed.menu_of("long step").actions()[1]
    look.trigger()
    assert actions.dialog.isVisible()
    assert actions.dialog.said.count("recognised") == int(listed.text.split(" of 3 recognised")[0][-1])
    shot(actions.dialog, "teach-looked-at")
    kept = actions.store.examples("long step")[1:]
    qtbot.mouseClick(actions.dialog.previews[0].discard, Qt.MouseButton.LeftButton)
    assert not actions.dialog.previews[0].discard.isEnabled()
    learned(taught, qtbot)
    assert actions.store.examples("long step") == kept
    assert len(actions.dialog.previews) == 2
    assert " of 2 recognised" in listed.text
    for _ in kept:
        qtbot.mouseClick(actions.dialog.previews[0].discard, Qt.MouseButton.LeftButton)
        learned(taught, qtbot)
    assert actions.dialog is None  # there is nothing left to look at
    assert "long step" not in taught.session.labels


@pytest.fixture
def start_again(taught: MainWindow, model, settings, qtbot) -> Iterator[Callable[[], MainWindow]]:
    """Another window as at the program's next start, which has learned what was taught."""
    started = []

    def start() -> MainWindow:
        started.append(MainWindow(model, settings))
        learned(started[-1], qtbot)
        return started[-1]

    yield start
    for window in started:
        window.end()
        window.deleteLater()


def test_taught_actions_are_there_at_the_next_start(start_again):
    assert "long step" in start_again().session.labels


def test_a_damaged_example_is_said_at_the_start(taught: MainWindow, start_again):
    example, *_ = taught.teacher.actions.store.examples("long step")
    example.path.with_suffix(".json").unlink()
    assert f"{example.path} has lost its" in start_again().space.banner.text


def test_another_model_learns_them_anew(taught: MainWindow, tmp_path: Path, qtbot):
    from skel.models.pretrained import DEFAULT_MODEL

    other = tmp_path / "other.onnx"
    other.write_bytes(DEFAULT_MODEL.read_bytes())
    taught.opening.model(other)
    taught.refresh()
    learned(taught, qtbot)
    assert "long step" in taught.session.labels
