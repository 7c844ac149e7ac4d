"""The actions that were taught: how many examples, how well they are told apart, and what can be done with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from skel.app import texts, texts_teach
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.scrolling import scrolled
from skel.app.widgets.tab_order import tab_before


@dataclass(frozen=True)
class TaughtRow:
    """One action: its name and the lines below it."""

    label: str
    lines: tuple[str, ...]


class TaughtList(QWidget):
    """A row for each action, or what to do where there is none. Asks for changes and makes none itself."""

    teaching_wanted = Signal(str)  # more examples of this action, or '' for a new one
    examples_wanted = Signal(str)  # to be looked at
    renaming_wanted = Signal(str)
    removal_wanted = Signal(str)
    export_wanted = Signal(str)  # '' = all
    import_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: tuple[TaughtRow, ...] = ()
        self._menus: list[QToolButton] = []
        self._empty = QWidget()
        title, hint = PlainLabel(texts_teach.NOTHING_TAUGHT), PlainLabel(texts_teach.NOTHING_TAUGHT_HINT)
        title.setObjectName("title")
        hint.setWordWrap(True)
        said = QVBoxLayout(self._empty)
        said.setContentsMargins(0, 0, 0, 0)
        said.addWidget(title)
        said.addWidget(hint)
        said.addStretch(1)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self._area = scrolled(self._inside)
        self.teach = QPushButton(texts_teach.TEACH_NEW)
        self.teach.setObjectName("primary")
        self.teach.clicked.connect(lambda: self.teaching_wanted.emit(""))
        self.more = _menu_button(theme)
        menu = QMenu(self)
        menu.addAction(texts_teach.IMPORT).triggered.connect(lambda: self.import_wanted.emit())
        self._export = menu.addAction(texts_teach.EXPORT_ALL)
        self._export.triggered.connect(lambda: self.export_wanted.emit(""))
        self.more.setMenu(menu)
        below = QHBoxLayout()
        below.addWidget(self.teach, 1)
        below.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._empty, 1)
        column.addWidget(self._area, 1)
        column.addLayout(below)
        self.show_rows(())

    @property
    def labels(self) -> list[str]:
        """The actions that are listed."""
        return [row.label for row in self._rows]

    @property
    def text(self) -> str:
        """Everything that is written."""
        return "\n".join(line for row in self._rows for line in (texts.shown(row.label), *row.lines))

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        for button in (self.more, *self._menus):
            button.setIcon(icon("more", theme))

    def show_rows(self, rows: Sequence[TaughtRow]) -> None:
        """List these actions."""
        self._rows = tuple(rows)
        self._menus = []
        while self._column.count() > 1:
            item = self._column.takeAt(0)
            before = item.widget() if item is not None else None
            if before is not None:
                before.hide()
                before.deleteLater()
        for place, row in enumerate(self._rows):
            self._column.insertWidget(place, self._row(row))
        tab_before(self.teach, self._menus)
        self._empty.setVisible(not self._rows)
        self._area.setVisible(bool(self._rows))
        self._export.setEnabled(bool(self._rows))

    def set_busy(self, busy: bool) -> None:
        """While the actions are being learned, nothing can be changed."""
        for button in (self.teach, self.more, *self._menus):
            button.setEnabled(not busy)
        self.teach.setText(texts_teach.LEARNING if busy else texts_teach.TEACH_NEW)

    def menu_of(self, label: str) -> QMenu:
        """What can be done with an action."""
        return self._menus[self.labels.index(label)].menu()

    def _row(self, row: TaughtRow) -> QWidget:
        box = QWidget()
        name = PlainLabel(self.fontMetrics().elidedText(texts.shown(row.label), Qt.TextElideMode.ElideRight, 220))
        name.setObjectName("title")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(name)
        for line in row.lines:
            label = PlainLabel(line)
            label.setObjectName("muted")
            words.addWidget(label)
        button = _menu_button(self._theme)
        button.setAccessibleName(f"{texts_teach.MORE}: {texts.shown(row.label)}")
        menu = QMenu(button)
        for text, wish in (
            (texts_teach.MORE_EXAMPLES, self.teaching_wanted),
            (texts_teach.SHOW_EXAMPLES, self.examples_wanted),
            (texts_teach.RENAME, self.renaming_wanted),
            (texts_teach.EXPORT, self.export_wanted),
            (texts_teach.REMOVE, self.removal_wanted),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, wish=wish: wish.emit(row.label))
        button.setMenu(menu)
        self._menus.append(button)
        across = QHBoxLayout(box)
        across.setContentsMargins(0, 0, 0, 0)
        across.addLayout(words, 1)
        across.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return box


def _menu_button(theme: Theme) -> QToolButton:
    button = QToolButton()
    button.setProperty("flat", "true")
    button.setIconSize(QSize(20, 20))
    button.setIcon(icon("more", theme))
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolTip(texts_teach.MORE)
    button.setAccessibleName(texts_teach.MORE)
    return button
