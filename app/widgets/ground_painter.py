"""Draws the ground with QPainter, given a camera, and where people stand on it."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPainterPath, QPen, QPolygonF

from skel.app.theme import Theme, faded
from skel.app.widgets.projection import Camera

_GRID_HALF_M = 5.0
_GRID_STEP_M = 0.5


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
