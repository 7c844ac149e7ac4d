"""Sources with a picture: what is shown of it and how it is arranged, mirrored and remembered."""

from pathlib import Path

import numpy as np
import pytest
from camera_fakes import CameraSensor, picture
from PySide6.QtCore import Qt
from window_driver import at_the_sizes, drop, key, shot

from skel.app.session import Source
from skel.app.settings import Settings
from skel.app.widgets.stage import Arrangement
from skel.app.window import MainWindow
from skel.models.runtime import OnnxModel


@pytest.fixture
def sensor() -> CameraSensor:
    return CameraSensor(persons=2, seed=3)


@pytest.fixture
def watching(window: MainWindow, sensor: CameraSensor, qtbot) -> MainWindow:
    """The window with a camera, after its first picture."""
    window.open_source(Source("camera", lambda: sensor))
    qtbot.waitUntil(lambda: window.space.stage.has_picture, timeout=30_000)
    return window


def test_picture_and_skeleton_are_of_one_frame(watching: MainWindow, qtbot):
    stage, shown = watching.space.stage, []
    for _ in range(20):
        last = stage.picture.frame
        qtbot.waitUntil(lambda last=last: stage.picture.frame is not last, timeout=30_000)
        shown.append(stage.picture.frame)
        assert stage.view.frame is stage.picture.frame
    assert all((frame.image == picture(frame.index)).all() for frame in shown)
    assert np.diff([frame.index for frame in shown]).min() > 0


def test_v_goes_through_the_arrangements_and_the_menu_has_them(watching: MainWindow, qtbot):
    stage = watching.space.stage
    assert (stage.large, stage.inset) == (stage.picture, stage.view)
    key(qtbot, watching, Qt.Key.Key_V)
    assert (stage.large, stage.inset) == (stage.view, stage.picture)
    key(qtbot, watching, Qt.Key.Key_V)
    assert (stage.large, stage.inset) == (stage.picture, None)
    assert not stage.view.isVisible()
    key(qtbot, watching, Qt.Key.Key_V)
    assert (stage.large, stage.inset) == (stage.view, None)
    assert not stage.picture.isVisible()
    watching.space.header._arrangement.menu().actions()[0].trigger()
    assert stage.arrangement == Arrangement.PICTURE_FIRST
    assert stage.inset.isVisible()
    assert stage.rect().contains(stage.inset.geometry())


def test_frames_reach_the_screen_in_every_arrangement(watching: MainWindow, qtbot):
    for arrangement in Arrangement:
        watching.arrange(arrangement)
        watching.latency.meter.painted_ms.clear()
        qtbot.waitUntil(lambda: len(watching.latency.meter.painted_ms) > 2, timeout=30_000)


def test_without_a_picture_the_skeletons_are_alone(watching: MainWindow, qtbot):
    header, stage = watching.space.header, watching.space.stage
    assert header._arrangement.isEnabled()
    watching.opening.source("synthetic")
    assert not stage.has_picture
    assert (stage.large, stage.inset) == (stage.view, None)
    assert stage.view.geometry() == stage.rect()
    assert not header._arrangement.isEnabled()
    key(qtbot, watching, Qt.Key.Key_V)  # without effect
    assert stage.arrangement == Arrangement.PICTURE_FIRST


def test_a_camera_that_gives_no_more_pictures_is_dimmed(watching: MainWindow, sensor: CameraSensor, qtbot):
    sensor.pictures = False
    qtbot.waitUntil(lambda: watching.space.stage.picture.is_stale, timeout=30_000)
    shot(watching, "stale")
    sensor.pictures = True
    qtbot.waitUntil(lambda: not watching.space.stage.picture.is_stale, timeout=30_000)


def test_picture_and_skeletons_are_mirrored_together(watching: MainWindow, qtbot):
    key(qtbot, watching, Qt.Key.Key_M)
    assert watching.space.stage.picture._mirrored
    assert watching.space.view.camera.mirrored
    last = watching.space.view.frame
    qtbot.waitUntil(lambda: watching.space.view.frame is not last, timeout=30_000)
    assert watching.space.view.frame.image_points_px[0, 0, 0] == pytest.approx(  # what is recognised is not mirrored
        320 - 330 * watching.space.view.frame.positions_m[0, 0, 0] / watching.space.view.frame.positions_m[0, 0, 2]
    )


def test_the_arrangement_is_remembered(watching: MainWindow, settings: Settings, model: OnnxModel, qtbot):
    watching.arrange(Arrangement.SPACE_FIRST)
    watching.close()
    again = MainWindow(model, settings)
    qtbot.addWidget(again)
    assert again.space.stage.arrangement == Arrangement.SPACE_FIRST
    again.close()


def test_the_sensors_way_is_said(watching: MainWindow):
    watching.refresh()
    assert "a camera of numpy" in watching.space.status.text
    assert "a camera of numpy" in watching.space.header._source.toolTip()


def test_it_looks_right_at_every_size(watching: MainWindow, qtbot):
    qtbot.waitUntil(lambda: any(state.top for state in watching.display.people), timeout=30_000)
    at_the_sizes(watching, "camera")
    watching.arrange(Arrangement.SPACE_FIRST)
    at_the_sizes(watching, "camera-space")


def test_a_video_is_watched_through_mediapipe(window: MainWindow, shared: Path, monkeypatch, qtbot):
    pytest.importorskip("mediapipe")
    monkeypatch.setenv("SKEL_POSE_MODEL", str(shared / "models" / "pose_landmarker_lite.task"))
    drop(window, shared / "media" / "squat.mp4")
    qtbot.waitUntil(lambda: window.space.stage.has_picture, timeout=30_000)
    frame = window.space.stage.picture.frame
    assert frame.layout.name == "MEDIAPIPE33"
    height, width = frame.image.shape[:2]
    assert ((frame.image_points_px > 0) & (frame.image_points_px < (width, height))).all()
    assert window.space.stage.picture.aspect == pytest.approx(width / height)
    qtbot.waitUntil(lambda: any(state.top for state in window.display.people), timeout=30_000)
    window.refresh()
    assert "MediaPipe lite" in window.space.status.text
    assert window.player.shown_s > 0.3
    at_the_sizes(window, "video")


def test_a_person_is_chosen_in_the_picture(watching: MainWindow, qtbot):
    second = watching.display.people[1].body
    watching.space.stage.picture.person_clicked.emit(second)
    assert watching.display.selected == second
