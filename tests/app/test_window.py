"""The real window with the real model and a real replay: what a person would do with it.

With SKEL_SCREENSHOTS=FOLDER set, pictures of the states are left there to be looked at.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

from skel.app import texts
from skel.app.pipeline import State
from skel.app.session import Source, recording_source
from skel.app.settings import Settings
from skel.app.shortcuts import for_help
from skel.app.theme import DARK, LIGHT
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.base import SensorLost
from skel.sensors.synthetic import SyntheticSensor, perform
from skel.skeleton.recording import Recording, save_recording

SIZES = ((1024, 640), (1280, 800), (1920, 1080))


@pytest.fixture(scope="module")
def take() -> Recording:
    return perform(seed=4, duration_s=6.0, persons=2)


@pytest.fixture(scope="module")
def path(take: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "take.npy"
    save_recording(path, take)
    return path


@pytest.fixture(scope="module")
def model() -> OnnxModel:
    return OnnxModel(DEFAULT_MODEL, "cpu")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    settings.theme = "dark"
    settings.folder = str(tmp_path)
    return settings


@pytest.fixture
def window(qtbot, model: OnnxModel, settings: Settings):
    window = MainWindow(model, settings)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("skel-")]
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]


@pytest.fixture
def playing(window: MainWindow, path: Path, qtbot) -> MainWindow:
    """The window with the recording, paused at its first frame."""
    source = recording_source(path, loop=True)

    def paused():
        sensor = source.make()
        sensor.paused = True
        return sensor

    window.open_source(Source(source.title, paused))
    window.session.playable.step(1)
    shows(qtbot, window, 0.0)
    return window


def shows(qtbot, window: MainWindow, position_s: float) -> None:
    """Wait until the frame at that place is on the screen."""
    view = window.space.view
    qtbot.waitUntil(
        lambda: view.frame is not None and abs(window.player.shown_s - position_s) < 0.02 and not view._is_new,
        timeout=30_000,
    )


def key(qtbot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(window, key, modifier)


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, buttons, modifiers))


def shot(window: MainWindow, name: str) -> None:
    folder = os.environ.get("SKEL_SCREENSHOTS")
    if folder:
        QApplication.processEvents()  # the layout follows what has just been shown
        Path(folder).mkdir(parents=True, exist_ok=True)
        window.grab().save(str(Path(folder) / f"{name}.png"))


def at_the_sizes(window: MainWindow, name: str) -> None:
    """In both themes and all sizes: nothing grows the window or leaves it."""
    for theme in ("dark", "light"):
        if window.theme.name != theme:
            window.toggle_theme()
        for size in SIZES:
            window.resize(*size)
            QApplication.processEvents()
            window.refresh()
            assert (window.width(), window.height()) == size
            assert window.minimumSizeHint().height() <= SIZES[0][1]
            shot(window, f"{name}-{theme}-{size[0]}")


def test_empty_window_says_what_to_do(window: MainWindow):
    assert window.space.view._message == (texts.NO_SOURCE_TITLE, texts.NO_SOURCE_HINT)
    assert not window.space.transport.isVisible()
    assert "CPU" in window.space.status.text
    at_the_sizes(window, "empty")


def test_the_demo_plays_and_is_recognised(window: MainWindow, qtbot):
    window.choose_source("demo")
    assert texts.DEMO_RECORDING in window.space.header.text
    qtbot.waitUntil(lambda: any(state.top for state in window.display.people), timeout=30_000)
    assert window.space.transport.isVisible()
    assert len(window.painted_latency_ms) > 0
    assert min(window.painted_latency_ms) > 0
    qtbot.waitUntil(lambda: "fps" in window.space.status.text and "sensor –" not in window.space.status.text)


def test_frame_and_prediction_belong_together(playing: MainWindow, qtbot):
    playing.session.playable.step(60)
    shows(qtbot, playing, 2.0)
    (first, second) = playing.display.people
    assert (first.number, second.number) == (1, 2)
    assert len(first.top) == 5
    tags = playing.space.view._tags
    assert [tags[state.body].text for state in (first, second)] == [first.headline, second.headline]
    assert playing.space.panel.headline == first.headline


def test_two_people_look_right_at_every_size(playing: MainWindow, qtbot):
    playing.session.playable.step(120)
    shows(qtbot, playing, 4.0)
    at_the_sizes(playing, "playing")


def test_play_and_pause(playing: MainWindow, qtbot):
    sensor = playing.session.playable
    key(qtbot, playing, Qt.Key.Key_Space)
    assert not sensor.paused
    qtbot.waitUntil(lambda: playing.player.shown_s > 0.3, timeout=30_000)
    key(qtbot, playing, Qt.Key.Key_Space)
    assert sensor.paused
    qtbot.mouseClick(playing.space.transport._play, Qt.MouseButton.LeftButton)
    assert not sensor.paused


def test_step_and_seek_with_keys(playing: MainWindow, qtbot):
    key(qtbot, playing, Qt.Key.Key_Right)
    shows(qtbot, playing, 1 / 30)
    key(qtbot, playing, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    shows(qtbot, playing, 1 + 1 / 30)
    key(qtbot, playing, Qt.Key.Key_Left)
    shows(qtbot, playing, 1.0)
    key(qtbot, playing, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    shows(qtbot, playing, 0.0)


def test_seek_with_the_slider_and_the_timeline(playing: MainWindow, qtbot):
    slider = playing.space.transport._slider
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    qtbot.waitUntil(lambda: abs(playing.player.shown_s - 3.0) < 0.2)
    lanes = playing.space.timeline.lanes
    x = next(x for x in range(lanes.width()) if lanes.time_at(x) >= 4.5)
    qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=QPoint(x, 8))
    shows(qtbot, playing, 4.5)
    assert "0:04.5" in playing.space.transport._clock.text()


def test_speed_and_loop(playing: MainWindow, qtbot):
    key(qtbot, playing, Qt.Key.Key_Plus)
    assert playing.session.playable.speed == 2.0
    assert playing.space.transport._speed.text() == "2×"
    key(qtbot, playing, Qt.Key.Key_Minus)
    key(qtbot, playing, Qt.Key.Key_Minus)
    assert playing.session.playable.speed == 0.5
    key(qtbot, playing, Qt.Key.Key_L)
    assert not playing.session.sensor.loop
    assert not playing.space.transport._loop.isChecked()


def test_the_end_stays_on_the_screen(window: MainWindow, path: Path, qtbot):
    window.open_source(recording_source(path))
    window.session.playable.speed = float("inf")
    qtbot.waitUntil(lambda: window.session.pipeline.stats().state == State.ENDED, timeout=30_000)
    shows(qtbot, window, 6.0 - 1 / 30)
    window.refresh()
    assert window.space.transport._play.accessibleName() == texts.PLAY
    assert "ended" in window.space.status.text


def test_dropped_recording_is_played(window: MainWindow, path: Path, qtbot):
    drop(window, path)
    assert "take.npy" in window.space.header.text
    assert "take.npy" in window.windowTitle()
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    assert window._settings.folder == str(path.parent)


def test_dropped_model_replaces_the_model(playing: MainWindow, tmp_path: Path, qtbot):
    other = tmp_path / "mine.onnx"
    other.write_bytes(DEFAULT_MODEL.read_bytes())
    drop(playing, other)
    assert "mine.onnx" in playing.space.header.text
    assert playing.session.model.path == other
    playing.open_model(DEFAULT_MODEL)
    assert texts.BUILT_IN_MODEL in playing.space.header.text


def test_a_bare_recording_says_what_was_assumed(window: MainWindow, take: Recording, tmp_path: Path):
    np.save(tmp_path / "bare.npy", take.positions_m)
    drop(window, tmp_path / "bare.npy")
    assert "NTU25, 30 frames a second" in window.space.status.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("broken.npy", b"\x93NUMPY", "is cut short or damaged"),
        ("broken.onnx", b"nothing", "cannot be loaded"),
        ("notes.txt", b"hello", "neither a recording (.npy) nor a model (.onnx)"),
    ],
)
def test_a_wrong_file_is_said_in_the_window(playing: MainWindow, tmp_path: Path, name: str, content: bytes, said: str):
    (tmp_path / name).write_bytes(content)
    source, model = playing.session.source, playing.session.model
    drop(playing, tmp_path / name)
    assert said in playing.space.banner.text
    assert playing.space.banner.isVisible()
    assert (playing.session.source, playing.session.model) == (source, model)  # what was in use goes on
    shot(playing, f"banner-{name}")


def test_a_sensor_that_goes_away_is_said_in_the_window(window: MainWindow, qtbot):
    class Unplugged(SyntheticSensor):
        def read(self, timeout_s: float = 1.0):
            raise SensorLost("the cable was pulled")

    window.open_source(Source("camera", Unplugged))
    qtbot.waitUntil(lambda: "the cable was pulled" in window.space.banner.text)
    window.space.banner.hide()
    window.refresh()
    assert window.space.banner.text == ""  # told once
    assert window.space.view._message[0] == texts.FAILED_TITLE
    shot(window, "lost")


def test_an_exception_in_a_slot_is_said_in_the_window(window: MainWindow):
    window.report(ZeroDivisionError("division by zero"))
    assert window.space.banner.text == f"{texts.OUR_FAULT}: ZeroDivisionError: division by zero"


def test_live_source(window: MainWindow, qtbot):
    window.choose_source("synthetic")
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    assert not window.space.transport.isVisible()
    key(qtbot, window, Qt.Key.Key_Space)  # without effect
    window.refresh()
    shot(window, "live")


def test_people_are_selected_by_key_chip_and_click(playing: MainWindow, qtbot):
    first, second = (state.body for state in playing.display.people)
    assert playing.display.selected == first
    key(qtbot, playing, Qt.Key.Key_2)
    assert playing.display.selected == second
    key(qtbot, playing, Qt.Key.Key_9)  # nobody has that number
    assert playing.display.selected == second
    playing.space.panel.person_chosen.emit(first)
    assert playing.display.selected == first
    view = playing.space.view
    row = list(view.frame.body_ids).index(second)
    x, y = view.camera.project(view.frame.positions_m[row, 1], view.width(), view.height())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert playing.display.selected == second


def test_theme_mirror_and_place_are_remembered(window: MainWindow, settings: Settings, model: OnnxModel, qtbot):
    key(qtbot, window, Qt.Key.Key_T)
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
    monkeypatch.setattr("skel.app.window.QFileDialog.getOpenFileName", lambda *_: ("", ""))
    for action in playing.actions():
        if action.text() != texts.QUIT:
            action.trigger()
    playing._help.close()
    playing.showNormal()


def test_files_are_chosen_in_a_dialog(window: MainWindow, path: Path, monkeypatch, qtbot):
    asked: list[tuple] = []

    def choose(answer: Path) -> Callable[..., tuple[str, str]]:
        return lambda *options: asked.append(options) or (str(answer), "")

    monkeypatch.setattr("skel.app.window.QFileDialog.getOpenFileName", choose(path))
    key(qtbot, window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert "take.npy" in window.space.header.text
    monkeypatch.setattr("skel.app.window.QFileDialog.getOpenFileName", choose(DEFAULT_MODEL))
    key(qtbot, window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert asked[1][2] == str(path.parent)  # the dialog begins where the last file was


def test_space_presses_the_button_that_has_the_focus(playing: MainWindow, qtbot):
    playing.space.transport._forward.setFocus()
    key(qtbot, playing, Qt.Key.Key_Space)
    shows(qtbot, playing, 1 / 30)
    assert playing.session.playable.paused


def test_closing_is_quick_and_can_be_repeated(playing: MainWindow):
    playing.session.playable.paused = False
    assert playing.close()
    assert playing.session.pipeline is None
    assert playing.close()
