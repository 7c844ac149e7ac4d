"""The whole screen for people and what they do: for exhibits, and for whoever sits far away."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

from skel.app.widgets.workspace import Workspace

_LEAST_SIZE = QSize(480, 360)  # of a screen: whatever is smaller cuts the window off


class Exhibit:
    """Enters and leaves the full screen; keys go on working there, and what goes wrong is still said."""

    def __init__(self, window: QWidget, space: Workspace) -> None:
        self._window, self._space = window, space
        self._least_size = window.minimumSize()  # of the window

    def toggle(self) -> None:
        """The whole screen, or the window as it was."""
        if self._window.isFullScreen():
            self.leave()
        else:
            self.enter()

    def enter(self) -> None:
        """Fill the screen."""
        self._window.setMinimumSize(_LEAST_SIZE)
        self._space.set_bare(True)
        self._window.setWindowState(self._window.windowState() | Qt.WindowState.WindowFullScreen)

    def leave(self) -> None:
        """Be a window again, maximised if it was; without effect in a window."""
        self._space.set_bare(False)
        self._window.setMinimumSize(self._least_size)
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowFullScreen)
