"""Rows of named segments on a time axis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from skel.app import texts
from skel.app.theme import ClassColours, Theme, faded, font, mixed
from skel.app.widgets.skeleton_painter import draw_number
from skel.skeleton.recording import Segment

_LANE_HEIGHT, _NUMBER_PX = 22, 16


@dataclass(frozen=True)
class Lane:
    """A row of segments with its name, what to say while it is empty, and whose it is, where there are several people."""

    name: str
    segments: Sequence[Segment]
    hint: str = ""
    person: int | None = None


class SegmentLanes(QWidget):
    """Rows of named segments as coloured bars, on a time axis between the two x that `across_px` says."""

    def __init__(self, theme: Theme, colours: ClassColours, across_px: Callable[[], tuple[float, float]]) -> None:
        super().__init__()
        self._theme, self._colours = theme, colours
        self._lanes: Sequence[Lane] = ()
        self._start_s, self._end_s, self._now_s = 0.0, 1.0, 0.0
        self._across_px = across_px
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def show_lanes(self, lanes: Sequence[Lane], span_s: tuple[float, float], now_s: float) -> None:
        """Draw these lanes between two times."""
        if len(lanes) != len(self._lanes):
            self.setFixedHeight(max(len(lanes), 1) * (_LANE_HEIGHT + 4))
        self._lanes, self._now_s = lanes, now_s
        self._start_s, self._end_s = span_s
        self.update()

    def sizeHint(self) -> QSize:
        """As high as its lanes."""
        return QSize(400, max(len(self._lanes), 1) * (_LANE_HEIGHT + 4))

    def bars(self) -> list[tuple[int, QRectF, Segment]]:
        """The lane, place and segment of every bar in sight."""
        result, across_px = [], self._across_px()
        for row, lane in enumerate(self._lanes):
            for segment in lane.segments:
                box = self._box(row, segment, across_px)
                if box is not None:
                    result.append((row, box, segment))
        return result

    def box(self, row: int, segment: Segment) -> QRectF | None:
        """Where a segment stands in that lane, as far as it is in sight."""
        return self._box(row, segment, self._across_px())

    def _box(self, row: int, segment: Segment, across_px: tuple[float, float]) -> QRectF | None:
        if segment.end_s <= self._start_s or segment.start_s >= self._end_s:
            return None
        left = self._x(max(segment.start_s, self._start_s), across_px)
        right = self._x(min(segment.end_s, self._end_s), across_px)
        if right <= left:
            return None
        return QRectF(left, row * (_LANE_HEIGHT + 4) + 2, max(right - left - 1, 1.0), _LANE_HEIGHT)

    def time_at(self, x: float) -> float:
        """The time at a place."""
        left, right = self._across_px()
        share = (x - left) / max(right - left, 1.0)
        return self._start_s + min(max(share, 0.0), 1.0) * (self._end_s - self._start_s)

    def x_at(self, time_s: float) -> float:
        """The place of a time: the inverse of `time_at`, also beyond both ends."""
        return self._x(time_s, self._across_px())

    def _x(self, time_s: float, across_px: tuple[float, float]) -> float:
        share = (time_s - self._start_s) / (self._end_s - self._start_s)
        left, right = across_px
        return left + share * (right - left)

    def said_at(self, at: QPointF) -> str:
        """What there is to say about the segment at a point; empty where there is none."""
        for row, box, segment in self.bars():
            if segment.label and box.contains(at):
                return texts.segment_card(self._lanes[row].person, segment.label, segment.end_s - segment.start_s)
        return ""

    def event(self, event: QEvent) -> bool:
        """Name what the pointer rests on."""
        if isinstance(event, QHelpEvent) and (said := self.said_at(QPointF(event.pos()))):
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw names, bars and the moment that is shown."""
        painter = QPainter(self)
        lane_font = font(11)
        painter.setFont(lane_font)
        theme, (left, right) = self._theme, self._across_px()
        for row, lane in enumerate(self._lanes):
            top = row * (_LANE_HEIGHT + 4) + 2
            name = QRectF(0, top, left - 8, _LANE_HEIGHT)
            if lane.person is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                draw_number(
                    painter, QRectF(0, top + 0.5 * (_LANE_HEIGHT - _NUMBER_PX), _NUMBER_PX, _NUMBER_PX), lane.person, theme
                )
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                name.setLeft(_NUMBER_PX + 4)
            painter.setFont(lane_font)
            painter.setPen(QColor(theme.muted))
            shown = painter.fontMetrics().elidedText(lane.name, Qt.TextElideMode.ElideMiddle, round(name.width()))
            painter.drawText(name, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
            painter.fillRect(QRectF(left, top, right - left, _LANE_HEIGHT), faded(theme.raised, 0.6))
            if lane.hint and not lane.segments:
                inside = QRectF(left + 8, top, right - left - 16, _LANE_HEIGHT)
                painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, lane.hint)
        bars = self.bars()
        metrics = QFontMetricsF(painter.font())
        for _, box, segment in bars:
            label = segment.label
            colour = self._colours.of(label, theme)
            painter.fillRect(box, mixed(theme.surface, colour, 0.35))
            painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), colour)
            painter.setPen(QColor(theme.text))
            text = metrics.elidedText(texts.shown(label), Qt.TextElideMode.ElideRight, box.width() - 12)
            if len(text) > 2:
                painter.drawText(box.adjusted(8, 0, -2, 0), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(QPen(QColor(theme.text), 1))
        x = self._x(self._now_s, (left, right))
        painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
