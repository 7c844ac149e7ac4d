"""Raw data sets as their authors publish them: files in a ZIP or a folder, and what a reader makes of one."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import SkeletonLayout
from skel.training.dataset import Part


class BadRecording(Exception):  # noqa: N818 - the file is at fault, the program goes on
    """One raw file cannot be used; the message is the reason. It is left out and counted."""


@dataclass(frozen=True, eq=False)
class RawClip:
    """One labelled movement.

    Attributes:
        name: unique within its data set.
        positions_m: (T, M, V, 3) in canonical space, NaN = not tracked; T ≥ 1 frames at an even rate.
        layout: what the V joints are.
        fps: frames a second.
        label: index into the reader's `CLASSES`.
        subject: who acts; −1 = unknown.
        part: which side of the protocol it is on.
    """

    name: str
    positions_m: npt.NDArray[np.floating[Any]]
    layout: SkeletonLayout
    fps: float
    label: int
    subject: int
    part: Part


class Reader(Protocol):
    """What a module of `skel.training.readers` offers for a data set of one file a clip."""

    SPLIT: str
    CLASSES: tuple[str, ...]
    FILES: re.Pattern[str]
    EXAMPLE: str

    def read(self, name: re.Match[str], content: bytes) -> RawClip:
        """The clip in a file whose name matched `FILES`; `BadRecording` where there is none."""
        ...


class RawFiles:
    """The files of a ZIP archive or a folder, wherever inside, by their path; a context manager.

    `UserError` where the path is missing or is neither.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        if path.is_dir():
            self.names = sorted(f.relative_to(path).as_posix() for f in path.rglob("*") if f.is_file())
            return
        if not path.exists():
            raise UserError(f"no such file or folder: {path}; expected the ZIP or folder of raw recordings")
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(f"{path} is not a readable ZIP archive ({error}): download it again") from error
        self.names = sorted(member.filename for member in self._archive.infolist() if not member.is_dir())

    def matching(self, pattern: re.Pattern[str]) -> dict[str, re.Match[str]]:
        """{path inside: match} of the files whose own name, without folders, matches as a whole."""
        matches = ((name, pattern.fullmatch(PurePosixPath(name).name)) for name in self.names)
        return {name: match for name, match in matches if match}

    def read(self, name: str) -> bytes:
        """The content of one file; `BadRecording` where it is damaged."""
        try:
            return self._archive.read(name) if self._archive else (self.path / name).read_bytes()
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: encrypted
            raise BadRecording(f"cannot be read ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._archive:
            self._archive.close()
