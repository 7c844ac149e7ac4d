"""The picture: colours and place are right, the skeleton lies on it, nothing is drawn on another frame's picture."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from skel.app.theme import DARK
from skel.app.widgets.picture_view import PictureView
from skel.app.widgets.skeleton_painter import Tag, side_colours
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import LAYOUTS, NTU25

TAGS = {0: Tag(1, "Wave")}
SIZE = (320, 180)


def frame_of(points_px=None, image=None, layout=NTU25, confidence: float = 1.0, time_s: float = 0.0) -> SkeletonFrame:
    """One person, standing 1.8 m high, at the given places of the picture."""
    rng = np.random.default_rng(0)
    positions = rng.uniform(-0.9, 0.9, (1, len(layout), 3)).astype(np.float32)
    if points_px is None:
        points_px = rng.uniform((100, 30), (220, 150), (1, len(layout), 2))
    levels = np.full((1, len(layout)), confidence, np.float32)
    return SkeletonFrame(
        layout,
        positions,
        levels,
        np.zeros(1, np.int64),
        0,
        time_s,
        0.0,
        halves() if image is None else image,
        np.asarray(points_px, np.float32),
    )


def halves() -> np.ndarray:
    """BGR: the left half is red, the right half blue."""
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    image[:, : SIZE[0] // 2, 2] = 200
    image[:, SIZE[0] // 2 :, 0] = 200
    return image


def nobody(frame: SkeletonFrame) -> SkeletonFrame:
    return SkeletonFrame(
        frame.layout,
        frame.positions_m[:0],
        frame.confidence[:0],
        frame.body_ids[:0],
        frame.index,
        frame.time_s,
        0.0,
        frame.image,
        None,
    )


@pytest.fixture
def view(qtbot) -> PictureView:
    view = PictureView(DARK)
    qtbot.addWidget(view)
    view.resize(800, 360)
    return view


def grabbed(view: PictureView) -> QImage:
    return view.grab().toImage()


def rgb(image: QImage, x: float, y: float) -> tuple[int, int, int]:
    return image.pixelColor(round(x), round(y)).getRgb()[:3]


def has_tone(image: QImage, side: str, near: tuple[float, float], reach: int = 3) -> bool:
    wanted = side_colours(DARK.person(1), DARK)[side].getRgb()[:3]
    x, y = round(near[0]), round(near[1])
    around = [rgb(image, i, j) for i in range(x - reach, x + reach + 1) for j in range(y - reach, y + reach + 1)]
    return any(max(abs(a - b) for a, b in zip(colour, wanted)) <= 2 for colour in around)


def test_the_picture_is_whole_in_proportion_and_in_its_colours(view):
    view.show_frame(nobody(frame_of()), {})
    place = view.place()
    assert (place.width(), place.height()) == (640, 360)
    assert place.left() == 80
    image = grabbed(view)
    assert rgb(image, 90, 100) == (200, 0, 0)
    assert rgb(image, 700, 100) == (0, 0, 200)
    assert rgb(image, 40, 100) not in ((200, 0, 0), (0, 0, 200))  # beside it
    view.resize(300, 400)
    assert (view.place().width(), view.place().height()) == (300, pytest.approx(168.75))


def test_a_picture_that_is_a_part_of_a_larger_array_is_not_torn(view):
    view.show_frame(nobody(frame_of(image=np.pad(halves(), ((5, 5), (7, 6), (0, 0)))[5:-5, 7:-6])), {})
    image = grabbed(view)
    assert rgb(image, 390, 340) == (200, 0, 0)
    assert rgb(image, 410, 340) == (0, 0, 200)


@pytest.mark.parametrize("mirrored", [False, True])
def test_joints_lie_on_their_place_in_the_picture(view, mirrored):
    points = np.random.default_rng(1).uniform((40, 20), (280, 160), (1, 25, 2))
    view.set_mirrored(mirrored)
    view.show_frame(frame_of(points), TAGS)
    image = grabbed(view)
    x, y = points[0, NTU25.index("RightFoot")]
    across = (SIZE[0] - x) if mirrored else x
    assert has_tone(image, "right", (80 + 2 * across, 2 * y))
    assert rgb(image, 90 if mirrored else 700, 350) == (0, 0, 200)


def test_joints_out_of_the_picture_and_unknown_ones_are_left_out(view):
    points = np.full((1, 25, 2), np.nan)
    view.show_frame(frame_of(points), TAGS)
    empty = grabbed(view)
    points[0, :2] = (-20, 60)  # left of the picture, in the free space beside it
    view.show_frame(frame_of(points), {})
    beside = QPoint(20, 0), QPoint(70, 359)
    image = grabbed(view)
    assert all(image.pixel(x, y) == empty.pixel(x, y) for x in range(beside[0].x(), beside[1].x()) for y in range(100, 140))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_can_be_drawn(view, layout):
    view.show_frame(nobody(frame_of(layout=layout)), {})
    empty = grabbed(view)
    view.show_frame(frame_of(layout=layout), TAGS)
    assert grabbed(view) != empty


def test_what_is_not_sure_is_faint(view):
    points = np.random.default_rng(1).uniform((40, 20), (280, 160), (1, 25, 2))
    foot = points[0, NTU25.index("RightFoot")] * 2 + (80, 0)
    view.show_frame(frame_of(points, confidence=0.9), TAGS)
    assert has_tone(grabbed(view), "right", foot)
    view.show_frame(frame_of(points, confidence=0.3), TAGS)
    assert not has_tone(grabbed(view), "right", foot)


def test_a_skeleton_is_never_drawn_on_another_frames_picture(view):
    first, later = frame_of(time_s=1.0), frame_of(time_s=1.1)
    without = replace(later, image=None, image_points_px=first.image_points_px + 20)
    view.show_frame(first, TAGS)
    shown = grabbed(view)
    view.show_frame(without, TAGS)
    assert view.frame is first
    assert grabbed(view) == shown  # the last picture with its own skeleton
    view.show_frame(replace(without, time_s=2.0), TAGS)
    assert view.is_stale
    image = grabbed(view)
    foot = first.image_points_px[0, NTU25.index("RightFoot")] * 2 + (80, 0)
    assert not has_tone(image, "right", foot)
    assert rgb(image, 90, 100)[0] < 120  # dimmed
    view.show_frame(replace(first, time_s=2.1), TAGS)
    assert not view.is_stale


def test_each_frame_is_reported_once_when_painted(view):
    seen = []
    view.painted.connect(seen.append)
    frame = frame_of()
    view.show_frame(frame, TAGS)
    grabbed(view)
    grabbed(view)
    assert seen == [frame]


def test_nobody_in_the_picture_is_told_at_its_top(view):
    view.show_frame(nobody(frame_of()), {})
    silent = grabbed(view)
    view.show_message("Nobody in view", "Step in front of the camera.")
    told = grabbed(view)
    assert told != silent
    assert told.copy(0, 80, 800, 280) == silent.copy(0, 80, 800, 280)
    view.set_inset(True)
    small = grabbed(view)
    view.show_message("", "")
    assert grabbed(view) == small


def test_a_click_selects_the_person(view, qtbot):
    frame = frame_of()
    view.show_frame(frame, TAGS)
    clicked = []
    view.person_clicked.connect(clicked.append)
    x, y = frame.image_points_px[0, 3] * 2 + (80, 0)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(90, 350))
    assert clicked == [0]
    view.clear()
    assert view.body_at(x, y) is None
