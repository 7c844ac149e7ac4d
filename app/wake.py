"""From the pipeline's threads to the GUI thread: at most one event under way, however fast the frames come."""

import threading
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal


class Wake(QObject):
    """Calls `slot` on the GUI thread after it was itself called on any thread.

    Calls made before the slot has begun count as one, so a slow screen builds no backlog; and the slot runs at most
    `most_per_s` times a second, since no screen shows more.
    """

    _called = Signal()

    def __init__(self, slot: Callable[[], None], parent: QObject, most_per_s: float = 60.0) -> None:
        super().__init__(parent)
        self._slot = slot
        self._interval_s = 1.0 / most_per_s
        self._last_s = 0.0
        self._under_way = threading.Lock()  # held from the call to the beginning of the slot
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._run)
        self._called.connect(self._on_called, Qt.ConnectionType.QueuedConnection)

    def __call__(self) -> None:
        """Ask for the slot to be run; returns at once."""
        if self._under_way.acquire(blocking=False):
            self._called.emit()

    def _on_called(self) -> None:
        rest_s = self._last_s + self._interval_s - time.monotonic()
        if rest_s > 0.001:
            self._timer.start(round(1e3 * rest_s))
        else:
            self._run()

    def _run(self) -> None:
        self._last_s = time.monotonic()
        self._under_way.release()  # first, or what comes while the slot runs would be missed
        self._slot()
