"""Own labelled recordings: `NAME.npy` with `NAME.json` beside it, as `skel-app` records them, anywhere in a folder.

Labels: the segments in the JSON; without any, the whole file is one clip, of the class that the JSON calls `label`, or else
of the name of the file without its number at the end (`wave_03.npy`, `wave 3.npy`). A JSON may also say who acts (`subject`,
a number).

Split: what lies below a folder called `train` or `val` is on that side. Of the rest, recordings go to one side as a whole:
in the order of their names and separately for each first label, evenly spread, so that `train_share` of them train.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from skel.skeleton.errors import UserError
from skel.skeleton.recording import load_recording
from skel.training.dataset import PARTS, Part
from skel.training.raw import BadRecording, Found, Opened, Options, RawClip, RawFiles, Reader, Untrimmed
from skel.training.segments import cut, pauses

_FILES = re.compile(r"(?P<label>.+?)(?P<number>[-_ ]*\d*)\.npy")
_SPLIT = "own"


@dataclass(frozen=True)
class _Side:
    """What is known of a recording before its frames are read."""

    label: str
    subject: int


def _open(files: RawFiles, options: Options) -> Opened:
    if not 0 < options.train_share < 1:
        raise UserError(f"--train-share must lie between 0 and 1, not {options.train_share}")
    paths: dict[str, Path] = {}
    for name in files.matching(_FILES):
        path = files.path(name)
        if path is None:
            raise UserError(f"{files} is an archive: unpack it, own recordings are read from a folder")
        paths[name] = path
    stems: dict[str, str] = {}
    for name in paths:
        if (other := stems.setdefault(_stem(name), name)) != name:
            raise UserError(f"{other} and {name} in {files} would both be called {_stem(name)}: rename one of them")
    sides = {name: _side(path) for name, path in paths.items()}
    parts = _parts({name: side.label for name, side in sides.items()}, options.train_share)

    def read(name: str) -> Iterable[Found]:
        try:
            recording = load_recording(paths[name])
        except UserError as error:
            raise BadRecording(f"is left out ({error})") from error
        stem, side, part = _stem(name), sides[name], parts[name]
        if recording.segments:
            yield Untrimmed(stem, recording, {_SPLIT: part})
            segments = (*recording.segments, *(pauses(recording) if options.pauses else ()))
            found: Iterable[Found] = cut(stem, recording, segments, side.subject, {_SPLIT: part})
        else:
            whole = recording.positions_m, recording.layout, recording.fps, side.label, side.subject, {_SPLIT: part}
            found = [RawClip(stem, *whole, times_s=recording.times_s)]
        yield from found

    return Opened(list(paths), read)


def _stem(name: str) -> str:
    """What a recording's clips are called, with a number behind it."""
    return name.removesuffix(".npy").replace("/", "_")


def _side(path: Path) -> _Side:
    """What name and JSON say; whether the recording can be used shows when it is read."""
    match = _FILES.fullmatch(path.name)
    name = match["label"] if match else path.stem
    try:
        side: Any = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        segments = side.get("segments") or [{"label": side.get("label") or name}]
        label, subject = str(segments[0]["label"]), side.get("subject")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _Side(name, -1)
    try:
        return _Side(label, max(int(subject), -1))
    except (ValueError, TypeError, OverflowError):  # a name, or nobody's
        return _Side(label, -1)


def _parts(labels: dict[str, str], train_share: float) -> dict[str, Part]:
    """{file: part} by the rule above."""
    parts: dict[str, Part] = {}
    seen: Counter[str] = Counter()
    for name, label in labels.items():
        named = [part for part in PARTS if part in PurePosixPath(name).parts[:-1]]
        if named:
            parts[name] = named[0]
            continue
        # The n-th of a label trains where that brings the share up to date: 0.7 gives t t v t t v t t v t …
        n = seen[label]
        parts[name] = "train" if np.floor((n + 1) * train_share + 0.5) > np.floor(n * train_share + 0.5) else "val"
        seen[label] += 1
    return parts


READER = Reader((_SPLIT,), (), _FILES, "wave_01.npy", _open)
