"""Writing where the user says, and what a disk refuses in words for the user."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def reason(error: OSError) -> str:
    """The system's words."""
    return error.strerror or "the disk is full"  # numpy's own, where not all could be written
