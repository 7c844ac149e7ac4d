"""What is in a prepared set, and what looks wrong with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.anatomy import bone_lengths_m, facing_checks, human_range_m
from skel.skeleton.layouts import SkeletonLayout
from skel.training.dataset import PARTS, UNLABELLED, ClipSet, Part, find_split, fingerprints, load_meta, load_split

Array = npt.NDArray[np.float64]

_MOST_CLIPS_MEASURED = 2000
_MOST_IMBALANCE = 10
_MOST_NAMED = 5
_LEAST_SHARE = 0.9  # of clips that must look like an upright, not mirrored person
_LEAST_LENGTH_S = 0.3
_MOST_MISSING = 0.2
_MOST_SCALE = 5  # of bones, beyond which the unit is wrong rather than the person odd
_MOST_ASYMMETRY = 0.2  # between the two sides of the body


def describe(root: Path) -> dict[str, Any]:
    """Everything that `skel-data info` shows, as JSON types; `UserError` where there is no prepared set at `root`."""
    folder = find_split(root)
    meta = load_meta(folder)
    parts: dict[Part, ClipSet] = {part: load_split(folder, part, in_memory=False) for part in PARTS}
    layout = parts["train"].clip.skeleton_layout()
    bodies = _first_bodies(parts)
    bones_cm, checks = (_bones_cm(bodies, layout), _checks(bodies, layout)) if len(bodies) else ({}, {})
    counts = {part: np.bincount(clips.labels, minlength=len(clips.classes)) for part, clips in parts.items()}
    return {
        "folder": str(folder),
        "dataset": meta["dataset"],
        "split": meta["split"],
        "clip": meta["clip"],
        "people": meta.get("people"),
        "parts": {
            part: _describe_part(clips, meta["parts"][part].get("missing_joints", {})) for part, clips in parts.items()
        },
        "classes": [
            {"name": name, **{part: int(counts[part][k]) for part in PARTS}} for k, name in enumerate(meta["classes"])
        ],
        "bones_cm": bones_cm,
        "checks": checks,
        "excluded": meta["excluded"],
        "provenance": meta["provenance"],
        "warnings": [
            *_content_warnings(parts, counts),
            *_label_warnings(parts["val"]),
            *(_body_warnings(bones_cm, checks) if bones_cm else []),
            *_missing_warnings(meta["parts"]),
            *([f"{len(meta['excluded'])} raw files or clips were left out"] if meta["excluded"] else []),
        ],
    }


def _describe_part(clips: ClipSet, missing: dict[str, float]) -> dict[str, Any]:
    known_s = clips.durations_s[~np.isnan(clips.durations_s)]
    return {
        "clips": len(clips),
        "shape": list(clips.clips.shape),
        "megabytes": round(clips.clips.nbytes / 1e6, 1),
        "subjects": sorted({int(s) for s in clips.subjects if s >= 0}),
        "lengths_s": {
            "shortest": round(float(known_s.min()), 2),
            "median": round(float(np.median(known_s)), 2),
            "longest": round(float(known_s.max()), 2),
        }
        if len(known_s)
        else None,
        "second_body_share": round(float(np.mean([clip[..., 1:].any() for clip in clips.clips])), 4),
        "missing_joints": missing,
    }


def _first_bodies(parts: dict[Part, ClipSet]) -> Array:
    """(N, T, V, 3): the first body of every clip that has one, or of an even choice of them where there are many."""
    bodies = [first_bodies(clips, _MOST_CLIPS_MEASURED) for clips in parts.values()]
    together = np.concatenate(bodies).astype(np.float64)
    return together[together.any(axis=(1, 2, 3))]


def first_bodies(clips: ClipSet, most: int) -> npt.NDArray[np.float32]:
    """(n, T, V, 3): the first body of at most so many clips, evenly chosen."""
    return np.asarray(clips.clips[:: 1 + (len(clips) - 1) // most, ..., 0].transpose(0, 2, 3, 1))


def _bones_cm(bodies: Array, layout: SkeletonLayout) -> dict[str, float]:
    """The median length of every bone."""
    medians_m = np.median(bone_lengths_m(bodies, layout), axis=(0, 1))
    names = (f"{layout.joints[child]}–{layout.joints[parent]}" for child, parent in layout.bones)
    return {name: round(100 * float(length_m), 1) for name, length_m in zip(names, medians_m)}


def _checks(bodies: Array, layout: SkeletonLayout) -> dict[str, float]:
    """Shares of clips, by the mean over time, that look like an upright person who is not mirrored."""
    return {what: _share(amount_m.mean(axis=1) > 0) for what, amount_m in facing_checks(bodies, layout).items()}


def _share(yes: npt.NDArray[np.bool_]) -> float:
    return round(float(yes.mean()), 4)


def first_warnings(folder: Path) -> list[str]:
    """Those of `describe` that tell that nothing should be learned from the set as it is; quickly, however large it is."""
    parts: dict[Part, ClipSet] = {part: load_split(folder, part, in_memory=False) for part in PARTS}
    layout, bodies = parts["train"].clip.skeleton_layout(), _first_bodies(parts)
    seen = _body_warnings(_bones_cm(bodies, layout), _checks(bodies, layout)) if len(bodies) else []
    return [*seen, *_label_warnings(parts["val"])]


def _label_warnings(val: ClipSet) -> list[str]:
    names = [name for name, label in zip(val.names, val.labels) if val.classes[label] == UNLABELLED]
    return [f"{len(names)} clips of val have no label, so they measure nothing: {_some(names)}"] if names else []


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def _body_warnings(bones_cm: dict[str, float], checks: dict[str, float]) -> list[str]:
    warnings = [
        f"{what} in only {share:.0%} of the clips: are the axes or the sides wrong?"
        for what, share in checks.items()
        if share < _LEAST_SHARE
    ]
    usual_cm = {bone: 50 * sum(human_range_m(bone.split("–")[0])) for bone in bones_cm}
    scale = float(np.median([length / usual_cm[bone] for bone, length in bones_cm.items()]))
    if not 1 / _MOST_SCALE < scale < _MOST_SCALE:
        about = f"{float(f'{scale:.1g}'):g}"
        return [f"bones are about {about} times as long as people's: are the positions in metres?", *warnings]
    for bone, length in bones_cm.items():
        least, greatest = (100 * length_m for length_m in human_range_m(bone.split("–")[0]))
        if not least <= length <= greatest:
            warnings.append(f"bone {bone} is {length:g} cm long, people have {least:g} to {greatest:g}")
    for left, length in bones_cm.items():
        right = bones_cm.get(left.replace("Left", "Right"), length)
        if abs(length - right) > _MOST_ASYMMETRY * max(length, right):
            warnings.append(f"bone {left} is {length:g} cm long on the left and {right:g} on the right")
    return warnings


def _missing_warnings(parts: dict[str, Any]) -> list[str]:
    return [
        f"{joint} is not tracked in {share:.0%} of the frames of {part}"
        for part, of_part in parts.items()
        for joint, share in of_part.get("missing_joints", {}).items()
        if share > _MOST_MISSING
    ]


def _content_warnings(parts: dict[Part, ClipSet], counts: dict[Part, npt.NDArray[np.int64]]) -> list[str]:
    train, val = (parts[part] for part in PARTS)
    warnings = []
    for part, clips in parts.items():
        of_class = {name: count for name, count in zip(clips.classes, counts[part]) if name != UNLABELLED}
        absent = [name for name, count in of_class.items() if count == 0]
        if absent:
            warnings.append(f"{part} has no clip of {_some(absent)} ({len(absent)} of {len(of_class)} classes)")
        empty = sum(not clip.any() for clip in clips.clips)
        if empty:
            warnings.append(f"{part} has {empty} clips without anybody")
        short = int((clips.durations_s < _LEAST_LENGTH_S).sum())
        if short:
            warnings.append(f"{part} has {short} clips shorter than {_LEAST_LENGTH_S} s")
    of_classes = counts["train"][[name != UNLABELLED for name in train.classes]]
    if len(of_classes) and of_classes.max() > _MOST_IMBALANCE * max(of_classes.min(), 1):
        warnings.append(f"the largest class of train has over {_MOST_IMBALANCE} times the clips of the smallest")
    in_both = {int(s) for s in train.subjects if s >= 0} & {int(s) for s in val.subjects}
    if in_both and train.split.startswith("xsub"):
        warnings.append(f"subjects {sorted(in_both)} are in both parts of a cross-subject split")
    known = set(fingerprints(train))
    same = [name for name, mark in zip(val.names, fingerprints(val)) if mark in known]
    if same:
        warnings.append(f"{len(same)} of the {len(val)} clips of val are in train too, such as {same[0]}")
    return warnings
