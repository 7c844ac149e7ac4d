"""Several prepared sets as one: classes are matched by name, or renamed by a file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from skel.skeleton.errors import UserError
from skel.training.dataset import ClipSet, Part, load_split


def load_joined(roots: Sequence[Path], part: Part, classes: Path | None = None) -> ClipSet:
    """Read one part of each set and put them together.

    Classes of the same name become one, in the order of first appearance. With a `classes` file, JSON of the form
    {"class": ["a set's class", …], …}, only the classes listed there are kept, under their new names and in that order.
    `UserError` where the sets' clips were made in different ways.
    """
    sets = [load_split(root, part) for root in roots]
    for other, root in zip(sets[1:], roots[1:]):
        if other.clip != sets[0].clip:
            raise UserError(f"{root} has clips made in another way than {roots[0]}: prepare both with the same --clip")
    renamed = _read_classes(classes, sets) if classes else None
    names = tuple(renamed) if renamed else tuple(dict.fromkeys(name for s in sets for name in s.classes))
    new_name = {old: new for new, olds in renamed.items() for old in olds} if renamed else {n: n for n in names}
    kept = []
    for one in sets:
        index = np.array([names.index(new_name[c]) if c in new_name else -1 for c in one.classes])
        labels = index[one.labels]
        kept.append(
            replace(_chosen(one, np.flatnonzero(labels >= 0)), labels=labels[labels >= 0], classes=names)
            if (labels < 0).any()
            else replace(one, labels=labels, classes=names)
        )
    return replace(
        kept[0],
        clips=np.concatenate([s.clips for s in kept]) if len(kept) > 1 else kept[0].clips,
        labels=np.concatenate([s.labels for s in kept]),
        names=tuple(name for s in kept for name in s.names),
        subjects=np.concatenate([s.subjects for s in kept]),
        durations_s=np.concatenate([s.durations_s for s in kept]),
        dataset="+".join(s.dataset for s in kept),
        split="+".join(dict.fromkeys(s.split for s in kept)),
    )


def _chosen(clips: ClipSet, index: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> ClipSet:
    return replace(
        clips,
        clips=clips.clips[index],
        labels=clips.labels[index],
        names=tuple(clips.names[i] for i in index),
        subjects=clips.subjects[index],
        durations_s=clips.durations_s[index],
    )


def _read_classes(path: Path, sets: Sequence[ClipSet]) -> dict[str, list[str]]:
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the classes in {path}: {error}") from error
    if not isinstance(mapping, dict) or not all(isinstance(v, list) for v in mapping.values()):
        raise UserError(f'{path} must hold {{"class": ["a set\'s class", …], …}}')
    known = {name for s in sets for name in s.classes}
    unknown = sorted({str(old) for olds in mapping.values() for old in olds} - known)
    if unknown:
        raise UserError(f"{path} names classes that no set has: {', '.join(unknown)}")
    return {str(new): [str(old) for old in olds] for new, olds in mapping.items()}


def few_labels(clips: ClipSet, share: float, seed: int) -> ClipSet:
    """A random share of each class, at least one clip of each, fixed by the seed (AimCLR: round(p·n) a class)."""
    if not 0 < share <= 1:
        raise UserError(f"--labels must lie between 0 and 1, not {share}")
    if share == 1:
        return clips
    random = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(clips.labels):
        members = np.flatnonzero(clips.labels == label)
        chosen.append(random.choice(members, max(1, round(share * len(members))), replace=False))
    return _chosen(clips, np.sort(np.concatenate(chosen)))
