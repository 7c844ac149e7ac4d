"""A line across the window that says what went wrong, until it is dismissed."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon


class Banner(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._dismiss = QToolButton()
        self._dismiss.setProperty("flat", "true")
        self._dismiss.setToolTip(texts.DISMISS)
        self._dismiss.setAccessibleName(texts.DISMISS)
        self._dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 6, 6)
        row.addWidget(self._label, 1)
        row.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.set_theme(theme)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; empty while hidden."""
        return self._label.text() if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._dismiss.setIcon(icon("close", theme))

    def say(self, text: str) -> None:
        """Show a message in place of the one before."""
        self._label.setText(text[:1].upper() + text[1:])
        self.setAccessibleName(self._label.text())
        self.show()
