"""A small list beside a segment from which the right action is chosen, or a new one named."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from skel.app import texts

_WIDTH_PX, _LIST_PX = 240, 232
_LABEL = Qt.ItemDataRole.UserRole
_MARGIN_PX = 4


class LabelChooser(QFrame):
    """Typing narrows the list; the arrow keys and Enter, or a click, choose."""

    chosen = Signal(str)
    removed = Signal()  # nothing of interest happens there
    closed = Signal()  # after one of the others, or alone

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self._window = window
        self.setObjectName("popup")
        self._labels: Sequence[str] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(texts.FIND_OR_NAME)
        self.search.setAccessibleName(texts.FIND_OR_NAME)
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setFixedHeight(_LIST_PX)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nothing = QPushButton(texts.NOTHING_HAPPENS)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for part in (self.search, self.list, self.nothing):
            column.addWidget(part)
        self.setFixedWidth(_WIDTH_PX)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._choose_current)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)
        self.nothing.clicked.connect(self._remove)

    def ask(self, labels: Sequence[str], now: str, at: QPoint) -> None:
        """Open below (or above, where there is no room) a point of the screen; `now` is the label that it has."""
        self._labels = labels
        self.search.clear()
        self._fill("")
        for row in range(self.list.count()):
            if self.list.item(row).data(_LABEL) == now:
                self.list.setCurrentRow(row)
        self.adjustSize()
        room = self._window.frameGeometry()
        x = min(max(at.x() - self.width() // 2, room.left() + _MARGIN_PX), room.right() - self.width() - _MARGIN_PX)
        y = at.y() + _MARGIN_PX
        if y + self.height() > room.bottom():
            y = max(room.top(), room.bottom() - self.height() - _MARGIN_PX)
        self.move(x, y)
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move in the list while the text has the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            if steps and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + steps, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that it is closed, however that came about."""
        super().hideEvent(event)
        self.closed.emit()

    def _fill(self, typed: str) -> None:
        words = typed.strip().lower()
        self.list.clear()
        for label in self._labels:
            if words in label.lower() or words in texts.shown(label).lower():
                self._add(texts.shown(label), label)
        known = {name.lower() for label in self._labels for name in (label, texts.shown(label))}
        if words and words not in known:
            self._add(texts.new_action(typed.strip()), typed.strip())
        self.list.setCurrentRow(0)

    def _add(self, text: str, label: str) -> None:
        item = QListWidgetItem(text)
        item.setData(_LABEL, label)
        self.list.addItem(item)

    def _choose_current(self) -> None:
        if self.list.currentItem() is not None:
            self._choose(self.list.currentItem())

    def _choose(self, item: QListWidgetItem) -> None:
        label = str(item.data(_LABEL))
        self.chosen.emit(label)
        self.close()

    def _remove(self) -> None:
        self.removed.emit()
        self.close()
