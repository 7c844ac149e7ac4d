"""What the menus, dialogs and dropped files open: which sensor is made, with what, and what is said where it cannot be."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from camera_fakes import CameraSensor
from window_driver import drop

from skel.app import texts
from skel.app.options import Options
from skel.app.settings import Settings
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL
from skel.sensors.base import SensorError
from skel.skeleton.errors import how_to_install


@pytest.fixture
def made(monkeypatch) -> list[tuple[str, dict[str, Any]]]:
    """The sensors that are asked for, name and options; all are cameras of numpy."""
    asked = []

    def create(name: str, **options: Any) -> CameraSensor:
        asked.append((name, options))
        return CameraSensor()

    monkeypatch.setattr("skel.app.opening.create_sensor", create)
    return asked


@pytest.mark.parametrize("name", ["auto", "webcam", "kinect"])
def test_cameras_of_the_menu(window: MainWindow, made, name: str):
    window.space.header.source_chosen.emit(name)
    assert made == [(name, {"confirm": window.consent})]
    assert texts.CAMERAS[name] in window.space.header.text


def test_another_camera_is_known_by_its_number(window: MainWindow, made, monkeypatch):
    monkeypatch.setattr("skel.app.opening.QInputDialog.getInt", lambda *_, **__: (2, True))
    window.space.header.camera_wanted.emit()
    assert made == [("webcam", {"source": 2, "confirm": window.consent})]
    assert "Webcam 2" in window.space.header.text
    monkeypatch.setattr("skel.app.opening.QInputDialog.getInt", lambda *_, **__: (3, False))
    window.space.header.camera_wanted.emit()
    assert len(made) == 1


@pytest.mark.parametrize(
    ("name", "content", "sensor"),
    [
        ("me.MP4", b"", "video"),
        ("me.avi", b"", "video"),
        ("me.mov", b"", "video"),
        ("me.mkv", b"matroska", "video"),
        ("kinect.mkv", b"matroska K4A_DEPTH_MODE", "kinect"),
    ],
)
def test_videos_are_dropped_or_chosen(window: MainWindow, made, monkeypatch, tmp_path: Path, name, content, sensor):
    path = tmp_path / name
    path.write_bytes(content)
    drop(window, path)
    filters = []
    monkeypatch.setattr(
        "skel.app.opening.QFileDialog.getOpenFileName", lambda *given: filters.append(given) or (str(path), "")
    )
    window.space.header.video_wanted.emit()
    assert made == 2 * [(sensor, {"source": path, "confirm": window.consent})]
    assert name in window.windowTitle()
    assert filters[0][2] == str(tmp_path)
    assert f"*{path.suffix.lower()}" in filters[0][3]


def test_what_was_said_of_the_camera_at_the_start_holds_for_the_next(window: MainWindow, made, tmp_path: Path):
    pose = tmp_path / "pose.task"
    window.opening.options = Options(
        sensor="webcam", source=Path("1"), people=3, pose_model=pose, field_of_view_deg=70.0, record=tmp_path
    ).resolved()
    (tmp_path / "me.mp4").touch()
    for open_one in (
        lambda: window.opening.source("demo"),
        lambda: window.opening.source("webcam"),
        lambda: window.opening.camera(2),
        lambda: window.opening.source("kinect"),
        lambda: window.opening.video(tmp_path / "me.mp4"),
        lambda: window.opening.source("synthetic"),
    ):
        open_one()
    people = {"people": 3, "pose_model": pose, "confirm": window.consent}
    assert made == [
        ("webcam", {**people, "field_of_view_deg": 70.0}),
        ("webcam", {**people, "field_of_view_deg": 70.0, "source": 2}),
        ("kinect", people),
        ("video", {**people, "field_of_view_deg": 70.0, "source": tmp_path / "me.mp4"}),
        ("synthetic", {}),
    ]


def test_the_built_in_model_is_in_no_folder_of_the_users(window: MainWindow, settings: Settings, tmp_path: Path):
    (tmp_path / "models").mkdir()
    window.opening.model(shutil.copy(DEFAULT_MODEL, tmp_path / "models" / "mine.onnx"))
    window.space.header.built_in_model_chosen.emit()
    assert window.models.title == texts.BUILT_IN_MODEL
    assert window.opening.folder == tmp_path / "models"


def test_a_source_that_cannot_be_made_leaves_the_one_in_use(window: MainWindow, monkeypatch):
    def refuse(name: str, **options: Any) -> CameraSensor:
        raise SensorError(f"OpenCV cannot be loaded: {how_to_install('webcam')}")

    monkeypatch.setattr("skel.app.opening.create_sensor", refuse)
    window.opening.camera(0)
    assert "pip install" in window.space.banner.text
    assert [button.text() for button in window.space.banner.offers] == [texts.OPEN_RECORDING, texts.PLAY_DEMO]
    window.opening.source("demo")
    pipeline = window.session.pipeline
    window.opening.camera(0)
    assert window.session.pipeline is pipeline
    assert window.space.banner.offers == []
