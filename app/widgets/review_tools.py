"""The buttons for corrections, in the timeline's first row; there only while a recording is played."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon


class ReviewTools(QWidget):
    """Undo, redo, keep as examples, save."""

    undo_wanted = Signal()
    redo_wanted = Signal()
    teach_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.undo, self.redo, self.teach, self.save = (QToolButton() for _ in range(4))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for button, text, hint, signal in (
            (self.undo, texts.UNDO, texts.UNDO_HINT, self.undo_wanted),
            (self.redo, texts.REDO, texts.REDO_HINT, self.redo_wanted),
            (self.teach, texts.KEEP_EXAMPLES, texts.KEEP_EXAMPLES_HINT, self.teach_wanted),
            (self.save, texts.SAVE, texts.SAVE_HINT, self.save_wanted),
        ):
            button.setProperty("flat", "true")
            button.setObjectName("small")
            button.setIconSize(QSize(18, 18))
            button.setToolTip(hint)
            button.setAccessibleName(text)
            button.clicked.connect(signal)
            row.addWidget(button)
        self.save.setText(f" {texts.SAVE}")
        self.save.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.set_theme(theme)
        self.show_state(False, False, False)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        for button, name in ((self.undo, "undo"), (self.redo, "redo"), (self.teach, "teach"), (self.save, "save")):
            button.setIcon(icon(name, theme))

    def show_state(self, can_save: bool, can_undo: bool, can_redo: bool, can_teach: bool = False) -> None:
        """What can be done."""
        self.save.setEnabled(can_save)
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)
        self.teach.setEnabled(can_teach)
