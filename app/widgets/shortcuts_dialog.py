"""The list of keys and of what the mouse does."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from skel.app import texts
from skel.app.widgets.plain_label import PlainLabel


class ShortcutsDialog(QDialog):
    """Two columns of about the same height: keys, and below the last of them the mouse."""

    def __init__(self, keys: Sequence[tuple[str, str]], mouse: Sequence[tuple[str, str]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.SHORTCUTS_TITLE)
        columns = QHBoxLayout()
        columns.setSpacing(40)
        first = (len(keys) + len(mouse) + 1) // 2
        columns.addLayout(_column(texts.SHORTCUTS_TITLE, keys[:first]))
        second = QVBoxLayout()
        second.setSpacing(18)
        second.addLayout(_column("", keys[first:]))
        second.addLayout(_column(texts.MOUSE_TITLE, mouse))
        second.addStretch(1)
        columns.addLayout(second)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(28, 24, 28, 20)
        whole.setSpacing(20)
        whole.addLayout(columns)
        whole.addWidget(buttons)


def _column(title: str, rows: Sequence[tuple[str, str]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(12)
    heading = PlainLabel(title)
    heading.setObjectName("title")
    column.addWidget(heading)
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(1, 1)
    for row, (caption, text) in enumerate(rows):
        key = PlainLabel(caption)
        key.setObjectName("key")
        key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(PlainLabel(text), row, 1)
    column.addLayout(grid)
    column.addStretch(1)
    return column
