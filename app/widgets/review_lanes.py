"""The timeline's lanes for whom corrects a recording: segments are clicked, their ends dragged, new ones drawn."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication

from skel.app.theme import ClassColours, Theme, faded
from skel.app.widgets.lanes import SegmentLanes
from skel.skeleton.recording import Segment

RECOGNISED_ROW, RECORDING_ROW = 0, 1
_EDGE_PX = 5  # on both sides of a segment's end


class _Hit(NamedTuple):
    """What lies under the pointer: a segment, and which of its ends ('start', 'end') if one is near."""

    row: int
    segment: Segment | None = None
    edge: str = ""


class ReviewLanes(SegmentLanes):
    """Asks for changes of the recording's lane and makes none itself. Times are the lanes'."""

    moment_clicked = Signal(float)  # where no segment is
    segment_clicked = Signal(object, QPoint)  # the Segment, and the point on the screen below it
    edge_dragged = Signal(object, float, float)  # the Segment as it was, and its new ends
    stretch_dragged = Signal(float, float)  # from an empty place to another
    dropped = Signal(QPoint)  # what was dragged; the point on the screen below it

    def __init__(self, theme: Theme, colours: ClassColours, across_px: Callable[[], tuple[float, float]]) -> None:
        super().__init__(theme, colours, across_px)
        self._selected: tuple[int, Segment] | None = None
        self._clicked_row = RECOGNISED_ROW
        self._press: tuple[QPointF, _Hit] | None = None
        self._is_dragging = False
        self.setMouseTracking(True)

    def show_selected(self, segment: Segment | None, *, recognised: bool = False) -> None:
        """Frame a segment of the recording's lane, or a `recognised` one where it was clicked, or none."""
        row = self._clicked_row if recognised else RECORDING_ROW
        selected = None if segment is None else (row, segment)
        if selected != self._selected:
            self._selected = selected
            self.update()

    def below(self, row: int, segment: Segment) -> QPoint:
        """The point on the screen below the middle of what is seen of a segment."""
        box = self.box(row, segment) or QRectF(self.rect())
        return self.mapToGlobal(QPoint(round(box.center().x()), self.height()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = (event.position(), self._hit(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag an end or draw a stretch; without a button, show by the pointer what could be done."""
        here = event.position()
        if self._press is None:
            self._point_at(self._hit(here))
            return
        from_, hit = self._press
        if (here - from_).manhattanLength() >= QApplication.startDragDistance():
            self._is_dragging = self._is_dragging or (hit.row == RECORDING_ROW and bool(hit.edge or hit.segment is None))
        if not self._is_dragging:
            return
        time_s = self.time_at(here.x())
        if hit.segment is None:
            self.stretch_dragged.emit(self.time_at(from_.x()), time_s)
        elif hit.edge == "start":
            self.edge_dragged.emit(hit.segment, time_s, hit.segment.end_s)
        else:
            self.edge_dragged.emit(hit.segment, hit.segment.start_s, time_s)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag, or click."""
        if self._press is None or event.button() != Qt.MouseButton.LeftButton:
            return
        (from_, hit), self._press = self._press, None
        if self._is_dragging:
            self._is_dragging = False
            self.dropped.emit(self.mapToGlobal(QPoint(round(event.position().x()), self.height())))
        elif hit.segment is not None:
            self._clicked_row = hit.row  # of two models that are compared both can have named the same stretch
            self.segment_clicked.emit(hit.segment, self.below(hit.row, hit.segment))
        else:
            self.moment_clicked.emit(self.time_at(from_.x()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lanes, and a frame with two handles around the chosen segment."""
        super().paintEvent(event)
        box = self.box(*self._selected) if self._selected else None
        if box is None or self._selected is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = QColor(self._theme.accent)
        if not self._selected[1].label:
            painter.fillRect(box, faded(accent, 0.25))
        painter.setPen(QPen(accent, 2))
        painter.drawRoundedRect(box.adjusted(0, 0, 0, 0), 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent)
        if self._selected[0] == RECORDING_ROW:
            for x in (box.left(), box.right()):
                painter.drawRoundedRect(QRectF(x - 2.5, box.center().y() - 6, 5, 12), 2, 2)

    def _hit(self, at: QPointF) -> _Hit:
        row = int(max(at.y(), 0.0) * max(len(self._lanes), 1) / self.height())
        bars = [(box, segment) for lane, box, segment in self.bars() if lane == row]
        if row == RECORDING_ROW:
            # How far beyond the end: of two segments that meet, the one under the pointer gives way.
            ends = [(self.x_at(s.start_s) - at.x(), s, "start") for _, s in bars]
            ends += [(at.x() - self.x_at(s.end_s), s, "end") for _, s in bars]
            near = [end for end in ends if abs(end[0]) <= _EDGE_PX]
            if near:
                _, segment, edge = min(near, key=lambda end: end[0])
                return _Hit(row, segment, edge)
        return _Hit(row, next((segment for box, segment in bars if box.left() <= at.x() <= box.right()), None))

    def _point_at(self, hit: _Hit) -> None:
        if len(self._lanes) > 1:
            shape = Qt.CursorShape.PointingHandCursor
            if hit.row == RECORDING_ROW and (hit.edge or hit.segment is None):
                shape = Qt.CursorShape.SizeHorCursor if hit.edge else Qt.CursorShape.IBeamCursor
            self.setCursor(shape)
