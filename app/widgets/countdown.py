"""Over the people in view: 3, 2, 1, and how long is still recorded, large enough to be read from three metres away."""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from skel.app.theme import Theme, faded, font

_RING_SHARE = 0.36  # of the view's height
_MARGIN_PX = 16
_LARGEST_PX = 220.0


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
        size = min(_RING_SHARE * self.height(), _LARGEST_PX)
        # At the side: whoever shows an action wants to be seen.
        ring = QRectF(0.04 * self.width(), 0.5 * (self.height() - size), size, size)
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
        self._line(painter, self._title, 20, at_top=True)
        self._line(painter, self._hint, 14, at_top=False)

    def _line(self, painter: QPainter, text: str, pixels: int, *, at_top: bool) -> None:
        """A line of text on a pill, in the middle of the upper or lower edge."""
        if not text:
            return
        painter.setFont(font(pixels, bold=pixels > 16))
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 56)
        width, height = metrics.horizontalAdvance(text) + 32, metrics.height() + 10
        top = _MARGIN_PX if at_top else self.height() - height - _MARGIN_PX
        pill = QRectF(0.5 * (self.width() - width), top, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(self._theme.surface, 0.88))
        painter.drawRoundedRect(pill, 0.5 * pill.height(), 0.5 * pill.height())
        painter.setPen(QColor(self._theme.text))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
