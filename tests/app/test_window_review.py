"""A recording is corrected in the window: what is clicked, dragged and pressed, and what lies on the disk afterwards."""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from window_driver import key, shot, shows

from skel.app import texts
from skel.app.session import Source, recording_source
from skel.app.widgets.question import Button, Question
from skel.app.widgets.review_lanes import RECOGNISED_ROW, RECORDING_ROW
from skel.app.window import MainWindow
from skel.models.pretrained import DEMO_RECORDING
from skel.sensors.synthetic import perform
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording

WAVE, CLAP = Segment(0.5, 1.0, "wave"), Segment(1.6, 2.6, "clap")
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def take() -> Recording:
    return perform(seed=4, duration_s=6.0, fps=15.0)


@pytest.fixture
def mine(take: Recording, tmp_path: Path) -> Path:
    """A recording that may be written, with two segments."""
    path = tmp_path / "mine.npy"
    save_recording(path, replace(take, segments=(WAVE, CLAP)))
    return path


@pytest.fixture
def reviewed(window: MainWindow, mine: Path, qtbot) -> MainWindow:
    """The window at 5 s of that recording, with what was recognised until then."""
    sensor = recording_source(mine).make()
    sensor.paused = True
    sensor.speed = float("inf")  # from the start: whoever waits for frames at another speed skips those that come at once
    window.open_source(Source(mine.name, lambda: sensor))
    sensor.step(76)
    shows(qtbot, window, 5.0)
    window.refresh()
    QApplication.processEvents()
    return window


def place(window: MainWindow, row: int, time_s: float) -> QPoint:
    lanes = window.space.timeline.lanes
    return QPoint(round(lanes.x_at(time_s)), round((row + 0.5) * lanes.height() / len(lanes._lanes)))


def click(qtbot, window: MainWindow, row: int, time_s: float) -> None:
    qtbot.mouseClick(window.space.timeline.lanes, Qt.MouseButton.LeftButton, pos=place(window, row, time_s))


def drag(qtbot, window: MainWindow, from_s: float, to_s: float) -> None:
    lanes, left = window.space.timeline.lanes, Qt.MouseButton.LeftButton
    start, end = place(window, RECORDING_ROW, from_s), place(window, RECORDING_ROW, to_s)
    qtbot.mousePress(lanes, left, pos=start)
    for share in (0.5, 1.0):
        qtbot.mouseMove(lanes, start + (end - start) * share)
    qtbot.mouseRelease(lanes, left, pos=end)


def choose(qtbot, window: MainWindow, label: str) -> None:
    chooser = window.review.chooser
    assert chooser.isVisible()
    (item,) = chooser.list.findItems(texts.shown(label), Qt.MatchFlag.MatchExactly)
    qtbot.mouseClick(chooser.list.viewport(), Qt.MouseButton.LeftButton, pos=chooser.list.visualItemRect(item).center())
    assert not chooser.isVisible()


def test_two_clicks_correct_a_segment_and_a_key_saves_it(reviewed: MainWindow, mine: Path, qtbot):
    frames = mine.read_bytes()
    click(qtbot, reviewed, RECORDING_ROW, 2.0)
    shot(reviewed.review.chooser, "review-chooser")
    choose(qtbot, reviewed, "wave")
    assert reviewed.review.review.segments == (WAVE, replace(CLAP, label="wave"))
    assert reviewed.isWindowModified()
    shot(reviewed, "review-corrected")
    key(qtbot, reviewed, Qt.Key.Key_S, CONTROL)
    assert load_recording(mine).segments == (WAVE, replace(CLAP, label="wave"))
    assert mine.read_bytes() == frames
    assert str(mine.with_suffix(".json")) in reviewed.space.banner.text
    assert not reviewed.isWindowModified()
    (offer,) = reviewed.space.banner.offers
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    store = reviewed.teacher.actions.store
    (example,) = store.examples("wave")
    assert (example.end_s - example.start_s) == pytest.approx(CLAP.end_s - CLAP.start_s)
    qtbot.waitUntil(lambda: not reviewed.teacher.actions.is_learning, timeout=60_000)


def test_what_was_recognised_is_corrected(reviewed: MainWindow, qtbot):
    bars = [segment for row, _, segment in reviewed.space.timeline.lanes.bars() if row == RECOGNISED_ROW]
    assert bars
    click(qtbot, reviewed, RECOGNISED_ROW, 0.5 * (bars[0].start_s + bars[0].end_s))
    chooser = reviewed.review.chooser
    assert chooser.list.item(0).text() == texts.shown(bars[0].label)  # the likely ones first
    qtbot.keyClicks(chooser.search, "jumping on the spot")
    assert chooser.list.item(0).text() == texts.new_action("jumping on the spot")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    found = [segment for segment in reviewed.review.review.segments if segment.label == "jumping on the spot"]
    assert [(s.start_s, s.end_s) for s in found] == [(max(bars[0].start_s, 0), bars[0].end_s)]


def test_ends_are_dragged_and_segments_drawn(reviewed: MainWindow, qtbot):
    review = reviewed.review.review
    drag(qtbot, reviewed, CLAP.end_s, 2.9)
    assert review.segments[1].start_s == CLAP.start_s
    assert review.segments[1].end_s == pytest.approx(2.9, abs=0.05)
    drag(qtbot, reviewed, WAVE.end_s, 4.0)
    assert review.segments[0].end_s == CLAP.start_s  # the neighbour is in the way
    drag(qtbot, reviewed, 3.5, 4.2)
    shot(reviewed, "review-drawn")
    choose(qtbot, reviewed, "wave")
    assert (review.segments[2].start_s, review.segments[2].end_s) == pytest.approx((3.5, 4.2), abs=0.05)
    for _ in range(3):
        key(qtbot, reviewed, Qt.Key.Key_Z, CONTROL)
    assert review.segments == (WAVE, CLAP)
    key(qtbot, reviewed, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert review.segments[1].end_s == pytest.approx(2.9, abs=0.05)


def test_what_is_drawn_and_not_named_is_forgotten(reviewed: MainWindow, qtbot):
    drag(qtbot, reviewed, 3.5, 4.2)
    qtbot.keyClick(reviewed.review.chooser.search, Qt.Key.Key_Escape)
    assert reviewed.review.review.segments == (WAVE, CLAP)
    assert reviewed.review.review.selection is None
    click(qtbot, reviewed, RECORDING_ROW, 4.5)  # beside all segments: go there
    qtbot.waitUntil(lambda: abs(reviewed.player.shown_s - 4.5) < 0.05, timeout=30_000)


def test_without_a_mouse(reviewed: MainWindow, qtbot):
    review = reviewed.review.review
    key(qtbot, reviewed, Qt.Key.Key_Comma)  # the one before 5 s
    assert review.selected == CLAP
    shows(qtbot, reviewed, 1.6)
    reviewed.player.seek(1.8)
    shows(qtbot, reviewed, 1.8)
    key(qtbot, reviewed, Qt.Key.Key_BracketLeft)
    assert review.selected.start_s == pytest.approx(1.8, abs=1e-3)
    key(qtbot, reviewed, Qt.Key.Key_Delete)
    assert review.segments == (WAVE,)
    key(qtbot, reviewed, Qt.Key.Key_N)
    chooser = reviewed.review.chooser
    qtbot.keyClicks(chooser.search, "wa")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Down)
    qtbot.keyClick(chooser.search, Qt.Key.Key_Up)
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    assert (review.segments[1].start_s, review.segments[1].end_s) == pytest.approx((1.8, 2.8), abs=1e-3)


def test_playing_waits_for_the_edit(reviewed: MainWindow, qtbot):
    sensor = reviewed.session.playable
    sensor.speed = 0.25
    key(qtbot, reviewed, Qt.Key.Key_Space)
    click(qtbot, reviewed, RECORDING_ROW, 2.0)
    assert sensor.paused
    qtbot.mouseClick(reviewed.review.chooser.nothing, Qt.MouseButton.LeftButton)
    assert reviewed.review.review.segments == (WAVE,)
    assert not sensor.paused


@pytest.mark.parametrize(
    ("button", "leaves", "saves"),
    [
        (Button.Cancel, False, False),
        (Button.Discard, True, False),
        (Button.Save, True, True),
    ],
)
def test_corrections_are_not_lost_without_asking(
    reviewed: MainWindow, mine: Path, monkeypatch, qtbot, button, leaves: bool, saves: bool
):
    asked: list[str] = []
    monkeypatch.setattr(Question, "ask", lambda question: asked.append(question.text()) or button)
    key(qtbot, reviewed, Qt.Key.Key_Comma)
    key(qtbot, reviewed, Qt.Key.Key_Delete)
    before = reviewed.session.source
    reviewed.opening.source("demo")
    assert asked == [texts.unsaved("mine.npy")]
    assert (reviewed.session.source is not before) == leaves
    assert (len(load_recording(mine).segments) == 1) == saves
    if not leaves:
        reviewed.close()
        assert len(asked) == 2
        assert reviewed.isVisible()


def test_what_cannot_be_saved_is_offered_as_a_copy(window: MainWindow, take: Recording, tmp_path: Path, monkeypatch, qtbot):
    bare, copy = tmp_path / "bare.npy", tmp_path / "copy.npy"
    np.save(bare, take.positions_m[:, 0])
    window.open_source(recording_source(bare, loop=True))
    qtbot.waitUntil(lambda: window.player.shown_s > 0.1, timeout=30_000)
    key(qtbot, window, Qt.Key.Key_N)
    qtbot.keyClicks(window.review.chooser.search, "my own")
    qtbot.keyClick(window.review.chooser.search, Qt.Key.Key_Return)
    key(qtbot, window, Qt.Key.Key_S, CONTROL)
    assert "not laid out as a recording" in window.space.banner.text
    shot(window, "review-not-saved")
    dialog, before = "skel.app.review_control.QFileDialog.getSaveFileName", bare.read_bytes()
    monkeypatch.setattr(dialog, lambda *_: (str(tmp_path / "bare"), ""))  # which the dialog has not found
    qtbot.mouseClick(window.space.banner.offers[0], Qt.MouseButton.LeftButton)
    assert f"{bare} is there already" in window.space.banner.text
    assert bare.read_bytes() == before
    monkeypatch.setattr(dialog, lambda *_: (str(tmp_path / "copy"), ""))
    qtbot.mouseClick(window.space.banner.offers[0], Qt.MouseButton.LeftButton)
    assert [segment.label for segment in load_recording(copy).segments] == ["my own"]
    qtbot.mouseClick(window.space.banner.offers[0], Qt.MouseButton.LeftButton)
    assert "copy.npy" in window.windowTitle()


def test_a_full_disk_is_said_and_the_corrections_stay(reviewed: MainWindow, mine: Path, monkeypatch, qtbot):
    def full(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    reviewed.review.step(-1)
    reviewed.review.remove()
    with monkeypatch.context() as patch:
        patch.setattr("skel.skeleton.recording.write_text", full)
        key(qtbot, reviewed, Qt.Key.Key_S, CONTROL)
    assert reviewed.space.banner.text == f"Cannot write {mine}: No space left on device"
    assert reviewed.isWindowModified()
    assert load_recording(mine).segments == (WAVE, CLAP)


def test_the_recording_that_comes_with_the_program_stays_as_it_is(window: MainWindow, qtbot):
    before = DEMO_RECORDING.with_suffix(".json").read_bytes()
    window.opening.source("demo")
    key(qtbot, window, Qt.Key.Key_Period)
    key(qtbot, window, Qt.Key.Key_Delete)
    key(qtbot, window, Qt.Key.Key_S, CONTROL)
    assert window.space.banner.text == texts.NO_FILE_OF_YOURS
    assert DEMO_RECORDING.with_suffix(".json").read_bytes() == before


def test_a_live_source_cannot_be_corrected(window: MainWindow, qtbot):
    window.opening.source("synthetic")
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    window.refresh()
    assert not window.space.timeline.tools.isVisible()
    for pressed in (Qt.Key.Key_N, Qt.Key.Key_E, Qt.Key.Key_Delete, Qt.Key.Key_BracketLeft, Qt.Key.Key_Period):
        key(qtbot, window, pressed)
    assert not window.review.chooser.isVisible()
