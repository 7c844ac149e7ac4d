"""What `skel-app` can be told: what must not be written over, and what stays when there is another source."""

from dataclasses import replace
from pathlib import Path

import pytest

from skel.app import cli
from skel.app.options import Options
from skel.models.pretrained import DEFAULT_MODEL
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import load_recording, save_recording


@pytest.fixture
def walk(tmp_path: Path, monkeypatch) -> Path:
    """A recording with a description, in the folder that the program is started in."""
    monkeypatch.chdir(tmp_path)
    save_recording(Path("walk.npy"), perform(seed=2, duration_s=6.0))
    (tmp_path / "link.json").symlink_to("walk.json")
    return Path("walk.npy")


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("walk.json", "describes walk.npy"),
        ("walk.npy", "is read or recorded"),
        ("./folder/../walk.json", "describes walk.npy"),
        ("link.json", "describes walk.npy"),
    ],
)
def test_predictions_are_not_written_over_the_recording(walk: Path, target: str, what: str):
    (walk.parent / "folder").mkdir()
    before = load_recording(walk)
    with pytest.raises(UserError, match=f"^--json {target}: .*{what}.*choose another name$"):
        cli.run(Options(play=walk, headless=True, json=target, device="cpu"))
    assert load_recording(walk).segments == before.segments != ()
    assert load_recording(walk).assumed == ""


@pytest.mark.parametrize(
    "options",
    [
        Options(sensor="synthetic", record=Path("new.npy"), json="new.npy"),
        Options(sensor="synthetic", record=Path("new.npy"), json="new.json"),
        Options(sensor="synthetic", json="walk.json"),  # of a recording that is not even played
        Options(demo=True, json=str(DEFAULT_MODEL)),
        Options(demo=True, model=Path("mine.onnx"), json="mine.onnx"),
        Options(demo=True, model=Path("mine.onnx"), json=str(DEFAULT_MODEL.with_name("demo.json"))),
        Options(play=Path("me.mp4"), json="me.mp4"),
        Options(play=Path("cut-short.unfinished"), json="cut-short.json"),
    ],
)
def test_nor_over_anything_else_that_is_read_or_recorded(walk: Path, options: Options):
    with pytest.raises(UserError, match="choose another name"):
        replace(options, headless=True).resolved()


@pytest.mark.parametrize(
    "options",
    [
        Options(play=Path("walk.npy"), json="walk.jsonl"),
        Options(play=Path("walk.npy"), json="-"),
        Options(play=Path("me.mp4"), json="me.json"),  # a video has no description
        Options(sensor="synthetic", record=Path("takes"), json="takes.json"),
    ],
)
def test_any_other_file_is_free(walk: Path, options: Options):
    assert replace(options, headless=True).resolved().json == options.json


CAMERA = Options(
    sensor="kinect",
    source=Path("2"),
    people=3,
    pose="full",
    pose_model=Path("m.task"),
    tracker="mediapipe",
    record=Path("takes"),
)


@pytest.mark.parametrize(
    ("started", "sensor", "source", "keywords"),
    [
        (Options(), "webcam", None, {}),
        (CAMERA, "webcam", Path("1"), {"source": 1, "people": 3, "variant": "full", "pose_model": Path("m.task")}),
        (CAMERA, "kinect", None, {"people": 3, "variant": "full", "pose_model": Path("m.task"), "tracker": "mediapipe"}),
        (Options(play=Path("a.mp4"), field_of_view_deg=70, speed=3, loop=True), "video", Path("b.mp4"), None),
    ],
)
def test_what_holds_for_a_camera_holds_for_the_next_one(started: Options, sensor, source, keywords):
    keywords = {"source": source, "field_of_view_deg": 70} if keywords is None else keywords
    assert started.resolved().for_source(sensor, source).sensor_options(len) == {**keywords, "confirm": len}


def test_actors_are_no_people_of_a_camera():
    actors, camera = Options(sensor="synthetic", people=4, seed=7), Options(sensor="webcam", people=9)
    assert actors.for_source("synthetic").sensor_options() == {"persons": 4, "seed": 7}
    assert actors.for_source("webcam").sensor_options(len) == {"confirm": len}
    assert camera.for_source("synthetic").sensor_options() == {}


def test_a_download_that_was_agreed_to_needs_no_question():
    assert Options(download=True).for_source("webcam").sensor_options(len)["confirm"]("6 MB?") is True
