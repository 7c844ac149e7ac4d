"""The Kinect as a sensor: recordings through both ways of tracking, whole; what is slow, missing, lost or closed."""

import logging
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from depth_scene import DepthScene, damaged
from k4abt_stub import Stub, built_stub
from mkv_writer import Picture, write_mkv

from skel.sensors.base import EndOfStream, SensorError, SensorLost, SensorTimeout
from skel.sensors.kinect import KinectSensor
from skel.sensors.opencv import import_cv2
from skel.sensors.pose import PersonPose, PoseEstimator
from skel.sensors.pyk4a_rig import rig_of
from skel.sensors.registration import Rig
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import AZURE32, MEDIAPIPE33, NTU25

pyk4a = pytest.importorskip("pyk4a")
pytest.importorskip("cv2")
GREY, FLAT = np.full((720, 1280, 3), 90, np.uint8), np.full((576, 640), 2000, np.uint16)


@pytest.fixture(scope="module")
def calibration_json(shared: Path) -> bytes:
    return (shared / "k4a" / "calibration.json").read_bytes()


@pytest.fixture(scope="module")
def calibration(calibration_json: bytes):
    modes = pyk4a.DepthMode.NFOV_UNBINNED, pyk4a.ColorResolution.RES_720P
    return pyk4a.Calibration.from_raw(calibration_json.decode(), *modes)


@pytest.fixture(scope="module")
def level(calibration) -> tuple[float, float, float]:
    """What the accelerometer measures when the depth camera looks straight ahead."""
    turn, _ = calibration.get_extrinsic_parameters(pyk4a.CalibrationType.ACCEL, pyk4a.CalibrationType.DEPTH)
    return tuple(turn.T @ [0, -9.81, 0])


@pytest.fixture(scope="module")
def empty_room(tmp_path_factory: pytest.TempPathFactory, calibration_json: bytes, level) -> Path:
    """Eight captures; the fourth has no depth picture, the sixth no colour picture."""
    pictures = [Picture(1 + i / 30, GREY, FLAT) for i in range(8)]
    pictures[3], pictures[5] = pictures[3]._replace(depth_mm=None), pictures[5]._replace(colour=None)
    path = tmp_path_factory.mktemp("room") / "room.mkv"
    return write_mkv(path, pictures, calibration_json, acceleration_m_s2=level)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_stub(tmp_path_factory.mktemp("sdk"))


@pytest.fixture
def stub(sdk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr("skel.sensors.k4abt.refuse_foreign_libk4a", lambda: None)  # it calls nothing of libk4a
    stub = Stub(sdk)
    stub["bodies"], stub["full"], stub["silent"], stub["broken"], stub["shutdowns"] = 2, 0, 0, 0, 0
    yield stub
    assert stub.held() == (0, 0)


@pytest.fixture
def tracked(stub: Stub, empty_room: Path) -> Iterator[KinectSensor]:
    sensor = KinectSensor(empty_room, tracker="body-tracking", sdk=stub.folder, speed=math.inf)
    yield sensor
    sensor.close()


def all_frames(sensor: KinectSensor) -> list[SkeletonFrame]:
    frames = []
    with sensor:
        while True:
            try:
                frames.append(sensor.read())
            except EndOfStream:
                return frames


def test_body_tracking_comes_out_right(tracked: KinectSensor, calibration):
    frames = all_frames(tracked)
    assert (tracked.mode, tracked.layout, tracked.nominal_fps) == ("body tracking", AZURE32, 30.0)
    frame, joint = frames[0], AZURE32.index
    assert frame.body_ids.tolist() == [7, 11]
    # 200 mm to the right, 20 mm down, 2 m away is 0.2 m to the right and 2 cm down still, in metres and canonical axes.
    np.testing.assert_allclose(frame.positions_m[0, joint("LeftWrist")], [-0.2, -0.02, 2.0], atol=1e-4)
    np.testing.assert_allclose(frame.positions_m[1, joint("Head")], [-1.0, 0.6, 2.5], atol=1e-4)
    assert np.isnan(frame.positions_m[0, joint("LeftFoot")]).all()
    assert (frame.confidence[0, joint("LeftFoot")] == 0).all()
    pixel = calibration.convert_3d_to_2d((200, 20, 2000), pyk4a.CalibrationType.DEPTH, pyk4a.CalibrationType.COLOR)
    np.testing.assert_allclose(frame.image_points_px[0, joint("LeftWrist")], pixel, atol=0.01)
    assert frame.image.shape == (720, 1280, 3)
    body = frame.converted(NTU25).positions_m[0]
    assert body[NTU25.index("LeftShoulder"), 0] < body[NTU25.index("RightShoulder"), 0]
    assert body[NTU25.index("Head"), 1] > body[NTU25.index("SpineBase"), 1] > body[NTU25.index("LeftAnkle"), 1]


def test_every_capture_is_given_out_and_those_left_out_are_counted(tracked: KinectSensor):
    frames = all_frames(tracked)
    assert [frame.index for frame in frames] == [0, 1, 2, 4, 6, 7]
    np.testing.assert_allclose([frame.time_s for frame in frames], 1 + np.array([0, 1, 2, 4, 6, 7]) / 30, atol=1e-5)
    depths_m = [frame.positions_m[0, 0, 2] for frame in frames]  # the stub moves its bodies by 1 mm a capture
    np.testing.assert_allclose(np.diff(depths_m), 0.001, atol=1e-5)
    assert [frame.index for frame in all_frames(tracked)] == [0, 1, 2, 4, 6, 7]  # opened again, from the start


@pytest.mark.parametrize("hindrance", ["full", "silent"])
def test_a_slow_tracker_is_a_timeout_and_loses_nothing(tracked: KinectSensor, stub: Stub, hindrance: str):
    undisturbed = [frame.time_s for frame in all_frames(tracked)]
    times_s = []
    with tracked:
        for _ in undisturbed:
            stub[hindrance] = 1
            for _ in range(2):
                with pytest.raises(SensorTimeout):
                    tracked.read(0.01)
            stub[hindrance] = 0
            times_s.append(tracked.read().time_s)
    assert times_s == undisturbed


@pytest.mark.parametrize("broken", [1, 2])
def test_a_tracker_that_fails_is_lost_and_released(tracked: KinectSensor, stub: Stub, broken: int):
    with tracked:
        tracked.read()
        stub["broken"] = broken
        with pytest.raises(SensorLost):
            tracked.read()
    assert stub.held() == (0, 0)
    stub["broken"] = 0
    assert tracked.mode == "body tracking"
    assert len(all_frames(tracked)) == 6


def test_an_exception_in_the_middle_releases_everything(tracked: KinectSensor, stub: Stub, monkeypatch: pytest.MonkeyPatch):
    def fail(*arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Rig, "canonical", fail)
    with pytest.raises(MemoryError), tracked:
        tracked.read()
    assert stub.held() == (0, 0)
    with pytest.raises(EndOfStream):
        tracked.read()


def test_closing_ends_a_read_that_waits_for_the_tracker(tracked: KinectSensor, stub: Stub):
    stub["silent"] = 1
    ended = []

    def read() -> None:
        with pytest.raises(EndOfStream):
            tracked.read(600.0)
        ended.append(True)

    tracked.open()
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    with pytest.raises(SensorTimeout):  # the reader and we take turns, so it has begun to wait
        tracked.read(0.2)
    tracked.close()
    assert stub.held() == (0, 0)
    reader.join(30.0)
    assert ended == [True]


def test_a_tracker_that_does_not_start_leaves_nothing_open(empty_room: Path, stub: Stub, tmp_path: Path, monkeypatch):
    closed = []
    real_close = pyk4a.PyK4APlayback.close
    monkeypatch.setattr(pyk4a.PyK4APlayback, "close", lambda self: (closed.append(self), real_close(self)))
    sensor = KinectSensor(empty_room, tracker="body-tracking", sdk=tmp_path)
    with pytest.raises(SensorError, match=r"^no libk4abt.so in [^\n]*$"):
        sensor.open()
    assert len(closed) == 1
    with pytest.raises(EndOfStream):
        sensor.read(0.0)


def test_wrong_values_are_told_at_once():
    for options, reason in (
        ({"speed": 0.0}, "speed must be above 0"),
        ({"people": 0}, "at least one person"),
        ({"tracker": "magic"}, "'magic'"),
    ):
        with pytest.raises(UserError, match=reason):
            KinectSensor(**options)


@pytest.mark.parametrize("source", [0, "0", Path("0")])
def test_a_number_is_a_device(source):
    if pyk4a.connected_device_count():
        pytest.skip("a Kinect is connected")
    with pytest.raises(SensorError, match="no Azure Kinect is connected"):
        KinectSensor(source).open()


# The way without the body tracker, on pictures of a real person with depth to match.


@pytest.fixture(scope="module")
def lite(shared: Path) -> Path:
    pytest.importorskip("mediapipe")
    return shared / "models" / "pose_landmarker_lite.task"


@pytest.fixture(scope="module")
def rig(calibration) -> Rig:
    return rig_of(calibration, np.array([0.0, -1.0, 0.0]))


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[np.ndarray]:
    """The first pictures of a video of one person, upright in the middle of the Kinect's wider picture."""
    cv2 = import_cv2()
    video = cv2.VideoCapture(str(shared / "media" / "squat.mp4"))
    framed = []
    for _ in range(4):
        picture = GREY.copy()
        picture[:, 438:843] = cv2.resize(video.read()[1], (405, 720))
        framed.append(picture)
    return framed


@pytest.fixture(scope="module")
def truth_m(lite: Path, pictures: list[np.ndarray], rig: Rig) -> list[np.ndarray]:
    """Where that person shall be: landmarks (33, 3) in the depth camera's axes, the hips 2.6 m away."""
    estimate, bodies = PoseEstimator(lite), []
    for i, picture in enumerate(pictures):
        (person,) = estimate(picture, i / 30)
        bodies.append(placed(person, rig, 2.6))
    estimate.close()
    return bodies


def placed(person: PersonPose, rig: Rig, distance_m: float) -> np.ndarray:
    rays = rig.colour.rays(person.image_px)
    colour_m = rays * (distance_m + person.world_m[:, 2:])
    return (colour_m - rig.translation_m) @ rig.rotation


@pytest.fixture(scope="module")
def person_in_room(tmp_path_factory, calibration_json, level, pictures, truth_m, rig) -> Path:
    """That person before a wall at 4 m, with noise, holes and flying pixels."""
    scene, random = DepthScene(rig), np.random.default_rng(0)
    captures = [
        Picture(1 + i / 30, picture, damaged(scene.render([body], 4.0), random, noise=0.002, holes=0.05, flying=0.5))
        for i, (picture, body) in enumerate(zip(pictures, truth_m))
    ]
    path = tmp_path_factory.mktemp("person") / "person.mkv"
    return write_mkv(path, captures, calibration_json, acceleration_m_s2=level)


@pytest.fixture(scope="module")
def lifted(person_in_room: Path, lite: Path) -> list[SkeletonFrame]:
    return all_frames(KinectSensor(person_in_room, tracker="mediapipe", pose_model=lite, speed=math.inf))


def test_without_the_tracker_joints_are_where_the_depth_camera_sees_them(lifted, truth_m, rig: Rig):
    assert [frame.index for frame in lifted] == list(range(4))
    errors_m = []
    for frame, body in zip(lifted, truth_m):
        assert (frame.layout, len(frame.body_ids)) == (MEDIAPIPE33, 1)
        errors_m.append(np.linalg.norm(frame.positions_m[0] - rig.canonical(body), axis=1))
    assert np.median(errors_m) < 0.02
    assert np.percentile(errors_m, 90) < 0.08
    hips_m = np.array([frame.positions_m[0, [23, 24]].mean(axis=0) for frame in lifted])
    true_hips_m = np.array([rig.canonical(body[[23, 24]].mean(axis=0)) for body in truth_m])
    np.testing.assert_allclose(hips_m, true_hips_m, atol=0.04)


def test_without_the_tracker_a_person_is_a_person_too(lifted):
    for frame in lifted:
        body = frame.converted(NTU25).positions_m[0]
        assert body[NTU25.index("LeftShoulder"), 0] < body[NTU25.index("RightShoulder"), 0]
        assert body[NTU25.index("Head"), 1] > body[NTU25.index("SpineBase"), 1] > body[NTU25.index("LeftAnkle"), 1]
        inside = (frame.image_points_px[0] >= 0) & (frame.image_points_px[0] < (1280, 720))
        assert inside.all(axis=1).mean() > 0.8
    assert {tuple(frame.body_ids) for frame in lifted} == {(0,)}


def test_nobody_in_an_empty_room(empty_room: Path, lite: Path):
    frames = all_frames(KinectSensor(empty_room, tracker="mediapipe", pose_model=lite, speed=math.inf))
    assert {frame.positions_m.shape for frame in frames} == {(0, 33, 3)}
    assert {frame.image_points_px.shape for frame in frames} == {(0, 33, 2)}


def test_auto_falls_back_and_says_why(empty_room: Path, lite: Path, tmp_path: Path, monkeypatch, caplog):
    monkeypatch.setattr("skel.sensors.k4abt.refuse_foreign_libk4a", lambda: None)
    sensor = KinectSensor(empty_room, sdk=tmp_path, pose_model=lite)
    with caplog.at_level(logging.WARNING), sensor:
        assert sensor.mode == "MediaPipe lite, metric depth (no body tracking: SDK not installed)"
        assert sensor.layout == MEDIAPIPE33
        sensor.close()
        sensor.open()
    assert len(caplog.records) == 1
    assert str(tmp_path) in caplog.text


def test_auto_takes_the_tracker_where_it_runs(tracked: KinectSensor, stub: Stub, empty_room: Path):
    with KinectSensor(empty_room, sdk=stub.folder, speed=math.inf) as sensor:
        assert sensor.mode == "body tracking"
        assert sensor.read().layout == AZURE32
