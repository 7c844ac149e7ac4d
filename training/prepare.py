"""From raw recordings to prepared sets: make the clips of all files, and put them together by protocol and part."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import lock
from skel.skeleton.layouts import SkeletonLayout
from skel.training.blocks import RECORDINGS, Block, Source, make_blocks
from skel.training.dataset import PARTS, UNLABELLED, Part, PartRows, mark_unfinished, write_split
from skel.training.raw import Excluded, Remark

_MOST_SAID = 20  # of what was left out; meta.json has all


@dataclass(frozen=True)
class Prepared:
    """One prepared split: where it is, what each part holds, what had to be left out, and what must be said of the rest."""

    folder: Path
    parts: dict[Part, PartRows]
    excluded: tuple[Excluded, ...]
    remarks: tuple[Remark, ...]


def prepare(
    source: Source,
    out: Path,
    config: ClipConfig,
    provenance: Mapping[str, Any],
    splits: Sequence[str] = (),
    jobs: int = 1,
) -> list[Prepared]:
    """Prepare a set in `out/{split}`, for all of its protocols or those named, with so many processes.

    Of the clips only a block is in memory at a time, of their table all: 1.3 kB a clip. What was begun before with the same
    settings and raw files is gone on with.
    `UserError` where there is no file of this set, or none for one of its parts, or where another process prepares in `out`.
    """
    unknown = sorted(set(splits) - set(source.splits))
    if unknown:
        raise UserError(f"{source.dataset} has no protocol {unknown[0]}: it has {', '.join(source.splits)}")
    items = source.items()  # refuses what cannot be read before there is a folder
    with _only_one_in(out):
        work = out / f".preparing-{source.dataset}"
        blocks = make_blocks(source, items, config, work, version("skel-action"), jobs)
        table = _Table.of(blocks)
        classes = source.classes or tuple(sorted({row["label"] for row in table.rows}))
        planned: dict[str, dict[Part, PartRows]] = {}
        for split in splits or table.splits_found(source.splits):
            planned[split] = {part: table.part(split, part, classes, config.skeleton_layout()) for part in PARTS}
        _check_whole(source, planned, table.excluded)
        remarks = tuple(remark for block in blocks for remark in block.remarks)
        prepared = []
        for split, parts in planned.items():
            mark_unfinished(out / split)
            _copy_recordings(blocks, work, out / split)
            pairs = [(item.file, item.reason) for item in table.excluded]
            folder = write_split(out / split, source.dataset, classes, config, parts, pairs, provenance, source.people)
            prepared.append(Prepared(folder, parts, table.excluded, remarks))
        shutil.rmtree(work)
        return prepared


def _check_whole(source: Source, planned: Mapping[str, Mapping[Part, PartRows]], excluded: Sequence[Excluded]) -> None:
    """`UserError` where a part has no clip; it names the protocols that can be prepared all the same."""
    whole = [split for split, parts in planned.items() if all(rows.names for rows in parts.values())]
    for split, parts in planned.items():
        for part, rows in parts.items():
            if not rows.names:
                none = f"there is no clip for the {part} part of {source.dataset} {split}{_first(excluded)}"
                others = f", or prepare only what there is: --split {' '.join(whole)}" if whole else ""
                raise UserError(f"{none}: {source.too_few}{others}")


@contextmanager
def _only_one_in(out: Path) -> Iterator[None]:
    """Keep other processes from preparing in this folder, for as long as this one lives at most."""
    path = out / ".preparing.lock"
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}") from error
    with file:
        # Without a link left it is a file that whoever was first has just removed: a third may keep a new one.
        if not lock(file) or not os.fstat(file.fileno()).st_nlink:
            raise UserError(f"{out} is being prepared by another process: wait for it")
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows removes no open file: there it stays, and is empty
                path.unlink(missing_ok=True)


def said_of(prepared: Prepared) -> list[str]:
    """What a person must be told of the raw files, in lines: what was left out, and what holds of the rest, once each."""
    lines = [f"left out {item.file}: {item.reason}" for item in prepared.excluded[:_MOST_SAID]]
    if len(prepared.excluded) > _MOST_SAID:
        lines.append(f"and {len(prepared.excluded) - _MOST_SAID} more, see meta.json")
    files: dict[str, list[str]] = {}
    for remark in prepared.remarks:
        files.setdefault(remark.what, []).append(remark.file)
    return lines + [f"{what} ({_such(of)})" for what, of in files.items()]


def _such(files: Sequence[str]) -> str:
    return f"{files[0]} and {len(files) - 1} more" if len(files) > 1 else files[0]


def _first(excluded: Sequence[Excluded]) -> str:
    """In brackets, how much was left out, and why the first of it."""
    return f" ({len(excluded)} left out, such as {excluded[0].file}: {excluded[0].reason})" if excluded else ""


@dataclass(frozen=True)
class _Table:
    """All clips in order, without the clips themselves: `place[i]` is the block of row i and its row there."""

    blocks: Sequence[Block]
    rows: Sequence[dict[str, Any]]
    place: Sequence[tuple[int, int]]
    excluded: tuple[Excluded, ...]

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> "_Table":
        """Of several clips of one name the first counts."""
        rows: list[dict[str, Any]] = []
        place: list[tuple[int, int]] = []
        excluded: list[Excluded] = []
        names: set[str] = set()
        for number, block in enumerate(blocks):
            excluded += block.excluded
            for index, row in enumerate(block.rows):
                if row["name"] in names:
                    excluded.append(Excluded(row["name"], "there is another file of this name"))
                    continue
                names.add(row["name"])
                rows.append(row)
                place.append((number, index))
        return cls(blocks, rows, place, tuple(excluded))

    def splits_found(self, splits: Sequence[str]) -> list[str]:
        """Those that any clip belongs to; the first of the set's where there is no clip at all."""
        return [split for split in splits if any(split in row["parts"] for row in self.rows)] or [splits[0]]

    def part(self, split: str, part: Part, classes: Sequence[str], layout: SkeletonLayout) -> PartRows:
        """What belongs to one part of a split."""
        chosen = [i for i, row in enumerate(self.rows) if row["parts"].get(split) == part]
        rows = [self.rows[i] for i in chosen]
        number = {name: k for k, name in enumerate(classes)}
        frames, missing = sum(row["frames"] for row in rows), np.zeros(len(layout))
        for row in rows:
            missing += row["missing"]
        unlabelled = sum(row["label"] == UNLABELLED for row in rows)
        shares = {joint: round(float(count) / max(frames, 1), 5) for joint, count in zip(layout.joints, missing)}
        return PartRows(
            names=[row["name"] for row in rows],
            labels=[number[row["label"]] for row in rows],
            subjects=[row["subject"] for row in rows],
            durations_s=[row["duration_s"] for row in rows],
            chunks=_Chunks(self.blocks, [self.place[i] for i in chosen]),
            extra={"missing_joints": shares} | ({"unlabelled": unlabelled} if unlabelled else {}),
        )


@dataclass(frozen=True)
class _Chunks:
    """Chosen clips, block after block."""

    blocks: Sequence[Block]
    place: Sequence[tuple[int, int]]

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        for number, places in groupby(self.place, key=lambda place: place[0]):
            yield np.load(self.blocks[number].clips_path, allow_pickle=False)[[index for _, index in places]]


def _copy_recordings(blocks: Sequence[Block], work: Path, folder: Path) -> None:
    """The continuous recordings of a split, as `recordings/{train,val}/NAME.npy` with their segments in NAME.json.

    Of several of one name the first counts, as of their clips.
    """
    shutil.rmtree(folder / RECORDINGS, ignore_errors=True)
    first = {item["name"]: item for block in reversed(blocks) for item in reversed(block.recordings)}
    for name, item in first.items():
        if folder.name in item["parts"]:
            target = folder / RECORDINGS / item["parts"][folder.name]
            target.mkdir(parents=True, exist_ok=True)
            for suffix in (".npy", ".json"):
                shutil.copyfile(work / RECORDINGS / f"{item['file']}{suffix}", target / f"{name}{suffix}")
