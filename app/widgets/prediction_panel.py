"""What the selected person does, in large; the other people; and the five most probable classes."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from skel.app import texts
from skel.app.presenter import PersonState
from skel.app.theme import ClassColours, Theme, faded, font, mixed
from skel.app.widgets.skeleton_painter import draw_number

MOST_CHIPS = 6
_LIKELY = 0.05  # from here on a class has its own colour


class PredictionPanel(QWidget):
    """A column beside the skeletons."""

    person_chosen = Signal(int)  # a body id

    def __init__(self, theme: Theme, colours: ClassColours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = _ActionCard(theme)
        self._chips = _PersonChips(theme)
        self._bars = _TopBars(theme, colours)
        self._chips.chosen.connect(self.person_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(_card(texts.ACTION_NOW, self._action))
        self._people_card = _card(texts.PEOPLE, self._chips)
        column.addWidget(self._people_card)
        column.addWidget(_card(texts.TOP_FIVE, self._bars), 1)
        self.setFixedWidth(320)
        self._people_card.hide()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        for part in (self._action, self._chips, self._bars):
            part.set_theme(theme)

    def show_people(self, people: Sequence[PersonState], selected: int | None) -> None:
        """Show these people; `selected` is the body id of the one shown in large."""
        chosen = next((person for person in people if person.body == selected), None)
        self._action.show_person(chosen)
        self._bars.show_top(chosen.top if chosen else ())
        self._people_card.setVisible(len(people) > 1)
        self._chips.show_people(people[:MOST_CHIPS], selected)

    @property
    def headline(self) -> str:
        """The large text."""
        return self._action.headline


def _card(heading: str, content: QWidget) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    column = QVBoxLayout(card)
    column.setContentsMargins(16, 12, 16, 14)
    column.setSpacing(8)
    label = QLabel(heading)
    label.setObjectName("heading")
    column.addWidget(label)
    column.addWidget(content, 1)
    return card


class _ActionCard(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._person: PersonState | None = None
        self.setFixedHeight(124)

    @property
    def headline(self) -> str:
        return self._person.headline if self._person else texts.NOBODY

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_person(self, person: PersonState | None) -> None:
        if person != self._person:
            if person is None or self._person is None or person.headline != self._person.headline:
                self.setAccessibleName(person.headline if person else texts.NOBODY)
            self._person = person
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, person = self._theme, self._person
        muted = person is None or person.muted
        painter.setPen(QColor(theme.muted if muted else theme.text))
        box = QRectF(0, 0, self.width(), 74)
        painter.setFont(_fitting_font(self.headline, box))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(box, int(flags), self.headline)
        if person is None:
            return
        track = QRectF(0, 84, self.width(), 8)
        colour = theme.person(person.number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(mixed(colour, theme.surface, 0.5) if muted else colour)
        filled = QRectF(track)
        filled.setWidth(max(track.width() * person.confidence, 8.0 if person.confidence else 0.0))
        painter.drawRoundedRect(filled, 4, 4)
        painter.setFont(font(13))
        painter.setPen(QColor(theme.muted))
        line = QRectF(0, 100, self.width(), 22)
        detail = QFontMetricsF(painter.font()).elidedText(person.detail, Qt.TextElideMode.ElideRight, line.width() - 76)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, detail)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, texts.person(person.number))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        width = QFontMetricsF(painter.font()).horizontalAdvance(texts.person(person.number))
        painter.drawEllipse(QRectF(line.right() - width - 16, line.center().y() - 5, 10, 10))


def _fitting_font(text: str, box: QRectF) -> QFont:
    """The largest size at which the text fits in one line, else in two."""
    flags = int(Qt.TextFlag.TextWordWrap)
    for pixels in (38, 34, 30, 26, 23, 20):
        candidate = font(pixels, bold=True)
        metrics = QFontMetricsF(candidate)
        words = max(metrics.horizontalAdvance(word) for word in text.split() or [""])
        if words <= box.width() and metrics.boundingRect(box, flags, text).height() <= box.height():
            return candidate
    return font(17, bold=True)


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
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        for place in range(MOST_CHIPS):
            button = QToolButton()
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(18, 18))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, place=place: self._choose(place))
            button.hide()
            self._buttons.append(button)

    def set_theme(self, theme: Theme) -> None:
        self._theme, self._shown = theme, []
        self._discs.clear()

    def show_people(self, people: Sequence[PersonState], selected: int | None) -> None:
        self._people = people
        shown = [(person.headline, person.number, person.body == selected) for person in people]
        if shown == self._shown:
            return
        columns, width = (1, 210) if len(shown) <= 2 else (2, 80)
        if len(shown) != len(self._shown):
            for place, button in enumerate(self._buttons):
                self._grid.addWidget(button, place // columns, place % columns)
                button.setVisible(place < len(shown))
        self._shown = shown
        for place, button in enumerate(self._buttons):
            if place < len(shown):
                text, number, checked = shown[place]
                button.setText("  " + button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width))
                if number not in self._discs:
                    self._discs[number] = _numbered_disc(number, self._theme)
                button.setIcon(self._discs[number])
                button.setChecked(checked)

    def _choose(self, place: int) -> None:
        if place < len(self._people):
            self.chosen.emit(self._people[place].body)


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

    _ROW, _LEAST_ROW = 42, 32

    def __init__(self, theme: Theme, colours: ClassColours) -> None:
        super().__init__()
        self._theme, self._colours = theme, colours
        self._top: tuple[tuple[str, float], ...] = ()
        self.setMinimumHeight(4 * self._LEAST_ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_top(self, top: tuple[tuple[str, float], ...]) -> None:
        if top != self._top:
            self._top = top
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(13))
        metrics = QFontMetricsF(painter.font())
        if not self._top:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), texts.TOP_FIVE_HINT)
        row_height = max(min(self._ROW, self.height() // 5), self._LEAST_ROW)
        rows = self._top[: self.height() // row_height]
        for row, (label, probability) in enumerate(rows):
            line = QRectF(0, row * row_height, self.width(), 20)
            painter.setPen(QColor(self._theme.text if row == 0 else self._theme.muted))
            name = metrics.elidedText(texts.shown(label), Qt.TextElideMode.ElideRight, line.width() - 56)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
            figure = texts.percent(probability)
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
            track = QRectF(0, line.bottom() + 3, self.width(), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faded(self._theme.border, 0.5))
            painter.drawRoundedRect(track, 3, 3)
            filled = track.width() * probability
            if filled >= 2:
                likely = probability >= _LIKELY
                painter.setBrush(self._colours.of(label, self._theme) if likely else QColor(self._theme.muted))
                track.setWidth(filled)
                painter.drawRoundedRect(track, 3, 3)
