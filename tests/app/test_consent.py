"""A sensor's question is asked in the window; nobody is left waiting for the answer."""

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from skel.app import texts
from skel.app.session import Source
from skel.app.window import MainWindow
from skel.sensors.base import SensorError
from skel.sensors.synthetic import SyntheticSensor

QUESTION = "MediaPipe's pose model (5.8 MB) is needed once. Download it?"


class Asking(SyntheticSensor):
    """Opens if the answer is yes."""

    def __init__(self, confirm: Callable[[str], bool]) -> None:
        super().__init__()
        self._confirm = confirm
        self.answers: list[bool] = []
        self.downloaded = threading.Event()

    def open(self) -> None:
        self.answers.append(self._confirm(QUESTION))
        if not self.answers[-1]:
            raise SensorError("no pose model yet: put it somewhere")
        assert self.downloaded.wait(30)
        super().open()


@pytest.fixture
def asking(window: MainWindow, qtbot) -> Asking:
    """A sensor whose question is on the screen."""
    sensor = Asking(window.consent)
    window.open_source(Source("webcam", lambda: sensor))
    qtbot.waitUntil(lambda: window.consent.box is not None, timeout=30_000)
    assert window.consent.box.text() == QUESTION
    return sensor


@pytest.mark.parametrize("wanted", [True, False])
def test_the_users_answer_reaches_the_sensor(window: MainWindow, asking: Asking, qtbot, wanted: bool):
    button = QMessageBox.StandardButton.Yes if wanted else QMessageBox.StandardButton.No
    qtbot.mouseClick(window.consent.box.button(button), Qt.MouseButton.LeftButton)
    if wanted:
        assert window.space.banner.text == texts.DOWNLOADING
        asking.downloaded.set()
        qtbot.waitUntil(lambda: window.space.view.frame is not None, timeout=30_000)
        window.refresh()
        assert window.space.banner.text == ""
    else:
        qtbot.waitUntil(lambda: "put it somewhere" in window.space.banner.text, timeout=30_000)
    assert asking.answers == [wanted]
    assert window.consent.box is None


def test_escape_is_no(window: MainWindow, asking: Asking, qtbot):
    qtbot.keyClick(window.consent.box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: asking.answers == [False], timeout=30_000)


def test_another_source_and_closing_answer_no(window: MainWindow, asking: Asking, qtbot):
    window.opening.source("synthetic")
    qtbot.waitUntil(lambda: asking.answers == [False], timeout=30_000)
    assert window.consent.box is None
    window.open_source(Source("webcam", lambda: asking))
    qtbot.waitUntil(lambda: window.consent.box is not None, timeout=30_000)
    window.close()
    qtbot.waitUntil(lambda: asking.answers == [False, False], timeout=30_000)
    answers = []
    late = threading.Thread(target=lambda: answers.append(window.consent("once more?")), daemon=True)
    late.start()
    late.join(timeout=30)
    assert answers == [False]
