"""Video files: every frame, the file's own clock, the player's controls, and what cannot be played."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.base import EndOfStream, SensorError, SensorTimeout
from skel.sensors.opencv import import_cv2
from skel.sensors.video import VideoSensor
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import MEDIAPIPE33, NTU25

pytest.importorskip("cv2")
cv2 = import_cv2()
pytest.importorskip("mediapipe")
COUNT, FPS = 12, 25.0


@pytest.fixture(scope="module")
def lite(shared: Path) -> Path:
    return shared / "models" / "pose_landmarker_lite.task"


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video whose n-th picture is grey of brightness 20·n: nobody in view."""
    path = tmp_path_factory.mktemp("video") / "counting.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, (64, 48))
    for n in range(COUNT):
        writer.write(np.full((48, 64, 3), 20 * n, np.uint8))
    writer.release()
    return path


@pytest.fixture
def sensor(counting: Path, lite: Path):
    with VideoSensor(counting, pose_model=lite, speed=math.inf) as sensor:
        yield sensor


def numbers(frames: list[SkeletonFrame]) -> list[int]:
    return [round(float(frame.image.mean()) / 20) for frame in frames]


def rest(sensor: VideoSensor) -> list[SkeletonFrame]:
    frames = []
    try:
        while True:
            frames.append(sensor.read(30.0))
    except EndOfStream:
        return frames


def test_every_frame_in_order_with_the_videos_own_time(sensor: VideoSensor):
    assert (sensor.nominal_fps, sensor.duration_s) == (FPS, pytest.approx(COUNT / FPS))
    frames = rest(sensor)
    assert numbers(frames) == list(range(COUNT))
    assert [frame.index for frame in frames] == list(range(COUNT))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(COUNT) / FPS)
    assert sensor.position_s == pytest.approx(sensor.duration_s)


def test_nobody_in_view(sensor: VideoSensor):
    frame = sensor.read()
    assert frame.positions_m.shape == (0, 33, 3)
    assert frame.image_points_px.shape == (0, 33, 2)
    assert frame.image.shape == (48, 64, 3)


def test_seek_by_time(sensor: VideoSensor):
    sensor.seek(7 / FPS)
    assert sensor.position_s == pytest.approx(7 / FPS)
    frames = [sensor.read(), sensor.read()]
    assert numbers(frames) == [7, 8]
    assert [frame.index for frame in frames] == [0, 1]
    assert frames[0].time_s == pytest.approx(7 / FPS)
    sensor.seek(-1)
    assert numbers([sensor.read()]) == [0]
    sensor.seek(1000)
    assert numbers(rest(sensor)) == [COUNT - 1]
    sensor.seek(2 / FPS)
    assert numbers([sensor.read()]) == [2]


def test_pause_and_step(sensor: VideoSensor):
    sensor.read()
    sensor.paused = True
    with pytest.raises(SensorTimeout):
        sensor.read(0.0)
    sensor.step(2)
    assert numbers([sensor.read(), sensor.read()]) == [1, 2]
    sensor.step(-1)
    assert numbers([sensor.read()]) == [1]
    sensor.step(-9)
    assert numbers([sensor.read()]) == [0]
    sensor.paused = False
    assert numbers([sensor.read()]) == [1]


def test_step_back_from_the_end(sensor: VideoSensor):
    rest(sensor)
    sensor.paused = True
    sensor.step(-1)
    assert numbers([sensor.read()]) == [COUNT - 2]


def test_looping_goes_on_by_one_frame_interval(counting, lite):
    with VideoSensor(counting, pose_model=lite, speed=math.inf, loop=True) as sensor:
        frames = [sensor.read() for _ in range(2 * COUNT + 1)]
    assert numbers(frames) == [*range(COUNT), *range(COUNT), 0]
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(2 * COUNT + 1) / FPS)


KILLED = """
import os, sys
import numpy as np
from skel.sensors.video_writer import VideoWriter
random = np.random.default_rng(0)
noise = random.integers(0, 20, (96, 128, 3), np.uint8)
writer = VideoWriter(__import__("pathlib").Path(sys.argv[1]), 25.0)
for n in range(400):
    writer.write(np.roll(noise, 8 * n, axis=1) + np.uint8(20 * (n % 12)))
if sys.argv[2] == "killed":
    os._exit(0)
writer.close()
"""


def test_a_video_whose_writer_was_killed_is_sought_and_stepped_through(tmp_path, lite, monkeypatch):
    """It states no length: what there is of it must be where it is in the one that was finished."""
    paths = [tmp_path / "killed.mkv", tmp_path / "whole.mkv"]
    for path in paths:
        subprocess.run([sys.executable, "-c", KILLED, str(path), path.stem], check=True)
    assert 0 < paths[0].stat().st_size < paths[1].stat().st_size
    monkeypatch.setattr(VideoSensor, "_frame", lambda self, picture, index, time_s: (picture, time_s))  # no pose: quick
    with (
        VideoSensor(paths[0], pose_model=lite, speed=math.inf) as killed,
        VideoSensor(paths[1], pose_model=lite, speed=math.inf) as whole,
    ):
        count = round(killed.duration_s * FPS)
        assert 100 < count < 400

        def both_give_the_same(frames: int) -> None:
            for _ in range(frames):
                (seen, seen_s), (expected, expected_s) = killed.read(5.0), whole.read(5.0)
                np.testing.assert_array_equal(seen, expected)
                assert seen_s == pytest.approx(expected_s, abs=1e-6)

        for place in (count // 2 / FPS, 3 / FPS, (count - 3) / FPS, 0.0):
            killed.seek(place)
            whole.seek(place)
            assert killed.position_s == pytest.approx(place)
            both_give_the_same(3)
        killed.paused = whole.paused = True
        for frames in (30, -1, -5, -100, 2):
            killed.step(frames)
            whole.step(frames)
            both_give_the_same(max(frames, 1))
        killed.paused = False
        killed.seek(1e6)
        assert len(rest(killed)) == 1
        assert killed.duration_s == pytest.approx(count / FPS)
        killed.paused = True
        killed.step(-1)
        assert killed.read(5.0)[1] == pytest.approx((count - 2) / FPS)


class Stamped:
    """A video with time stamps of its own making."""

    def __init__(self, stamps_ms: list[float]) -> None:
        self._stamps_ms, self._row = stamps_ms, 0

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self._row == len(self._stamps_ms):
            return False, None
        self._row += 1
        return True, np.full((48, 64, 3), 20 * (self._row - 1), np.uint8)

    def get(self, what: int) -> float:
        values = {cv2.CAP_PROP_POS_MSEC: self._stamps_ms[self._row - 1], cv2.CAP_PROP_POS_FRAMES: self._row}
        return values.get(what, 10.0 if what == cv2.CAP_PROP_FPS else len(self._stamps_ms))

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("stamps_ms", "times_s"),
    [
        ([700, 800, 1000, 1050], [0, 0.1, 0.3, 0.35]),  # a variable rate is kept, and the first stamp is the start
        ([0, 100, 100, 250], [0, 0.1, 0.2, 0.25]),
        ([0, 100, 50, 300], [0, 0.1, 0.2, 0.3]),
        ([0, 0, 0, 0], [0, 0.1, 0.2, 0.3]),  # a file without stamps
    ],
)
def test_time_stamps_increase(stamps_ms, times_s, counting, lite, monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", lambda path: Stamped(stamps_ms))
    with VideoSensor(counting, pose_model=lite, speed=math.inf) as sensor:
        frames = rest(sensor)
    assert numbers(frames) == [0, 1, 2, 3]
    np.testing.assert_allclose([frame.time_s for frame in frames], times_s)


def test_a_squat_in_the_room(shared, lite):
    with VideoSensor(shared / "media" / "squat.mp4", pose_model=lite, speed=math.inf) as sensor:
        frames = [sensor.read(30.0) for _ in range(45)]
        assert sensor.mode == "MediaPipe lite"
    assert sensor.layout is MEDIAPIPE33
    assert all(frame.body_ids.tolist() == [0] for frame in frames)
    bodies = np.concatenate([frame.converted(NTU25).positions_m for frame in frames])
    hips, knees, ankles = (bodies[:, NTU25.index(f"Left{joint}")] for joint in ("Hip", "Knee", "Ankle"))
    assert np.ptp(hips[:, 1]) > 0.25  # the hips go down,
    assert ankles[:, :2].std(axis=0).max() < 0.05  # the feet stay where they are,
    deepest = np.argmin(hips[:, 1])
    assert knees[deepest, 2] < min(hips[deepest, 2], ankles[deepest, 2])  # and the knees bend towards the camera
    assert ((bodies[..., 2] > 1) & (bodies[..., 2] < 3.5)).all()


def test_two_people_keep_their_ids_and_stand_apart(shared, lite, tmp_path):
    capture = cv2.VideoCapture(str(shared / "media" / "squat.mp4"))
    writer = cv2.VideoWriter(str(tmp_path / "two.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), FPS, (720, 640))
    for _ in range(10):
        picture = cv2.resize(capture.read()[1], (360, 640))
        writer.write(np.hstack([picture, picture]))
    writer.release()
    with VideoSensor(tmp_path / "two.mp4", pose_model=lite, people=2, speed=math.inf) as sensor:
        frames = rest(sensor)
    assert [frame.body_ids.tolist() for frame in frames] == [[0, 1]] * 10
    hips_m = np.array([frame.converted(NTU25).positions_m[:, 0] for frame in frames])  # (T, 2, 3)
    apart_m = hips_m[:, 1, 0] - hips_m[:, 0, 0]
    assert np.ptp(apart_m) < 0.3  # nobody changes places,
    assert (np.abs(apart_m) > 0.7).all()  # and nobody stands inside the other
    assert (np.abs(hips_m[:, 1, 2] - hips_m[:, 0, 2]) < 0.4).all()


def test_what_cannot_be_played_is_told_in_one_line(tmp_path, lite, counting, monkeypatch, capfd):
    with pytest.raises(SensorError, match="there is no video"):
        VideoSensor(tmp_path / "absent.mp4")
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(SensorError, match=r"text.mp4 cannot be read as a video"):
        VideoSensor(tmp_path / "text.mp4")
    (tmp_path / "cut.mp4").write_bytes(counting.read_bytes()[:200])
    with pytest.raises(SensorError, match=r"cut.mp4 cannot be read as a video"):
        VideoSensor(tmp_path / "cut.mp4")
    assert capfd.readouterr().err == ""  # and FFmpeg is silent
    monkeypatch.delenv("SKEL_POSE_MODEL", raising=False)
    monkeypatch.setattr("skel.sensors.pose_model.user_cache_path", lambda name: tmp_path / name)
    with pytest.raises(SensorError, match="no pose model"):
        VideoSensor(counting).open()
