"""Work of up to a second beside the GUI thread, whose result comes back to it."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from skel.skeleton.errors import UserError

_CLOSE_S = 1.0


class Learner(QObject):
    """One job at a time; a job that is asked for meanwhile begins when the one before it has ended, the last one only.

    Args:
        parent: what it belongs to.
        refuse: is told, on the GUI thread, why a job could not be done.
    """

    _ended = Signal(object)  # what is to be done on the GUI thread

    def __init__(self, parent: QObject, refuse: Callable[[str], None]) -> None:
        super().__init__(parent)
        self._refuse = refuse
        self._thread: threading.Thread | None = None
        self._next: Callable[[], None] | None = None
        self._is_closed = False
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way."""
        return self._thread is not None

    def run(self, job: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do `job` on another thread and then, with its result, `then` on this one; `UserError`s are told."""
        if self._thread is not None:
            self._next = lambda: self.run(job, then)
            return

        def work() -> None:
            try:
                result = job()
            except UserError as error:
                said = str(error)
                self._tell(lambda: self._refuse(said))
            except Exception as error:
                failed = error
                self._tell(lambda: _raise(failed))
            else:
                self._tell(lambda: then(result))

        self._thread = threading.Thread(target=work, name="skel-learning", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for what is under way, a second at most, and do nothing with it; without effect the second time."""
        self._is_closed = True
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def _tell(self, finish: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the window has not waited for so long, and is gone
            self._ended.emit(finish)

    def _on_ended(self, finish: Callable[[], None]) -> None:
        if self._thread is not None:
            self._thread.join()
        self._thread, following, self._next = None, self._next, None
        if self._is_closed:
            return
        try:
            finish()
        finally:
            if following is not None:
                following()


def _raise(error: Exception) -> None:
    raise error
