"""Teaching one action: its name, how many examples, the examples as they come, and what is wrong."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from skel.app import texts_teach
from skel.app.capture import Take
from skel.app.teaching import FEWEST, MOST, USUAL
from skel.app.theme import Theme
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.scrolling import scrolled
from skel.app.widgets.tab_order import tab_before
from skel.app.widgets.take_preview import TakePreview

_ACROSS = 3  # previews in a row


class TeachForm(QWidget):
    """Asks for changes and makes none itself.

    Attributes:
        wanted: how many examples there shall be.
    """

    begin_wanted = Signal()
    stop_wanted = Signal()
    discarded = Signal(int)  # the place of an example
    done_wanted = Signal()
    cancel_wanted = Signal()
    segment_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.previews: list[TakePreview] = []
        self._takes: tuple[Take, ...] = ()
        self.name = QLineEdit()
        self.name.setPlaceholderText(texts_teach.NAME)
        self.name.setAccessibleName(texts_teach.NAME)
        self.name.setMaxLength(60)
        self.name.returnPressed.connect(self.begin_wanted)
        self.wanted = USUAL
        self.count = QToolButton()
        self.count.setObjectName("picker")
        self.count.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.count.setToolTip(texts_teach.EXAMPLES)
        self.count.setFixedWidth(96)
        counts = QMenu(self)
        for count in range(FEWEST, MOST + 1):
            counts.addAction(texts_teach.times(count)).triggered.connect(lambda _=False, count=count: self.want(count))
        self.count.setMenu(counts)
        self.want(USUAL)
        self.start, self.cancel, self.done = (
            QPushButton(t) for t in (texts_teach.START, texts_teach.CANCEL, texts_teach.DONE)
        )
        self.segment = QPushButton(texts_teach.ADD_SEGMENT)
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.done.clicked.connect(self.done_wanted)
        self.segment.clicked.connect(self.segment_wanted)
        self._said = PlainLabel()
        self._said.setObjectName("muted")
        self._said.setWordWrap(True)
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._area = scrolled(inside)
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.name, 1)
        above.addWidget(self.count)
        for button in (self.start, self.segment, self.done):
            below.addWidget(button, 1)
        below.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(self._said)
        column.addWidget(self._area, 1)
        column.addLayout(below)
        self._is_under_way = False

    @property
    def said(self) -> str:
        """What is written between name and examples."""
        return self._said.text()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        takes, self._takes = self._takes, ()
        self.show_takes(takes)

    def begin(self, label: str) -> None:
        """Start with this name, which may be empty."""
        self.name.setText(label)
        self.name.setFocus()
        self.name.selectAll()

    def want(self, examples: int) -> None:
        """Choose how many examples there shall be."""
        self.wanted = examples
        self.count.setText(texts_teach.times(examples))
        self.count.setAccessibleName(f"{texts_teach.EXAMPLES}: {examples}")

    def show_takes(self, takes: Sequence[Take]) -> None:
        """Show these examples."""
        if tuple(takes) == self._takes:
            return
        self._takes = tuple(takes)
        for preview in self.previews:
            self._grid.removeWidget(preview)
            preview.hide()
            preview.deleteLater()  # later, for it may be the one whose button brought this
        self.previews = [TakePreview(self._theme, take, number) for number, take in enumerate(takes, start=1)]
        for place, preview in enumerate(self.previews):
            preview.discarded.connect(lambda place=place: self.discarded.emit(place))
            self._grid.addWidget(preview, place // _ACROSS, place % _ACROSS)
        tab_before(self.start, [preview.discard for preview in self.previews])

    def show_state(self, said: str, *, under_way: bool, live: bool, complete: bool, segments: bool) -> None:
        """What to say, and what can be done.

        Args:
            said: a hint, or what is wrong.
            under_way: an example is being shown.
            live: examples can be shown.
            complete: there are as many as wanted.
            segments: what is played has segments to choose from instead.
        """
        self._is_under_way = under_way
        self._said.setText(said)
        rest = texts_teach.GO_ON if self._takes else texts_teach.START
        self.start.setText(texts_teach.STOP if under_way else rest)
        self.start.setVisible(under_way or (not complete and not segments))
        self.start.setEnabled(live or under_way)
        self.segment.setVisible(segments)
        self.done.setVisible(bool(self._takes) and not under_way)
        for button, primary in ((self.start, not self.done.isVisibleTo(self)), (self.done, complete)):
            self._set_primary(button, primary)
        self.name.setEnabled(not under_way)
        self.name.setVisible(not segments)
        self.count.setEnabled(not under_way)
        self.count.setVisible(not segments)
        self.cancel.setEnabled(not under_way)
        for preview in self.previews:
            preview.discard.setEnabled(not under_way)

    def _set_primary(self, button: QPushButton, primary: bool) -> None:
        name = "primary" if primary else ""
        if button.objectName() != name:
            button.setObjectName(name)
            button.style().polish(button)

    def _on_start(self) -> None:
        (self.stop_wanted if self._is_under_way else self.begin_wanted).emit()
