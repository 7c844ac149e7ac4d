"""One colour a person and one a class, wherever they are shown."""

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QToolButton

from skel.app.history import History
from skel.app.people import People
from skel.app.presenter import PersonState
from skel.app.theme import THEMES, ClassColours, Theme
from skel.app.widgets.prediction_panel import PredictionPanel
from skel.app.widgets.skeleton_painter import Tag
from skel.app.widgets.skeleton_view import SkeletonView
from skel.app.widgets.timeline import Timeline
from skel.models.live import LiveSettings
from skel.models.recognizer import Prediction
from skel.sensors.synthetic import perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25

LABELS = ("wave", "squat", "jog")
themes = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


def pixels_of(image: QImage, colour: QColor) -> int:
    """How many pixels have that colour, give or take rounding."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    values = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[..., 2::-1].astype(int)
    return int((np.abs(values - colour.getRgb()[:3]).max(axis=2) <= 2).sum())


@themes
def test_a_person_has_one_colour_in_skeleton_label_and_key(qtbot, theme: Theme):
    positions_m = perform(seed=3, duration_s=0.5, persons=2).positions_m[-1]
    people = People()
    people.update([40], 0.0)
    numbers = dict(zip([70, 40], people.update([70, 40], 0.1)))
    view, panel = SkeletonView(theme), PredictionPanel(theme, ClassColours())
    for widget in (view, panel):
        qtbot.addWidget(widget)
    view.resize(800, 500)
    panel.resize(320, 600)
    panel.show()
    for body, number in numbers.items():
        alone = positions_m[:1].astype(np.float32)
        frame = SkeletonFrame(NTU25, alone, np.ones((1, 25), np.float32), np.array([body]), 0, 0.0, 0.0)
        view.show_frame(frame, {body: Tag(number, "")})
        other = next(n for n in numbers.values() if n != number)
        picture = view.grab().toImage()
        assert pixels_of(picture, theme.person(number)) > 100
        assert not pixels_of(picture, theme.person(other))
    states = [PersonState(body, number, "Wave", "", False) for body, number in numbers.items()]
    panel.show_people(states, 40)
    chips = [button for button in panel.findChildren(QToolButton) if button.isVisible()]
    for chip, number in zip(chips, numbers.values(), strict=True):
        assert pixels_of(chip.icon().pixmap(QSize(54, 54)).toImage(), theme.person(number)) > 500


@themes
def test_a_class_has_one_colour_in_bars_curves_and_segments(qtbot, theme: Theme):
    colours = ClassColours()
    panel, timeline = PredictionPanel(theme, colours), Timeline(theme, colours)
    for widget in (panel, timeline):
        qtbot.addWidget(widget)
        widget.show()
    panel.resize(320, 600)
    timeline.resize(900, 240)
    history = History(LABELS, LiveSettings())
    for time_s in np.arange(0.0, 10.0, 0.1):
        shares = np.array([0.8, 0.15, 0.05] if time_s < 5 else [0.15, 0.8, 0.05], np.float32)
        best = int(shares.argmax())
        history.push(Prediction(1, float(time_s), LABELS[best], 0.8, shares, ((LABELS[best], 0.8),), 1.0, labels=LABELS))
    panel.show_people([PersonState(1, 1, "Squat", "", False, 0.8, (("squat", 0.8), ("wave", 0.15)))], 1)
    timeline.refresh(history, 1, 10.0, None, 0.0)
    for label in ("wave", "squat"):
        colour = colours.of(label, theme)
        for shown in (panel, timeline, timeline.lanes):
            assert pixels_of(shown.grab().toImage(), colour) > 20, (label, shown)
    assert not pixels_of(panel.grab().toImage(), colours.of("jog", theme))
