"""Which sensor plays what."""

from pathlib import Path

import pytest

from skel.sensors.sources import sensor_for
from skel.skeleton.errors import UserError


@pytest.mark.parametrize(
    ("source", "sensor"),
    [
        ("0", "webcam"),
        ("12", "webcam"),
        ("take.npy", "replay"),
        ("take.unfinished", "replay"),
        ("squat.mp4", "video"),
        ("SQUAT.AVI", "video"),
        ("missing.mkv", "video"),
    ],
)
def test_by_its_name(source: str, sensor: str):
    assert sensor_for(Path(source)) == sensor


def test_a_kinects_matroska_is_told_from_any_other(shared: Path, tmp_path: Path):
    assert sensor_for(shared / "k4a" / "recording.mkv") == "kinect"
    (tmp_path / "film.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(1000))
    assert sensor_for(tmp_path / "film.mkv") == "video"


def test_anything_else_is_one_line():
    with pytest.raises(UserError, match=r"notes\.txt is neither a recording \(\.npy\), a video \(\.mp4.*\) nor a camera's"):
        sensor_for(Path("notes.txt"))
