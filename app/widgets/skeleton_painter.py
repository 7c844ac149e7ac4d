"""Draws people and the ground with QPainter, given a camera."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QLinearGradient, QPainter, QPainterPath, QPen, QPolygonF

from skel.app.theme import Theme, faded, font, mixed
from skel.app.widgets.projection import Camera
from skel.skeleton.layouts import SkeletonLayout

SIDES = ("left", "middle", "right")
UNSURE = 0.5  # joints of less confidence are drawn faint: Azure Kinect's "low", MediaPipe's more hidden than seen
_BONE_M, _JOINT_M, _HEAD_M = 0.045, 0.065, 0.21  # widths and the head's diameter, as on an adult
_FAINT = 0.3  # opacity
_FACE = ("Nose", "Eye", "Ear", "Mouth")  # a dozen points in a hand's breadth: small ones, without bones
_GRID_HALF_M = 5.0
_GRID_STEP_M = 0.5


@dataclass(frozen=True)
class Tag:
    """What is written above a person: the number and the text beside it; `muted` when the text names no action."""

    number: int
    text: str
    muted: bool = False
    selected: bool = False


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

    def lines(pairs: list[tuple[int, int]], sure: int) -> list[QLineF]:
        return [QLineF(points[a], points[b]) for a, b in pairs if min(surety[a], surety[b]) == sure]

    def dots(joints: list[int], sure: int) -> QPolygonF:
        return QPolygonF([points[joint] for joint in joints if surety[joint] == sure])

    if outlined:
        painter.setPen(QPen(faded(theme.scene_bottom, 0.5), bone_px + 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLines([line for side in SIDES for line in lines(sides.bones[side], 2)])
    for sure in (1, 2) if 1 in surety else (2,):
        painter.setOpacity(_FAINT if sure == 1 else 1.0)
        for side in SIDES:
            painter.setPen(_pen(colours[side], bone_px))
            painter.drawLines(lines(sides.bones[side], sure))
        for side in SIDES:
            joints = dots(sides.joints[side], sure)
            painter.setPen(_pen(colours[side], joint_px))
            painter.drawPoints(joints)
            if side == "left":
                painter.setPen(_pen(QColor(theme.scene_bottom), 0.5 * joint_px))
                painter.drawPoints(joints)
    head = [joint for joint in sides.head if surety[joint]]
    if head:
        painter.setOpacity(1.0 if any(surety[joint] == 2 for joint in head) else _FAINT)
        painter.setPen(_pen(colours["middle"], (0.4 if outlined else 0.8) * bone_px))
        if not outlined:  # in a photograph the face is to be seen
            painter.setBrush(mixed(theme.scene_bottom, colours["middle"], 0.3))
        radius = max(0.5 * _HEAD_M * px_per_m, 3.0)
        x, y = (sum(axis) / len(head) for axis in zip(*(points[joint].toTuple() for joint in head)))
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setOpacity(1.0)
    for side in SIDES:
        if sides.face[side]:
            painter.setPen(_pen(colours[side], max(0.3 * joint_px, 2.0)))
            painter.drawPoints(dots(sides.face[side], 2))


def draw_footprint(
    painter: QPainter, camera: Camera, at_m: npt.NDArray[np.floating[Any]], size: tuple[int, int], colour: QColor
) -> None:
    """A disc on the ground under a person, `at_m` being the point on the ground."""
    pixels = camera.project(_ring() + at_m, *size)
    if np.isfinite(pixels).all():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faded(colour, 0.16))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in pixels.tolist()]))
        painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_ground(painter: QPainter, camera: Camera, floor_m: float, size: tuple[int, int], theme: Theme) -> None:
    """A rounded backdrop, and on it a grid of half metres on the ground that fades out around the camera's target."""
    width, height = size
    backdrop = QLinearGradient(0, 0, 0, height)
    backdrop.setColorAt(0, QColor(theme.scene_top))
    backdrop.setColorAt(1, QColor(theme.scene_bottom))
    frame = QPainterPath()
    frame.addRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), 10, 10)
    painter.fillPath(frame, QBrush(backdrop))
    painter.setClipPath(frame)
    middle = np.round(np.array([camera.target_m[0], camera.target_m[2]]))
    pieces = _grid_pieces() + np.array([middle[0], floor_m, middle[1]])
    away = np.linalg.norm(pieces.mean(axis=1)[:, [0, 2]] - np.array(camera.target_m)[[0, 2]], axis=1) / _GRID_HALF_M
    whole_metre = _on_whole_metre()
    for major in (False, True):
        for ring in range(5):
            chosen = (whole_metre == major) & (away >= ring / 5) & (away < (ring + 1) / 5)
            painter.setPen(QPen(faded(theme.grid, (0.8 if major else 0.35) * (1 - ring / 5)), 1.0))
            lines = camera.project_lines(pieces[chosen], width, height)
            painter.drawLines([QLineF(*ends) for ends in lines.reshape(-1, 4).tolist()])
    painter.setClipping(False)
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.drawPath(frame)


@lru_cache
def _ring() -> npt.NDArray[np.float64]:
    """(24, 3): a circle of 34 cm on the ground about the origin."""
    turn = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
    return np.stack([0.34 * np.cos(turn), np.zeros(24), 0.34 * np.sin(turn)], axis=1)


@lru_cache
def _grid_pieces() -> npt.NDArray[np.float64]:
    """(L, 2, 3): the grid's lines about the origin, cut into pieces of two steps so that each can fade."""
    at = np.arange(-_GRID_HALF_M, _GRID_HALF_M + 1e-9, _GRID_STEP_M)
    line, start = (a.ravel() for a in np.meshgrid(at, at[:-1:2], indexing="ij"))
    along_z = np.zeros((len(line), 2, 3))
    along_z[..., 0] = line[:, None]
    along_z[..., 2] = start[:, None] + (0.0, 2 * _GRID_STEP_M)
    return np.concatenate([along_z, along_z[..., ::-1]])


@lru_cache
def _on_whole_metre() -> npt.NDArray[np.bool_]:
    pieces = _grid_pieces()
    line = np.where(pieces[:, 0, 0] == pieces[:, 1, 0], pieces[:, 0, 0], pieces[:, 0, 2])
    return np.asarray(line == np.round(line))


def draw_tags(painter: QPainter, tags: list[tuple[QPointF, Tag]], width: int, theme: Theme) -> None:
    """Labels, each with its foot at a point; moved up where they would cover one another, and into the picture."""
    text_font = font(14, bold=True)
    metrics = QFontMetricsF(text_font)
    taken: list[QRectF] = []
    for foot, tag in tags:
        text = metrics.elidedText(tag.text, Qt.TextElideMode.ElideRight, 220)
        size = (metrics.horizontalAdvance(text) + 46, 28) if text else (22, 22)
        box = QRectF(0, 0, *size)
        box.moveCenter(QPointF(foot.x(), foot.y() - 0.5 * box.height() - 4))
        for other in taken:
            if box.intersects(other):
                box.moveBottom(other.top() - 4)
        box.moveLeft(min(max(box.left(), 6.0), max(width - box.width() - 6.0, 6.0)))
        box.moveTop(max(box.top(), 6.0 if text else 2.0))
        taken.append(box)
        colour = theme.person(tag.number)
        painter.setPen(QPen(colour if tag.selected else QColor(theme.border), 1.5 if tag.selected else 1.0))
        painter.setBrush(faded(theme.surface, 0.88))
        painter.drawRoundedRect(box, 0.5 * box.height(), 0.5 * box.height())
        margin = 0.5 * (box.height() - 18)
        draw_number(painter, QRectF(box.left() + margin, box.top() + margin, 18, 18), tag.number, theme)
        painter.setPen(QColor(theme.muted if tag.muted else theme.text))
        painter.setFont(text_font)
        painter.drawText(box.adjusted(31, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, text)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_number(painter: QPainter, box: QRectF, number: int, theme: Theme) -> None:
    """A person's number on a disc of the person's colour."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.person(number))
    painter.drawEllipse(box)
    painter.setPen(QColor(theme.on_accent))
    painter.setFont(font(round(0.66 * box.height()), bold=True))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))


def _pen(colour: QColor, width: float) -> QPen:
    """A round pen, in quarters of a pixel so that the same ones come again."""
    return _round_pen(colour.rgba(), round(4 * width))


@lru_cache(maxsize=512)
def _round_pen(rgba: int, quarters: int) -> QPen:
    return QPen(QColor.fromRgba(rgba), quarters / 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
