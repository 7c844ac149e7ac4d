"""What the selected person does, in large; with two models, what each of them says, side by side."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from skel.app import texts
from skel.app.presenter import PersonState
from skel.app.theme import Theme, font, mixed

_HEIGHT, _GAP = 124, 16
_LARGEST, _LARGEST_OF_TWO = 38, 24  # pixels


class ActionCard(QWidget):
    """The headline with its confidence; `names` are those of two models that are compared, or empty."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._scale = 1.0
        self._person: PersonState | None = None
        self._rival: PersonState | None = None
        self._names: tuple[str, ...] = ()
        self.set_scale(1.0)

    @property
    def headline(self) -> str:
        """The large text."""
        return self._person.headline if self._person else texts.NOBODY

    @property
    def rival_headline(self) -> str:
        """What the other model says; empty where there is none."""
        return (self._rival.headline if self._rival else texts.NOBODY) if self._names else ""

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def set_scale(self, scale: float) -> None:
        """Everything this many times as large."""
        self._scale = scale
        self.setFixedHeight(round(_HEIGHT * scale))

    def set_names(self, names: tuple[str, ...]) -> None:
        """The two models that are compared; empty = no longer."""
        if names != self._names:
            self._names, self._rival = names, None
            self.update()

    def show_person(self, person: PersonState | None, rival: PersonState | None = None) -> None:
        """Show this person, as the model and as its rival see it."""
        if (person, rival) == (self._person, self._rival):
            return
        self._person, self._rival = person, rival
        said = f"{self.headline} / {self.rival_headline}" if self._names else self.headline
        if said != self.accessibleName():
            self.setAccessibleName(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw one column, or two."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self._scale, self._scale)
        width = self.width() / self._scale
        if not self._names:
            self._draw(painter, QRectF(0, 0, width, _HEIGHT), self._person, "")
            return
        half = 0.5 * (width - _GAP)
        for place, (person, name) in enumerate(zip((self._person, self._rival), self._names)):
            self._draw(painter, QRectF(place * (half + _GAP), 0, half, _HEIGHT), person, name)

    def _draw(self, painter: QPainter, column: QRectF, person: PersonState | None, name: str) -> None:
        theme = self._theme
        muted = person is None or person.muted
        box = QRectF(column.left(), 0, column.width(), 74)
        if name:
            painter.setFont(font(11))
            painter.setPen(QColor(theme.muted))
            shown = QFontMetricsF(painter.font()).elidedText(name, Qt.TextElideMode.ElideMiddle, column.width())
            painter.drawText(QRectF(column.left(), 0, column.width(), 16), Qt.AlignmentFlag.AlignVCenter, shown)
            box.setTop(18)
        headline = person.headline if person else texts.NOBODY
        painter.setPen(QColor(theme.muted if muted else theme.text))
        painter.setFont(_fitting_font(headline, box, _LARGEST_OF_TWO if name else _LARGEST))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(box, int(flags), headline)
        if person is None:
            return
        colour = theme.person(person.number)
        track = QRectF(column.left(), 84, column.width(), 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(mixed(colour, theme.surface, 0.5) if muted else colour)
        filled = QRectF(track)
        filled.setWidth(max(track.width() * person.confidence, 8.0 if person.confidence else 0.0))
        painter.drawRoundedRect(filled, 4, 4)
        painter.setFont(font(13))
        painter.setPen(QColor(theme.muted))
        line = QRectF(column.left(), 100, column.width(), 22)
        room = line.width() - (0 if name else 76)
        detail = QFontMetricsF(painter.font()).elidedText(person.detail, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, detail)
        if name:
            return
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, texts.person(person.number))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        width = QFontMetricsF(painter.font()).horizontalAdvance(texts.person(person.number))
        painter.drawEllipse(QRectF(line.right() - width - 16, line.center().y() - 5, 10, 10))


def _fitting_font(text: str, box: QRectF, largest: int) -> QFont:
    """The largest size at which the text fits in one line, else in two."""
    flags = int(Qt.TextFlag.TextWordWrap)
    for pixels in (38, 34, 30, 26, 23, 20, 17, 15):
        if pixels > largest:
            continue
        candidate = font(pixels, bold=True)
        metrics = QFontMetricsF(candidate)
        words = max(metrics.horizontalAdvance(word) for word in text.split() or [""])
        if words <= box.width() and metrics.boundingRect(box, flags, text).height() <= box.height():
            return candidate
    return font(13, bold=True)
