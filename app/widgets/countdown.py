"""Over the people in view: 3, 2, 1, and how long is still recorded, large enough to be read from three metres away."""

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from skel.app.theme import Theme, faded, font

_RING_SHARE, _COLUMN_SHARE = 0.36, 0.3  # of the view's height and width
_MARGIN_PX, _GAP_PX, _PADDING_PX = 16, 8, 12
_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
_LARGEST_PX, _COLUMN_LEAST_PX = 220.0, 172.0


class Countdown(QWidget):
    """Lies over its parent and lets the mouse through; hidden until there is something to count."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._below = parent
        self._theme = theme
        self._large, self._title, self._hint, self._progress, self._is_recording = "", "", "", 0.0, False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        parent.installEventFilter(self)
        self.hide()

    @property
    def large(self) -> str:
        """What is written in large; empty while hidden."""
        return self._large if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def show_state(self, large: str, title: str, hint: str, progress: float, *, recording: bool) -> None:
        """Write `large` in a ring that is filled up to `progress`, 0..1, `title` above it and `hint` below."""
        if large != self._large or title != self._title:
            self.setAccessibleName(f"{title}: {large}")
        self._large, self._title, self._hint, self._progress, self._is_recording = large, title, hint, progress, recording
        if self.isHidden():
            self.setGeometry(self._below.rect())
            self.show()
        self.raise_()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the parent's size."""
        if event.type() == QEvent.Type.Resize and watched is self._below:
            self.setGeometry(self._below.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ring and texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        across = max(_COLUMN_SHARE * self.width(), min(_COLUMN_LEAST_PX, 0.5 * self.width()))
        size = min(_RING_SHARE * self.height(), _COLUMN_SHARE * self.width(), _LARGEST_PX)
        # At the side: whoever shows an action wants to be seen, and what is recognised is written above the head.
        column = QRectF(_MARGIN_PX, 0, across, self.height())
        title = self._measured(painter, self._title.replace(" · ", "\n"), font(18, bold=True), column)
        hint = self._measured(painter, self._hint, font(14), column)
        ring = QRectF(column.left(), 0, size, size)
        ring.moveTop(max(0.5 * (self.height() - size), title.height() + 2 * _GAP_PX))
        title.moveTopLeft(QPointF(column.left(), ring.top() - _GAP_PX - title.height()))
        hint.moveTopLeft(QPointF(column.left(), min(ring.bottom() + _GAP_PX, self.height() - _GAP_PX - hint.height())))
        colour = QColor(theme.record if self._is_recording else theme.accent)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(theme.surface, 0.8))
        painter.drawEllipse(ring)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        width = 0.05 * size
        inner = ring.adjusted(width, width, -width, -width)
        painter.setPen(QPen(QColor(theme.border), width))
        painter.drawEllipse(inner)
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(inner, 90 * 16, round(-360 * 16 * self._progress))
        painter.setPen(QColor(theme.text))
        painter.setFont(font(round(size * (0.5 if len(self._large) == 1 else 0.22)), bold=True))
        painter.drawText(ring, Qt.AlignmentFlag.AlignCenter, self._large)
        self._write(painter, self._title.replace(" · ", "\n"), font(18, bold=True), title)
        self._write(painter, self._hint, font(14), hint)

    def _measured(self, painter: QPainter, text: str, text_font: QFont, column: QRectF) -> QRectF:
        """How large the box around a text is that is as wide as the column at most."""
        painter.setFont(text_font)
        room = column.adjusted(0, 0, -2 * _PADDING_PX, 0)
        size = painter.boundingRect(room, _FLAGS, text).size()
        return QRectF(0, 0, size.width() + 2 * _PADDING_PX, size.height() + 10) if text else QRectF()

    def _write(self, painter: QPainter, text: str, text_font: QFont, box: QRectF) -> None:
        if not text:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(self._theme.surface, 0.88))
        painter.drawRoundedRect(box, 14, 14)
        painter.setPen(QColor(self._theme.text))
        painter.setFont(text_font)
        painter.drawText(box.adjusted(_PADDING_PX, 5, 0, 0), _FLAGS, text)
