"""Own labelled recordings: `NAME.npy` with `NAME.json` beside it, as `skel-app` records them, anywhere in a folder.

What a crash has left of one, `NAME.unfinished`, is read as far as it goes.

Labels: the segments in the JSON; without any, the whole file is one clip, of the class that the JSON calls `label`, or else
of the name of the file without its number at the end (`wave_03.npy`, `wave 3.npy`). A name is no label where it is a date,
with or without time, nor with `Options.unlabelled`: then nobody has said yet what the clip shows. A JSON may also say who
acts (`subject`, a number).

Split: what lies below a folder called `train` or `val` is on that side; what `Options.sides` names stays on its own. Of the
rest, recordings go to one side as a whole: in the order of their names and separately for each first label, evenly spread,
so that `train_share` of them train.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from skel.skeleton.errors import UserError
from skel.skeleton.journal import SUFFIX
from skel.skeleton.recording import load_recording
from skel.training.dataset import PARTS, UNLABELLED, Part
from skel.training.raw import BadRecording, Found, Opened, Options, RawClip, RawFiles, Reader, Remark, Untrimmed
from skel.training.restricted_pickle import load_restricted
from skel.training.segments import cut, pauses

_FILES = re.compile(rf"(?P<label>.+?)(?P<number>[-_ ]*\d*)(\.npy|{re.escape(SUFFIX)})")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([-_ ]\d\d-\d\d(-\d\d)?(-\d+)?)?")  # with time: skel.skeleton.recorder.new_path
_CLIP = re.compile(r"(.+?)_\d{3,}")  # see skel.training.segments.cut
_SPLIT = "own"
_TOO_FEW = (
    "of at least one action there must be two recordings, one to learn from and one to be measured with; folders called "
    "train and val, or another --train-share of skel-data prepare, divide them otherwise"
)
_NO_LABEL = "warning: date and time are no label: record with --record wave_01.npy, or say in Review what is shown"


@dataclass(frozen=True)
class _Side:
    """What is known of a recording before its frames are read."""

    label: str
    subject: int
    lacks_label: bool = False  # though nobody has said that it may


def _open(files: RawFiles, options: Options) -> Opened:
    if not 0 < options.train_share < 1:
        raise UserError(f"--train-share must lie between 0 and 1, not {options.train_share}")
    if options.fps is not None and not (np.isfinite(options.fps) and options.fps > 0):
        raise UserError(f"--fps must be positive, not {options.fps:g}")
    paths = _paths(files)
    sides = {name: _side(path, options.unlabelled) for name, path in paths.items()}
    parts = _parts({name: side.label for name, side in sides.items()}, options.train_share, options.sides)

    def read(name: str) -> Iterable[Found]:
        path, stem, side, part = paths[name], _stem(name), sides[name], parts[name]
        says_its_rate = any(path.with_suffix(suffix).is_file() for suffix in (".json", SUFFIX))
        try:
            recording = load_recording(path, None if says_its_rate else options.fps)
        except UserError as error:
            raise BadRecording(_reason(error, path)) from error
        if recording.assumed:
            yield Remark(name, _assumed(recording.assumed))
        if side.lacks_label:
            yield Remark(name, _NO_LABEL)
        if recording.segments:
            yield Untrimmed(stem, recording, {_SPLIT: part})
            segments = (*recording.segments, *(pauses(recording) if options.pauses else ()))
            found: Iterable[Found] = cut(stem, recording, segments, side.subject, {_SPLIT: part})
        else:
            whole = recording.positions_m, recording.layout, recording.fps, side.label, side.subject, {_SPLIT: part}
            found = [RawClip(stem, *whole, times_s=recording.times_s)]
        yield from found

    return Opened(list(paths), read)


def _paths(files: RawFiles) -> dict[str, Path]:
    """{name: where it lies}, of each recording once; `UserError` where two would have clips of the same name."""
    names = list(files.matching(_FILES))
    paths: dict[str, Path] = {}
    stems: dict[str, str] = {}
    for name in names:
        if name.endswith(SUFFIX) and f"{name.removesuffix(SUFFIX)}.npy" in names:
            continue  # continues that one, which is read with it
        path = files.path(name)
        if path is None:
            raise UserError(f"{files} is an archive: unpack it, own recordings are read from a folder")
        if (other := stems.setdefault(_stem(name), name)) != name:
            raise UserError(f"{other} and {name} in {files} would both be called {_stem(name)}: rename one of them")
        paths[name] = path
    return paths


def _stem(name: str) -> str:
    """What a recording's clips are called, with a number behind it."""
    return name.removesuffix(".npy").removesuffix(SUFFIX).replace("/", "_")


def _reason(error: UserError, path: Path) -> str:
    """Why a recording is left out; its name is said before."""
    said = str(error).replace(str(path.with_suffix("")), path.stem)
    return said.removeprefix(f"{path.stem}.npy ").removeprefix(f"{path.stem}{SUFFIX} ")


def _assumed(said: str) -> str:
    """What `load_recording` says that it assumed, without the file's name and shape: the same of files that are alike."""
    what = said.partition(": ")[2]
    return f"assumed: {what.partition(' read as ')[2]}" if " read as " in what else what


def _side(path: Path, unlabelled: bool) -> _Side:
    """What name and JSON say; whether the recording can be used shows when it is read."""
    match = _FILES.fullmatch(path.name)
    no_label = unlabelled or _DATE.fullmatch(path.stem)
    name = UNLABELLED if no_label else match["label"] if match else path.stem
    label = name
    subject: Any = -1
    try:
        side: Any = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        segments = side.get("segments") or [{"label": side.get("label") or name}]
        label, subject = str(segments[0]["label"]), side.get("subject")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    lacks_label = label == name == UNLABELLED and not unlabelled
    try:
        return _Side(label, max(int(subject), -1), lacks_label)
    except (ValueError, TypeError, OverflowError):  # a name, or nobody's
        return _Side(label, -1, lacks_label)


def _parts(labels: Mapping[str, str], train_share: float, settled: Mapping[str, Part]) -> dict[str, Part]:
    """{file: part} by the rule above."""
    parts: dict[str, Part] = {}
    dealt, train = Counter[str](), Counter[str]()  # of each label, those that no folder puts on a side
    for name, label in labels.items():
        named = [part for part in PARTS if part in PurePosixPath(name).parts[:-1]]
        if named:
            parts[name] = named[0]
        elif part := settled.get(_stem(name)):
            parts[name] = part
            dealt[label] += 1
            train[label] += part == "train"
    for name, label in labels.items():
        if name not in parts:
            # The n-th of a label trains where that brings the share up to date: 0.7 gives t v t t t v t t v t …
            dealt[label] += 1
            parts[name] = "train" if train[label] < np.floor(dealt[label] * train_share + 0.5) else "val"
            train[label] += parts[name] == "train"
    return parts


def earlier_sides(out: Path) -> dict[str, Part]:
    """{recording: part} in the set that was prepared in `out` before; empty where there is none.

    A recording is recognised by its name, which is that of its clip, or the beginning of its clips' names. `UserError` where
    the set cannot be read.
    """
    whole: dict[str, Part] = {}
    cut_from: dict[str, Part] = {}
    for part in PARTS:
        path = out / _SPLIT / f"{part}_label.pkl"
        try:
            names, _ = load_restricted(path) if path.is_file() else ((), ())
        except (TypeError, ValueError) as error:
            raise UserError(f"{path} does not hold names and labels: give another --out") from error
        for name in map(str, names):
            whole[name] = part
            if match := _CLIP.fullmatch(name):
                cut_from[match[1]] = part
    return {**cut_from, **whole}


READER = Reader((_SPLIT,), (), _FILES, "wave_01.npy", _open, _TOO_FEW, any_name=True)
