"""The examples of one taught action, of which the bad ones can be discarded."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QVBoxLayout,
    QWidget,
)

from skel.app import texts_teach
from skel.app.capture import Take
from skel.app.texts import shown
from skel.app.theme import Theme
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.scrolling import scrolled
from skel.app.widgets.tab_order import tab_before
from skel.app.widgets.take_preview import TakePreview

_ACROSS = 5  # previews in a row


class ShownExample(NamedTuple):
    """A movement, and what the other examples say that it is: an action, or '' where there are no others."""

    take: Take
    named: str


class ExamplesDialog(QDialog):
    """Previews with what each is named; asks for changes and makes none itself.

    Attributes:
        label: the action.
        said: what stands below each preview.
    """

    discarded = Signal(int)  # the place of an example

    def __init__(self, theme: Theme, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self.label = theme, label
        self.previews: list[TakePreview] = []
        self.said: list[str] = []
        self._boxes: list[QWidget] = []
        self.setWindowTitle(shown(label))
        heading, hint = PlainLabel(texts_teach.examples_of(label)), PlainLabel(texts_teach.JUDGED_HINT)
        heading.setObjectName("title")
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        area = scrolled(self._inside)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.close_button = buttons.button(QDialogButtonBox.StandardButton.Close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(12)
        for part in (heading, hint):
            column.addWidget(part)
        column.addWidget(area, 1)
        column.addWidget(buttons)
        self.resize(540, min(380, parent.height() - 60))

    def show_examples(self, examples: Sequence[ShownExample]) -> None:
        """Show these; what was shown before goes."""
        for box in self._boxes:
            self._grid.removeWidget(box)
            box.hide()
            box.deleteLater()  # later, for it may be the one whose button brought this
        self.said = [texts_teach.judged(named, self.label) for _, named in examples]
        self.previews = [TakePreview(self._theme, take, number) for number, (take, _) in enumerate(examples, start=1)]
        self._boxes = [_boxed(preview, said) for preview, said in zip(self.previews, self.said)]
        for place, (preview, box) in enumerate(zip(self.previews, self._boxes)):
            preview.discarded.connect(lambda place=place: self.discarded.emit(place))
            self._grid.addWidget(box, place // _ACROSS, place % _ACROSS, Qt.AlignmentFlag.AlignTop)
        tab_before(self.close_button, [preview.discard for preview in self.previews])

    def set_busy(self, busy: bool) -> None:
        """While the actions are being learned, nothing can be changed."""
        for preview in self.previews:
            preview.discard.setEnabled(not busy)


def _boxed(preview: TakePreview, said: str) -> QWidget:
    box, label = QWidget(), PlainLabel(said)
    label.setObjectName("muted")
    label.setWordWrap(True)
    label.setFixedWidth(preview.width())
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(3)
    column.addWidget(preview)
    column.addWidget(label)
    return box
