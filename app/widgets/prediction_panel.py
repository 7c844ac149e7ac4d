"""What the selected person does, in large; the other people; and the five most probable classes."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from skel.app import texts
from skel.app.presenter import PersonState
from skel.app.theme import ClassColours, Theme, faded, font
from skel.app.widgets.action_card import ActionCard
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.skeleton_painter import draw_number

MOST_CHIPS = 6
PANEL_PX = 320  # the width of the column
_ANY_WIDTH = 16_777_215  # Qt's largest
_LIKELY = 0.05  # from here on a class has its own colour


class PredictionPanel(QWidget):
    """A column beside the skeletons."""

    person_chosen = Signal(int)  # a body id

    def __init__(self, theme: Theme, colours: ClassColours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = ActionCard(theme)
        self._chips = _PersonChips(theme)
        self._bars = _TopBars(theme, colours)
        self._chips.chosen.connect(self.person_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._action_card = _Card(texts.ACTION_NOW, self._action)
        column.addWidget(self._action_card)
        self._people_card = _Card(texts.PEOPLE, self._chips)
        column.addWidget(self._people_card)
        self._bars_card = _Card(texts.TOP_FIVE, self._bars)
        column.addWidget(self._bars_card, 1)
        self._is_compact = False
        self.set_room(PANEL_PX)
        self._people_card.hide()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        for part in (self._action, self._chips, self._bars):
            part.set_theme(theme)

    def set_room(self, width: int | None, scale: float = 1.0) -> None:
        """Take that width, None = whatever there is, and draw everything this many times as large."""
        for part in (self._action, self._chips, self._bars, self._action_card, self._people_card, self._bars_card):
            part.set_scale(scale)
        self.setMinimumWidth(width or 0)
        self.setMaximumWidth(width or _ANY_WIDTH)

    def set_compact(self, compact: bool) -> None:
        """Only the action, where something else needs the room, or everything."""
        self._is_compact = compact
        self._bars_card.setVisible(not compact)
        if compact:
            self._people_card.hide()

    def set_names(self, names: tuple[str, ...]) -> None:
        """The two models that are compared; empty = no longer."""
        self._action.set_names(names)

    def show_people(self, people: Sequence[PersonState], selected: int | None, rival: Sequence[PersonState] = ()) -> None:
        """Show these people; `selected` is the body id of the one shown in large. `rival`: as the other model sees them."""
        chosen = next((person for person in people if person.body == selected), None)
        self._action.show_person(chosen, next((person for person in rival if person.body == selected), None))
        self._bars.show_top(chosen.top if chosen else ())
        self._people_card.setVisible(len(people) > 1 and not self._is_compact)
        self._chips.show_people(people[:MOST_CHIPS], selected)

    @property
    def headline(self) -> str:
        """The large text."""
        return self._action.headline

    @property
    def rival_headline(self) -> str:
        """What the model says that is compared; empty where there is none."""
        return self._action.rival_headline


class _Card(QFrame):
    """Something with a heading above it."""

    def __init__(self, heading: str, content: QWidget) -> None:
        super().__init__()
        self.setObjectName("card")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(8)
        self.heading = PlainLabel(heading)
        self.heading.setObjectName("heading")
        column.addWidget(self.heading)
        column.addWidget(content, 1)

    def set_scale(self, scale: float) -> None:
        """The heading this many times as large."""
        self.heading.setStyleSheet(f"font-size: {round(11 * scale)}px;")


_CHIPS_GAP_PX = 6
_DISC_AND_MARGINS_PX = 58  # of a chip's width


class _PersonChips(QWidget):
    """A button for each person, in the person's colour."""

    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._people: Sequence[PersonState] = ()
        self._buttons: list[QToolButton] = []
        self._shown: list[tuple[str, int, bool]] = []
        self._discs: dict[int, QIcon] = {}  # kept, or Qt's cache would fill with a new picture at each change of a label
        self._scale = 0.0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_CHIPS_GAP_PX)
        for place in range(MOST_CHIPS):
            button = QToolButton(self)
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, place=place: self._choose(place))
            button.hide()
            self._buttons.append(button)
        self.set_scale(1.0)

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._shown = theme, []
        self._discs.clear()

    def set_scale(self, scale: float) -> None:
        """Everything this many times as large."""
        if scale != self._scale:
            self._scale = scale
            disc = round(18 * scale)
            for button in self._buttons:
                button.setIconSize(QSize(disc, disc))
            self.setStyleSheet(f"QToolButton {{ font-size: {round(13 * scale)}px; }}")
            self._show_texts()

    def show_people(self, people: Sequence[PersonState], selected: int | None) -> None:
        self._people = people
        shown = [(person.headline, person.number, person.body == selected) for person in people]
        if shown == self._shown:
            return
        if len(shown) != len(self._shown):
            columns = _columns(len(shown))
            for place, button in enumerate(self._buttons):
                self._grid.addWidget(button, place // columns, place % columns)
                button.setVisible(place < len(shown))
        self._shown = shown
        for place, button in enumerate(self._buttons):
            if place < len(shown):
                _, number, checked = shown[place]
                if number not in self._discs:
                    self._discs[number] = _numbered_disc(number, self._theme)
                button.setIcon(self._discs[number])
                button.setChecked(checked)
        self._show_texts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_texts()

    def _show_texts(self) -> None:
        columns = _columns(len(self._shown))
        width = (self.width() - (columns - 1) * _CHIPS_GAP_PX) // columns - round(_DISC_AND_MARGINS_PX * self._scale)
        for button, (text, _, _) in zip(self._buttons, self._shown):
            button.setText("  " + button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width))

    def _choose(self, place: int) -> None:
        if place < len(self._people):
            self.chosen.emit(self._people[place].body)


def _columns(people: int) -> int:
    return 1 if people <= 2 else 2


def _numbered_disc(number: int, theme: Theme) -> QIcon:
    pixmap = QPixmap(54, 54)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_number(painter, QRectF(0, 0, 54, 54), number, theme)
    painter.end()
    return QIcon(pixmap)


class _TopBars(QWidget):
    """Label, bar and percentage of the most probable classes."""

    _ROW, _LEAST_ROW, _ROWS = 42, 32, 5

    def __init__(self, theme: Theme, colours: ClassColours) -> None:
        super().__init__()
        self._theme, self._colours = theme, colours
        self._top: tuple[tuple[str, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def set_scale(self, scale: float) -> None:
        """Everything this many times as large; where there is little room, fewer rows."""
        self._scale = scale
        self.setMinimumHeight(round(self._LEAST_ROW * scale))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, round(self._ROWS * self._ROW * self._scale))

    def show_top(self, top: tuple[tuple[str, float], ...]) -> None:
        if top != self._top:
            self._top = top
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._scale, self._scale)
        size = QRectF(0, 0, self.width() / self._scale, self.height() / self._scale)
        painter.setFont(font(13))
        metrics = QFontMetricsF(painter.font())
        if not self._top:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(size, int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), texts.TOP_FIVE_HINT)
        row_height = max(min(self._ROW, int(size.height() / self._ROWS)), self._LEAST_ROW)
        rows = self._top[: int(size.height() / row_height)]
        for row, (label, probability) in enumerate(rows):
            line = QRectF(0, row * row_height, size.width(), 20)
            painter.setPen(QColor(self._theme.text if row == 0 else self._theme.muted))
            name = metrics.elidedText(texts.shown(label), Qt.TextElideMode.ElideRight, line.width() - 56)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            figure = texts.percent(probability)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
            track = QRectF(0, line.bottom() + 3, size.width(), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(self._theme.border, 0.5))
            painter.drawRoundedRect(track, 3, 3)
            filled = track.width() * probability
            if filled >= 2:
                likely = probability >= _LIKELY
                painter.setBrush(self._colours.of(label, self._theme) if likely else QColor(self._theme.muted))
                track.setWidth(filled)
                painter.drawRoundedRect(track, 3, 3)
