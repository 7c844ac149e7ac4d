"""MediaPipe's landmarks: who is found where, in which axes, and what its stream survives."""

import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.base import SensorError
from skel.sensors.native_log import native_log_muted
from skel.sensors.opencv import import_cv2
from skel.sensors.pose import PersonPose, PoseEstimator
from skel.skeleton.layouts import MEDIAPIPE33

cv2 = pytest.importorskip("cv2")
pytest.importorskip("mediapipe")
LEFT_SHOULDER, RIGHT_SHOULDER = MEDIAPIPE33.index("LeftShoulder"), MEDIAPIPE33.index("RightShoulder")
LEFT_HIP, RIGHT_HIP = MEDIAPIPE33.index("LeftHip"), MEDIAPIPE33.index("RightHip")


@pytest.fixture(scope="module")
def lite(shared: Path) -> Path:
    return shared / "models" / "pose_landmarker_lite.task"


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[np.ndarray]:
    """The first pictures (1280, 720) of a video of one person who squats, facing the camera."""
    video = cv2.VideoCapture(str(shared / "media" / "squat.mp4"))
    return [video.read()[1] for _ in range(4)]


@pytest.fixture(scope="module")
def squatting(lite: Path, pictures: list[np.ndarray]) -> list[PersonPose]:
    estimator = PoseEstimator(lite)
    found = [estimator(picture, i / 30) for i, picture in enumerate(pictures)]
    estimator.close()
    assert [len(people) for people in found] == [1] * len(pictures)
    return [people[0] for people in found]


def test_shapes_and_types(squatting: list[PersonPose]):
    for person in squatting:
        assert (person.image_px.shape, person.image_px.dtype) == ((33, 2), np.float32)
        assert (person.world_m.shape, person.world_m.dtype) == ((33, 3), np.float32)
        assert (person.visibility.shape, person.visibility.dtype) == ((33,), np.float32)
        assert ((person.visibility >= 0) & (person.visibility <= 1)).all()


def test_a_person_who_faces_the_camera_has_the_left_side_right_in_the_picture_and_left_in_the_room(squatting):
    for person in squatting:
        assert person.image_px[LEFT_SHOULDER, 0] > person.image_px[RIGHT_SHOULDER, 0]
        assert person.world_m[LEFT_SHOULDER, 0] < person.world_m[RIGHT_SHOULDER, 0]
        assert person.image_px[0, 1] < person.image_px[LEFT_HIP, 1]
        assert person.world_m[0, 1] > person.world_m[LEFT_HIP, 1]
        assert person.world_m[0, 2] < person.world_m[[7, 8], 2].mean()  # the nose is nearer than the ears


def test_metres_from_the_middle_of_the_hips(squatting):
    for person in squatting:
        np.testing.assert_allclose(person.world_m[[LEFT_HIP, RIGHT_HIP]].mean(axis=0), 0, atol=0.01)
        assert 0.25 < np.linalg.norm(person.world_m[LEFT_SHOULDER] - person.world_m[RIGHT_SHOULDER]) < 0.5


def test_two_people_stand_where_they_are(lite, pictures, squatting):
    estimator = PoseEstimator(lite, people=2)
    found = estimator(np.hstack([pictures[0], pictures[0]]), 0.0)
    estimator.close()
    assert len(found) == 2
    for person, offset_px in zip(sorted(found, key=lambda p: p.image_px[0, 0]), (0, 720)):
        np.testing.assert_allclose(person.image_px, squatting[0].image_px + np.array([offset_px, 0]), atol=40)


def test_a_photograph_of_one_person(lite, shared):
    estimator = PoseEstimator(lite, people=2)
    (person,) = estimator(cv2.imread(str(shared / "media" / "person.jpg")), 0.0)
    estimator.close()
    assert person.image_px[0, 1] < person.image_px[LEFT_HIP, 1] < person.image_px[27, 1]


def test_nobody_in_view(lite):
    estimator = PoseEstimator(lite)
    assert estimator(np.full((240, 320, 3), 90, np.uint8), 0.0) == []
    estimator.close()


def test_stamps_may_repeat_jump_and_run_backwards(lite, pictures):
    estimator = PoseEstimator(lite)
    for time_s in (5.0, 5.0, 4.0, 4.0001, 4.0002, 900.0, 0.0):
        assert len(estimator(pictures[0], time_s)) == 1
    estimator.close()


def test_a_closed_estimator_finds_nobody_and_closes_again(lite, pictures):
    estimator = PoseEstimator(lite)
    closing = threading.Thread(target=estimator.close)
    estimator(pictures[0], 0.0)
    closing.start()
    closing.join(30)
    estimator.close()
    assert estimator(pictures[0], 1.0) == []


def test_native_code_leaves_the_terminal_alone(lite, pictures, capfd):
    estimator = PoseEstimator(lite)
    estimator(pictures[0], 0.0)
    os.write(2, b"ours\n")
    estimator.close()
    assert capfd.readouterr().err == "ours\n"


def test_native_code_is_heard_where_nothing_can_be_held_back(monkeypatch):
    def refuse() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with native_log_muted():
        pass


def test_what_cannot_be_loaded_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lite):
    with pytest.raises(SensorError, match="no pose model at"):
        PoseEstimator(tmp_path / "absent.task")
    (tmp_path / "broken.task").write_bytes(b"not a model")
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda path, mode: False)
        with pytest.raises(SensorError, match=r"broken.task cannot be read: you have no permission"):
            PoseEstimator(tmp_path / "broken.task")
    with pytest.raises(SensorError, match=r"broken.task is not a pose model .* download it anew"):
        PoseEstimator(tmp_path / "broken.task")
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(SensorError, match=r"MediaPipe cannot be loaded .*pip install -c constraints.txt \"\.\[webcam\]\""):
        PoseEstimator(lite)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SensorError, match=r"OpenCV cannot be loaded .*pip install -c constraints.txt \"\.\[webcam\]\""):
        PoseEstimator(lite)


def test_opencv_leaves_qt_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", str(Path(cv2.__file__).parent / "qt" / "plugins"))
    monkeypatch.setenv("QT_QPA_FONTDIR", "/usr/share/fonts")
    import_cv2()
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ
    assert os.environ["QT_QPA_FONTDIR"] == "/usr/share/fonts"
