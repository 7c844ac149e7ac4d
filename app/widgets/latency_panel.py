"""Where the time goes from a frame's arrival to the screen: a stacked bar, and the figures below."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from skel.app import texts_latency as texts
from skel.app.latency import Latency
from skel.app.theme import Theme, faded, font
from skel.app.timing import Spread

STAGES = ("sensor", "pose", "waiting", "window", "model", "screen")
_LEAST_SCALE_MS = 50.0  # the whole bar: what the eye forgives
_MARGIN_PX, _BAR_PX, _SWATCH_PX = 16.0, 8.0, 9.0


class LatencyPanel(QFrame):
    """A strip below everything else."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(texts.LATENCY)
        self.setToolTip(texts.LATENCY_HINT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._latency = theme, Latency()

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Name and figure of every column."""
        latency = self._latency
        stages = [(texts.STAGES[name], texts.milliseconds(getattr(latency, name))) for name in STAGES]
        return [
            *stages,
            (texts.PICTURE_AGE, texts.milliseconds(latency.age)),
            (texts.RATE, texts.rate(latency.fps)),
            (texts.LOST_OR_SKIPPED, f"{latency.drops} | {latency.skipped}"),
        ]

    def bars(self) -> list[tuple[str, float, float]]:
        """Each stage that is known, and from where to where it goes, as shares of the bar's width."""
        latency = self._latency
        known = [(name, spread) for name in STAGES if (spread := _spread(latency, name)) is not None]
        total_ms = sum(spread.median for _, spread in known)
        scale_ms = max(_LEAST_SCALE_MS, total_ms, latency.age.p95 if latency.age else 0.0)
        result, at_ms = [], 0.0
        for name, spread in known:
            result.append((name, at_ms / scale_ms, (at_ms + spread.median) / scale_ms))
            at_ms += spread.median
        return result

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def show_latency(self, latency: Latency) -> None:
        """Show these figures."""
        if latency != self._latency:
            self._latency = latency
            self.update()

    def sizeHint(self) -> QSize:
        """A bar and two lines of text."""
        return QSize(640, 68)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar, then a column for each figure."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, width = self._theme, self.width() - 2 * _MARGIN_PX
        painter.fillRect(QRectF(_MARGIN_PX, 11, width, _BAR_PX), faded(theme.border, 0.5))
        for name, start, end in self.bars():
            painter.fillRect(QRectF(_MARGIN_PX + start * width, 11, (end - start) * width, _BAR_PX), self._colour(name))
        columns = self.columns
        step = width / len(columns)
        for place, (name, figure) in enumerate(columns):
            left = _MARGIN_PX + place * step
            indent = 0.0
            if place < len(STAGES):
                painter.fillRect(QRectF(left, 30, _SWATCH_PX, _SWATCH_PX), self._colour(STAGES[place]))
                indent = _SWATCH_PX + 5
            painter.setFont(font(11))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(left + indent, 26, step - indent, 16), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(font(12))
            painter.setPen(QColor(theme.text))
            painter.drawText(QRectF(left, 43, step, 18), Qt.AlignmentFlag.AlignVCenter, figure)

    def _colour(self, stage: str) -> QColor:
        return QColor(self._theme.classes[STAGES.index(stage)])


def _spread(latency: Latency, stage: str) -> Spread | None:
    found: Spread | None = getattr(latency, stage)
    return found
