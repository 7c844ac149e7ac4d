"""Raw data sets as their authors publish them: files in ZIPs or folders, and what a reader makes of them."""

import hashlib
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import SkeletonLayout
from skel.skeleton.recording import Recording
from skel.training.dataset import Part
from skel.training.folder_names import telling_names

People = Literal["tracked", "reference"]

_MOST_M = 1e5  # in millimetres 100 m: a mistaken unit is told of the whole set, what is beyond is a damaged number


class BadRecording(Exception):  # noqa: N818 - the file is at fault, the program goes on
    """One raw file cannot be used; the message is the reason. It is left out and counted."""


@dataclass(frozen=True)
class Excluded:
    """A raw file or clip that was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """What has to be said of a raw file that is used all the same, in words that are the same for all such files."""

    file: str
    what: str


@dataclass(frozen=True, eq=False)
class RawClip:
    """One labelled movement.

    Attributes:
        name: unique within its data set.
        positions_m: (T, M, V, 3) in canonical space, NaN = not tracked; T ≥ 1 frames.
        layout: what the V joints are.
        fps: frames a second.
        label: the class's name.
        subject: who acts; −1 = unknown.
        parts: the side that it is on in each protocol of the set; a protocol that does not use the clip is absent.
        times_s: (T,) strictly increasing; None = frames at an even rate.
    """

    name: str
    positions_m: npt.NDArray[np.floating[Any]]
    layout: SkeletonLayout
    fps: float
    label: str
    subject: int
    parts: Mapping[str, Part]
    times_s: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Untrimmed:
    """A continuous recording with its labels as segments, from which clips are cut; kept for streaming evaluation."""

    name: str
    recording: Recording
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Options:
    """How raw files are read; each set uses what concerns it.

    Attributes:
        people: who is in a clip: people are tracked by id, cleared of noise and ranked by motion (`skel.training.people`),
            or the first two listed in each frame as the published parsing has it (`reference`).
        exclude: names of clips to leave out.
        pauses: also cut clips of class idle where nothing is labelled.
        train_share: share of own recordings that trains.
        fps: frames a second of own recordings that do not say it; None = 30.
        unlabelled: the name of an own recording is no label.
        sides: {own recording: part} where that is settled already.
    """

    people: People = "tracked"
    exclude: tuple[str, ...] = ()
    pauses: bool = False
    train_share: float = 0.7
    fps: float | None = None
    unlabelled: bool = False
    sides: Mapping[str, Part] = field(default_factory=dict)


Found = RawClip | Untrimmed | Excluded | Remark


@dataclass(frozen=True)
class Opened:
    """The files of a set that are to be read, in order, and how one is read (`BadRecording` where it is unusable)."""

    names: Sequence[str]
    read: Callable[[str], Iterable[Found]]


@dataclass(frozen=True)
class Reader:
    """What a module of `skel.training.readers` offers for a data set.

    Attributes:
        splits: the set's protocols.
        classes: their names in the order of their labels; empty = those found, sorted.
        files: matches the names of the files that hold skeletons.
        example: such a name.
        open: looks at what there is, once in every process; `UserError` where something that all files need is missing.
        too_few: what to do where there is no clip for one of the two parts.
        several_people: whether `Options.people` decides who is in a clip.
        any_name: whether the files may be called anything, also several words.
    """

    splits: tuple[str, ...]
    classes: tuple[str, ...]
    files: re.Pattern[str]
    example: str
    open: Callable[["RawFiles", Options], Opened]
    too_few: str = "give the whole set"
    several_people: bool = False
    any_name: bool = False


def each_file(
    pattern: re.Pattern[str], read: Callable[[re.Match[str], bytes], RawClip]
) -> Callable[["RawFiles", Options], Opened]:
    """`Reader.open` of a set of one clip a file, which needs nothing besides the file."""

    def open_files(files: "RawFiles", options: Options) -> Opened:
        matches = files.matching(pattern)
        return Opened(list(matches), lambda name: [read(matches[name], files.read(name))])

    return open_files


class RawFiles:
    """The files of ZIP archives or folders, wherever inside, by their path; a context manager.

    The files of one source have their path in it as a name; of several, that of the source comes before it, with as many
    folders above it as tell it from others of that name. `UserError` where a path is missing, is neither, or is given twice.
    """

    def __init__(self, *paths: Path) -> None:
        self.paths = paths
        self._archives: dict[Path, zipfile.ZipFile] = {}
        whole = [path.resolve() for path in paths]
        for number, path in enumerate(paths):
            if whole[number] in whole[:number]:
                raise UserError(f"{path} is given twice: leave one of them out")
            if path.is_dir():
                continue
            if not path.exists():
                raise UserError(f"no such file or folder: {path}; expected the ZIP or folder of raw recordings")
            try:
                self._archives[path] = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                if isinstance(error, zipfile.BadZipFile) and path.suffix.lower() != ".zip":
                    raise UserError(f"{path} is neither a folder nor a ZIP archive: give the folder it is in") from error
                raise UserError(f"{path} is not a readable ZIP archive ({error}): download it again") from error

    def __str__(self) -> str:
        return " ".join(map(str, self.paths))

    @cached_property
    def _places(self) -> dict[str, tuple[Path, str]]:
        places: dict[str, tuple[Path, str]] = {}
        for path, prefix in zip(self.paths, _prefixes(self.paths)):
            if path in self._archives:
                inside = [member.filename for member in self._archives[path].infolist() if not member.is_dir()]
            else:
                inside = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
            for name in inside:
                other, _ = places.setdefault(prefix + name, (path, name))
                if other != path:
                    raise UserError(f"{other} and {path} both have a file {prefix + name}: rename one of the folders")
        return dict(sorted(places.items()))

    @property
    def names(self) -> list[str]:
        """All files, sorted."""
        return list(self._places)

    def matching(self, pattern: re.Pattern[str]) -> dict[str, re.Match[str]]:
        """{path inside: match} of the files whose own name, without folders, matches as a whole."""
        matches = ((name, pattern.fullmatch(PurePosixPath(name).name)) for name in self._places)
        return {name: match for name, match in matches if match}

    def size(self, name: str) -> int:
        """Bytes of one file, unpacked."""
        path, inside = self._places[name]
        archive = self._archives.get(path)
        return archive.getinfo(inside).file_size if archive else (path / inside).stat().st_size

    def fingerprint(self) -> str:
        """Changes when any file is changed, added or removed: a digest of names, sizes and checksums or dates."""
        digest = hashlib.blake2b(digest_size=16)
        for name, (path, inside) in self._places.items():
            archive = self._archives.get(path)
            stamp = archive.getinfo(inside).CRC if archive else (path / inside).stat().st_mtime_ns
            digest.update(f"{name}\0{self.size(name)}\0{stamp}\n".encode())
        return digest.hexdigest()

    def path(self, name: str) -> Path | None:
        """Where one file lies on disk; None inside an archive."""
        path, inside = self._places[name]
        return None if path in self._archives else path / inside

    def read(self, name: str, most: int = -1) -> bytes:
        """The content of one file, or its first bytes; `BadRecording` where it is damaged."""
        path, inside = self._places[name]
        archive = self._archives.get(path)
        try:
            with archive.open(inside) if archive else (path / inside).open("rb") as file:
                return file.read(most)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: encrypted
            raise BadRecording(f"cannot be read ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for archive in self._archives.values():
            archive.close()


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """What tells the files of each source from those of the others: nothing where there is only one."""
    return [""] if len(paths) == 1 else [f"{name}/" for name in telling_names(paths)]


def check_metres(positions_m: npt.NDArray[np.floating[Any]]) -> None:
    """`BadRecording` where one of (…) is infinite or too large for a position; NaN, not tracked, is none."""
    if (np.abs(positions_m) > _MOST_M).any():
        raise BadRecording("holds positions that are no metres")


def numbers(text: bytes) -> npt.NDArray[np.float64]:
    """The positions of a text, whatever white space is between their numbers; `BadRecording` where anything else is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's way to say that it could not read to the end
        try:
            values: npt.NDArray[np.float64] = np.fromstring(text, np.float64, sep=" ")
        except (DeprecationWarning, ValueError) as error:
            raise BadRecording("is not a text of numbers") from error
    if not np.isfinite(values).all():
        raise BadRecording("holds numbers that are not finite")
    check_metres(values)
    return values


def read_names(path: Path, reader: Reader) -> tuple[str, ...]:
    """The names of a set's raw files, without their ending, that a text file lists.

    They are parted by white space, commas or semicolons, and other words are passed over; of a set whose files may be
    called anything, each line is one. `UserError` where it lists none.
    """
    ending = PurePosixPath(reader.example).suffix
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    words = [line.strip() for line in text.splitlines()] if reader.any_name else re.split(r"[\s,;]+", text)
    names = (PurePosixPath(word).stem if reader.files.fullmatch(word) else word for word in words)
    found = tuple(sorted({name for name in names if reader.files.fullmatch(name + ending)}))
    if not found:
        raise UserError(f"{path} names no file of this set, such as {reader.example.removesuffix(ending)}: list one a line")
    return found
