"""Prepared sets on disk and in memory: the field's two files a part, and a `meta.json` that says what they are.

`ROOT/{split}/{train,val}_position.npy` holds clips (N, 3, T, V, M) float32, `{train,val}_label.pkl` a pickled pair (names,
labels), as in the public ready-made folders of NTU RGB+D clips.
"""

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, write_text
from skel.training.restricted_pickle import load_restricted

SCHEMA = 1
META = "meta.json"
Part = Literal["train", "val"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, eq=False)
class ClipSet:
    """The clips of one part of one split.

    Attributes:
        clips: (N, 3, T, V, M) float32, finite.
        labels: (N,) int64, indices into `classes`.
        names: N names of the raw recordings (several clips may come from one).
        classes: the K class names.
        clip: how the clips were made.
        dataset: the data set's name, as given to `skel-data prepare`.
        split: the protocol's name, e.g. `xsub`.
        subjects: (N,) int64, who acts; −1 = unknown.
        durations_s: (N,) float64, how long the raw movement of the clip took.
    """

    clips: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    clip: ClipConfig
    dataset: str
    split: str
    subjects: npt.NDArray[np.int64]
    durations_s: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        count, shape = len(self.names), clip_shape(self.clip)
        if self.clips.dtype != np.float32 or self.clips.shape != (count, *shape):
            raise ValueError(f"clips are {self.clips.dtype} {self.clips.shape}, expected float32 {(count, *shape)}")
        if not self.labels.shape == self.subjects.shape == self.durations_s.shape == (count,):
            raise ValueError(f"{count} names need as many labels, subjects and durations")
        if count and not 0 <= self.labels.min() <= self.labels.max() < len(self.classes):
            raise ValueError(f"labels must lie in 0..{len(self.classes) - 1}")
        if not np.isfinite(self.clips).all():
            raise ValueError("clips hold NaN or infinity")

    def __len__(self) -> int:
        return len(self.names)


def clip_shape(config: ClipConfig) -> tuple[int, int, int, int]:
    """(3, T, V, M) of the clips that a configuration makes."""
    return 3, config.frames, len(config.skeleton_layout()), config.max_bodies


def save_split(
    root: Path, parts: Mapping[Part, ClipSet], excluded: Sequence[tuple[str, str]], provenance: Mapping[str, Any]
) -> Path:
    """Write both parts under `root/{split}` and return that folder.

    `excluded` lists (raw file, reason) of what was left out; `provenance` says how the set was made. Every file is written
    atomically and `meta.json` last, after the old one is gone: a folder with `meta.json` is whole. `UserError` where the
    folder cannot be written.
    """
    first = parts["train"]
    folder = root / first.split
    try:
        (folder / META).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
    for part in PARTS:
        clip_set = parts[part]
        with atomic_path(folder / f"{part}_position.npy") as path, path.open("wb") as file:
            np.save(file, clip_set.clips, allow_pickle=False)
        with atomic_path(folder / f"{part}_label.pkl") as path, path.open("wb") as file:
            pickle.dump((list(clip_set.names), clip_set.labels.tolist()), file, protocol=4)
    meta = {
        "schema": SCHEMA,
        "dataset": first.dataset,
        "split": first.split,
        "classes": list(first.classes),
        "clip": first.clip.to_json(),
        "parts": {
            part: {
                "count": len(parts[part]),
                "subjects": parts[part].subjects.tolist(),
                "durations_s": parts[part].durations_s.round(4).tolist(),
            }
            for part in PARTS
        },
        "excluded": [{"file": file, "reason": reason} for file, reason in excluded],
        "provenance": dict(provenance),
    }
    write_text(folder / META, json.dumps(meta, indent=1, ensure_ascii=False))
    return folder


def find_split(root: Path) -> Path:
    """The folder with `meta.json`: `root` itself, or its only subfolder that has one; `UserError` otherwise."""
    if not root.is_dir():
        raise UserError(f"no such folder: {root}; make a prepared set with skel-data prepare")
    if (root / META).is_file():
        return root
    splits = sorted(path.parent for path in root.glob(f"*/{META}"))
    if len(splits) == 1:
        return splits[0]
    if splits:
        raise UserError(f"{root} holds several prepared sets ({', '.join(s.name for s in splits)}): name one of them")
    what = f"has no {META}" if any(root.glob("**/*_position.npy")) else "holds no prepared set"
    raise UserError(f"{root} {what}: make the set with skel-data prepare")


def load_meta(folder: Path) -> dict[str, Any]:
    """The `meta.json` of a split's folder, as `save_split` wrote it; `UserError` where it is not one."""
    path = folder / META
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: prepare the set again") from error
    schema = meta.get("schema") if isinstance(meta, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}: prepare the set again")
    return dict(meta)


def load_split(root: Path, part: Part) -> ClipSet:
    """Read one part of the prepared set at `root` (a split's folder, or the folder above it when it holds exactly one).

    `UserError`, one line, where the set is absent, was not written to its end, or its files contradict one another.
    """
    folder = find_split(root)
    meta = load_meta(folder)
    clips_path, labels_path = folder / f"{part}_position.npy", folder / f"{part}_label.pkl"
    try:
        clips = np.load(clips_path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{clips_path} cannot be read ({error}): prepare the set again") from error
    pair = load_restricted(labels_path)
    try:
        names, labels = pair
        return ClipSet(
            clips=clips,
            labels=np.asarray(labels, np.int64),
            names=tuple(str(name) for name in names),
            classes=tuple(meta["classes"]),
            clip=ClipConfig.from_json(meta["clip"]),
            dataset=meta["dataset"],
            split=meta["split"],
            subjects=np.asarray(meta["parts"][part]["subjects"], np.int64),
            durations_s=np.asarray(meta["parts"][part]["durations_s"], np.float64),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"the files of the {part} part in {folder} contradict one another ({error}): prepare it") from error
