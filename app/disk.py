"""Writing where the user says, and what a disk refuses in words for the user."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skel.sensors.sources import RECORDING_SUFFIXES
from skel.skeleton.errors import UserError


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Where the file or folder at `path` cannot be changed in the block, `UserError` says why."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write {path}: {reason(error)}") from error


def with_ending(chosen: str, ending: str) -> Path:
    """The file that was chosen in a dialog, with an ending such as '.npy'.

    `UserError` where this makes it another file, which is there already: to overwrite that one nobody has agreed.
    """
    path = Path(chosen)
    if path.suffix == ending:
        return path
    path = path.with_name(path.name + ending)
    if path.exists():
        raise UserError(f"{path} is there already: choose that file, or another name")
    return path


def protected(target: Path, used: Iterable[Path | None], recordings: Iterable[Path | None]) -> str:
    """Why a file must not be overwritten: it is one of those in use, or it describes a recording; empty where it may be.

    Args:
        target: that would be written.
        used: what is read or written otherwise, where given.
        recordings: of these, those whose `.json` belongs to them, there or not; so does that of any that lies beside.
    """
    target = target.resolve()
    if target in {path.resolve() for path in used if path is not None}:
        return "that file is read or recorded"
    beside = target.with_suffix(".npy") if target.suffix == ".json" else None
    known = [path for path in recordings if path is not None and path.suffix.lower() in RECORDING_SUFFIXES]
    if beside is not None and beside.is_file():
        known.append(beside)
    for path in known:
        if path.with_suffix(".json").resolve() == target:
            return f"that file describes {path.name}"
    return ""


def reason(error: OSError) -> str:
    """The system's words."""
    return error.strerror or "the disk is full"  # numpy's own, where not all could be written
