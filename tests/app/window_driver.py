"""What a person does to the window, for its tests.

With SKEL_SCREENSHOTS=FOLDER set, pictures of the states are left there to be looked at.
"""

import os
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from skel.app.window import MainWindow

SIZES = ((1024, 640), (1280, 800), (1920, 1080))


def shows(qtbot, window: MainWindow, position_s: float) -> None:
    """Wait until the frame at that place is on the screen."""
    view = window.space.view
    qtbot.waitUntil(
        lambda: view.frame is not None and abs(window.player.shown_s - position_s) < 0.02 and not view._is_new,
        timeout=60_000,
    )


def key(qtbot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(window, key, modifier)


def answer(button: str, name: str = "", tries: int = 3000) -> None:
    """Press the button with these words in the next question that opens; a picture of it is left under that name."""

    def look(left: int) -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox) or not box.isVisible():
            if left:
                QTimer.singleShot(10, lambda: look(left - 1))
            return
        if name:
            shot(box, name)
        (asked,) = [one for one in box.buttons() if one.text().replace("&", "") == button]
        asked.click()

    QTimer.singleShot(0, lambda: look(tries))


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, buttons, modifiers))


def shot(window: QWidget, name: str) -> None:
    folder = os.environ.get("SKEL_SCREENSHOTS")
    if folder:
        for _ in range(3):
            QApplication.processEvents()  # the layout follows what has just been shown, from the inside to the outside
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
