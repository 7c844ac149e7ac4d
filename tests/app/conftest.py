"""Lets the tests of this folder import what they share; the real window, with the real model and a real replay."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget

from skel.app.session import Source, recording_source
from skel.app.settings import Settings
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import perform
from skel.skeleton.recording import Recording, save_recording

sys.path.insert(0, str(Path(__file__).parent))

from window_driver import shows  # found through the line above


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
    settings.hint_seen = True
    settings.taught_folder = tmp_path / "taught"
    return settings


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """What a test has started ends with it, on a slow machine later; what a failed one has left is not the next one's."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.name.startswith("skel-")]
    for thread in left:
        thread.join(30.0 / len(left))
    assert not [thread.name for thread in left if thread.is_alive()]


def windows() -> set[QWidget]:
    return {widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)}


@pytest.fixture
def window(qtbot, model: OnnxModel, settings: Settings) -> Iterator[MainWindow]:
    before = windows()
    window = MainWindow(model, settings)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.end()  # closing might ask, and nobody would answer
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert windows() <= before


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
