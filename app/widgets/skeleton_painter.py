"""Draws people and their labels with QPainter, where they are in a view."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from skel.app.theme import Theme, faded, font, mixed
from skel.skeleton.layouts import SkeletonLayout

SIDES = ("left", "middle", "right")
UNSURE = 0.5  # joints of less confidence are drawn faint: Azure Kinect's "low", MediaPipe's more hidden than seen
_BONE_M, _JOINT_M, _HEAD_M = 0.045, 0.065, 0.21  # widths and the head's diameter, as on an adult
_FAINT = 0.3  # opacity
_LABEL_EDGE = 2  # pixels around a label, for its border
_FACE = ("Nose", "Eye", "Ear", "Mouth")  # a dozen points in a hand's breadth: small ones, without bones


@dataclass(frozen=True)
class Tag:
    """What is written above a person: the number and the text beside it; `muted` when the text names no action."""

    number: int
    text: str
    muted: bool = False
    selected: bool = False

    @property
    def without_text(self) -> "Tag":
        """The number alone."""
        return Tag(self.number, "", self.muted, self.selected)


@dataclass(frozen=True)
class _Sides:
    """A layout's bones and joints by the side of the body that they belong to, those of the face apart.

    The middle of the joints `head` is that of the head; empty where the layout has none. Lists, since for so few numbers
    numpy costs more than it saves.
    """

    bones: dict[str, list[tuple[int, int]]]
    joints: dict[str, list[int]]
    face: dict[str, list[int]]
    head: list[int]


@lru_cache
def _sides(layout: SkeletonLayout) -> _Sides:
    side_of = [layout.side(j) for j in range(len(layout))]
    face = [any(part in joint for part in _FACE) for joint in layout.joints]
    head = [layout.index(joint) for joint in ("Head",) if joint in layout.joints]
    head = head or [layout.index(joint) for joint in ("LeftEar", "RightEar") if joint in layout.joints]
    bones: dict[str, list[tuple[int, int]]] = {side: [] for side in SIDES}
    # As a tree MediaPipe's layout has one side of the trunk only: each bone's mirror image is drawn as well.
    mirrored = [(layout.mirror[child], layout.mirror[parent]) for child, parent in layout.bones]
    for child, parent in {frozenset(bone): bone for bone in (*mirrored, *layout.bones)}.values():
        opposite = {side_of[child], side_of[parent]} == {"left", "right"}
        if not (face[child] or face[parent]):
            bones["middle" if opposite else side_of[child]].append((child, parent))
    body = [v for v in range(len(layout)) if not face[v] and layout.joints[v] != "Head"]
    return _Sides(
        bones,
        {side: [v for v in body if side_of[v] == side] for side in SIDES},
        {side: [v for v in range(len(layout)) if face[v] and side_of[v] == side] for side in SIDES},
        head,
    )


def side_colours(person: QColor, theme: Theme) -> dict[str, QColor]:
    """The three tones of a person: the right in the person's own colour, the left nearer to the text's."""
    return _side_colours(person.rgb(), theme)


@lru_cache
def _side_colours(person_rgb: int, theme: Theme) -> dict[str, QColor]:
    tone = "#ffffff" if theme.is_dark else "#000000"
    return {side: mixed(QColor.fromRgb(person_rgb), tone, share) for side, share in zip(SIDES, (0.6, 0.3, 0.0))}


def draw_person(
    painter: QPainter,
    pixels: npt.NDArray[np.floating[Any]],
    confidence: npt.NDArray[np.floating[Any]],
    layout: SkeletonLayout,
    px_per_m: float,
    person: QColor,
    theme: Theme,
    *,
    outlined: bool = False,
) -> None:
    """Draw one body's joints (V, 2); what is NaN is left out, what has little confidence (V,) is faint.

    Joints on the left are rings, the others are discs. `outlined` sets it off against a photograph.
    """
    sides, colours = _sides(layout), side_colours(person, theme)
    tracked = np.isfinite(pixels).all(axis=1)
    surety = (tracked.astype(int) + (tracked & (confidence >= UNSURE))).tolist()  # 0 = not there, 1 = faint, 2 = sure
    points = [QPointF(x, y) for x, y in pixels.tolist()]
    bone_px = min(max(_BONE_M * px_per_m, 2.0), 14.0)
    joint_px = min(max(_JOINT_M * px_per_m, 3.5), 20.0)

    def lines(side: str, sure: int) -> list[QLineF]:
        return [QLineF(points[a], points[b]) for a, b in sides.bones[side] if min(surety[a], surety[b]) == sure]

    def draw_dots(joints: list[int], sure: int, colour: QColor, diameter: float) -> None:
        painter.setBrush(colour)
        for joint in joints:
            if surety[joint] == sure:
                painter.drawEllipse(points[joint], 0.5 * diameter, 0.5 * diameter)

    bones = {sure: {side: lines(side, sure) for side in SIDES} for sure in ((1, 2) if 1 in surety else (2,))}
    if outlined:
        painter.setPen(_bone_pen(QColor(theme.scene_bottom), bone_px + 2.5))
        painter.drawLines([line for side in SIDES for line in bones[2][side]])
    for sure, of_side in bones.items():
        painter.setOpacity(_FAINT if sure == 1 else 1.0)
        for side, drawn in of_side.items():
            painter.setPen(_bone_pen(colours[side], bone_px))
            painter.drawLines(drawn)
        painter.setPen(Qt.PenStyle.NoPen)
        for side in SIDES:
            draw_dots(sides.joints[side], sure, colours[side], joint_px)
        draw_dots(sides.joints["left"], sure, QColor(theme.scene_bottom), 0.5 * joint_px)
    head = [joint for joint in sides.head if surety[joint]]
    if head:
        painter.setOpacity(1.0 if any(surety[joint] == 2 for joint in head) else _FAINT)
        x, y = (sum(axis) / len(head) for axis in zip(*(points[joint].toTuple() for joint in head)))
        radius = max(0.5 * _HEAD_M * px_per_m, 3.0)
        _draw_head(painter, QPointF(x, y), radius, bone_px, colours["middle"], theme, see_through=outlined)
    painter.setOpacity(1.0)
    painter.setPen(Qt.PenStyle.NoPen)
    for side in SIDES:
        draw_dots(sides.face[side], 2, colours[side], max(0.3 * joint_px, 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_tags(painter: QPainter, tags: list[tuple[QPointF, Tag]], bounds: QRectF, theme: Theme, scale: float = 1.0) -> None:
    """Labels, each with its foot at a point; moved up where they would cover one another, and into the bounds.

    They are drawn `scale` times as large as in a window.
    """
    edge = _LABEL_EDGE * scale
    ratio = painter.device().devicePixelRatioF()
    taken: list[QRectF] = []
    for foot, tag in tags:
        label = _label(tag, theme, ratio, scale)
        box = QRectF(QPointF(0, 0), label.deviceIndependentSize()).adjusted(0, 0, -2 * edge, -2 * edge)
        box.moveCenter(QPointF(foot.x(), foot.y() - 0.5 * box.height() - 4))
        for other in taken:
            if box.intersects(other):
                box.moveBottom(other.top() - 4)
        leftmost = bounds.left() + 6.0
        box.moveLeft(min(max(box.left(), leftmost), max(bounds.right() - box.width() - 6.0, leftmost)))
        box.moveTop(max(box.top(), bounds.top() + (6.0 if tag.text else 2.0)))
        taken.append(box)
        # On whole pixels of the screen, or the text would be blurred.
        x, y = (round(ratio * (at - edge)) / ratio for at in (box.left(), box.top()))
        painter.drawImage(QPointF(x, y), label)


@lru_cache(maxsize=64)
def _label(tag: Tag, theme: Theme, ratio: float, scale: float = 1.0) -> QImage:
    """A label, with `_LABEL_EDGE` around it: kept, since to draw it anew for each frame costs more than the skeleton."""
    text_font = font(14, bold=True)
    metrics = QFontMetricsF(text_font)
    text = metrics.elidedText(tag.text, Qt.TextElideMode.ElideRight, 220)
    width, height = (math.ceil(metrics.horizontalAdvance(text)) + 46, 28) if text else (22, 22)
    box = QRectF(_LABEL_EDGE, _LABEL_EDGE, width, height)
    size = box.size().grownBy(QMarginsF(*[_LABEL_EDGE] * 4)) * ratio * scale
    image = QImage(math.ceil(size.width()), math.ceil(size.height()), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio * scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = theme.person(tag.number)
    painter.setPen(QPen(colour if tag.selected else QColor(theme.border), 1.5 if tag.selected else 1.0))
    painter.setBrush(faded(theme.surface, 0.88))
    painter.drawRoundedRect(box, 0.5 * height, 0.5 * height)
    margin = 0.5 * (height - 18)
    draw_number(painter, QRectF(box.left() + margin, box.top() + margin, 18, 18), tag.number, theme)
    painter.setPen(QColor(theme.muted if tag.muted else theme.text))
    painter.setFont(text_font)
    painter.drawText(box.adjusted(31, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def draw_number(painter: QPainter, box: QRectF, number: int, theme: Theme) -> None:
    """A person's number on a disc of the person's colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.person(number))
    painter.drawEllipse(box)
    painter.setPen(QColor(theme.on_accent))
    painter.setFont(font(round(0.66 * box.height()), bold=True))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))


def _draw_head(
    painter: QPainter, middle: QPointF, radius: float, bone_px: float, colour: QColor, theme: Theme, *, see_through: bool
) -> None:
    """A disc with an edge; `see_through`, a ring and the end of the neck: in a photograph the face is to be seen."""
    edge = 0.5 * (0.4 if see_through else 0.8) * bone_px
    inner = max(radius - edge, 0.0)
    ring = QPainterPath()  # to fill it is quicker than to draw its line
    ring.addEllipse(middle, radius + edge, radius + edge)
    ring.addEllipse(middle, inner, inner)
    painter.fillPath(ring, colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour if see_through else mixed(theme.scene_bottom, colour, 0.3))
    filled = 0.5 * bone_px if see_through else inner
    painter.drawEllipse(middle, filled, filled)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _bone_pen(colour: QColor, width: float) -> QPen:
    """A pen of which the width is rounded to quarters of a pixel, so that the same ones come again.

    Its ends are flat and lie under the joints: Qt draws lines with round ends ten times as slowly.
    """
    return _cached_pen(colour.rgba(), round(4 * width))


@lru_cache(maxsize=512)
def _cached_pen(rgba: int, quarters: int) -> QPen:
    return QPen(QColor.fromRgba(rgba), quarters / 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
