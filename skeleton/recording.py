"""Skeletons on disk: `NAME.npy` with `NAME.json` beside it, or a bare `.npy` whose meaning is inferred and said."""

import errno
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, write_text
from skel.skeleton.journal import SUFFIX, Content, read_journal
from skel.skeleton.layouts import LAYOUTS, SkeletonLayout, layout_named, layout_with_joints

SCHEMA = 1
DEFAULT_FPS = 30.0
_REQUIRED = ("schema", "layout", "fps")  # of a description; docs/data.md shows all fields
_NPY_MAGIC = b"\x93NUMPY"
_MOST_BODIES = 10  # in one frame: more than any sensor tracks, so a longer axis is time


@dataclass(frozen=True)
class Segment:
    """A labelled part of a recording, in seconds from its first time stamp."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True, eq=False)
class Recording:
    """Skeletons of one take.

    Attributes:
        positions_m: (T, M, V, 3) float32 in canonical space (see `frame`); NaN = not tracked.
        times_s: (T,) float64, strictly increasing, the sensor's clock.
        layout: what the V joints are.
        fps: the sensor's nominal rate.
        device: what recorded it.
        segments: what is known to happen in it.
        assumed: what had to be assumed when a bare `.npy` was read, or recovered where recording was cut short; otherwise
            empty.
    """

    positions_m: npt.NDArray[np.float32]
    times_s: npt.NDArray[np.float64]
    layout: SkeletonLayout
    fps: float = DEFAULT_FPS
    device: str = ""
    segments: tuple[Segment, ...] = ()
    assumed: str = ""

    def __post_init__(self) -> None:
        if self.positions_m.ndim != 4 or self.positions_m.shape[2:] != (len(self.layout), 3):
            raise ValueError(f"positions {self.positions_m.shape} are not (T, M, {len(self.layout)}, 3)")
        if self.times_s.shape != (len(self.positions_m),) or (np.diff(self.times_s) <= 0).any():
            raise ValueError("a recording needs one strictly increasing time stamp a frame")

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def duration_s(self) -> float:
        """From the first frame to the last, plus one frame interval; 0 when empty."""
        return float(self.times_s[-1] - self.times_s[0]) + 1 / self.fps if len(self) else 0.0


def save_recording(path: Path | str, recording: Recording, more: Mapping[str, Any] | None = None) -> None:
    """Write `PATH.npy` and `PATH.json`, each atomically; `more` are further fields of the latter."""
    path = Path(path)
    if path.suffix != ".npy":
        path = path.with_name(path.name + ".npy")
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.save(file, recording.positions_m.astype(np.float32, copy=False), allow_pickle=False)
    write_text(path.with_suffix(".json"), json.dumps({**(more or {}), **_side(recording)}, ensure_ascii=False))


def save_segments(path: Path | str, recording: Recording) -> None:
    """Write `PATH.json` for a recording that was loaded from `PATH.npy` and whose segments have changed since.

    The `.npy` is left alone. One without a `.json` gets one, where that says of it what was assumed. `UserError` where that
    is impossible, or where the recording on disk is no longer the one that was loaded.
    """
    path = Path(path)
    side_path = path.with_suffix(".json")
    if _is_file(path.with_suffix(SUFFIX)):
        raise UserError(f"{path.name} was cut short and is not finished yet: save a copy")
    side: dict[str, Any] = {}
    if _is_file(side_path):
        before = _with_side_file(path, _load_array(path), side_path)
        side = json.loads(side_path.read_text(encoding="utf-8"))
        if not np.array_equal(before.times_s, recording.times_s):
            raise UserError(f"{path.name} has changed on disk since it was opened: open it again, or save a copy")
    else:
        values = _load_array(path)
        if values.shape != recording.positions_m.shape or not np.array_equal(
            _float32(values), recording.positions_m, equal_nan=True
        ):
            raise UserError(f"{path.name} is not laid out as a recording (frames, bodies, joints, xyz): save a copy")
    write_text(side_path, json.dumps({**side, **_side(recording)}, ensure_ascii=False))


def _side(recording: Recording) -> dict[str, Any]:
    """What the `.json` says."""
    return {
        "schema": SCHEMA,
        "layout": recording.layout.name,
        "fps": recording.fps,
        "device": recording.device,
        "times_s": recording.times_s.tolist(),  # every digit: replayed, it must give what live frames gave
        "segments": [vars(segment) for segment in recording.segments],
    }


def load_recording(path: Path | str, fps: float | None = None) -> Recording:
    """Read a recording. `UserError`, one line, for anything that is not one.

    With a `.json` beside it nothing is assumed (and `fps` must not be given): (T, M, V, 3) or, of one body, (T, V, 3), in
    the layout that it names; without time stamps in it, frames are `fps` a second. A bare `.npy` may hold (T, V, 3),
    (T, M, V, 3), a clip (3, T, V, M) or a set of clips (N, 3, T, V, M), which are played one after the other; the layout
    follows from V, frames are taken to come `fps` a second (30 by default), and a body that is all zero in a frame is taken
    as not tracked. Of a recording that was cut short (`NAME.unfinished`, see `journal`) everything is recovered that was
    written (and `fps` must not be given either); nothing on disk is changed.
    """
    path = Path(path)
    if not path.name:  # the current folder, or the root
        raise UserError(f"no such recording: {path}")
    path = path.with_suffix(".npy") if path.suffix == SUFFIX else path
    journal_path = path.with_suffix(SUFFIX)
    if _is_file(journal_path):
        journal = read_journal(journal_path)
        if journal is not None and len(journal.times_s):
            if fps is not None:
                raise UserError(f"{path} has its own time stamps in {journal_path.name}: leave out the frame rate")
            return recovered(path, journal)
        if not path.exists():
            raise UserError(f"{journal_path} was cut short before its first frame: delete it")
    values = _load_array(path)
    side_path = path.with_suffix(".json")
    if _is_file(side_path):
        if fps is not None:
            raise UserError(f"{path} has its own time stamps in {side_path.name}: leave out the frame rate")
        return _with_side_file(path, values, side_path)
    return _bare(path, values, fps)


def _is_file(path: Path) -> bool:
    """Whether it is there; beside a recording whose name is as long as can be there is nothing of a longer ending."""
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def _load_array(path: Path) -> npt.NDArray[Any]:
    try:
        found = path.exists()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if not found:
        raise UserError(f"no such recording: {path}")
    if path.suffix != ".npy":
        raise UserError(f"{path} is not a recording: expected a .npy file of skeletons")
    try:
        with path.open("rb") as file:
            if file.read(len(_NPY_MAGIC)) != _NPY_MAGIC:
                raise UserError(f"{path} is not a .npy file: save it again with numpy.save")
            file.seek(0)
            values: npt.NDArray[Any] = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, SyntaxError, TypeError, tokenize.TokenError) as error:
        # numpy reads a header as Python does: a damaged one may be none, or ask for any amount of memory.
        if "Object arrays" in str(error):
            raise UserError(f"{path} holds Python objects, which are never loaded: save it as a float array") from error
        if isinstance(error, OSError) and error.strerror:
            raise UserError(f"cannot read {path}: {error.strerror}") from error
        raise UserError(f"{path} is cut short or damaged: save it again with numpy.save") from error
    if values.dtype.kind not in "fiu":
        raise UserError(f"{path} holds {values.dtype}, not numbers: save positions as float32")
    if values.size == 0:
        raise UserError(f"{path} is empty: its shape is {values.shape}")
    return values


def _float32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """A float32 copy; what is infinite, or too large for float32, counts as not tracked."""
    with np.errstate(over="ignore"):
        positions = values.astype(np.float32)
    positions[~np.isfinite(positions)] = np.nan
    return positions


def recovered(path: Path, journal: Content) -> Recording:
    """What the journal of the recording at `path`, a `.npy`, holds, after the finished frames that it continues.

    How many those were is written in the journal: the `.npy` or the `.json` may have more already, where a crash came
    while they were being replaced. Where the `.npy` has gone there is the journal alone. `UserError` where another one has
    taken its place.
    """
    heading, positions = journal.heading, journal.positions_m
    journal_path = path.with_suffix(SUFFIX)
    said = f"{journal_path.name}: {len(positions)} frames recovered of a recording that was cut short"
    if not heading.after or not path.exists():
        layout = layout_named(heading.layout)
        gone = f"; the {heading.after} frames before them in {path.name} are gone" if heading.after else ""
        return Recording(positions, journal.times_s, layout, heading.fps, heading.device, (), said + gone)
    before = _with_side_file(path, _load_array(path), path.with_suffix(".json"), heading.after)
    same = before.layout.name == heading.layout and len(before) == heading.after
    if not same or before.times_s[-1] >= journal.times_s[0]:
        raise UserError(f"{journal_path} continues another {path.name} than the one that is there: move one of them away")
    bodies = max(before.positions_m.shape[1], positions.shape[1])
    parts = [
        np.pad(p, ((0, 0), (0, bodies - p.shape[1]), (0, 0), (0, 0)), constant_values=np.nan)
        for p in (before.positions_m, positions)
    ]
    times_s = np.concatenate([before.times_s, journal.times_s])
    return replace(before, positions_m=np.concatenate(parts), times_s=times_s, assumed=said)


def _with_side_file(path: Path, values: npt.NDArray[Any], side_path: Path, frames: int | None = None) -> Recording:
    """The recording, or only its first `frames` frames."""
    try:
        side = json.loads(side_path.read_text(encoding="utf-8"))
        if not isinstance(side, dict):
            raise TypeError("expected a JSON object")
        if missing := [field for field in _REQUIRED if field not in side]:
            fields = f"the field{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}"
            raise UserError(f"{side_path} lacks {fields}: add what is missing, or delete it to have the .npy read as it is")
        schema, layout_name = side["schema"], str(side["layout"])
        segments = tuple(Segment(float(s["start_s"]), float(s["end_s"]), str(s["label"])) for s in side.get("segments", ()))
        fps, device = float(side["fps"]), str(side.get("device", ""))
        times_s = np.asarray(side["times_s"], dtype=np.float64) if "times_s" in side else None
        if times_s is not None and times_s.ndim != 1:
            raise TypeError("its times_s is not a list of numbers")
    except KeyError as error:
        raise UserError(f"a segment in {side_path} lacks the field {error}: add it, or delete the segment") from error
    except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(f"{side_path} is not a recording's description: {error}") from error
    if schema != SCHEMA:
        raise UserError(f"{side_path} has schema {schema}, this version reads {SCHEMA}: update the program")
    layout = layout_named(layout_name)
    if values.ndim not in (3, 4) or values.shape[-2:] != (len(layout), 3):
        raise UserError(f"{path} has shape {values.shape}, {side_path.name} says (T, M, {len(layout)}, 3)")
    values = (values[:, None] if values.ndim == 3 else values)[:frames]
    if not (np.isfinite(fps) and fps > 0):
        raise UserError(f"{side_path}: the frame rate must be positive, not {fps}")
    times_s = np.arange(len(values)) / fps if times_s is None else times_s[:frames]
    if times_s.shape != (len(values),):
        raise UserError(f"{side_path} has {times_s.size} time stamps for {len(values)} frames")
    if not np.isfinite(times_s).all() or (np.diff(times_s) <= 0).any():
        raise UserError(f"{side_path}: the time stamps must increase from frame to frame")
    return Recording(_float32(values), times_s, layout, fps, device, segments)


def _bare(path: Path, values: npt.NDArray[Any], fps: float | None) -> Recording:
    shape = values.shape
    rate = DEFAULT_FPS if fps is None else fps
    positions, reading = _as_frames(values)
    layout = layout_with_joints(positions.shape[2]) if positions is not None else None
    if positions is None or layout is None:
        joints = ", ".join(f"{len(known)} ({known.name})" for known in LAYOUTS.values())
        raise UserError(
            f"{path} has shape {shape}: expected (T, V, 3), (T, M, V, 3), (3, T, V, M) or (N, 3, T, V, M) "
            f"with V one of {joints}"
        )
    if not (np.isfinite(rate) and rate > 0):
        raise UserError(f"the frame rate must be positive, not {rate}")
    positions = _float32(positions)
    positions[(positions == 0).all(axis=(2, 3))] = np.nan
    assumed = f"{path.name}: shape {shape} read as {reading}, {layout.name}, {rate:g} frames a second, metres"
    return Recording(positions, np.arange(len(positions)) / rate, layout, rate, "file", (), assumed)


def _as_frames(values: npt.NDArray[Any]) -> tuple[npt.NDArray[Any] | None, str]:
    """(T, M, V, 3) and what the axes were taken for; (None, "") where nothing fits."""
    shape, known = values.shape, {len(layout) for layout in LAYOUTS.values()}
    if values.ndim == 3 and shape[2] == 3 and shape[1] in known:
        return values[:, None], "frames, joints, xyz"
    if values.ndim == 4 and shape[2] in known:
        if shape[3] == 3 and shape[1] <= _MOST_BODIES:
            return values, "frames, bodies, joints, xyz"
        if shape[0] == 3 and shape[3] <= _MOST_BODIES:
            return values.transpose(1, 3, 2, 0), "a clip (xyz, frames, joints, bodies)"
    if values.ndim == 5 and shape[1] == 3 and shape[3] in known and shape[4] <= _MOST_BODIES:
        frames = values.transpose(0, 2, 4, 3, 1)
        return frames.reshape(-1, *frames.shape[2:]), f"{shape[0]} clips (clips, xyz, frames, joints, bodies) in a row"
    return None, ""
