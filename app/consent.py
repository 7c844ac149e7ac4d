"""Puts a sensor's question to the user, from the sensor's thread to the GUI's and back."""

import threading

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from skel.app import texts
from skel.app.widgets.question import Button, Question


class _Asked:
    def __init__(self, text: str) -> None:
        self.text = text
        self.answer = False
        self.answered = threading.Event()


class Consent(QObject):
    """Called with a question on a sensor's thread, it waits for the user's answer: True = yes.

    `withdraw` answers no for the user, `close` does so for all that may still be asked: neither a change of source nor the
    end of the program leaves a thread waiting. Never call it on the GUI thread, which has to show the question.
    """

    agreed = Signal()  # the user has said yes
    _asked = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._lock = threading.Lock()  # guards the two below
        self._pending: _Asked | None = None
        self._closed = False
        self._box: Question | None = None
        self._asked.connect(self._show, Qt.ConnectionType.QueuedConnection)

    @property
    def box(self) -> Question | None:
        """The dialog, while it is open."""
        return self._box

    def __call__(self, text: str) -> bool:
        """The user's answer to a question that can be answered with yes or no."""
        question = _Asked(text)
        with self._lock:
            if self._closed:
                return False
            self._pending = question
            self._asked.emit(question)
        question.answered.wait()
        return question.answer

    def withdraw(self) -> None:
        """Answer no to what is being asked, if anything is."""
        if self._box is not None:
            self._box.reject()
        with self._lock:
            if self._pending is not None:
                self._pending.answered.set()

    def close(self) -> None:
        """Answer no to everything from now on."""
        with self._lock:
            self._closed = True
        self.withdraw()

    def _show(self, question: _Asked) -> None:
        if question.answered.is_set():
            return
        box = Question(self._window, texts.APP, question.text, Button.Yes | Button.No, Button.Yes)
        box.setEscapeButton(Button.No)
        box.finished.connect(lambda result: self._answer(question, result == Button.Yes))
        self._box = box
        box.open()

    def _answer(self, question: _Asked, answer: bool) -> None:
        if self._box is not None:
            self._box.deleteLater()
            self._box = None
        question.answer = answer
        question.answered.set()
        if answer:
            self.agreed.emit()
