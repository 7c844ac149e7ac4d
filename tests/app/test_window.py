"""What a person does in the window: open, play, seek, drop files, choose people; and what goes wrong is said there."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from window_driver import drop, key, shot, shows

from skel.app import texts
from skel.app.pipeline import State
from skel.app.session import Source
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL
from skel.sensors.base import SensorError, SensorLost
from skel.sensors.synthetic import SyntheticSensor
from skel.skeleton.recording import Recording


def test_the_demo_plays_and_is_recognised(window: MainWindow, qtbot):
    window.opening.source("demo")
    assert texts.DEMO_RECORDING in window.space.header.text
    qtbot.waitUntil(lambda: any(state.top for state in window.display.people), timeout=30_000)
    assert window.space.transport.isVisible()
    assert len(window.latency.meter.painted_ms) > 0
    assert min(window.latency.meter.painted_ms) > 0
    qtbot.waitUntil(lambda: "fps" in window.space.status.text and "sensor –" not in window.space.status.text, timeout=30_000)


def test_frame_and_prediction_belong_together(playing: MainWindow, qtbot):
    playing.session.playable.step(60)
    shows(qtbot, playing, 2.0)
    (first, second) = playing.display.people
    assert (first.number, second.number) == (1, 2)
    assert len(first.top) == 5
    tags = playing.space.view._tags
    assert [tags[state.body].text for state in (first, second)] == [first.headline, second.headline]
    assert playing.space.panel.headline == first.headline


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
    qtbot.waitUntil(lambda: abs(playing.player.shown_s - 3.0) < 0.2, timeout=30_000)
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


def test_the_end_stays_on_the_screen(playing: MainWindow, qtbot):
    sensor = playing.session.playable
    sensor.loop = False
    playing.player.seek(5.5)
    sensor.paused = False
    qtbot.waitUntil(lambda: playing.session.pipeline.stats().state == State.ENDED, timeout=30_000)
    shows(qtbot, playing, 6.0 - 1 / 30)
    playing.refresh()
    assert playing.space.transport._play.accessibleName() == texts.PLAY
    assert "ended" in playing.space.status.text


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
    playing.opening.model(DEFAULT_MODEL)
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
        ("notes.txt", b"hello", "neither a recording (.npy), a video"),
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


def test_a_sensor_that_goes_away_is_looked_for_and_comes_back(window: MainWindow, qtbot):
    plugged = threading.Event()
    plugged.set()

    class Camera(SyntheticSensor):
        def open(self) -> None:
            if not plugged.is_set():
                raise SensorError("no camera 0: connect it")
            super().open()

        def read(self, timeout_s: float = 1.0):
            if not plugged.is_set():
                raise SensorLost("the cable was pulled")
            return super().read(timeout_s)

    window.open_source(Source("camera", Camera))
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    plugged.clear()
    qtbot.waitUntil(lambda: "the cable was pulled" in window.space.banner.text, timeout=30_000)
    window.refresh()
    assert window.space.view._message[0] == texts.RECONNECTING_TITLE
    assert window.display.people == []  # nobody is watched
    shot(window, "reconnecting")
    window.space.banner.hide()
    window.refresh()
    assert window.space.banner.text == ""  # dismissed is dismissed
    plugged.set()
    qtbot.waitUntil(lambda: window.session.pipeline.stats().state == State.RUNNING, timeout=30_000)


def test_the_banner_goes_when_the_sensor_is_back(window: MainWindow, qtbot):
    losses = iter([True])

    class Shaky(SyntheticSensor):
        def read(self, timeout_s: float = 1.0):
            if next(losses, False):
                raise SensorLost("a loose contact")
            return super().read(timeout_s)

    window.open_source(Source("camera", Shaky))
    qtbot.waitUntil(lambda: "a loose contact" in window.space.banner.text, timeout=30_000)
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    window.refresh()
    assert window.space.banner.text == ""


def test_a_source_that_cannot_be_opened_offers_others(window: MainWindow, qtbot):
    class Missing(SyntheticSensor):
        def open(self) -> None:
            raise SensorError("no sensor found. kinect: none is connected; webcam: camera 0 cannot be opened, is it in use?")

    window.open_source(Source("auto", Missing))
    qtbot.waitUntil(lambda: "none is connected" in window.space.banner.text, timeout=30_000)
    window.refresh()
    assert window.space.view._message == (texts.NOT_OPENED_TITLE, texts.NOT_OPENED_HINT)
    assert [button.text() for button in window.space.banner.offers] == [texts.OPEN_RECORDING, texts.PLAY_DEMO]
    shot(window, "failed-auto-dark")
    window.toggle_theme()
    shot(window, "failed-auto-light")
    qtbot.mouseClick(window.space.banner.offers[1], Qt.MouseButton.LeftButton)
    assert window.space.banner.text == ""
    assert texts.DEMO_RECORDING in window.space.header.text


def test_an_exception_in_a_slot_is_said_in_the_window(window: MainWindow):
    window.report(ZeroDivisionError("division by zero"))
    assert window.space.banner.text == f"{texts.OUR_FAULT}: ZeroDivisionError: division by zero"


def test_live_source(window: MainWindow, qtbot):
    window.opening.source("synthetic")
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


def test_files_are_chosen_in_a_dialog(window: MainWindow, path: Path, monkeypatch, qtbot):
    asked: list[tuple] = []

    def choose(answer: Path) -> Callable[..., tuple[str, str]]:
        return lambda *options: asked.append(options) or (str(answer), "")

    monkeypatch.setattr("skel.app.opening.QFileDialog.getOpenFileName", choose(path))
    key(qtbot, window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert "take.npy" in window.space.header.text
    monkeypatch.setattr("skel.app.opening.QFileDialog.getOpenFileName", choose(DEFAULT_MODEL))
    key(qtbot, window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert asked[1][2] == str(path.parent)  # the dialog begins where the last file was


def test_closing_is_quick_and_can_be_repeated(playing: MainWindow):
    playing.session.playable.paused = False
    assert playing.close()
    assert playing.session.pipeline is None
    assert playing.close()
