"""The window without a mouse: the Tab key reaches every control in the order of their places, and one sees where it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QLineEdit, QWidget
from window_driver import key, shot, shows

from skel.app import texts, texts_keys
from skel.app.capture import trimmed
from skel.app.settings import Settings
from skel.app.trouble import elsewhere
from skel.app.widgets.taught_list import TaughtRow
from skel.app.window import MainWindow
from skel.sensors.synthetic import perform

CONTROLS = (QAbstractButton, QAbstractSlider, QLineEdit)


def reached(window: MainWindow) -> list[QWidget]:
    """What the Tab key comes to, from the view on until it begins again."""
    window.activateWindow()
    window.space.view.setFocus()
    found: list[QWidget] = []
    while True:
        QTest.keyClick(window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in found:
            return found
        found.append(focused)


def controls(window: MainWindow) -> list[QWidget]:
    found = [widget for kind in CONTROLS for widget in window.findChildren(kind)]
    return [widget for widget in found if widget.isVisible() and widget.isEnabled()]


def states(window: MainWindow) -> Iterator[str]:
    """Put the window into every state that has controls of its own, one after the other."""
    window.space.hint.show()
    window.space.banner.say("something went wrong", *elsewhere(window.opening))
    review, teach = window.review.review, window.space.teach
    assert review is not None
    review.select(review.segments[0])
    review.assign("wave hands")
    window.review.undo()
    review.select(review.segments[1])
    review.assign("wave hands")
    window.refresh()
    yield "corrected"
    window.teacher.toggle()
    teach.actions_taught.show_rows([TaughtRow("bow", ("3 examples",)), TaughtRow("kick", ("5 examples",))])
    teach.actions_taught.set_busy(False)
    yield "taught"
    window.opening.source("synthetic")
    window.teacher.teach()
    recording = perform(seed=3, duration_s=6.0, script=("squat",))
    window.teacher.teaching.takes = [trimmed(recording)] * 2
    window.refresh()
    window.space.banner.say("something went wrong", *elsewhere(window.opening))
    yield "teaching"


@pytest.fixture
def quiet(playing: MainWindow, monkeypatch) -> MainWindow:
    """The window, whose list of taught actions shows what the test says, and which asks nothing."""
    monkeypatch.setattr(playing.teacher.actions, "learn", lambda: None)
    monkeypatch.setattr(playing.teacher.actions, "refresh", lambda: None)
    monkeypatch.setattr(playing.review, "may_leave", lambda: True)
    return playing


def test_every_control_is_reached_in_the_order_of_their_places(quiet: MainWindow):
    space = quiet.space
    for state in states(quiet):
        order = reached(quiet)
        assert {widget.accessibleName() for widget in controls(quiet) if widget not in order} == set(), state
        assert [widget for widget in order if space.banner.isAncestorOf(widget)][:-1] == space.banner.offers
        for part in (space.header, space.banner, space.timeline, space.transport, space.teach):
            inside = [widget for widget in order if part.isAncestorOf(widget)]
            lines = [(y // 24, x) for x, y in (widget.mapTo(part, QPoint(0, 0)).toTuple() for widget in inside)]
            assert lines == sorted(lines), (state, [widget.accessibleName() for widget in inside])


def test_the_focus_is_seen_on_every_control(quiet: MainWindow):
    for state in states(quiet):
        for widget in reached(quiet):
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            focused = widget.grab().toImage()
            quiet.space.view.setFocus()
            assert focused != widget.grab().toImage(), (state, widget.accessibleName())
    quiet.space.teach.form.done.setFocus(Qt.FocusReason.TabFocusReason)
    shot(quiet, "focus")


def test_the_view_is_turned_and_zoomed(playing: MainWindow, qtbot):
    view = playing.space.view
    before, shown_s = view.camera, playing.player.shown_s
    for arrow in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        key(qtbot, playing, arrow, Qt.KeyboardModifier.ControlModifier)
    assert view.camera == before.orbited(40, 40)
    shot(playing, "turned-by-key")
    for arrow in (Qt.Key.Key_Left, Qt.Key.Key_Up):
        key(qtbot, playing, arrow, Qt.KeyboardModifier.ControlModifier)
    assert (view.camera.yaw_rad, view.camera.pitch_rad) == pytest.approx((before.yaw_rad, before.pitch_rad))
    key(qtbot, playing, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view.camera.distance_m < before.distance_m
    key(qtbot, playing, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert view.camera.distance_m == pytest.approx(before.distance_m)
    key(qtbot, playing, Qt.Key.Key_R)
    assert view.camera == before
    assert (playing.player.shown_s, playing.player.state().speed) == (shown_s, 1.0)  # the arrows' and +'s own part


def test_the_seek_slider_goes_further_than_the_arrow_keys(playing: MainWindow, qtbot):
    slider = playing.space.transport._slider
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    shows(qtbot, playing, 5.0)
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    shows(qtbot, playing, 0.0)
    qtbot.keyClick(slider, Qt.Key.Key_Right)  # the window's: one frame on
    shows(qtbot, playing, 1 / 30)


def hold(window: MainWindow, held: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key and let it go after it has repeated five times."""
    QTest.keyPress(window, held, modifier)
    for _ in range(5):
        QTest.simulateEvent(window, True, held.value, modifier, "", True, -1)
    QTest.keyRelease(window, held, modifier)


def test_a_held_key_switches_once(playing: MainWindow, settings: Settings, tmp_path: Path, monkeypatch, qtbot):
    settings.recordings_folder = tmp_path / "takes"
    playable, mirrored, theme = playing.session.playable, settings.mirrored, playing.theme
    loops = playable.loop
    for held in (Qt.Key.Key_Space, Qt.Key.Key_L, Qt.Key.Key_M, Qt.Key.Key_D, Qt.Key.Key_T, Qt.Key.Key_F):
        hold(playing, held)
    assert (playable.paused, playable.loop, settings.mirrored) == (False, not loops, not mirrored)
    assert playing.theme is not theme
    assert playing.space.teach.isVisible()
    assert playing.isFullScreen()
    hold(playing, Qt.Key.Key_F)
    playing.toggle_theme()
    started: list[Path] = []
    start = playing.session.start_recording
    monkeypatch.setattr(playing.session, "start_recording", lambda *given: started.append(given[0]) or start(*given))
    playing.opening.source("synthetic")
    qtbot.waitUntil(lambda: playing.space.view.frame is not None, timeout=30_000)
    playing.refresh()
    hold(playing, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert len(started) == 1
    assert playing.session.recording_to is not None


def test_a_held_key_goes_on_where_more_is_more(playing: MainWindow, qtbot):
    before, control = playing.space.view.camera, Qt.KeyboardModifier.ControlModifier
    hold(playing, Qt.Key.Key_Right)
    shows(qtbot, playing, 6 / 30)
    hold(playing, Qt.Key.Key_Plus, control)
    assert playing.space.view.camera.distance_m == pytest.approx(before.distance_m * 0.9**6)
    playing.space.view.reset_view()
    hold(playing, Qt.Key.Key_Right, control)
    assert playing.space.view.camera.yaw_rad == pytest.approx(before.orbited(6 * 40, 0).yaw_rad)
    review = playing.review.review
    count = len(review.segments)
    for segment in review.segments[:3]:
        review.select(segment)
        review.assign(None)
    hold(playing, Qt.Key.Key_Z, control)
    assert len(review.segments) == count


def test_only_what_goes_on_repeats(window: MainWindow):
    repeats = {shortcut.text for shortcut in window.shortcuts if shortcut.repeats}
    assert repeats == {
        *(texts.STEP_BACK, texts.STEP_FORWARD, texts_keys.SECOND_BACK, texts_keys.SECOND_FORWARD),
        *(texts_keys.FASTER, texts_keys.SLOWER, texts_keys.NEXT_SEGMENT, texts_keys.SEGMENT_BEFORE),
        *(texts_keys.UNDO_CORRECTION, texts_keys.REDO_CORRECTION),
        *(texts_keys.TURN_VIEW, texts_keys.NEARER, texts_keys.FARTHER),
    }
