"""Prepared sets on disk and in memory: the field's two files a part, and a `meta.json` that says what they are.

`ROOT/{split}/{train,val}_position.npy` holds clips (N, 3, T, V, M) float32, `{train,val}_label.pkl` a pickled pair (names,
labels), as in the public ready-made folders of NTU RGB+D clips.
"""

import hashlib
import json
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, write_text
from skel.training.ready_made import describe_ready_made, is_ready_made
from skel.training.restricted_pickle import load_restricted

SCHEMA = 1
META = "meta.json"
Part = Literal["train", "val"]
PARTS: tuple[Part, ...] = get_args(Part)
UNLABELLED = "unlabelled"
"""No class, but what stands for one in a prepared set: nobody has said yet what its clips show."""
_CHUNK = 1024  # clips looked at together: 30 MB


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
        durations_s: (N,) float64, how long the raw movement of the clip took; NaN = unknown.
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
        if not all(np.isfinite(self.clips[i : i + _CHUNK]).all() for i in range(0, count, _CHUNK)):
            raise ValueError("clips hold NaN or infinity")

    def __len__(self) -> int:
        return len(self.names)


def digest(*sets: ClipSet, labelled: bool = True) -> str:
    """Changes with anything in the clip sets that a run could learn from or be measured on: all, or only the movement."""
    found = hashlib.blake2b(digest_size=16)
    for one in sets:
        rows = (one.names, one.labels.tolist(), one.subjects.tolist(), one.classes) if labelled else ()
        found.update(json.dumps((len(one), one.clip.to_json(), rows)).encode())
        for i in range(0, len(one), _CHUNK):
            found.update(np.ascontiguousarray(one.clips[i : i + _CHUNK]).data)
    return found.hexdigest()


def fingerprints(clips: ClipSet) -> list[str]:
    """16 hexadecimal digits of each clip's coordinates; copies of a clip have the same, whatever they are called."""
    return [hashlib.blake2b(np.ascontiguousarray(clip).data, digest_size=8).hexdigest() for clip in clips.clips]


def clip_shape(config: ClipConfig) -> tuple[int, int, int, int]:
    """(3, T, V, M) of the clips that a configuration makes."""
    return 3, config.frames, len(config.skeleton_layout()), config.max_bodies


@dataclass(frozen=True, eq=False)
class PartRows:
    """One part on its way to disk: what `ClipSet` holds, with the clips in `chunks` (n, 3, T, V, M) one after the other.

    `extra` is written to the part's entry of `meta.json`.
    """

    names: Sequence[str]
    labels: Sequence[int]
    subjects: Sequence[int]
    durations_s: Sequence[float]
    chunks: Iterable[npt.NDArray[np.float32]]
    extra: Mapping[str, Any] = field(default_factory=dict)


def save_split(
    root: Path, parts: Mapping[Part, ClipSet], excluded: Sequence[tuple[str, str]], provenance: Mapping[str, Any]
) -> Path:
    """`write_split` of clips in memory."""
    first = parts["train"]
    rows = {
        part: PartRows(
            names=clips.names,
            labels=clips.labels.tolist(),
            subjects=clips.subjects.tolist(),
            durations_s=clips.durations_s.round(4).tolist(),
            chunks=[clips.clips],
        )
        for part, clips in parts.items()
    }
    return write_split(root / first.split, first.dataset, first.classes, first.clip, rows, excluded, provenance)


def write_split(
    folder: Path,
    dataset: str,
    classes: Sequence[str],
    clip: ClipConfig,
    parts: Mapping[Part, PartRows],
    excluded: Sequence[tuple[str, str]],
    provenance: Mapping[str, Any],
    people: str | None = None,
) -> Path:
    """Write both parts to `folder`, which is named after the protocol, and return it; no more than a chunk is in memory.

    `excluded` lists (raw file, reason) of what was left out; `provenance` says how the set was made, `people` who
    is in a clip (`skel.training.raw.Options`) where raw frames list several people. Every file is written
    atomically, and as long as the set is not whole its `meta.json` says so. `UserError` where the folder cannot be written.
    """
    mark_unfinished(folder)
    for part in PARTS:
        rows = parts[part]
        with atomic_path(folder / f"{part}_position.npy") as path:
            _write_clips(path, (len(rows.names), *clip_shape(clip)), rows.chunks)
        with atomic_path(folder / f"{part}_label.pkl") as path, path.open("wb") as file:
            pickle.dump((list(rows.names), list(rows.labels)), file, protocol=4)
    meta = {
        "schema": SCHEMA,
        "dataset": dataset,
        "split": folder.name,
        "classes": list(classes),
        "clip": clip.to_json(),
        **({"people": people} if people else {}),
        "parts": {
            part: {
                "count": len(parts[part].names),
                "subjects": list(parts[part].subjects),
                "durations_s": list(parts[part].durations_s),
                **parts[part].extra,
            }
            for part in PARTS
        },
        "excluded_count": len(excluded),
        "excluded": [{"file": file, "reason": reason} for file, reason in excluded],
        "provenance": dict(provenance),
    }
    write_text(folder / META, json.dumps(meta, indent=1, ensure_ascii=False))
    return folder


def mark_unfinished(folder: Path) -> None:
    """From now until `write_split` has ended the set in this folder is refused."""
    write_text(folder / META, json.dumps({"schema": SCHEMA, "unfinished": True}))


def _write_clips(path: Path, shape: tuple[int, ...], chunks: Iterable[npt.NDArray[np.float32]]) -> None:
    """A `.npy` file, piece by piece."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False, "shape": shape}
    written = 0
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            file.write(np.ascontiguousarray(chunk, np.float32).data)
            written += len(chunk)
    if written != shape[0]:
        raise ValueError(f"{written} clips for {shape[0]} names")


def find_split(root: Path) -> Path:
    """The folder of a split: `root` itself, or its only subfolder that is one; `UserError` otherwise.

    Such a folder has a `meta.json`, or is a public ready-made one (`skel.training.ready_made`).
    """
    if root.is_file():
        raise UserError(f"{root} is a file: give the folder of a prepared set, as skel-data prepare makes it")
    if not root.is_dir():
        raise UserError(f"no such folder: {root}; make a prepared set with skel-data prepare")
    splits = [folder for folder in (root, *sorted(root.iterdir())) if (folder / META).is_file() or is_ready_made(folder)]
    if splits[:1] == [root]:
        return root
    if len(splits) == 1:
        return splits[0]
    if splits:
        raise UserError(f"{root} holds several prepared sets ({', '.join(s.name for s in splits)}): name one of them")
    what = f"has no {META}" if any(root.glob("**/*_position.npy")) else "holds no prepared set"
    raise UserError(f"{root} {what}: make the set with skel-data prepare")


def load_meta(folder: Path) -> dict[str, Any]:
    """The `meta.json` of a split's folder, as `save_split` wrote it; `UserError` where it is not one."""
    path = folder / META
    if not path.exists():
        return describe_ready_made(folder)
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: prepare the set again") from error
    schema = meta.get("schema") if isinstance(meta, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}: prepare the set again")
    if meta.get("unfinished"):
        raise UserError(f"{folder} is unfinished, its preparation was stopped: prepare the set again")
    return dict(meta)


def load_split(root: Path, part: Part, in_memory: bool = True) -> ClipSet:
    """Read one part of the prepared set at `root` (a split's folder, or the folder above it when it holds exactly one).

    Unless `in_memory`, the clips stay on disk and are read where they are used.
    `UserError`, one line, where the set is absent, was not written to its end, or its files contradict one another.
    """
    folder = find_split(root)
    meta = load_meta(folder)
    clips_path, labels_path = folder / f"{part}_position.npy", folder / f"{part}_label.pkl"
    try:
        clips = np.load(clips_path, mmap_mode=None if in_memory else "r", allow_pickle=False)
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
