"""The countdown stands at the side, whole at every size, and leaves the middle to whoever shows the action."""

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from skel.app.theme import DARK
from skel.app.widgets.countdown import Countdown

HINT = "Nobody was seen: stand so that the whole body is in view"


@pytest.fixture
def below(qtbot) -> QWidget:
    below = QWidget()
    qtbot.addWidget(below)
    below.setStyleSheet("background: #ff00ff")
    return below


def drawn(below: QWidget) -> np.ndarray:
    """(H, W): where anything is drawn over the view."""
    image = below.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[..., :3]
    return (pixels != (255, 0, 255)).any(axis=2)


@pytest.mark.parametrize("size", [(600, 286), (926, 482), (340, 456), (456, 230)])
def test_it_stays_at_the_side(below: QWidget, size):
    countdown = Countdown(DARK, below)
    below.resize(*size)
    below.show()
    countdown.show_state("3", "Star jump · Example 1 of 3", HINT, 0.4, recording=False)
    covered = drawn(below)
    assert covered.any()
    assert not covered[:, round(0.56 * size[0]) :].any()
    assert not covered[[0, -1]].any()  # nothing is cut off
    assert not covered[:, 0].any()


def test_it_follows_the_view_and_hides(below: QWidget):
    countdown = Countdown(DARK, below)
    below.resize(600, 300)
    below.show()
    assert countdown.large == ""
    countdown.show_state("Now!", "Jump", "", 1.0, recording=True)
    below.resize(700, 400)
    assert countdown.geometry() == below.rect()
    assert countdown.large == "Now!"
    countdown.hide()
    assert not drawn(below).any()
