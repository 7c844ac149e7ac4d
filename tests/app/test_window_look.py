"""How the window looks at several sizes and in both themes, its keys, and what it remembers."""

from itertools import combinations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from window_driver import at_the_sizes, key, shot, shows

from skel.app import texts, texts_keys
from skel.app.settings import Settings
from skel.app.shortcuts import for_help
from skel.app.theme import DARK, LIGHT
from skel.app.widgets.status_line import Figures
from skel.app.window import MainWindow
from skel.models.runtime import OnnxModel


def test_empty_window_says_what_to_do(window: MainWindow):
    assert window.space.view._message == (texts.NO_SOURCE_TITLE, texts.NO_SOURCE_HINT)
    assert not window.space.transport.isVisible()
    assert "CPU" in window.space.status.text
    at_the_sizes(window, "empty")


def test_two_people_look_right_at_every_size(playing: MainWindow, qtbot):
    playing.session.playable.step(120)
    shows(qtbot, playing, 4.0)
    at_the_sizes(playing, "playing")


def test_theme_mirror_and_place_are_remembered(window: MainWindow, settings: Settings, model: OnnxModel, qtbot):
    key(qtbot, window, Qt.Key.Key_D)
    key(qtbot, window, Qt.Key.Key_M)
    assert window.theme is LIGHT
    assert window.space.view.camera.mirrored
    window.resize(1100, 700)
    window.close()
    again = MainWindow(model, settings)
    qtbot.addWidget(again)
    assert again.theme is LIGHT
    assert again.space.view.camera.mirrored
    assert again.height() == 700  # the width is cut to that of the offscreen screen
    again.close()


def test_without_a_choice_the_theme_is_the_desktops(window: MainWindow, settings: Settings, monkeypatch):
    monkeypatch.setattr("skel.app.window.system_theme", lambda: LIGHT)
    window.toggle_theme()
    assert settings.theme == ""
    monkeypatch.setattr("skel.app.window.system_theme", lambda: DARK)
    QApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert window.theme is DARK


def test_help_lists_every_shortcut_once(window: MainWindow, qtbot):
    key(qtbot, window, Qt.Key.Key_Question)
    dialog = window._help
    assert dialog.isVisible()
    said = [label.text() for label in dialog.findChildren(QLabel)]
    assert {text for row in for_help(window.shortcuts) for text in row} <= set(said)
    assert said.count("1 – 9") == 1
    registered = {sequence.toString() for action in window.actions() for sequence in action.shortcuts()}
    listed = {k for shortcut in window.shortcuts for k in shortcut.keys}
    assert len(registered) == len(listed) == sum(len(shortcut.keys) for shortcut in window.shortcuts)
    shot(dialog, "help")
    dialog.close()


def test_every_shortcut_can_be_pressed(playing: MainWindow, monkeypatch):
    monkeypatch.setattr("skel.app.opening.QFileDialog.getOpenFileName", lambda *_: ("", ""))
    for action in playing.actions():
        if action.text() != texts_keys.QUIT:
            action.trigger()
    playing._help.close()
    playing.showNormal()


def test_space_presses_the_button_that_has_the_focus(playing: MainWindow, qtbot):
    playing.space.transport._forward.setFocus()
    key(qtbot, playing, Qt.Key.Key_Space)
    shows(qtbot, playing, 1 / 30)
    assert playing.session.playable.paused


def test_long_names_and_a_recording_leave_the_header_in_the_window(window: MainWindow):
    header = window.space.header
    header.show_source("a very long name of a recording, one that nobody could read.npy")
    header.show_model("a very long name of a model, one that nobody could read.onnx", "card")
    header.record.show_recording(5999.0, 99_999)
    window.space.status.show_figures(
        Figures("reconnecting", 29.9, 19.9, 199, 999, "NVIDIA GPU", "MediaPipe full, metric depth", "assumed: a lot")
    )
    window.resize(window.minimumSize())
    for _ in range(3):
        QApplication.processEvents()
    assert window.size() == window.minimumSize()
    assert window.minimumSizeHint().width() <= window.minimumWidth()
    shot(window, "narrow")
    buttons = [QRect(b.mapTo(header, QPoint(0, 0)), b.size()) for b in header.findChildren(QToolButton)]
    assert not [(one, other) for one, other in combinations(buttons, 2) if one.intersects(other)]
    figures = [part for part in window.space.status.findChildren(QLabel) if any(c.isdigit() for c in part.text())]
    assert len(figures) == 4
    assert all(part.width() >= part.sizeHint().width() for part in figures)
