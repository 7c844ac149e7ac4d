"""Curves, named segments on the same time axis, and seeking by a click."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from skel.app import texts
from skel.app.history import History
from skel.app.theme import DARK, LIGHT, ClassColours
from skel.app.widgets.lanes import Lane, SegmentLanes
from skel.app.widgets.timeline import AHEAD_S, SPAN_S, Timeline
from skel.models.live import LiveSettings
from skel.models.recognizer import Prediction
from skel.skeleton.recording import Segment

LABELS = ("wave", "squat", "jog", "idle")


def history(until_s: float = 20.0, change_s: float = 12.0) -> History:
    """A person 7 who waves, then squats; nobody jogs."""
    result = History(LABELS, LiveSettings(idle_label="idle"))
    for time_s in np.arange(0.0, until_s, 0.1):
        best = 0 if time_s < change_s else 1
        probabilities = np.full(4, 0.05, np.float32)
        probabilities[best] = 0.85
        top = ((LABELS[best], 0.85),)
        result.push(Prediction(7, float(time_s), LABELS[best], 0.85, probabilities, top, 1.0, labels=LABELS))
    return result


@pytest.fixture
def timeline(qtbot) -> Timeline:
    timeline = Timeline(DARK, ClassColours())
    qtbot.addWidget(timeline)
    timeline.resize(900, 220)
    timeline.show()
    qtbot.waitExposed(timeline)
    return timeline


def test_named_segments_lie_under_their_time(timeline):
    timeline.refresh(history(), 7, 19.9, None, 0.0)
    (first, second) = timeline.lanes.bars()
    assert [segment.label for _, _, segment in (first, second)] == ["wave", "squat"]
    lanes = timeline.lanes
    assert lanes.time_at(first[1].left()) == pytest.approx(19.9 - SPAN_S, abs=0.02)  # cut at the left edge
    assert lanes.time_at(second[1].left()) == pytest.approx(12.0, abs=0.05)
    assert lanes.time_at(second[1].right()) == pytest.approx(19.9, abs=0.05)


def test_the_recordings_own_segments_are_a_second_lane(timeline):
    truth = [Segment(11.0, 19.0, "squat"), Segment(21.0, 40.0, "jog"), Segment(50.0, 60.0, "wave")]
    timeline.refresh(history(), 7, 19.9, truth, 0.0)
    below = [(box, segment.label) for row, box, segment in timeline.lanes.bars() if row == 1]
    assert [label for _, label in below] == ["squat", "jog"]  # what comes next is seen, what is far away is not
    assert timeline.lanes.time_at(below[1][0].right()) == pytest.approx(19.9 + AHEAD_S, abs=0.05)


@pytest.mark.parametrize("width", [900, 600, 1700])
def test_lanes_and_curves_share_their_axis(timeline, width):
    timeline.refresh(history(), 7, 19.9, None, 0.0)
    timeline.resize(width, 220)
    QApplication.processEvents()
    x = timeline._plot.getViewBox().mapViewToScene(QPointF(12.0, 0.5)).x()
    assert timeline.lanes.time_at(x) == pytest.approx(12.0, abs=0.02)


def test_nobody_and_unknown_people_have_no_curves(timeline):
    for person in (None, 99):
        timeline.refresh(history(), person, 19.9, None, 0.0)
        assert timeline.lanes.bars() == []
        timeline.grab()


def test_a_click_seeks_in_a_recording_and_not_live(timeline, qtbot):
    asked = []
    timeline.seek_requested.connect(asked.append)
    timeline.refresh(history(), 7, 19.9, None, 0.0)
    at = QPoint(400, 10)
    qtbot.mouseClick(timeline.lanes, Qt.MouseButton.LeftButton, pos=at)
    assert asked == []
    timeline.refresh(history(), 7, 19.9, [], 0.0)
    clicked = []
    timeline.lanes.segment_clicked.connect(lambda segment, _: clicked.append(segment.label))
    qtbot.mouseClick(timeline.lanes, Qt.MouseButton.LeftButton, pos=at)
    assert (asked, clicked) == ([], ["squat"])  # a segment is for correcting
    qtbot.mouseClick(timeline.lanes, Qt.MouseButton.LeftButton, pos=QPoint(400, timeline.lanes.height() - 10))
    assert asked == [pytest.approx(timeline.lanes.time_at(400))]
    in_plot = timeline._plot.viewport()
    qtbot.mouseClick(in_plot, Qt.MouseButton.LeftButton, pos=QPoint(400, in_plot.height() // 3))
    assert asked[1] == pytest.approx(timeline.lanes.time_at(400), abs=0.05)


def test_lanes_alone(qtbot):
    lanes = SegmentLanes(LIGHT, ClassColours(), lambda: (100, 500))
    qtbot.addWidget(lanes)
    lanes.resize(500, 60)
    lanes.show_lanes([Lane("one", [Segment(0, 5, "wave")]), Lane("two", [Segment(2, 3, "jog")])], (0, 10), 5.0)
    (first, second) = lanes.bars()
    assert (first[1].left(), first[1].right()) == (100, 299)
    assert (second[1].left(), second[1].right()) == (180, 219)
    assert second[1].top() > first[1].bottom()
    assert lanes.time_at(100) == 0
    assert lanes.time_at(300) == 5
    assert lanes.time_at(9999) == 10
    lanes.grab()


def test_it_says_whose_it_is_where_there_are_several(timeline):
    timeline.refresh(history(), 7, 19.9, [Segment(11.0, 19.0, "squat")], 0.0)
    alone = timeline.grab().toImage()
    assert timeline._heading.text() == texts.TIMELINE
    timeline.refresh(history(), 7, 19.9, [Segment(11.0, 19.0, "squat")], 0.0, number=2)
    assert timeline._heading.text().endswith("PERSON 2")
    assert [lane.person for lane in timeline.lanes._lanes] == [2, None]  # what happens in the recording is of nobody
    assert timeline.grab().toImage() != alone
    recognised, _ = (box.center() for row, box, segment in timeline.lanes.bars() if segment.label == "squat")
    assert timeline.lanes.said_at(recognised).startswith("Person 2: Squat, ")
    assert timeline.lanes.said_at(QPointF(5, 5)) == ""
    shown = []
    event = QHelpEvent(QEvent.Type.ToolTip, recognised.toPoint(), timeline.lanes.mapToGlobal(recognised.toPoint()))
    QApplication.sendEvent(timeline.lanes, event)
    shown.append(QToolTip.text())
    QToolTip.hideText()
    assert shown[0].startswith("Person 2: Squat")
