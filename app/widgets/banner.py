"""A line across the window that says what went wrong or well, and what can be done, until it is dismissed."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.tab_order import tab_before


class Offer(NamedTuple):
    """A button: what it says and what it does."""

    text: str
    run: Callable[[], object]


class Banner(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._topic = ""
        self._label = PlainLabel()
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._dismiss = QToolButton()
        self._dismiss.setProperty("flat", "true")
        self._dismiss.setToolTip(texts.DISMISS)
        self._dismiss.setAccessibleName(texts.DISMISS)
        self._dismiss.clicked.connect(self.hide)
        self._offers: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 6, 6, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._label, 1)
        self._row.addWidget(self._dismiss)
        self.set_theme(theme)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while hidden."""
        return self._label.text() if not self.isHidden() else ""

    @property
    def offers(self) -> list[QPushButton]:
        """The buttons that it shows."""
        return self._offers

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._dismiss.setIcon(icon("close", theme))

    def say(self, text: str, *offers: Offer, good: bool = False, topic: str = "") -> None:
        """Show a message in place of the one before, with a button for each offer.

        `good` news looks calm, anything else like a warning; `withdraw` of the same `topic` takes it back.
        """
        self._topic = topic
        self._label.setText(text[:1].upper() + text[1:])
        self.setAccessibleName(self._label.text())
        for button in self._offers:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()  # later, for it may be the one whose click brought this message
        self._offers = [self._button(offer) for offer in offers]
        tab_before(self._dismiss, self._offers)
        if self.property("good") != good:
            self.setProperty("good", good)
            self.style().polish(self)
        self.show()

    def is_about(self, topic: str) -> bool:
        """Whether it shows a message of that topic."""
        return not self.isHidden() and topic == self._topic

    def withdraw(self, topic: str) -> None:
        """Hide the message if it is about that."""
        if self.is_about(topic):
            self.hide()

    def _button(self, offer: Offer) -> QPushButton:
        button = QPushButton(offer.text)
        button.clicked.connect(lambda: self._take(offer))
        self._row.insertWidget(self._row.count() - 1, button)
        return button

    def _take(self, offer: Offer) -> None:
        self.hide()  # first: what the offer brings may be another message
        offer.run()
