"""From raw recordings to the two parts of a prepared set: read, convert to NTU25, make the clips, split."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import convert
from skel.training.dataset import PARTS, ClipSet, Part
from skel.training.progress import with_bar
from skel.training.raw import BadRecording, RawClip, RawFiles, Reader
from skel.training.readers import nw_ucla, synthetic, utd_mhad, utd_mhad_kinect2

READERS: dict[str, Reader] = {
    "utd-mhad-kinect2": utd_mhad_kinect2,
    "utd-mhad": utd_mhad,
    "nw-ucla": nw_ucla,
}


@dataclass(frozen=True)
class Excluded:
    """A raw file or clip that was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Prepared:
    """Both parts of a set, and what had to be left out."""

    parts: dict[Part, ClipSet]
    excluded: tuple[Excluded, ...]


def prepare_recorded(dataset: str, raw: Path, config: ClipConfig) -> Prepared:
    """Prepare one of `READERS` from its authors' files, in a ZIP or a folder, wherever inside.

    `UserError` where there is no file of this set, or none for one of its parts.
    """
    reader = READERS[dataset]
    return _prepared(dataset, reader.SPLIT, reader.CLASSES, _read_files(dataset, reader, raw), config)


def prepare_synthetic(clips: int, seed: int, config: ClipConfig) -> Prepared:
    """Prepare that many clips of the synthetic actor; the same seed gives the same clips.

    `UserError` for too few clips or a negative seed.
    """
    if clips < synthetic.VAL_EVERY:
        raise UserError(f"--clips {clips} is too few for two parts: give {synthetic.VAL_EVERY} or more")
    if seed < 0:
        raise UserError(f"--seed {seed} is negative: give 0 or more")
    return _prepared("synthetic", synthetic.SPLIT, synthetic.CLASSES, _perform(clips, seed), config)


def _read_files(dataset: str, reader: Reader, raw: Path) -> Iterator[RawClip | Excluded]:
    with RawFiles(raw) as files:
        matches = files.matching(reader.FILES)
        if not matches:
            other = next((name for name, known in READERS.items() if files.matching(known.FILES)), None)
            hint = f": it looks like {other}" if other else ""
            raise UserError(f"{raw} holds no file of {dataset} (such as {reader.EXAMPLE}){hint}")
        for path, match in with_bar(matches.items(), f"reading {dataset}", "files"):
            try:
                yield reader.read(match, files.read(path))
            except BadRecording as error:
                yield Excluded(path, str(error))


def _perform(clips: int, seed: int) -> Iterator[RawClip]:
    recordings = max(synthetic.VAL_EVERY, -(-clips // synthetic.CLIPS_A_RECORDING))
    for recording in with_bar(range(recordings), "performing", "recordings"):
        count = clips // recordings + (recording < clips % recordings)
        yield from synthetic.clips_of_recording(seed, recording, count)


def _prepared(
    dataset: str, split: str, classes: tuple[str, ...], source: Iterable[RawClip | Excluded], config: ClipConfig
) -> Prepared:
    taken: dict[str, RawClip] = {}
    clips: dict[str, npt.NDArray[np.float32]] = {}
    excluded: list[Excluded] = []
    for item in source:
        if isinstance(item, Excluded):
            excluded.append(item)
        elif np.isnan(item.positions_m[:, :1]).any(axis=-1).all():
            excluded.append(Excluded(item.name, "nobody is tracked in it"))
        elif item.name in taken:
            excluded.append(Excluded(item.name, "there is another file of this name"))
        else:
            taken[item.name] = item
            positions_m = convert(item.positions_m, item.layout, config.skeleton_layout())
            clips[item.name] = make_clip(positions_m, None, config)

    parts: dict[Part, ClipSet] = {}
    for part in PARTS:
        chosen = [clip for clip in taken.values() if clip.part == part]
        if not chosen:
            reason = f" ({len(excluded)} left out: {excluded[0].file} {excluded[0].reason})" if excluded else ""
            raise UserError(f"there is no clip for the {part} part of {dataset} {split}{reason}: give the whole set")
        parts[part] = ClipSet(
            clips=np.stack([clips[clip.name] for clip in chosen]),
            labels=np.array([clip.label for clip in chosen], np.int64),
            names=tuple(clip.name for clip in chosen),
            classes=classes,
            clip=config,
            dataset=dataset,
            split=split,
            subjects=np.array([clip.subject for clip in chosen], np.int64),
            durations_s=np.array([len(clip.positions_m) / clip.fps for clip in chosen]),
        )
    return Prepared(parts, tuple(excluded))
