"""One example of an action as a small skeleton that repeats the movement, with a button to discard it."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QToolButton, QWidget

from skel.app import texts_teach
from skel.app.capture import Take
from skel.app.theme import Theme, font
from skel.app.widgets.icons import icon
from skel.app.widgets.projection import Camera, framing_distance_m
from skel.app.widgets.skeleton_painter import draw_person

_SIZE = QSize(84, 96)
_TICK_MS = 50
_PAUSE_S = 0.5  # before it begins again


class TakePreview(QWidget):
    """Loops over the movement while it is visible."""

    discarded = Signal()

    def __init__(self, theme: Theme, take: Take, number: int) -> None:
        super().__init__()
        self._theme, self._number = theme, number
        times_s = take.recording.times_s - take.recording.times_s[0]
        inside = (times_s >= take.start_s) & (times_s <= take.end_s)
        self._times_s = times_s[inside] - take.start_s
        self._positions_m = take.recording.positions_m[inside, 0]  # (T, V, 3)
        self._layout = take.recording.layout
        self._camera = self._framing()
        self._now_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self.discard = QToolButton(self)
        self.discard.setProperty("flat", "true")
        self.discard.setObjectName("tiny")
        self.discard.setIconSize(QSize(14, 14))
        self.discard.setIcon(icon("close", theme))
        self.discard.setToolTip(texts_teach.DISCARD)
        self.discard.setAccessibleName(f"{texts_teach.DISCARD} {number}")
        self.discard.setFixedSize(22, 22)
        self.discard.clicked.connect(self.discarded)
        self.setFixedSize(_SIZE)
        self.setAccessibleName(texts_teach.take_name(number))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the button in its corner."""
        self.discard.move(self.width() - self.discard.width() - 3, 3)
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Move."""
        self._timer.start()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        self._timer.stop()
        super().hideEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the moment."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.setBrush(QColor(self._theme.window))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(self._theme.muted))
        painter.setFont(font(11))
        painter.drawText(QRectF(7, 4, 20, 16), Qt.AlignmentFlag.AlignVCenter, str(self._number))
        if not len(self._times_s):
            return
        row = min(int(np.searchsorted(self._times_s, self._now_s)), len(self._times_s) - 1)
        positions_m = self._positions_m[row]
        pixels = self._camera.project(positions_m, self.width(), self.height())
        sure = np.isfinite(positions_m).all(axis=1).astype(np.float32)
        px_per_m = self._camera.focal_px(self.height()) / self._camera.distance_m
        draw_person(painter, pixels, sure, self._layout, px_per_m, QColor(self._theme.accent), self._theme)

    def _framing(self) -> Camera:
        joints = self._positions_m.reshape(-1, 3)
        joints = joints[np.isfinite(joints).all(axis=1)]
        if not len(joints):
            return Camera()
        low, high = joints.min(axis=0), joints.max(axis=0)
        x, y, z = (float(value) for value in 0.5 * (low + high))
        camera = Camera(target_m=(x, y, z), pitch_rad=0.0)
        distance_m = framing_distance_m(np.asarray(high - low + 0.25, np.float64), camera, _SIZE.width(), _SIZE.height())
        return Camera(target_m=(x, y, z), pitch_rad=0.0, distance_m=distance_m)

    def _on_tick(self) -> None:
        last_s = float(self._times_s[-1]) if len(self._times_s) else 0.0
        self._now_s = 0.0 if self._now_s > last_s + _PAUSE_S else self._now_s + 1e-3 * _TICK_MS
        self.update()
