"""The continuous recordings that a recogniser is measured on: a prepared set's own, or its clips joined."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, load_recording
from skel.training.blocks import RECORDINGS
from skel.training.dataset import ClipSet, Part, find_split
from skel.training.join import check_each_once, load_joined, read_classes
from skel.training.labelled import HELD_OUT_FILE, LABELLED_FILE
from skel.training.recorded_sets import folder_of
from skel.training.segments import recording_of
from skel.training.splits import places, read_names, subset, unique_names
from skel.training.stream_config import StreamOptions
from skel.training.stream_joining import join_clips


@dataclass(frozen=True, eq=False)
class Take:
    """One continuous recording of one person; its segments have the model's class names, those of no action left out."""

    name: str
    recording: Recording


@dataclass(frozen=True, eq=False)
class Takes:
    """What is measured on, and where it comes from in words."""

    takes: tuple[Take, ...]
    source: str

    @property
    def duration_s(self) -> float:
        """Of all of them."""
        return sum(take.recording.duration_s for take in self.takes)


def load_takes(
    roots: Sequence[Path],
    part: Part,
    classes: Path | None,
    known: Sequence[str],
    idle: str | None,
    options: StreamOptions,
    held_out: Sequence[Path] = (),
) -> Takes:
    """The recordings of one part of prepared sets; where a set has none, each person's clips joined to one.

    A clip of an unknown person is a recording by itself: joined, several people would be one whose body changes.

    Of a recording of several people the first column counts, as in clips. Recordings in which that person is never tracked
    are left out, and so are labels that the `classes` file leaves out: what is done then is no action that the model knows.

    Args:
        known: the model's classes.
        idle: the class among them that stands for no action.
        held_out: folders of runs; of the training part only people whom all of them held out.

    `UserError` where there is nothing to measure on.
    """
    check_each_once([folder_of(root) for root in roots])
    everything = [load_joined([root], part, classes, known) for root in roots]
    clips = _only_held_out(roots, everything, part, classes, known, held_out) if held_out else everything
    takes: list[Take] = []
    said: dict[str, list[str]] = {}  # {what of a set: the sets}
    for root, whole, of_set in zip(roots, everything, clips):
        folder = find_split(root) / RECORDINGS / part
        real = folder.is_dir() and not options.join
        found = _recorded(folder, _left_out(whole, of_set), classes) if real else _joined(of_set, options)
        takes += [Take(take.name, _without(idle, take.recording)) for take in found]
        whose = "held-out people of the train part" if held_out else f"{part} part"
        joined = f"clips of each person joined with pauses of {options.pause_s[0]:g} to {options.pause_s[1]:g} s"
        if (of_set.subjects < 0).any():
            joined += ", those of unknown people each by itself"
        what = f"{whose}, {'continuous recordings' if real else joined}"
        said.setdefault(what, []).append(f"{of_set.dataset} {of_set.split}")
    if not takes:
        raise UserError(f"there is no recording to measure on in the {part} part of {' '.join(map(str, roots))}")
    return Takes(tuple(takes), "; ".join(f"{' + '.join(sets)}, {what}" for what, sets in said.items()))


def _only_held_out(
    roots: Sequence[Path],
    clips: Sequence[ClipSet],
    part: Part,
    classes: Path | None,
    known: Sequence[str],
    runs: Sequence[Path],
) -> list[ClipSet]:
    everything = load_joined(roots, part, classes, known)
    chosen = np.arange(len(everything))
    for run in runs:
        path = (run if run.is_dir() else run.parent) / HELD_OUT_FILE
        if not path.is_file():
            raise UserError(
                f"{run} held nobody out: fine-tune with --held-out 0.25, or tune on the people it knows, --on train"
            )
        if both := _people_of(everything, path.with_name(LABELLED_FILE)) & _people_of(everything, path):
            raise UserError(
                f"{run} learned from other clips of {len(both)} of the people that it held out (--held-out-by clips): "
                "fine-tune with --held-out-by people, or tune on the people it knows, --on train"
            )
        chosen = np.intersect1d(chosen, places(everything, read_names(path), path))
    held_out = np.isin(np.arange(len(everything)), chosen)
    ends = np.cumsum([len(one) for one in clips])
    return [subset(one, np.flatnonzero(of_set)) for one, of_set in zip(clips, np.split(held_out, ends[:-1]))]


def _people_of(clips: ClipSet, listed: Path) -> set[int]:
    names = read_names(listed) if listed.is_file() else ()
    return set(clips.subjects[np.isin(unique_names(clips), names)].tolist()) - {-1}


def _left_out(whole: ClipSet, kept: ClipSet) -> set[str]:
    """The recordings of which a clip was not kept."""
    return {recording_of(name) for name in set(whole.names) - set(kept.names)}


def _recorded(folder: Path, left_out: Collection[str], classes: Path | None) -> list[Take]:
    new_name = {old: new for new, olds in read_classes(classes).items() for old in olds} if classes else {}
    takes = []
    for path in sorted(folder.glob("*.npy")):
        if path.stem in left_out:
            continue
        recording = load_recording(path)
        first = recording.positions_m[:, :1]
        if np.isnan(first).any(axis=-1).all():
            continue
        segments = tuple(
            replace(s, label=new_name.get(s.label, s.label))
            for s in recording.segments
            if not classes or s.label in new_name
        )
        takes.append(Take(path.stem, replace(recording, positions_m=first, segments=segments)))
    return takes


def _joined(clips: ClipSet, options: StreamOptions) -> list[Take]:
    if np.isnan(clips.durations_s).any():
        raise UserError(f"the clips of {clips.dataset} do not say how long they took: prepare the set again")
    seen = clips.clips[..., 0].any(axis=(1, 2, 3))
    takes = []
    for name, seed, of_take in _takes_of(clips):
        chosen = subset(clips, of_take[seen[of_take]])
        if len(chosen):
            labels = [clips.classes[k] for k in chosen.labels]
            rng = np.random.default_rng([options.seed, *seed])
            layout = clips.clip.skeleton_layout()
            joined = join_clips(chosen.clips[..., 0], chosen.durations_s, labels, layout, options, rng)
            takes.append(Take(f"{clips.dataset} {name}", joined))
    return takes


def _takes_of(clips: ClipSet) -> Iterator[tuple[str, tuple[int, ...], npt.NDArray[np.int64]]]:
    """(name, what its seed is made of, rows) of each recording that clips are joined to."""
    for person in np.unique(clips.subjects):
        rows = np.flatnonzero(clips.subjects == person)
        if person >= 0:
            yield f"person {person}", (int(person) + 1,), rows
        else:
            yield from ((f"clip {clips.names[row]}", (0, int(row)), rows[rows == row]) for row in rows)


def _without(idle: str | None, recording: Recording) -> Recording:
    return replace(recording, segments=tuple(s for s in recording.segments if s.label != idle))
