"""The sensor's colour picture with the skeletons that were found in that very picture drawn over it."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from skel.app import texts
from skel.app.theme import Theme, faded, font
from skel.app.widgets.skeleton_painter import Tag, draw_person, draw_tags
from skel.skeleton.frame import SkeletonFrame

_STALE_S = 0.5  # a frame or two without a picture is no reason to flicker
_HIT_PX = 40
_SMOOTH_UP_TO_PX = 1_200_000  # smooth scaling costs 2 ms there and grows with the area
_TYPICAL_PX_PER_M = 100.0


class PictureView(QWidget):
    """Shows the newest frame that has a picture, whole and in proportion.

    Skeletons and labels are always those of the picture's own frame. When frames come without a picture the last one stays,
    with its own skeletons; after half a second it is dimmed and shown without them.
    """

    painted = Signal(object)  # the SkeletonFrame, at the end of the first paint that shows it
    person_clicked = Signal(int)  # a body id

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._frame: SkeletonFrame | None = None
        self._tags: Mapping[int, Tag] = {}
        self._message = ("", "")
        self._is_new = self._is_stale = self._is_inset = self._mirrored = False
        self._why_stale = ""
        self._scale = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_inset(False)
        self.setAccessibleName(texts.PICTURE_VIEW)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    @property
    def frame(self) -> SkeletonFrame | None:
        """The frame whose picture is shown."""
        return self._frame

    @property
    def is_stale(self) -> bool:
        """Whether newer frames came without a picture for so long that this one is dimmed."""
        return self._is_stale

    @property
    def aspect(self) -> float:
        """Width by height of the picture."""
        image = self._frame.image if self._frame else None
        return 16 / 9 if image is None else image.shape[1] / image.shape[0]

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.update()

    def set_mirrored(self, mirrored: bool) -> None:
        """Show picture and skeletons as in a mirror, or as the sensor sees them; text stays as it is."""
        self._mirrored = mirrored
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
        """Show this frame if it has a picture; `tags` gives each body id its number and text."""
        if frame.image is not None:
            self._frame, self._tags, self._is_new, self._is_stale = frame, tags, True, False
            self.update()
        elif self._frame is not None and abs(frame.time_s - self._frame.time_s) > _STALE_S:
            self.hold(texts.PICTURE_MISSING)

    def show_tags(self, tags: Mapping[int, Tag]) -> None:
        """Change what is written beside the people who are shown."""
        self._tags = {**self._tags, **tags}
        self.update()

    def show_message(self, title: str, hint: str) -> None:
        """What to say while nobody is in view."""
        if (title, hint) != self._message:
            self._message = (title, hint)
            self.update()

    def hold(self, why: str = "") -> None:
        """Dim the picture and show nobody until the next one: it is not of this moment. `why` = the message, if empty."""
        self._is_stale, self._why_stale = True, why
        self.update()

    def clear(self) -> None:
        """Show no picture."""
        self._frame, self._tags, self._is_new, self._is_stale = None, {}, False, False
        self.update()

    def body_at(self, x: float, y: float) -> int | None:
        """The id of the body that has a joint near that point, or None."""
        points = self._points()
        if self._frame is None or points is None or not len(points):
            return None
        away = np.nan_to_num(np.linalg.norm(points - (x, y), axis=-1), nan=np.inf)  # (M, V)
        nearest = int(away.min(axis=1).argmin())
        return int(self._frame.body_ids[nearest]) if away[nearest].min() <= _HIT_PX else None

    def place(self) -> QRectF:
        """Where the picture lies in the widget."""
        width = min(float(self.width()), self.height() * self.aspect)
        height = width / self.aspect
        return QRectF(0.5 * (self.width() - width), 0.5 * (self.height() - height), width, height)

    def _points(self) -> npt.NDArray[np.float64] | None:
        """(M, V, 2): the joints in the widget's own pixels; None where there are none to draw."""
        frame = self._frame
        if frame is None or frame.image is None or frame.image_points_px is None or self._is_stale:
            return None
        place, (height, width) = self.place(), frame.image.shape[:2]
        points = np.asarray(frame.image_points_px / (width, height), np.float64)
        if self._mirrored:
            points[..., 0] = 1.0 - points[..., 0]
        return points * (place.width(), place.height()) + (place.x(), place.y())

    def sizeHint(self) -> QSize:
        """Most of the window."""
        return QSize(760, 480)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the person who was clicked."""
        body = self.body_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and body is not None:
            self.person_clicked.emit(body)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, then the people found in it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border = QPainterPath()
        border.addRoundedRect(QRectF(0.5, 0.5, self.width() - 1, self.height() - 1), 10, 10)
        frame, place = self._frame, self.place()
        if self._is_inset:  # what is beneath is seen around the corners
            painter.setClipPath(border)
        painter.fillRect(self.rect(), QColor(self._theme.scene_bottom))
        if frame is not None and frame.image is not None:
            self._draw_picture(painter, frame.image, place)
            points = self._points()
            if points is not None:
                painter.save()
                painter.setClipRect(place.toAlignedRect(), Qt.ClipOperation.IntersectClip)
                self._draw_people(painter, frame, points)
                painter.restore()
        painter.setClipping(False)
        if not self._is_inset:
            corners = QPainterPath()
            corners.addRect(QRectF(self.rect()))
            corners.addPath(border)
            painter.fillPath(corners, QColor(self._theme.window))
        painter.setPen(QPen(QColor(self._theme.border), 1.0))
        painter.drawPath(border)
        if not self._is_inset and (frame is None or self._is_stale or not len(frame.body_ids)):
            self._draw_message(painter)
        painter.end()
        if self._is_new and frame is not None:
            self._is_new = False
            self.painted.emit(frame)

    def _draw_picture(self, painter: QPainter, pixels: npt.NDArray[np.uint8], place: QRectF) -> None:
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape[:2]
        picture = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_BGR888)
        # Qt scales 32-bit pictures on a faster path; the conversion costs less than that gains.
        picture = picture.convertToFormat(QImage.Format.Format_RGB32)
        area_px = place.width() * place.height() * self.devicePixelRatioF() ** 2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area_px <= _SMOOTH_UP_TO_PX)
        if self._mirrored:
            painter.translate(self.width(), 0)
            painter.scale(-1, 1)
        painter.drawImage(place, picture)
        painter.restore()
        if self._is_stale:
            painter.fillRect(place, faded(self._theme.window, 0.6))

    def _draw_people(self, painter: QPainter, frame: SkeletonFrame, points: npt.NDArray[np.float64]) -> None:
        tags: list[tuple[QPointF, Tag]] = []
        for m, body in enumerate(frame.body_ids.tolist()):
            seen = np.isfinite(points[m]).all(axis=-1)
            if not seen.any():
                continue
            tag = self._tags.get(body, Tag(m + 1, ""))
            px_per_m = _px_per_m(points[m], frame.positions_m[m])
            colour = self._theme.person(tag.number)
            draw_person(painter, points[m], frame.confidence[m], frame.layout, px_per_m, colour, self._theme, outlined=True)
            x, y = points[m, seen][points[m, seen, 1].argmin()].tolist()
            tags.append((QPointF(x, y - 0.13 * px_per_m), tag.without_text if self._is_inset else tag))
        draw_tags(painter, tags, self.place(), self._theme, 1.0 if self._is_inset else self._scale)

    def _draw_message(self, painter: QPainter) -> None:
        """In a line at the top, so that people can see themselves, and clear of an inset."""
        title, hint = (self._why_stale, "") if self._is_stale and self._why_stale else self._message
        text = f"{title}. {hint}" if hint else title
        if not text:
            return
        painter.scale(self._scale, self._scale)
        painter.setFont(font(14))
        across = self.width() / self._scale
        width = min(across - 32.0, painter.fontMetrics().horizontalAdvance(text) + 36.0)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        room = QRectF(0, 0, width - 28, 80)
        height = painter.boundingRect(room, flags, text).height() + 18
        box = QRectF(0.5 * (across - width), 14, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(self._theme.surface, 0.88))
        painter.drawRoundedRect(box, 12, 12)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box.adjusted(14, 0, -14, 0), flags, text)


def _px_per_m(points_px: npt.NDArray[Any], positions_m: npt.NDArray[Any]) -> float:
    """How large a metre of this person is in the picture: the joints' spread in one by that in the other."""
    both = np.concatenate([points_px, positions_m[:, :2]], axis=1)  # (V, 4)
    known = both[np.isfinite(both).all(axis=1)]
    if len(known) < 2:
        return _TYPICAL_PX_PER_M
    away = known - known.mean(axis=0)
    x_px2, y_px2, x_m2, y_m2 = (np.einsum("vk,vk->k", away, away) / len(known)).tolist()
    return math.sqrt(x_px2 + y_px2) / max(math.sqrt(x_m2 + y_m2), 0.05)
