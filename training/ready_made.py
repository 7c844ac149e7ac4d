"""The public ready-made folders of NTU RGB+D and PKU-MMD clips, `ntu60_frame50/{xsub,xview}` and `pku_part1_frame50/xsub`.

They hold `{train,val}_position.npy` (N, 3, 50, 25, 2) and `{train,val}_label.pkl`, and nothing that says what they are: that
follows from the clips' names and is checked on the clips.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skel.skeleton.clip import AIMCLR
from skel.skeleton.errors import UserError
from skel.training.readers.ntu_classes import NTU60_CLASSES, NTU120_CLASSES
from skel.training.readers.pku_classes import PKU_CLASSES
from skel.training.restricted_pickle import load_restricted

_FILES = ("train_position.npy", "train_label.pkl", "val_position.npy", "val_label.pkl")
_NTU = re.compile(r"S(\d{3})C\d{3}P(\d{3})R\d{3}A\d{3}(\.skeleton)?")
_PKU = re.compile(r"F\d{3}V\d{3}C\d{3}L\d{3}(\.\w+)?")
_SHAPE = (3, AIMCLR.frames, len(AIMCLR.skeleton_layout()), AIMCLR.max_bodies)
_CHECKED = 64  # clips of each part, evenly chosen


def is_ready_made(folder: Path) -> bool:
    """Whether a folder holds the four files and no description."""
    return all((folder / name).is_file() for name in _FILES) and not (folder / "meta.json").exists()


def describe_ready_made(folder: Path) -> dict[str, Any]:
    """What `meta.json` would say of such a folder; `UserError` where it holds something else."""
    parts, names, most = {}, [], 0
    for part in ("train", "val"):
        _check_clips(folder / f"{part}_position.npy")
        try:
            part_names, labels = load_restricted(folder / f"{part}_label.pkl")
            of_part, most = [str(name) for name in part_names], max(most, *(int(label) for label in labels))
        except (TypeError, ValueError) as error:
            raise UserError(f"{folder / part}_label.pkl does not hold names and labels ({error})") from error
        names += of_part
        parts[part] = {"subjects": _subjects(of_part), "durations_s": [float("nan")] * len(of_part)}
    dataset, classes = _known(names, most)
    return {
        "dataset": dataset or folder.resolve().parent.name,
        "split": folder.resolve().name,
        "classes": list(classes or (f"A{number:03d}" for number in range(1, most + 2))),
        "clip": AIMCLR.to_json(),
        "people": "reference",
        "parts": parts,
        "excluded_count": 0,
        "excluded": [],
        "provenance": {"made": "ready-made clips without meta.json, taken as the published 50-frame clips"},
    }


def _check_clips(path: Path) -> None:
    try:
        clips = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read ({error}): download it again") from error
    expected = f"the public clips (N, {', '.join(map(str, _SHAPE))}) float32, centred in every frame"
    if clips.dtype != np.float32 or clips.ndim != 5 or clips.shape[1:] != _SHAPE or not len(clips):
        raise UserError(f"{path.parent} has no meta.json, and {path.name} {clips.dtype} {clips.shape} is not {expected}")
    # Only where every frame was centred as published is this joint 0; other clips need their meta.json.
    if clips[:: 1 + len(clips) // _CHECKED, :, :, AIMCLR.skeleton_layout().centre].any():
        raise UserError(f"{path.parent} has no meta.json, and {path.name} is not {expected}: prepare the set again")


def _subjects(names: Sequence[str]) -> list[int]:
    matches = [_NTU.fullmatch(name) for name in names]
    return [int(match[2]) if match else -1 for match in matches]


def _known(names: Sequence[str], most: int) -> tuple[str, tuple[str, ...]]:
    """(data set, its classes) by the clips' names and the greatest label; empty where unknown."""
    for dataset, pattern, classes in (
        ("ntu60", _NTU, NTU60_CLASSES),
        ("ntu120", _NTU, NTU120_CLASSES),
        ("pku-mmd", _PKU, PKU_CLASSES),
    ):
        if most < len(classes) and all(pattern.fullmatch(name) for name in names):
            return dataset, classes
    return "", ()
