"""Recording from the window: what a person presses, what is said, and what lies on the disk afterwards."""

import errno
from pathlib import Path

import pytest
from camera_fakes import CameraSensor
from PySide6.QtCore import Qt
from window_driver import key, shot

from skel.app import texts
from skel.app.session import Source
from skel.app.settings import Settings
from skel.app.window import MainWindow
from skel.skeleton.recording import load_recording


@pytest.fixture
def live(window: MainWindow, settings: Settings, tmp_path: Path, qtbot) -> MainWindow:
    """The window with the synthetic actor, ready to record."""
    settings.recordings_folder = tmp_path / "takes"
    window.opening.source("synthetic")
    qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
    window.refresh()
    return window


def record(window: MainWindow, qtbot, frames: int = 15) -> None:
    key(qtbot, window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.pipeline.recording.frames >= frames, timeout=30_000)
    window.refresh()


def test_a_recording_is_made_and_played(live: MainWindow, tmp_path: Path, qtbot):
    button = live.space.header.record.button
    assert button.isEnabled()
    record(live, qtbot)
    assert button.isChecked()
    assert "frames" in button.text()
    shot(live, "recording-dark")
    live.toggle_theme()
    shot(live, "recording-light")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (path,) = (tmp_path / "takes").glob("*.npy")
    assert str(path) in live.space.banner.text
    assert len(load_recording(path)) >= 15
    assert not button.isChecked()
    shot(live, "recorded-light")
    live.toggle_theme()
    shot(live, "recorded-dark")
    qtbot.mouseClick(live.space.banner.offers[0], Qt.MouseButton.LeftButton)
    assert path.name in live.windowTitle()
    assert live.session.playable is not None


def test_what_is_played_cannot_be_recorded(playing: MainWindow, tmp_path: Path, settings: Settings, qtbot):
    settings.recordings_folder = tmp_path / "takes"
    playing.refresh()
    assert not playing.space.header.record.button.isEnabled()
    assert playing.space.header.record.button.toolTip() == texts.RECORD_LIVE_ONLY
    key(qtbot, playing, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert playing.session.recording_to is None
    assert not (tmp_path / "takes").exists()


def test_another_source_ends_the_recording_and_says_where_it_is(live: MainWindow, tmp_path: Path, qtbot):
    record(live, qtbot)
    shown = live.session.pipeline.recording.frames
    qtbot.waitUntil(lambda: live.session.pipeline.recording.frames > shown, timeout=30_000)
    live.opening.source("demo")
    (path,) = (tmp_path / "takes").glob("*.npy")
    assert live.space.banner.text == texts.recording_saved(str(path), len(load_recording(path)))
    assert not live.space.header.record.button.isChecked()


def test_what_could_not_be_finished_is_said_whoever_ended_it(live: MainWindow, tmp_path: Path, monkeypatch, qtbot):
    def full(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("skel.skeleton.recorder.save_recording", full)
    for end in (
        lambda: key(qtbot, live, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier),
        lambda: live.opening.source("demo"),
    ):
        record(live, qtbot)
        end()
        assert "could not be finished (No space left on device)" in live.space.banner.text
        assert str(tmp_path / "takes") in live.space.banner.text


def test_closing_the_window_keeps_the_recording(live: MainWindow, tmp_path: Path, qtbot):
    record(live, qtbot)
    live.close()
    (path,) = (tmp_path / "takes").glob("*.npy")
    assert len(load_recording(path)) >= 15


def test_a_folder_that_cannot_be_used_is_said(live: MainWindow, settings: Settings, tmp_path: Path, qtbot):
    (tmp_path / "file").write_text("in the way")
    settings.recordings_folder = tmp_path / "file"
    key(qtbot, live, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert str(tmp_path / "file") in live.space.banner.text
    assert live.session.recording_to is None


def test_where_and_what_is_recorded_is_chosen_and_remembered(
    live: MainWindow, settings: Settings, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr("skel.app.record_control.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "other"))
    picture, folder = live.space.header.record.options.menu().actions()
    folder.trigger()
    picture.trigger()
    assert settings.recordings_folder == tmp_path / "other"
    assert settings.records_picture
    assert str(tmp_path / "other") in live.space.header.record.options.toolTip()


def test_what_was_said_at_the_start_holds_for_every_recording_until_another_is_chosen(
    window: MainWindow, settings: Settings, tmp_path: Path, monkeypatch, qtbot
):
    pytest.importorskip("cv2")
    settings.recordings_folder = tmp_path / "usual"
    window.open_source(Source("camera", CameraSensor))
    qtbot.waitUntil(lambda: window.space.stage.has_picture, timeout=30_000)
    given = tmp_path / "given"
    window.recorder.start(given, True)  # --record given --record-video
    assert str(given) in window.space.header.record.options.toolTip()
    key(qtbot, window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    for _ in range(2):
        record(window, qtbot, frames=3)
        key(qtbot, window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert len(list(given.glob("*.mkv"))) == len(list(given.glob("*.npy"))) >= 2
    assert (settings.recordings_folder, settings.records_picture) == (tmp_path / "usual", False)  # for the next start
    monkeypatch.setattr("skel.app.record_control.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path / "other"))
    picture, folder = window.space.header.record.options.menu().actions()
    assert picture.isChecked()
    folder.trigger()
    picture.trigger()
    record(window, qtbot, frames=3)
    key(qtbot, window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert {path.suffix for path in (tmp_path / "other").iterdir()} == {".npy", ".json"}


def test_recordings_go_to_the_documents_unless_told_otherwise(settings: Settings):
    assert settings.recordings_folder.name == "Skeletons"
    assert not settings.records_picture
