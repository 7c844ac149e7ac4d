"""Frames on disk while they are being recorded: a file that is whole up to its last complete frame, whatever happens.

A line of JSON says what is recorded; then one record a frame: time stamp (float64), number of bodies and CRC-32 of the rest
of the record, time stamp included (uint32 each), the bodies' columns (uint32), their positions (float32), all little-endian.
What a crash or a full disk has cut off at the end is recognised by its length or its checksum and left out.
"""

import json
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.files import lock
from skel.skeleton.layouts import SkeletonLayout, layout_named

SUFFIX = ".unfinished"
SCHEMA = 1
_START = b'{"schema": '
_RECORD, _SUMMED = struct.Struct("<dII"), struct.Struct("<dI")


@dataclass(frozen=True)
class Heading:
    """What is recorded.

    Attributes:
        layout: the name of the joints' layout.
        fps: the sensor's nominal rate.
        device: what records.
        after: how many frames of the finished recording beside it come before these.
    """

    layout: str
    fps: float
    device: str
    after: int = 0


@dataclass(frozen=True, eq=False)
class Content:
    """What a journal holds: its heading, T time stamps, positions (T, M, V, 3), and how many of its bytes are whole."""

    heading: Heading
    times_s: npt.NDArray[np.float64]
    positions_m: npt.NDArray[np.float32]
    whole_bytes: int


class Journal:
    """A journal that is open for writing; nobody else can open it until it is closed.

    Every frame goes to the operating system at once, so that it outlives the process; `sync` makes it outlive the machine.
    Raises `OSError` where the disk is full or gone: the frames before stay readable.
    """

    def __init__(self, path: Path, heading: Heading) -> None:
        """Begin a new journal, or go on with the one that is there (which must have the same heading).

        Raises:
            FileExistsError: another process is writing it.
        """
        self.path = path
        self._file = path.open("ab", buffering=0)
        if not lock(self._file):
            self._file.close()
            raise FileExistsError(f"{path} is being written by another program")
        before = read_journal(path)
        if before is None:
            self._file.truncate(0)
            schema = {"schema": SCHEMA, **asdict(heading)}
            self._write(json.dumps(schema).encode() + b"\n")
        else:
            self._file.truncate(before.whole_bytes)

    def append(self, time_s: float, columns: Sequence[int], positions_m: npt.NDArray[np.float32]) -> None:
        """Add a frame of M bodies, (M, V, 3), that stand in these columns of the recording."""
        body = np.asarray(columns, "<u4").tobytes() + positions_m.astype("<f4").tobytes()
        self._write(_RECORD.pack(time_s, len(columns), _checksum(time_s, len(columns), body)) + body)

    def _write(self, record: bytes) -> None:
        """All of it or, where the disk refuses, nothing."""
        end = self._file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(record):  # a nearly full disk takes a part, and refuses the rest
                written += self._file.write(record[written:])
        except OSError:
            self._file.truncate(end)
            raise

    def sync(self) -> None:
        """Have the disk itself keep all that was appended."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file, which stays; without effect the second time."""
        self._file.close()


def read_journal(path: Path) -> Content | None:
    """Every whole frame; None where not even the heading is whole. `UserError` where it is no journal."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    line, found, _ = data.partition(b"\n")
    if not found and line[: len(_START)] == _START[: len(line)]:
        return None
    try:
        fields = json.loads(line)
        schema = fields.pop("schema")
        heading = Heading(**fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(f"{path} is not a recording that was cut short: move it away") from error
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}: update the program")
    layout = layout_named(heading.layout)
    times_s, columns, positions_m = [], [], []
    end = len(line) + 1
    while (record := _record(data, end, len(layout))) is not None:
        time_s, at, positions, end = record
        times_s.append(time_s)
        columns.append(at)
        positions_m.append(positions)
    return Content(heading, np.array(times_s, np.float64), _in_columns(columns, positions_m, layout), end)


def _record(
    data: bytes, start: int, joints: int
) -> tuple[float, npt.NDArray[np.uint32], npt.NDArray[np.float32], int] | None:
    """Time stamp, columns (M,), positions (M, V, 3) and the record's end; None where it is not whole."""
    first = start + _RECORD.size
    if first > len(data):
        return None
    time_s, bodies, checksum = _RECORD.unpack_from(data, start)
    middle, end = first + 4 * bodies, first + 4 * bodies * (1 + 3 * joints)
    if end > len(data) or _checksum(time_s, bodies, data[first:end]) != checksum:
        return None
    columns = np.frombuffer(data, "<u4", bodies, first)
    positions = np.frombuffer(data, "<f4", 3 * joints * bodies, middle).reshape(bodies, joints, 3)
    return time_s, columns, positions, end


def _checksum(time_s: float, bodies: int, body: bytes) -> int:
    """Of zeros it is not zero: a power cut can leave a file longer than what had reached the disk."""
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(time_s, bodies)))


def _in_columns(
    columns: list[npt.NDArray[np.uint32]], positions_m: list[npt.NDArray[np.float32]], layout: SkeletonLayout
) -> npt.NDArray[np.float32]:
    bodies = max((int(at.max()) + 1 for at in columns if len(at)), default=1)  # nobody was seen: still a recording
    together = np.full((len(columns), bodies, len(layout), 3), np.nan, np.float32)
    for row, (at, positions) in enumerate(zip(columns, positions_m)):
        together[row, at] = positions
    return together
