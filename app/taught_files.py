"""Taught actions as one file to hand on: recordings and their descriptions in a ZIP, read back with suspicion."""

import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path
from skel.skeleton.recording import Recording, load_recording

_MOST_FILES, _MOST_BYTES = 20_000, 2**30
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for any amount of memory


def pack(target: Path, recordings: Sequence[Path]) -> None:
    """Write a ZIP of these `.npy` and their `.json`, each below the name of its folder."""
    with (
        atomic_path(target) as temporary,
        # A file may say that it is older than a ZIP can.
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        for path in recordings:
            for file in (path, path.with_suffix(".json")):
                archive.write(file, f"{path.parent.name}/{file.name}")


def unpack(source: Path) -> list[Recording]:
    """The recordings in a ZIP that `pack` wrote, each of one person with one labelled segment.

    `UserError`, one line, for anything else. Nothing is written where a name in the archive points to, and nothing is
    unpickled.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            return _recordings(archive, source)
    except FileNotFoundError as error:
        raise UserError(f"no such file: {source}") from error
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise UserError(f"{source} is not a readable ZIP of taught actions ({error}): export it again") from error


def _recordings(archive: zipfile.ZipFile, source: Path) -> list[Recording]:
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    odd = [name for name in members if not _is_plain(name)]
    if odd:
        raise UserError(f"{source} is not an export of taught actions: it holds {odd[0]!r}")
    if any(member.compress_type not in _COMPRESSIONS for member in members.values()):
        raise UserError(f"{source} is packed in an unusual way: export it again, or unpack it and make a plain ZIP")
    if len(members) > _MOST_FILES or sum(member.file_size for member in members.values()) > _MOST_BYTES:
        raise UserError(f"{source} is too large for taught actions: unpacked over a gigabyte, or over {_MOST_FILES} files")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(name for name in members if name.endswith(".npy")):
            side = name.removesuffix(".npy") + ".json"
            if side not in members:
                raise UserError(f"{source}: {name} has no {PurePosixPath(side).name} beside it: export it again")
            path = Path(folder) / "taken.npy"
            path.write_bytes(archive.read(name))
            path.with_suffix(".json").write_bytes(archive.read(side))
            try:
                recording = load_recording(path)
            except UserError as error:
                raise UserError(f"{source}: {str(error).replace(str(path), name)}") from error
            if recording.positions_m.shape[1] != 1 or len(recording.segments) != 1:
                raise UserError(f"{source}: {name} is not one person's recording of one action")
            found.append(recording)
    if not found:
        raise UserError(f"{source} holds no taught action")
    return found


def _is_plain(name: str) -> bool:
    """FOLDER/NAME.npy or .json, without any way out of the folder."""
    parts = name.split("/")
    safe = not any(part in ("", ".", "..") or part.startswith(".") or set(part) & set("\\:\0") for part in parts)
    return safe and len(parts) == 2 and parts[1].endswith((".npy", ".json"))
