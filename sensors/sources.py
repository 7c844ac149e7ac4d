"""Which sensor plays what: a camera's number, or a file by its name and contents."""

from pathlib import Path

from skel.skeleton.errors import UserError
from skel.skeleton.journal import SUFFIX as UNFINISHED

RECORDING_SUFFIXES = (".npy", UNFINISHED)
VIDEO_SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".m4v", ".webm", ".mpg", ".mpeg", ".wmv")
_HEAD = 1 << 20  # of a Matroska file: its tags come before the pictures


def sensor_for(source: Path) -> str:
    """The name of the sensor for a source; `UserError` where none reads such a file.

    A number is a webcam. An .mkv is a Kinect's if it has the tags that the Azure Kinect's recorder writes (`K4A_…`, see the
    file format in Microsoft's documentation), otherwise a video.
    """
    suffix = source.suffix.lower()
    if str(source).isdecimal():
        return "webcam"
    if suffix in RECORDING_SUFFIXES:
        return "replay"
    if suffix == ".mkv" and _has_kinect_tags(source):
        return "kinect"
    if suffix in VIDEO_SUFFIXES:
        return "video"
    raise UserError(f"{source} is neither a recording (.npy), a video ({', '.join(VIDEO_SUFFIXES)}) nor a camera's number")


def _has_kinect_tags(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"K4A_DEPTH_MODE" in file.read(_HEAD)
    except OSError:
        return False  # whoever opens it says what is wrong
