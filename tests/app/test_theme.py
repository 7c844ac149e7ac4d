"""Contrast, and colours that stay with their class."""

import itertools

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QToolButton

from skel.app.theme import DARK, LIGHT, THEMES, ClassColours, Theme, apply_theme, mixed

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    parts = np.array(QColor(colour).getRgbF()[:3])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE Lab (D65) of linear RGB."""
    xyz = SRGB_TO_XYZ @ np.clip(rgb, 0, 1) / SRGB_TO_XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    return float(SRGB_TO_XYZ[1] @ linear(colour))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@themes
def test_text_can_be_read_on_every_ground(theme: Theme):
    for ground in (theme.window, theme.surface, theme.raised, theme.scene_top, theme.scene_bottom):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
    assert contrast(theme.text, theme.danger_surface) >= 7
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    for person in theme.people:
        assert contrast(theme.on_accent, person) >= 3  # the bold number on a person's disc


@themes
def test_graphics_stand_out_from_their_ground(theme: Theme):
    for person in theme.people:
        assert contrast(person, theme.scene_bottom) >= 3
        assert contrast(person, theme.surface) >= 3
    for colour in theme.classes:
        assert contrast(colour, theme.surface) >= 3
        bar = mixed(theme.surface, colour, 0.35).name()  # the ground of a segment's name
        assert contrast(theme.text, bar) >= 4.5


@themes
@pytest.mark.parametrize("kind", ["people", "classes"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_everybody(theme: Theme, kind: str, sight: str):
    labs = [lab(np.array(SIGHTS[sight]) @ linear(colour)) for colour in getattr(theme, kind)]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(labs, 2)) >= 17


def test_the_style_sheet_is_valid(qtbot, qtlog):
    for theme in (DARK, LIGHT):
        apply_theme(theme)
        assert "$" not in QApplication.instance().styleSheet()
        assert QApplication.palette().window().color() == QColor(theme.window)
        button = QToolButton()
        qtbot.addWidget(button)
        button.ensurePolished()
    assert [record.message for record in qtlog.records] == []


def test_a_class_keeps_its_colour():
    colours = ClassColours()
    first = {label: colours.of(label, DARK) for label in "abc"}
    assert len({c.name() for c in first.values()}) == 3
    assert {label: colours.of(label, DARK) for label in "cba"} == first


def test_more_classes_than_colours_share(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("skel.app.theme.time.monotonic", lambda: now[0])
    colours = ClassColours(out_of_sight_s=10)
    count = len(DARK.classes)
    old = colours.of("old", DARK)
    now[0] = 1.0
    in_sight = [colours.of(f"class {i}", DARK) for i in range(count - 1)]
    assert old not in in_sight
    now[0] = 2.0
    assert colours.of("one too many", DARK) == old  # the one that was seen longest ago shares
    now[0] = 60.0
    assert colours.of("class 3", DARK) == in_sight[3]  # nobody needed it meanwhile


def test_the_neutral_class_is_grey():
    colours = ClassColours()
    colours.neutral = "idle"
    assert colours.of("idle", LIGHT) == QColor(LIGHT.muted)
