"""The last seconds as curves of the classes' probability, and below them the named segments on the same time axis."""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from skel.app import texts
from skel.app.history import History
from skel.app.theme import ClassColours, Theme, font
from skel.app.widgets.lanes import Lane
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.review_lanes import ReviewLanes
from skel.app.widgets.review_tools import ReviewTools
from skel.skeleton.recording import Segment

SPAN_S = 15.0
AHEAD_S = 3.0  # of a recording, so that what comes next can be seen and clicked
MOST_CLASSES = 5
_LONGEST_GAP_S = 0.5  # between two predictions that a line joins
_MARGIN_LEFT, _MARGIN_RIGHT = 92, 18
_LEVELS = (0.0, 0.5, 1.0)  # that are marked in the plot


class Timeline(QFrame):
    """Shows one person's history; of a recording also what truly happens in it, and lets the user seek."""

    seek_requested = Signal(float)  # the sensor's time

    def __init__(self, theme: Theme, colours: ClassColours, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(texts.TIMELINE_NAME)
        self._theme, self._colours = theme, colours
        self._seekable: bool | None = None
        self._origin_s = 0.0  # the time stamp from which the lanes count
        self._heading = PlainLabel(texts.TIMELINE)
        self._heading.setObjectName("heading")
        self._legend = _Legend(theme)
        top = QHBoxLayout()
        top.addWidget(self._heading)
        top.addWidget(self._legend, 1)
        self.tools = ReviewTools(theme)
        top.addWidget(self.tools)
        self._plot = _probability_plot()
        self._curves = [pyqtgraph.PlotCurveItem(antialias=False) for _ in range(MOST_CLASSES)]
        for curve in self._curves:
            self._plot.addItem(curve)
        self._levels = [self._plot.addLine(y=level) for level in _LEVELS]
        self._playhead = pyqtgraph.InfiniteLine(angle=90, movable=False)
        self._plot.addItem(self._playhead)
        self._plot.scene().sigMouseClicked.connect(self._on_plot_clicked)
        self.lanes = ReviewLanes(theme, colours, self._across_px)
        self.lanes.moment_clicked.connect(lambda position_s: self._seek(position_s + self._origin_s))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self._plot, 1)
        column.addWidget(self.lanes)
        self.set_theme(theme)

    def sizeHint(self) -> QSize:
        """Room for the curves and two lanes."""
        return QSize(640, 214)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self._legend.set_theme(theme)
        self.lanes.set_theme(theme)
        self.tools.set_theme(theme)
        self._plot.setBackground(theme.surface)
        for line in self._levels:
            line.setPen(pyqtgraph.mkPen(theme.raised))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(theme.border))
            axis.setTextPen(pyqtgraph.mkPen(theme.muted))
            axis.setStyle(tickFont=font(11))

    def refresh(
        self,
        history: History,
        person: int | None,
        now_s: float,
        truth: Sequence[Segment] | None,
        origin_s: float,
        rival: tuple[tuple[str, ...], History] | None = None,
        number: int | None = None,
    ) -> None:
        """Draw a person's history up to now, a time stamp of the sensor.

        `truth` is what happens in the recording that is played, which the user can then seek and correct, and whose axis and
        lanes count from the time stamp `origin_s`; None for a live source, whose axis counts from now.
        `rival`: the names of two models that are compared, and the history of the second, which gets a lane of its own.
        `number`: the person's, where there are several.
        """
        self._heading.setText(texts.timeline_of(number))
        self._set_seekable(truth is not None)
        self._origin_s = origin_s if self._seekable else 0.0
        end_s = now_s + (AHEAD_S if self._seekable else 0.0)
        start_s = end_s - SPAN_S
        times_s, probabilities, labels = history.curves(-1 if person is None else person, start_s, end_s, MOST_CLASSES)
        colours = [self._colours.of(label, self._theme) for label in labels]
        line_px = max(round(self.devicePixelRatioF()), 1)  # pyqtgraph counts the screen's pixels
        self._playhead.setPen(pyqtgraph.mkPen(self._theme.text, width=line_px))
        connected = np.append(np.diff(times_s) < _LONGEST_GAP_S, False) if len(times_s) else np.zeros(0, bool)
        connect = "all" if connected[:-1].all() else connected
        for k, curve in enumerate(self._curves):
            if k < len(labels):
                pen = pyqtgraph.mkPen(colours[k], width=line_px)
                curve.setData(times_s, probabilities[:, k], connect=connect, pen=pen, skipFiniteCheck=True)
            curve.setVisible(k < len(labels))
        self._playhead.setValue(now_s)
        self._plot.setXRange(start_s, end_s, padding=0)
        self._plot.getViewBox().updateMatrix()  # now, or it would be found out of date while painting and painted twice
        self._plot.getAxis("bottom").setTicks([_ticks(start_s, end_s, now_s, origin_s if self._seekable else None)])
        self._legend.show_classes(list(zip(labels, colours)))
        zero_s = self._origin_s

        def named(of: History) -> list[Segment]:
            found = [] if person is None else of.segments(person, start_s, end_s)
            return [Segment(s.start_s - zero_s, s.end_s - zero_s, s.action) for s in found]

        lanes = [Lane(rival[0][0] if rival else texts.RECOGNISED_LANE, named(history), person=number)]
        if truth is not None:
            lanes.append(Lane(texts.TRUTH_LANE, truth, texts.TRUTH_LANE_HINT))
        if rival is not None:
            lanes.append(Lane(rival[0][1], named(rival[1]), person=number))
        self.lanes.show_lanes(lanes, (start_s - zero_s, end_s - zero_s), now_s - zero_s)

    def _across_px(self) -> tuple[float, float]:
        """From where to where the time axis goes."""
        across = self._plot.getViewBox().sceneBoundingRect()
        return across.left(), across.right()

    def _set_seekable(self, seekable: bool) -> None:
        if seekable == self._seekable:
            return
        self._seekable = seekable
        for part in (self._plot, self.lanes):
            part.setCursor(Qt.CursorShape.PointingHandCursor if seekable else Qt.CursorShape.ArrowCursor)
            part.setToolTip(texts.TIMELINE_SEEK_HINT if seekable else "")

    def _on_plot_clicked(self, event: object) -> None:
        view = self._plot.getViewBox()
        self._seek(view.mapSceneToView(event.scenePos()).x())  # type: ignore[attr-defined]  # pyqtgraph is untyped

    def _seek(self, time_s: float) -> None:
        if self._seekable:
            self.seek_requested.emit(time_s)


def _probability_plot() -> pyqtgraph.PlotWidget:
    plot = pyqtgraph.PlotWidget()
    plot.setMenuEnabled(False)
    plot.setMouseEnabled(False, False)
    plot.hideButtons()
    plot.setYRange(0.0, 1.0, padding=0.03)
    plot.setMinimumHeight(70)
    plot.setAcceptDrops(False)  # what is dropped here is for the window
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.getPlotItem().setContentsMargins(0, 4, _MARGIN_RIGHT, 0)
    left, bottom = plot.getAxis("left"), plot.getAxis("bottom")
    left.setWidth(_MARGIN_LEFT)
    left.setTicks([[(level, texts.percent(level)) for level in _LEVELS]])
    bottom.setHeight(20)
    for axis in (left, bottom):
        axis.setStyle(tickLength=0, hideOverlappingLabels=False)
    return plot


def _ticks(start_s: float, end_s: float, now_s: float, origin_s: float | None) -> list[tuple[float, str]]:
    """Marks at whole steps of time since `origin_s`; without one, before now."""
    step = 2.0 if origin_s is not None else 5.0
    zero_s = now_s if origin_s is None else origin_s
    first, last = math.ceil((start_s - zero_s) / step), math.floor((end_s - zero_s) / step)
    at = [step * k for k in range(first, last + 1)]
    if origin_s is None:
        return [(zero_s + t, f"−{-t:.0f} s" if t else texts.NOW) for t in at if t > start_s - zero_s]
    return [(zero_s + t, texts.clock(t)[:-2]) for t in at if t >= 0]


class _Legend(QWidget):
    """The names of the curves, from the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._classes: list[tuple[str, QColor]] = []
        self.setFixedHeight(18)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_classes(self, classes: list[tuple[str, QColor]]) -> None:
        if classes != self._classes:
            self._classes = classes
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(12))
        metrics = QFontMetricsF(painter.font())
        right = self.width() - float(_MARGIN_RIGHT)
        for label, colour in self._classes:
            text = metrics.elidedText(texts.shown(label), Qt.TextElideMode.ElideRight, 130)
            left = right - metrics.horizontalAdvance(text)
            if left - 18 < 12:
                break
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QRectF(left, 0, right - left + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            painter.fillRect(QRectF(left - 18, 0.5 * self.height() - 1.5, 12, 3), colour)
            right = left - 34
