"""Recording frames as they come, so that neither a crash nor a full disk takes what was recorded before."""

import itertools
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from skel.skeleton.errors import UserError
from skel.skeleton.files import lock
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.journal import SUFFIX, Heading, Journal, read_journal
from skel.skeleton.layouts import SkeletonLayout
from skel.skeleton.recording import Recording, load_recording, recovered, save_recording

PAUSE_S = 5.0
"""What lies between two takes in one recording, and how long a body may be away before its column can be another's: longer
than any window, so that nothing of the one reaches into the other."""


class Recorder:
    """Writes frames into `NAME.unfinished`; `finish` makes `NAME.npy` and `NAME.json` of it (see `recording`).

    Where `NAME` is a recording of the same layout, it is continued `PAUSE_S` later; where it is anything else, or another
    program records it, the new one is called `NAME-2` and so on. Nothing is ever overwritten.

    A body keeps its column for as long as it is in view and `PAUSE_S` longer; then a newcomer may get it, and a body that
    returns later is a newcomer. Columns are added when none is free. A frame with the time stamp of the last one is left
    out. Where the sensor's clock is set back, time goes on `PAUSE_S` later and every column is free.

    One thread at a time. Raises `OSError` where the disk is full or gone, and `UserError` where the folder cannot be used.

    Attributes:
        path: the recording's `.npy`, once it is finished.
        frames: recorded so far, without those that were there before.
    """

    def __init__(self, path: Path | str, layout: SkeletonLayout, fps: float, device: str = "") -> None:
        path = Path(path)
        make_folder(path.parent)
        self.layout = layout
        self.frames = 0
        for self.path in _names(path):
            before = None if _is_free(self.path) else _to_continue(self.path, layout)
            if before is None and not _is_free(self.path):
                continue
            try:
                heading = Heading(layout.name, fps, device, after=len(before) if before else 0)
                self._journal = Journal(self.path.with_suffix(SUFFIX), heading)
                break
            except FileExistsError:
                continue
        self._columns = Columns()
        self._read_s: float | None = None  # the last frame's own time stamp
        self._written_s = float(before.times_s[-1]) if before else None
        self._shift_s = 0.0

    @property
    def journal_path(self) -> Path:
        """Where the frames are until it is finished."""
        return self.path.with_suffix(SUFFIX)

    @property
    def video_path(self) -> Path:
        """Where a video of this take belongs: `NAME.mkv`; `NAME-2.mkv` and so on where takes before have one."""
        return next(path for path in _names(self.path.with_suffix(".mkv")) if not path.exists())

    def append(self, frame: SkeletonFrame) -> None:
        """Add a frame, which must have the recording's layout."""
        if frame.layout != self.layout:
            raise ValueError(f"a frame in {frame.layout.name} does not belong into a recording in {self.layout.name}")
        if frame.time_s == self._read_s:
            return
        starts_over = self._read_s is None or frame.time_s < self._read_s
        if starts_over and self._written_s is not None:
            self._shift_s = self._written_s + PAUSE_S - frame.time_s
            self._columns = Columns()
        time_s = frame.time_s + self._shift_s
        columns = self._columns.of([int(body) for body in frame.body_ids], time_s)
        self._journal.append(time_s, columns, frame.positions_m)
        self._read_s, self._written_s = frame.time_s, time_s
        self.frames += 1

    def sync(self) -> None:
        """Have the disk keep what was appended; call it once a second."""
        self._journal.sync()

    def finish(self) -> Path | None:
        """Make the recording of what was appended, and say where; None, and no file, where there is nothing at all.

        Where it fails (a full disk), what was appended is kept, and `load_recording` reads it from there.
        """
        self._journal.close()
        return finish_recording(self.path)


class Columns:
    """Which body stands in which column of a recording."""

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}  # column → body
        self._seen_s: dict[int, float] = {}  # column → when its body was last in view

    def of(self, bodies: list[int], time_s: float) -> list[int]:
        """The columns of these bodies, which are in view now."""
        column_of = {body: column for column, body in self._holders.items()}
        self._seen_s.update({column_of[body]: time_s for body in bodies if body in column_of})
        for body in bodies:
            if body not in column_of:
                column_of[body] = self._free(time_s)
                self._holders[column_of[body]] = body
                self._seen_s[column_of[body]] = time_s
        return [column_of[body] for body in bodies]

    def _free(self, time_s: float) -> int:
        """The column whose body has been away for longest, if for long enough; otherwise a new one."""
        longest = min(self._seen_s, key=lambda column: self._seen_s[column], default=None)
        if longest is not None and time_s - self._seen_s[longest] > PAUSE_S:
            return longest
        return len(self._holders)


def new_path(target: Path | str) -> Path:
    """Where to record: `target` itself where it ends in .npy, otherwise a new name by date and time in that folder."""
    target = Path(target)
    if target.suffix == ".npy":
        return target
    return next(path for path in _names(target / f"{time.strftime('%Y-%m-%d_%H-%M-%S')}.npy") if _is_free(path))


def finish_recording(path: Path) -> Path | None:
    """Make `NAME.npy` and `NAME.json` of `NAME.unfinished`, which nobody may be writing; the path, None for an empty one.

    `UserError` where it continues a recording that has changed, or has left only its `.json`: nothing is overwritten.
    """
    journal = path.with_suffix(SUFFIX)
    content = read_journal(journal)
    made = None
    if content is not None and len(content.times_s):
        whole, before = replace(recovered(path, content), assumed=""), {}
        side_path = path.with_suffix(".json")
        if content.heading.after and side_path.exists():
            if not path.exists():
                raise UserError(f"{side_path} describes frames that are not there: bring {path.name} back, or delete it")
            # What else is said of a recording that is continued stays, such as its label.
            before = json.loads(side_path.read_text(encoding="utf-8"))
        save_recording(path, whole, before)
        made = path
    journal.unlink()
    return made


def finish_all(folder: Path) -> list[Path]:
    """Finish what crashes have left in a folder; the recordings that were made. What fails stays as it is."""
    finished = []
    for journal in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with journal.open("rb+") as file:
                abandoned = lock(file)
            if abandoned and (path := finish_recording(journal.with_suffix(".npy"))):
                finished.append(path)
        except (OSError, UserError):
            continue  # it can still be read from its journal, and finished another time
    return finished


def make_folder(folder: Path) -> None:
    """Make a folder that recordings go to; `UserError` where that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot record into {folder}: {error.strerror or error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"cannot record into {folder}: you may not write there")


def _names(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_name(f"{path.stem}-{n}{path.suffix}") for n in itertools.count(2))


def _is_free(path: Path) -> bool:
    return not any(path.with_suffix(suffix).exists() for suffix in (".npy", ".json", ".mkv", SUFFIX))


def _to_continue(path: Path, layout: SkeletonLayout) -> Recording | None:
    """What a new take may be added to: a recording with its own time stamps, in that layout."""
    if not (path.with_suffix(".json").is_file() or path.with_suffix(SUFFIX).is_file()):
        return None
    try:
        recording = load_recording(path)
    except UserError:
        return None
    return recording if recording.layout == layout else None
