"""Where MediaPipe's pose model comes from: a file that is named, the user's cache, or a download that was agreed to."""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Self
from urllib.parse import urlsplit

from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from skel.sensors.base import SensorError
from skel.skeleton.errors import how_to_install
from skel.skeleton.files import atomic_path

PoseVariant = Literal["lite", "full"]
Confirm = Callable[[str], bool]
"""Puts a question to the user; True = yes."""

VARIABLE = "SKEL_POSE_MODEL"
_ANSWER_S = 10.0  # how long a server may keep silent


class PoseModelSource(NamedTuple):
    """Where a model is published, and the SHA-256 of what may come from there."""

    url: str
    size_bytes: int
    sha256: tuple[str, ...]


_FOLDER = "https://storage.googleapis.com/mediapipe-models/pose_landmarker"
# The vendor publishes no hashes. These are pinned for these files by several public projects that are independent of one
# another. "full" is in circulation in two packings of one size; the second is the one that this project measured with.
SOURCES: dict[str, PoseModelSource] = {
    "lite": PoseModelSource(
        f"{_FOLDER}/pose_landmarker_lite/float16/1/pose_landmarker_lite.task",
        5_777_746,
        ("59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",),
    ),
    "full": PoseModelSource(
        f"{_FOLDER}/pose_landmarker_full/float16/1/pose_landmarker_full.task",
        9_398_198,
        (
            "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
            "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
        ),
    ),
}


def cached_pose_model(variant: PoseVariant) -> Path:
    """Where the model is kept in the user's cache, there or not."""
    return user_cache_path("skel-action") / "models" / f"pose_landmarker_{variant}.task"


def find_pose_model(path: Path | None, variant: PoseVariant, confirm: Confirm | None = None) -> Path:
    """The model's file: `path`, else what the variable SKEL_POSE_MODEL names, else the cached one, else a download.

    Args:
        path: a file that the user names, of any variant.
        variant: "lite" is the faster one, "full" the more accurate; which to look for and to download.
        confirm: asked before anything is downloaded; None = never download.

    Raises:
        SensorError: the named file does not exist, or there is none and it was not, or could not be, downloaded.
    """
    named = {"--pose-model": path, VARIABLE: Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None}
    for origin, file in named.items():
        if file is not None:
            if not file.is_file():
                raise SensorError(f"{origin} names {file}: there is no such file")
            return file
    kept = cached_pose_model(variant)
    if kept.is_file():
        return kept
    source = SOURCES[variant]
    question = (
        f"MediaPipe's pose model ({variant}, {source.size_bytes / 1e6:.1f} MB) is needed once. "
        f"Download it from {urlsplit(source.url).hostname} to {kept.parent}?"
    )
    if confirm is None or not confirm(question):
        raise SensorError(f"no pose model yet: put {source.url} at {kept}, or name a file with --pose-model or {VARIABLE}")
    _download(source, kept)
    return kept


def pose_mode(model: Path) -> str:
    """The model in two words fit to be shown, from its file's name: "MediaPipe lite"."""
    variant = next((name for name in (*SOURCES, "heavy") if name in model.stem.lower()), "Pose")
    return f"MediaPipe {variant}"


def _download(source: PoseModelSource, target: Path) -> None:
    """Put the file at `target`, under a progress bar, if it is the one that is expected; otherwise leave nothing."""
    try:
        import pooch
    except ImportError as error:
        raise SensorError(f"downloads need pooch: {how_to_install('webcam')}") from error
    by_hand = f"put it at {target} by hand, or try again later"
    with atomic_path(target) as temporary, _Bar(target.name) as bar:
        try:
            pooch.HTTPDownloader(bar, chunk_size=1 << 16, timeout=_ANSWER_S)(source.url, str(temporary), None)
        except OSError as error:  # of the disk, or of the network
            raise SensorError(f"cannot download {source.url} ({type(error).__name__}): {by_hand}") from error
        if pooch.file_hash(str(temporary)) not in source.sha256:
            raise SensorError(f"{source.url} is not the expected file (its SHA-256 differs) and was thrown away: {by_hand}")


class _Bar:
    """A bar on stderr, in the form that pooch asks for; silent where stderr is not a terminal."""

    def __init__(self, what: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._bar.add_task("")
        self.total = 0  # set by pooch

    def update(self, size_bytes: int) -> None:
        self._bar.update(self._task, total=self.total, advance=size_bytes)

    def reset(self) -> None:
        self._bar.reset(self._task)

    def close(self) -> None:
        self._bar.stop()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
