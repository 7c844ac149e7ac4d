"""Everybody in view as skeletons in space, to be turned, moved and zoomed with the mouse, or turned and zoomed with keys."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skel.app import texts
from skel.app.theme import Theme, faded, font
from skel.app.widgets.framing import Framing
from skel.app.widgets.ground_painter import draw_footprint, draw_ground
from skel.app.widgets.projection import Camera, framing_distance_m
from skel.app.widgets.skeleton_painter import Tag, draw_person, draw_tags, side_colours
from skel.skeleton.frame import SkeletonFrame

_CLICK_PX = 4  # a press that moves less is a click, not a drag
_HIT_PX = 40
_MESSAGE_MARGIN_PX = 20


class SkeletonView(QWidget):
    """Draws the newest frame. The camera frames everybody by itself until it is moved or zoomed by hand."""

    painted = Signal(object)  # the SkeletonFrame, at the end of the first paint that shows it
    person_clicked = Signal(int)  # a body id

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frame: SkeletonFrame | None = None
        self._tags: Mapping[int, Tag] = {}
        self._message = ("", "")
        self._is_new = self._is_stale = self._is_inset = False
        self._scale = 1.0
        self._camera, self._framing, self._frames_itself = Camera(), Framing(), True
        self._ground = QPixmap()
        self._ground_key: object = None
        self._press = self._last = QPoint()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_inset(False)
        self.setAccessibleName(texts.SKELETON_VIEW)
        self.setToolTip(texts.SKELETON_VIEW_HINT)
        self.setToolTipDuration(4000)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    @property
    def camera(self) -> Camera:
        """Where the picture is taken from."""
        return self._camera

    @property
    def frame(self) -> SkeletonFrame | None:
        """The frame that is shown."""
        return self._frame

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def set_inset(self, inset: bool) -> None:
        """Whether it stands small in a corner: then with numbers in place of labels, and without explanations."""
        self._is_inset = inset
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, not inset)  # or Qt would paint the window beneath it
        self.update()

    def set_scale(self, scale: float) -> None:
        """What is written is this many times as large as in a window, but for an inset."""
        self._scale = scale
        self.update()

    def show_frame(self, frame: SkeletonFrame, tags: Mapping[int, Tag]) -> None:
        """Draw this frame; `tags` gives each body id its number and text."""
        self._frame, self._tags, self._is_new, self._is_stale = frame, tags, True, False
        if self._framing.update(frame.positions_m) and self._frames_itself:
            self._look_at_everybody()
        self.update()

    def show_tags(self, tags: Mapping[int, Tag]) -> None:
        """Change what is written above the people who are shown."""
        self._tags = tags
        self.update()

    def show_message(self, title: str, hint: str) -> None:
        """What to say while nobody is in view."""
        if (title, hint) != self._message:
            self._message = (title, hint)
            self.update()

    def hold(self) -> None:
        """Show nobody until the next frame, but the message: what was last seen is no longer true."""
        self._is_stale = True
        self.update()

    def clear(self) -> None:
        """Show nobody, and frame the next people anew."""
        self._frame, self._tags = None, {}
        self._framing.clear()
        self.reset_view()

    def reset_view(self) -> None:
        """Look from the sensor's side again, at everybody."""
        self._camera = replace(Camera(), mirrored=self._camera.mirrored)
        self._frames_itself = True
        self._look_at_everybody()
        self.update()

    def turn(self, dx: float, dy: float) -> None:
        """Turn by a drag of that many pixels to the right and down."""
        self._camera = self._camera.orbited(dx, dy)
        self.update()

    def zoom(self, factor: float) -> None:
        """Look from so many times the distance, wherever people go from now on."""
        self._camera, self._frames_itself = self._camera.zoomed(factor), False
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show people as in a mirror, or as the sensor sees them."""
        self._camera = replace(self._camera, mirrored=mirrored)
        self.update()

    def body_at(self, x: float, y: float) -> int | None:
        """The id of the body that has a joint near that point, or None."""
        if self._frame is None or self._is_stale or not len(self._frame.body_ids):
            return None
        pixels = self._camera.project(self._frame.positions_m, self.width(), self.height())
        away = np.nan_to_num(np.linalg.norm(pixels - (x, y), axis=-1), nan=np.inf)  # (M, V)
        nearest = int(away.min(axis=1).argmin())
        return int(self._frame.body_ids[nearest]) if away[nearest].min() <= _HIT_PX else None

    def _look_at_everybody(self) -> None:
        x, y, z = self._framing.centre_m
        from_sensor = replace(self._camera, yaw_rad=0.0)  # so that turning does not zoom
        distance_m = framing_distance_m(self._framing.extent_m, from_sensor, self.width(), self.height())
        self._camera = replace(self._camera, target_m=(float(x), float(y), float(z)), distance_m=distance_m)

    def sizeHint(self) -> QSize:
        """Most of the window."""
        return QSize(760, 480)

    def minimumSizeHint(self) -> QSize:
        """Enough to tell people apart."""
        return QSize(320, 150)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep everybody in the picture."""
        if self._frames_itself:
            self._look_at_everybody()
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag or a click."""
        self._press = self._last = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, or with the right button or Shift move."""
        here = event.position().toPoint()
        dx, dy = here.x() - self._last.x(), here.y() - self._last.y()
        panning = bool(event.buttons() & Qt.MouseButton.RightButton or event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if panning:
            self._camera, self._frames_itself = self._camera.panned(dx, dy, self.height()), False
            self.update()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self.turn(dx, dy)
        self._last = here

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select the person who was clicked."""
        here = event.position().toPoint()
        if event.button() == Qt.MouseButton.LeftButton and (here - self._press).manhattanLength() < _CLICK_PX:
            body = self.body_at(here.x(), here.y())
            if body is not None:
                self.person_clicked.emit(body)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Look at everybody again."""
        self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.zoom(0.999 ** event.angleDelta().y())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, then people, or why there are none."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground_picture())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        anybody = self._frame is not None and bool(np.isfinite(self._frame.positions_m).any())
        if anybody and self._frame is not None and not self._is_stale:
            self._draw_people(painter, self._frame)
            if not self._is_inset:
                self._draw_legend(painter)
        elif not self._is_inset:
            self._draw_message(painter)
        painter.end()
        if self._is_new and self._frame is not None:
            self._is_new = False
            self.painted.emit(self._frame)

    def _ground_picture(self) -> QPixmap:
        """The ground, drawn anew only when the camera, the size or the theme has changed."""
        ratio, size = self.devicePixelRatioF(), (self.width(), self.height())
        key = (self._camera, self._framing.floor_m, size, ratio, self._theme.name, self._is_inset)
        if key != self._ground_key:
            self._ground = QPixmap(round(size[0] * ratio), round(size[1] * ratio))
            self._ground.setDevicePixelRatio(ratio)
            # Around the corners is what is beneath.
            self._ground.fill(Qt.GlobalColor.transparent if self._is_inset else QColor(self._theme.window))
            painter = QPainter(self._ground)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_ground(painter, self._camera, self._framing.floor_m, size, self._theme)
            painter.end()
            self._ground_key = key
        return self._ground

    def _draw_people(self, painter: QPainter, frame: SkeletonFrame) -> None:
        size = (self.width(), self.height())
        points = self._camera.to_camera(frame.positions_m)  # (M, V, 3)
        pixels = self._camera.to_pixels(points, *size)
        seen = {m: np.flatnonzero(known) for m, known in enumerate(np.isfinite(pixels).all(axis=-1)) if known.any()}
        depth = {m: float(points[m, joints, 2].mean()) for m, joints in seen.items()}
        tags: list[tuple[QPointF, Tag]] = []
        for m, joints in sorted(seen.items(), key=lambda item: -depth[item[0]]):
            tag = self._tags.get(int(frame.body_ids[m]), Tag(m + 1, ""))
            colour = self._theme.person(tag.number)
            on_floor = frame.positions_m[m, joints].mean(axis=0)
            on_floor[1] = self._framing.floor_m
            draw_footprint(painter, self._camera, on_floor, size, colour)
            px_per_m = self._camera.focal_px(size[1]) / max(depth[m], 0.1)
            draw_person(painter, pixels[m], frame.confidence[m], frame.layout, px_per_m, colour, self._theme)
            x, y = pixels[m, joints[pixels[m, joints, 1].argmin()]].tolist()
            tags.append((QPointF(x, y - 0.13 * px_per_m), tag.without_text if self._is_inset else tag))
        scale = 1.0 if self._is_inset else self._scale
        draw_tags(painter, tags[::-1], QRectF(self.rect()), self._theme, scale)  # the nearest first: it keeps its place

    def _draw_legend(self, painter: QPainter) -> None:
        colours = side_colours(QColor(self._theme.muted), self._theme)
        painter.scale(self._scale, self._scale)
        painter.setFont(font(12))
        x, y = 16.0, self.height() / self._scale - 18.0
        for side, text in (("left", texts.LEFT_SIDE), ("right", texts.RIGHT_SIDE)):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours[side])
            painter.drawEllipse(QPointF(x, y), 5, 5)
            if side == "left":
                painter.setBrush(QColor(self._theme.scene_bottom))
                painter.drawEllipse(QPointF(x, y), 2.5, 2.5)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(QPointF(x + 11, y + 4), text)
            x += 26 + painter.fontMetrics().horizontalAdvance(text)

    def _draw_message(self, painter: QPainter) -> None:
        title, hint = self._message
        painter.scale(self._scale, self._scale)
        across, down = self.width() / self._scale, self.height() / self._scale
        width = min(620.0, across - 24.0)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        lines = ((title, font(20, bold=True), self._theme.text), (hint, font(14), self._theme.muted))
        heights = []
        for text, text_font, _ in lines:
            painter.setFont(text_font)
            heights.append(painter.boundingRect(QRectF(0, 0, width - 32, down), flags, text).height())
        box = QRectF(0.5 * (across - width), 0, width, sum(heights) + 10 + 2 * _MESSAGE_MARGIN_PX)
        box.moveTop(max(0.5 * (down - box.height()), 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(self._theme.surface, 0.85))
        painter.drawRoundedRect(box, 12, 12)
        top = box.top() + _MESSAGE_MARGIN_PX
        for (text, text_font, colour), height in zip(lines, heights):
            painter.setFont(text_font)
            painter.setPen(QColor(colour))
            painter.drawText(QRectF(box.left() + 16, top, width - 32, height), flags, text)
            top += height + 10
