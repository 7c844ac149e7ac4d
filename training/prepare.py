"""From raw recordings to a prepared set: read, convert to NTU25, make the clips, split, write."""

import platform
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text
from skel.skeleton.clip import ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import convert
from skel.training.dataset import PARTS, ClipSet, Part, clip_shape
from skel.training.raw import BadRecording, RawClip, RawFiles, Reader
from skel.training.readers import nw_ucla, utd_mhad, utd_mhad_kinect2

READERS: dict[str, Reader] = {
    "utd-mhad-kinect2": utd_mhad_kinect2,
    "utd-mhad": utd_mhad,
    "nw-ucla": nw_ucla,
}
T = TypeVar("T")


@dataclass(frozen=True)
class Excluded:
    """A raw file that was left out, and why."""

    file: str
    reason: str


def read_files(dataset: str, raw: Path) -> Iterator[RawClip | Excluded]:
    """Every clip of a data set, in the order of the files' names, from a ZIP or a folder, wherever the files are inside.

    `UserError` where there is no file of this set.
    """
    reader = READERS[dataset]
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


def build(
    dataset: str, split: str, classes: tuple[str, ...], source: Iterable[RawClip | Excluded], config: ClipConfig
) -> tuple[dict[Part, ClipSet], list[Excluded]]:
    """Make the clips of both parts, and say what had to be left out.

    `UserError` where a part would be empty.
    """
    taken: dict[str, tuple[RawClip, np.ndarray[Any, np.dtype[np.float32]]]] = {}
    excluded: list[Excluded] = []
    for clip in source:
        if isinstance(clip, Excluded):
            excluded.append(clip)
        elif np.isnan(clip.positions_m[:, :1]).any(axis=-1).all():
            excluded.append(Excluded(clip.name, "nobody is tracked in it"))
        elif clip.name in taken:
            excluded.append(Excluded(clip.name, "there is another file of this name"))
        else:
            positions_m = convert(clip.positions_m, clip.layout, config.skeleton_layout())
            taken[clip.name] = clip, make_clip(positions_m, None, config)
    parts: dict[Part, ClipSet] = {}
    for part in PARTS:
        raw = [clip for clip, _ in taken.values() if clip.part == part]
        if not raw:
            reasons = f", {len(excluded)} left out ({excluded[0].file} {excluded[0].reason})" if excluded else ""
            raise UserError(f"no clip for the {part} part of {dataset} {split}{reasons}: give the whole set")
        clips = np.empty((len(raw), *clip_shape(config)), np.float32)
        for i, clip in enumerate(raw):
            clips[i] = taken[clip.name][1]
        parts[part] = ClipSet(
            clips=clips,
            labels=np.array([clip.label for clip in raw], np.int64),
            names=tuple(clip.name for clip in raw),
            classes=classes,
            clip=config,
            dataset=dataset,
            split=split,
            subjects=np.array([clip.subject for clip in raw], np.int64),
            durations_s=np.array([len(clip.positions_m) / clip.fps for clip in raw]),
        )
    return parts, excluded


def provenance(command: str) -> dict[str, Any]:
    """What `meta.json` says about how the set was made."""
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"skel-action": version("skel-action"), "numpy": np.__version__, "python": platform.python_version()},
    }


class _RateColumn(ProgressColumn):
    """Items a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} {self._unit}/s" if task.speed else "")


def with_bar(items: Collection[T], what: str, unit: str) -> Iterator[T]:
    """Go through the items under a progress bar with rate and time left; without one where stderr is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _RateColumn(unit), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield from progress.track(items)
