"""The skeleton view: what is drawn, what is hit, what the mouse does."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from skel.app.theme import DARK, LIGHT
from skel.app.widgets.skeleton_painter import Tag, _label, side_colours
from skel.app.widgets.skeleton_view import SkeletonView
from skel.sensors.synthetic import perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import LAYOUTS, NTU25

TAGS = {0: Tag(1, "Wave"), 1: Tag(2, "Not sure", muted=True)}


@pytest.fixture(scope="module")
def people() -> np.ndarray:
    """(2, 25, 3): two standing people."""
    return perform(seed=3, duration_s=0.5, persons=2).positions_m[-1]


def frame_of(positions: np.ndarray, layout=NTU25) -> SkeletonFrame:
    count = len(positions)
    confidence = np.ones(positions.shape[:2], np.float32)
    return SkeletonFrame(layout, positions.astype(np.float32), confidence, np.arange(count), 0, 0.0, 0.0)


@pytest.fixture
def view(qtbot) -> SkeletonView:
    view = SkeletonView(DARK)
    qtbot.addWidget(view)
    view.resize(800, 500)
    return view


def picture(view: SkeletonView) -> QImage:
    return view.grab().toImage()


def has_colour(image: QImage, colour: QColor, near: tuple[float, float] | None = None, reach: int = 3) -> bool:
    """Whether any pixel (around a place) has that colour, give or take rounding."""
    xs, ys = range(image.width()), range(image.height())
    if near is not None:
        x, y = round(near[0]), round(near[1])
        xs, ys = range(x - reach, x + reach + 1), range(y - reach, y + reach + 1)
    wanted = colour.getRgb()[:3]
    return any(max(abs(a - b) for a, b in zip(image.pixelColor(x, y).getRgb()[:3], wanted)) <= 2 for x in xs for y in ys)


def joint_px(view: SkeletonView, positions: np.ndarray, body: int, joint: str) -> tuple[float, float]:
    x, y = view.camera.project(positions[body, NTU25.index(joint)], view.width(), view.height())
    return float(x), float(y)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_people_have_their_own_colours_and_sides_differ(view, people, theme):
    view.set_theme(theme)
    view.show_frame(frame_of(people), TAGS)
    image = picture(view)
    for body, number in ((0, 1), (1, 2)):
        tones = side_colours(theme.person(number), theme)
        assert has_colour(image, tones["right"], joint_px(view, people, body, "RightKnee"))
        assert has_colour(image, tones["left"], joint_px(view, people, body, "LeftKnee"), reach=8)
        assert not has_colour(image, tones["left"], joint_px(view, people, body, "RightKnee"))


def test_untracked_joints_are_not_drawn(view, people):
    view.show_frame(frame_of(people), TAGS)
    shown = joint_px(view, people, 0, "RightAnkle")
    colour = side_colours(DARK.person(1), DARK)["right"]
    assert has_colour(picture(view), colour, shown, reach=1)
    hidden = people.copy()
    hidden[0, [NTU25.index("RightAnkle"), NTU25.index("RightFoot")]] = np.nan
    view.show_frame(frame_of(hidden), TAGS)
    assert not has_colour(picture(view), colour, shown, reach=1)


def test_nobody_in_view_says_what_to_do(view, people):
    view.show_message("Nobody", "Step in")
    empty = picture(view)
    view.show_frame(frame_of(np.full_like(people, np.nan)), {})
    assert picture(view) == empty  # untracked people are nobody
    view.show_frame(frame_of(people[:0]), {})
    assert picture(view) == empty
    view.show_frame(frame_of(people), TAGS)
    assert picture(view) != empty


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_can_be_drawn(view, layout):
    rng = np.random.default_rng(0)
    positions = rng.normal(scale=0.5, size=(1, len(layout), 3)) + np.array([0, 0, 2.5])
    view.show_frame(frame_of(positions, layout), {0: Tag(1, "Wave")})
    assert has_colour(picture(view), side_colours(DARK.person(1), DARK)["right"])


def test_a_person_behind_the_camera_is_left_out(view, people):
    view.show_frame(frame_of(people), TAGS)
    behind = people.copy()
    behind[1, :, 2] -= 50
    view.show_frame(frame_of(behind), TAGS)
    assert not has_colour(picture(view), DARK.person(2))


def test_each_frame_is_reported_once_when_painted(view, people, qtbot):
    seen = []
    view.painted.connect(seen.append)
    frame = frame_of(people)
    view.show_frame(frame, TAGS)
    assert seen == []
    picture(view)
    picture(view)
    assert seen == [frame]


def test_the_corners_show_the_window_and_an_insets_what_is_beneath(view, people):
    for inset, corner in ((False, QColor(DARK.window)), (True, QColor("#ff00ff"))):
        view.set_inset(inset)
        view.show_frame(frame_of(people), TAGS)
        image = QImage(view.size(), QImage.Format.Format_RGB32)
        image.fill(QColor("#ff00ff"))
        view.render(image, QPoint(), renderFlags=QWidget.RenderFlag(0))
        assert image.pixelColor(0, 0) == corner
        assert image.pixelColor(400, 3) != QColor("#ff00ff")


def test_labels_have_the_screens_pixels(view):
    plain, fine = (_label(Tag(1, "Wave"), DARK, ratio) for ratio in (1.0, 2.0))
    assert fine.deviceIndependentSize() == plain.deviceIndependentSize()
    assert fine.size() == 2 * plain.size()
    assert fine != plain.scaled(fine.size())  # drawn, not enlarged
    assert _label(Tag(1, "Wave"), DARK, 1.0, 2.0).deviceIndependentSize() == 2 * plain.deviceIndependentSize()


def test_hits(view, people):
    view.show_frame(frame_of(people), TAGS)
    assert view.body_at(*joint_px(view, people, 0, "Head")) == 0
    assert view.body_at(*joint_px(view, people, 1, "LeftFoot")) == 1
    assert view.body_at(2, 2) is None
    view.clear()
    assert view.body_at(*joint_px(view, people, 0, "Head")) is None


def test_a_click_selects_and_a_drag_turns(view, people, qtbot):
    view.show_frame(frame_of(people), TAGS)
    clicked = []
    view.person_clicked.connect(clicked.append)
    at = QPoint(*(round(v) for v in joint_px(view, people, 1, "SpineMid")))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert clicked == [1]

    before = view.camera
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    qtbot.mouseMove(view, QPoint(360, 220))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(360, 220))
    assert view.camera == before.orbited(60, 20)
    assert clicked == [1]


@pytest.mark.parametrize(
    ("button", "modifier"),
    [
        (Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier),
    ],
)
def test_moving_and_zooming_stop_the_camera_from_framing_by_itself(view, people, qtbot, button, modifier):
    view.show_frame(frame_of(people), TAGS)
    framed = view.camera
    drag(view, button, modifier, QPoint(300, 200), QPoint(340, 190))
    assert view.camera == framed.panned(40, -10, view.height())
    wheel(view, 120)
    assert view.camera.distance_m < framed.distance_m
    by_hand = view.camera
    view.show_frame(frame_of(people + np.float32([3, 0, 0])), TAGS)
    assert view.camera == by_hand
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.camera.yaw_rad == 0
    assert view.camera.distance_m != by_hand.distance_m


def test_mirroring_swaps_left_and_right_of_the_picture(view, people):
    view.show_frame(frame_of(people), TAGS)
    left = joint_px(view, people, 0, "Head")[0]
    view.set_mirrored(True)
    assert joint_px(view, people, 0, "Head")[0] == pytest.approx(view.width() - left)
    view.reset_view()
    assert view.camera.mirrored


def test_everybody_stays_in_the_picture_at_any_size(view, people):
    for size in ((800, 500), (320, 200), (1500, 400), (400, 900)):
        view.resize(*size)
        view.show_frame(frame_of(people), TAGS)
        picture(view)
        pixels = view.camera.project(people, *size)
        assert (pixels > 0).all()
        assert (pixels < np.array(size)).all()


def drag(view, button, modifier, start: QPoint, end: QPoint) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    for kind, at, buttons in (
        (QEvent.Type.MouseButtonPress, start, button),
        (QEvent.Type.MouseMove, end, button),
        (QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton),
    ):
        place = QPointF(at)
        QApplication.sendEvent(view, QMouseEvent(kind, place, view.mapToGlobal(place), button, buttons, modifier))


def wheel(view, delta: int) -> None:
    place = QPointF(100, 100)
    event = QWheelEvent(
        place,
        view.mapToGlobal(place),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
