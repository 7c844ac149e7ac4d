"""The whole screen on displays of every shape: nothing is cut off, and people stay large."""

import pytest
from camera_fakes import CameraSensor
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from window_driver import key, shot, shows

from skel.app import texts
from skel.app.session import Source
from skel.app.window import MainWindow

SIZES = ((640, 480), (768, 1366), (480, 640), (1024, 600), (1280, 800), (1920, 1080), (1080, 1920))
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def on_a_screen_of(window: MainWindow, size: tuple[int, int]) -> None:
    window.exhibit.enter()
    QApplication.processEvents()  # fills the offscreen screen, which has one size only
    window.resize(*size)
    for _ in range(3):
        QApplication.processEvents()
    window.refresh()


def everything_is_in_view(window: MainWindow, size: tuple[int, int]) -> None:
    space = window.space
    assert (window.width(), window.height()) == size
    for part in (space.stage, space.panel, space.panel._action, space.panel._people_card, space.panel._bars):
        if part.isVisible():
            assert window.rect().contains(part.rect().translated(part.mapTo(window, part.rect().topLeft()))), part
    assert not space.stage.geometry().intersects(space.panel.geometry())
    assert space.stage.width() >= 0.5 * size[0]
    assert space.stage.height() >= 0.28 * size[1]


@sizes
def test_two_people_and_what_they_do_fit(playing: MainWindow, qtbot, size):
    playing.session.playable.step(120)
    shows(qtbot, playing, 4.0)
    on_a_screen_of(playing, size)
    everything_is_in_view(playing, size)
    assert len([chip for chip in playing.space.panel._chips._buttons if chip.isVisible()]) == 2
    upright = size[1] > size[0]
    stage, panel = playing.space.stage.geometry(), playing.space.panel.geometry()
    assert panel.top() > stage.bottom() if upright else panel.left() > stage.right()
    shot(playing, f"exhibit-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_picture_with_two_people_fits(window: MainWindow, qtbot, size):
    window.open_source(Source("camera", lambda: CameraSensor(persons=2, seed=3)))
    qtbot.waitUntil(lambda: any(state.top for state in window.display.people), timeout=30_000)
    on_a_screen_of(window, size)
    everything_is_in_view(window, size)
    shot(window, f"exhibit-camera-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_goes_wrong_and_what_to_do_fit(window: MainWindow, size):
    window.space.hint.show()
    window.report(ValueError("something that takes a whole sentence to be explained to whoever stands there"))
    on_a_screen_of(window, size)
    everything_is_in_view(window, size)
    assert not window.space.hint.isVisible()
    banner = window.space.banner
    assert banner.isVisible()
    assert window.rect().contains(banner.rect().translated(banner.mapTo(window, banner.rect().topLeft())))
    assert banner._label.height() >= banner._label.heightForWidth(banner._label.width())
    shot(window, f"exhibit-empty-{size[0]}x{size[1]}")


def test_what_is_written_grows_with_the_screen(playing: MainWindow):
    headings = playing.space.panel.findChildren(QLabel, "heading")
    views = (playing.space.view, playing.space.stage.picture)
    before = [label.fontMetrics().height() for label in headings]
    on_a_screen_of(playing, (1920, 1080))
    assert all(label.fontMetrics().height() > 1.8 * height for label, height in zip(headings, before, strict=True))
    assert [view._scale for view in views] == [playing.space.panel._action._scale] * 2 == [pytest.approx(2.16, abs=0.01)] * 2
    playing.exhibit.leave()
    QApplication.processEvents()
    assert [label.fontMetrics().height() for label in headings] == before
    assert [view._scale for view in views] == [1.0, 1.0]


def test_the_empty_screen_says_how_to_come_to_a_source(window: MainWindow, qtbot):
    key(qtbot, window, Qt.Key.Key_F)
    window.refresh()
    assert window.space.view._message == (texts.NO_SOURCE_TITLE, texts.NO_SOURCE_HINT_BARE)
    key(qtbot, window, Qt.Key.Key_F)
    window.refresh()
    assert window.space.header.isVisible()
    assert window.space.view._message == (texts.NO_SOURCE_TITLE, texts.NO_SOURCE_HINT)


def test_the_window_is_as_before(playing: MainWindow):
    before = playing.minimumSize(), playing.space.panel.width(), playing.space.panel.geometry().left()
    on_a_screen_of(playing, (768, 1366))
    playing.exhibit.leave()
    playing.exhibit.leave()  # without effect
    playing.resize(1280, 800)
    QApplication.processEvents()
    assert (playing.minimumSize(), playing.space.panel.width(), playing.space.panel.geometry().left()) == before
    assert playing.space.header.isVisible()
