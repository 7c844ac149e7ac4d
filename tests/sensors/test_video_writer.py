"""A recording's pictures on disk: every rate that a camera states, and no silence where the file can grow no further."""

import subprocess
import sys
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.base import SensorError
from skel.sensors.opencv import import_cv2
from skel.sensors.video_writer import VideoWriter

pytest.importorskip("cv2")
cv2 = import_cv2()
FPS = 10.0
LIMIT = 3_000_000  # bytes


def black(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def pictures_in(path: Path) -> int:
    video, count = cv2.VideoCapture(str(path)), 0
    while video.grab():
        count += 1
    return count


def test_pictures_without_and_of_another_size(tmp_path: Path):
    writer = VideoWriter(tmp_path / "take.mkv", 30.0)
    for shade in (None, 200, None, 40):
        writer.write(None if shade is None else np.full((48, 64, 3) if shade == 200 else (96, 128, 3), shade, np.uint8))
    writer.close()
    writer.close()
    video = cv2.VideoCapture(str(tmp_path / "take.mkv"))
    seen = [video.read()[1] for _ in range(4)]
    assert [picture.shape for picture in seen] == [(48, 64, 3)] * 4
    assert [picture.mean() for picture in seen] == pytest.approx([0, 200, 200, 40], abs=4)


@pytest.mark.parametrize(
    ("fps", "stated"),
    [(119.6313, 119.6), (66.66667, 66.7), (74.9973, 75.0), (999.99, 1000.0), (59.94006, 59.94), (7.51234, 7.512)],
)
def test_any_rate_that_a_camera_states(tmp_path: Path, fps: float, stated: float):
    """MPEG-4 counts time in at most 65535 parts of a second."""
    writer = VideoWriter(tmp_path / "take.mkv", fps)
    for _ in range(3):
        writer.write(black(64, 48))
    writer.close()
    assert cv2.VideoCapture(str(tmp_path / "take.mkv")).get(cv2.CAP_PROP_FPS) == pytest.approx(stated)
    assert pictures_in(tmp_path / "take.mkv") == 3


def test_a_folder_that_is_not_there(tmp_path: Path):
    writer = VideoWriter(tmp_path / "absent" / "take.mkv", 30.0)
    with pytest.raises(SensorError, match="cannot write the video"):
        writer.write(black(64, 48))
    writer.close()


# The kernel refuses to let a file of this process grow further, as FAT32 does at 4 GB.
LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from skel.sensors.base import SensorError
from skel.sensors.video_writer import VideoWriter
path, limit, most = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
noise = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
writer = VideoWriter(path, 10.0)
written = 0
try:
    for written in range(1, most + 1):
        writer.write(np.roll(noise, written, axis=1) if written < 20 else noise * 0)
    written = "close"
    writer.close()
    print("all went well")
except SensorError as error:
    print(written, error)
    writer.close()  # says it once
"""


def limited(path: Path, limit: int, most: int) -> str:
    child = [sys.executable, "-c", LIMITED, str(path), str(limit), str(most)]
    return subprocess.run(child, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")
@pytest.mark.parametrize(("most", "when"), [(2000, range(100, 400)), (25, ["close"])])
def test_a_file_that_cannot_grow_is_told(tmp_path: Path, most: int, when: range | list[str]):
    path = tmp_path / "take.mkv"
    written, _, said = limited(path, LIMIT, most).partition(" ")
    assert said == f"the video {path} has stopped at 3 MB: is the disk full, or the file too large for it?"
    assert (int(written) if written.isdecimal() else written) in when
    assert pictures_in(path) > 0  # what was written before can be played


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")
def test_where_there_is_room_nothing_is_told(tmp_path: Path):
    assert limited(tmp_path / "take.mkv", 1 << 30, 25) == "all went well"


@pytest.mark.parametrize(("width", "height", "pictures"), [(640, 480, 2200), (64, 48, 3000)])
def test_in_the_dark_the_file_grows_slowly_and_all_is_well(tmp_path: Path, width: int, height: int, pictures: int):
    """A covered lens: nothing takes fewer bytes, so the file stays as it is for longest between two pieces."""
    path, sizes = tmp_path / "take.mkv", []
    writer = VideoWriter(path, FPS)
    for _ in range(pictures):
        writer.write(black(width, height))
        sizes.append(path.stat().st_size)
    writer.close()
    assert pictures_in(path) == pictures
    assert max(len(list(same)) for _, same in groupby(sizes)) > 30 * FPS  # a rule of some seconds would have told nonsense
