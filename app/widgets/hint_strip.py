"""Shown once, above everything else: what somebody who is new here can try."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel


class HintStrip(QFrame):
    """A line with a button for each suggestion; it stays until it is dismissed, whatever is tried."""

    demo_wanted = Signal()
    camera_wanted = Signal()
    teaching_wanted = Signal()
    keys_wanted = Signal()
    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("hint")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 7, 6, 7)
        row.setSpacing(8)
        welcome = PlainLabel(texts.WELCOME)
        welcome.setObjectName("title")
        row.addWidget(welcome)
        row.addSpacing(4)
        self.buttons = [QPushButton(text) for text in (texts.TRY_DEMO, texts.TRY_CAMERA, texts.TRY_TEACHING, texts.TRY_KEYS)]
        wishes = (self.demo_wanted, self.camera_wanted, self.teaching_wanted, self.keys_wanted)
        for button, wish in zip(self.buttons, wishes):
            button.clicked.connect(wish)
            row.addWidget(button)
        row.addStretch(1)
        self._close = QToolButton()
        self._close.setProperty("flat", "true")
        self._close.setToolTip(texts.DISMISS)
        self._close.setAccessibleName(texts.DISMISS)
        self._close.clicked.connect(self.dismissed)
        row.addWidget(self._close)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._close.setIcon(icon("close", theme))
