"""Several prepared sets as one: classes are matched by name, or renamed by a file."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.training.dataset import UNLABELLED, ClipSet, Part, find_split, load_meta
from skel.training.folder_names import telling_names
from skel.training.recorded_sets import folder_of, load_sets
from skel.training.splits import subset, unique_names

_MOST_NAMED = 12


def load_joined(
    roots: Sequence[Path],
    part: Part,
    classes: Path | None = None,
    known: Sequence[str] | None = None,
    unlabelled: bool = False,
) -> ClipSet:
    """Read one part of each set and put them together.

    Classes of the same name become one, in the order of first appearance. With a `classes` file, JSON of the form
    {"class": ["a set's class", …], …}, only the classes listed there are kept, under their new names and in that order.
    With `known`, the classes that a model was trained on, the result has exactly those, even where no clip belongs to one.
    A clip of several sets is called `set/name`, of several folders of one set `folder/name`, and a subject of each is
    another. A folder of labelled recordings is a set, too (`recorded_sets`).
    Clips that nobody has labelled yet are left out, or, where no label is read, kept as `unlabelled` ones: as of class 0.
    `UserError` where the sets' clips were made in different ways, have classes that are not `known`, or no label at all.
    """
    if not roots:
        raise UserError("--data needs at least one prepared set")
    folders = [folder_of(root) for root in roots]
    check_each_once(folders)
    sets = load_sets(roots, part)
    _require_same(roots, [one.clip for one in sets])
    of_sets = tuple(dict.fromkeys(name for one in sets for name in one.classes if name != UNLABELLED))
    renamed = read_classes(classes) if classes else {name: [name] for name in of_sets}
    new_name = {old: new for new, olds in renamed.items() for old in olds}
    unknown = sorted(set(new_name) - set(of_sets))
    if unknown and known is None:
        raise UserError(f"{classes} names classes that no set has: {', '.join(unknown)}")
    names = tuple(renamed if known is None else known)
    foreign = [name for name in of_sets if name in new_name and new_name[name] not in names]
    if foreign:
        raise UserError(f"the model does not know the classes {', '.join(foreign)}: give the --classes file of its training")
    some_unlabelled = any(UNLABELLED in one.classes for one in sets)
    places = (*names, UNLABELLED) if some_unlabelled else names
    kept = []
    for one in sets:
        labels = np.array([places.index(new_name.get(c, c)) if c in (*new_name, UNLABELLED) else -1 for c in one.classes])
        labels = labels[one.labels]
        chosen = subset(one, np.flatnonzero(labels >= 0))
        kept.append(replace(chosen, labels=labels[labels >= 0], classes=places))
    together = kept[0] if len(kept) == 1 else _together(kept, _prefixes(folders, kept))
    if not some_unlabelled:
        return together
    return _without_label(together) if unlabelled else _with_label(together, part)


def check_each_once(folders: Sequence[Path], option: str = "--data") -> None:
    """`UserError` where a folder is named twice, and would count double."""
    if twice := [folder for i, folder in enumerate(folders) if folder in folders[:i]]:
        raise UserError(f"{option} names {twice[0]} twice: leave one of them out")


def _prefixes(folders: Sequence[Path], sets: Sequence[ClipSet]) -> list[str]:
    """What each set's clips are called after, whatever order the sets are in."""
    of_set = Counter(one.dataset for one in sets)
    return [one.dataset if of_set[one.dataset] == 1 else name for one, name in zip(sets, telling_names(folders))]


def _together(kept: Sequence[ClipSet], prefixes: Sequence[str]) -> ClipSet:
    return replace(
        kept[0],
        clips=np.concatenate([one.clips for one in kept]),
        labels=np.concatenate([one.labels for one in kept]),
        names=tuple(f"{prefix}/{name}" for prefix, one in zip(prefixes, kept) for name in one.names),
        subjects=_distinct([one.subjects for one in kept]),
        durations_s=np.concatenate([one.durations_s for one in kept]),
        dataset="+".join(one.dataset for one in kept),
        split="+".join(dict.fromkeys(one.split for one in kept)),
    )


def _with_label(clips: ClipSet, part: Part) -> ClipSet:
    """The labelled ones, under the names that they have among all; the last class is that of the others."""
    *classes, _ = clips.classes
    labelled = clips.labels < len(classes)
    if labelled.all():
        return replace(clips, classes=tuple(classes))
    if not labelled.any():
        some = ", ".join(clips.names[:_MOST_NAMED]) + (", …" if len(clips) > _MOST_NAMED else "")
        raise UserError(
            f"no clip of the {part} part of {clips.dataset} {clips.split} has a label: write one into the JSON of some of "
            f"them, and prepare the set again ({some})"
        )
    chosen = subset(replace(clips, names=unique_names(clips)), np.flatnonzero(labelled))
    return replace(chosen, classes=tuple(classes))


def _without_label(clips: ClipSet) -> ClipSet:
    """All of them; the last class, that of the unlabelled ones, is none."""
    *classes, _ = clips.classes
    labels = np.where(clips.labels < len(classes), clips.labels, 0)
    return replace(clips, labels=labels, classes=tuple(classes) or (UNLABELLED,))


def require_alike(roots: Sequence[Path]) -> None:
    """`UserError` unless the sets' clips were made in the same way, whatever sensor they come from; no clip is read."""
    _require_same(roots, [ClipConfig.from_json(load_meta(find_split(root))["clip"]) for root in roots])


def _require_same(roots: Sequence[Path], made: Sequence[ClipConfig]) -> None:
    first = made[0].to_json()
    for root, config in zip(roots[1:], made[1:]):
        if differing := [
            f"{name} {value}, not {first[name]}" for name, value in config.to_json().items() if value != first[name]
        ]:
            raise UserError(
                f"{root} has clips made in another way than {roots[0]} ({'; '.join(differing)}): prepare both with the same "
                "--clip of skel-data prepare (aimclr for the public ready-made folders)"
            )


def _distinct(subjects: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Each set counts its people on from those of the sets before it; who is unknown (−1) stays so."""
    counted, first = [], 0
    for of_set in subjects:
        counted.append(np.where(of_set >= 0, of_set + first, -1))
        first += int(of_set.max(initial=-1)) + 1
    return np.concatenate(counted)


def read_classes(path: Path) -> dict[str, list[str]]:
    """{class: the sets' classes that it stands for}, from a JSON file; `UserError` where it is not one, or unclear."""
    try:
        mapping = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the classes in {path}: {error}") from error
    if not isinstance(mapping, dict) or not mapping or not all(isinstance(olds, list) for olds in mapping.values()):
        raise UserError(f'{path} must hold {{"class": ["a set\'s class", …], …}}')
    renamed = {str(new): [str(old) for old in olds] for new, olds in mapping.items()}
    new_name: dict[str, str] = {}
    for new, olds in renamed.items():
        for old in olds:
            if (other := new_name.setdefault(old, new)) != new:
                raise UserError(f"{path} lists {old} under {other} and under {new}: leave it in one of them")
    return renamed
