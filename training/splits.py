"""Which labelled clips are used: class-balanced, fixed by a seed, nested, and written down by name."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.config import HeldOutBy
from skel.training.dataset import ClipSet

Index = npt.NDArray[np.int64]


def subset(clips: ClipSet, index: Index) -> ClipSet:
    """The clips at these places, in this order; nothing is copied where that is all of them."""
    if np.array_equal(index, np.arange(len(clips))):
        return clips
    return replace(
        clips,
        clips=clips.clips[index],
        labels=clips.labels[index],
        names=tuple(clips.names[i] for i in index),
        subjects=clips.subjects[index],
        durations_s=clips.durations_s[index],
    )


def few_labels(clips: ClipSet, share: float, seed: int) -> ClipSet:
    """A random share of each class, at least one clip of each, in the set's order (AimCLR: round(p·n) a class).

    Each class has one random order for a seed, of which a share is the beginning: the clips chosen for 5 % are among those
    for 10 %. `UserError` unless 0 < share ≤ 1.
    """
    if not 0 < share <= 1:
        raise UserError(f"--labels must lie between 0 and 1, not {share}")
    chosen = [order[: max(1, round(share * len(order)))] for order in _orders(clips, seed)]
    return subset(clips, np.sort(np.concatenate(chosen)))


def hold_out(clips: ClipSet, share: float, by: HeldOutBy, seed: int) -> tuple[ClipSet, ClipSet]:
    """(rest, held out): all clips of a random share of the people, or a random share of each class but its last clip.

    Whole people stand for people whom nobody has seen; on clips of people whose other clips were learned from, a network is
    right more often than it will be. `UserError` unless 0 ≤ share < 1, or where nothing can be held out.
    """
    if not 0 <= share < 1:
        raise UserError(f"--held-out must lie between 0 and 1, not {share}")
    out = np.zeros(len(clips), bool)
    if share:
        out[_people(clips, share, seed) if by == "people" else _of_each_class(clips, share, seed)] = True
    return subset(clips, np.flatnonzero(~out)), subset(clips, np.flatnonzero(out))


def _people(clips: ClipSet, share: float, seed: int) -> Index:
    people = np.unique(clips.subjects)
    if len(people) < 2 or people[0] < 0:
        what = "the clips do not all say who acts" if people[0] < 0 else "all clips are of one person"
        raise UserError(f"{what}, so nobody can be held out: give --held-out-by clips")
    count = min(max(1, round(share * len(people))), len(people) - 1)
    chosen = np.isin(clips.subjects, np.random.default_rng(seed).permutation(people)[:count])
    lost = sorted({clips.classes[k] for k in clips.labels} - {clips.classes[k] for k in clips.labels[~chosen]})
    if lost:
        raise UserError(
            f"no clip of {', '.join(lost)} would be left to learn from: give a smaller --held-out, or --held-out-by clips"
        )
    return np.flatnonzero(chosen)


def _of_each_class(clips: ClipSet, share: float, seed: int) -> Index:
    out = [order[len(order) - min(round(share * len(order)), len(order) - 1) :] for order in _orders(clips, seed)]
    held_out = np.concatenate(out)
    if not len(held_out):
        raise UserError(f"--held-out {share:g} leaves no clip of any class to hold out: give a larger share, or more labels")
    return held_out


def _orders(clips: ClipSet, seed: int) -> list[Index]:
    """For each class that has clips, their places in random order."""
    present = np.unique(clips.labels)
    return [np.random.default_rng([seed, k]).permutation(np.flatnonzero(clips.labels == k)) for k in present]


def unique_names(clips: ClipSet) -> tuple[str, ...]:
    """The clips' names; of several clips of one name the second is `name#2`, and so on."""
    seen: Counter[str] = Counter()
    names = []
    for name in clips.names:
        seen[name] += 1
        names.append(f"{name}#{seen[name]}" if seen[name] > 1 else name)
    return tuple(names)


def named(clips: ClipSet, names: Sequence[str], source: Path) -> ClipSet:
    """The clips of these `unique_names`, in the set's order; `UserError` names those that `source` lists in vain."""
    return subset(clips, places(clips, names, source))


def places(clips: ClipSet, names: Sequence[str], source: Path) -> Index:
    """Where the clips of these `unique_names` are, rising; `UserError` names those that `source` lists in vain."""
    wanted, own = set(names), unique_names(clips)
    known = set(own)
    unknown = [name for name in names if name not in known]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise UserError(
            f"{source} lists clips that the training part of {clips.dataset} {clips.split} does not have, or has no label "
            f"of: {', '.join(unknown[:3])}{more}"
        )
    return np.array([i for i, name in enumerate(own) if name in wanted], np.int64)


def write_names(path: Path, names: Sequence[str]) -> None:
    """A JSON list, one name a line."""
    write_text(path, json.dumps(list(names), indent=0, ensure_ascii=False) + "\n")


def read_names(path: Path) -> tuple[str, ...]:
    """The inverse of `write_names`; `UserError` where there is no such list, or an empty one."""
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the list of clips in {path} ({error}): give a share, or a JSON list") from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UserError(f'{path} must hold a JSON list of clips\' names: ["name", …]')
    return tuple(names)
