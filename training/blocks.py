"""Work on many raw files in pieces that survive an interruption, on several cores, in bounded memory.

The files of a set, in order, are cut into blocks. A process reads a block, makes its clips, and writes them as two files
into the work folder, the table last: a block is done or not done. A block that is done is not done again as long as
everything that it depends on is the same (raw files, settings, version); otherwise the work folder is emptied first. The
result is the same for any number of processes.
"""

import hashlib
import json
import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from skel.skeleton.clip import ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, write_text
from skel.skeleton.layouts import convert
from skel.skeleton.recording import save_recording
from skel.training.dataset import clip_shape
from skel.training.progress import bar
from skel.training.raw import BadRecording, Excluded, Found, People, RawClip, Remark, Untrimmed, check_metres
from skel.training.workers import end_with_parent

MOST_FILES, MOST_BYTES = 64, 64_000_000  # of a block: memory is bounded by blocks, one a process
RECORDINGS = "recordings"
Read = Callable[[str], Iterable[Found]]


@dataclass(frozen=True)
class Item:
    """One piece of raw data, and how large it is."""

    name: str
    size: int


class Source(Protocol):
    """Where raw data come from; sent to other processes, so it must be picklable and small."""

    @property
    def dataset(self) -> str:
        """The set's name."""
        ...

    @property
    def unit(self) -> str:
        """What its items are, in the plural."""
        ...

    @property
    def keep_recordings(self) -> bool:
        """Whether continuous recordings are written too."""
        ...

    @property
    def splits(self) -> tuple[str, ...]:
        """The protocols of the set."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in the order of their labels; empty = as found, sorted."""
        ...

    @property
    def people(self) -> People | None:
        """Who is in a clip; None where that is not asked (`Options.people`)."""
        ...

    @property
    def too_few(self) -> str:
        """What to do where there is no clip for one of the two parts."""
        ...

    def items(self) -> Sequence[Item]:
        """What there is to read, in order; `UserError` where there is nothing."""
        ...

    def fingerprint(self) -> str:
        """Changes with the raw data."""
        ...

    def reading(self) -> AbstractContextManager[Read]:
        """How one item is read, for as long as the context lasts."""
        ...


@dataclass(frozen=True)
class Block:
    """Finished work: `rows` of clips, in the order of those in `clips_path`, what was left out, and what is to be said."""

    clips_path: Path
    rows: Sequence[dict[str, Any]]
    excluded: Sequence[Excluded]
    recordings: Sequence[dict[str, Any]]
    remarks: Sequence[Remark]


def make_blocks(
    source: Source, items: Sequence[Item], config: ClipConfig, work: Path, version: str, jobs: int
) -> list[Block]:
    """Do what is not done yet of the source's items, and return all blocks in order.

    `version` is that of the program. `UserError` where a worker process was killed.
    """
    cuts = cut_into_blocks(items)
    plan = hashlib.blake2b(repr((source, source.fingerprint(), config, version, items)).encode(), digest_size=16).hexdigest()
    plan_path = work / "plan.json"
    if not plan_path.is_file() or json.loads(plan_path.read_text(encoding="utf-8")) != plan:
        shutil.rmtree(work, ignore_errors=True)
        write_text(plan_path, json.dumps(plan))
    open_cuts = [number for number in range(len(cuts)) if not _table_path(work, number).is_file()]
    with bar(f"preparing {source.dataset}", source.unit) as progress:
        done = len(items) - sum(len(cuts[number]) for number in open_cuts)
        task = progress.add_task("", total=len(items), completed=done)

        def advance(number: int) -> None:
            progress.advance(task, len(cuts[number]))

        jobs = min(jobs, len(open_cuts))
        if jobs > 1:
            _in_processes(source, config, work, {number: cuts[number] for number in open_cuts}, jobs, advance)
        elif open_cuts:
            with source.reading() as read:
                for number in open_cuts:
                    _make_block(read, source, config, work, number, cuts[number])
                    advance(number)
    return [_load(work, number) for number in range(len(cuts))]


def cut_into_blocks(items: Sequence[Item]) -> list[list[str]]:
    """Names in order, in blocks of at most so many files and bytes (a larger file is a block by itself)."""
    blocks: list[list[str]] = []
    size = 0
    for item in items:
        if not blocks or len(blocks[-1]) == MOST_FILES or size + item.size > MOST_BYTES:
            blocks.append([])
            size = 0
        blocks[-1].append(item.name)
        size += item.size
    return blocks


# Of a worker process: opened once for all of its blocks, for as long as it lives.
_open_source = ExitStack()
_read: Read


def _start_worker(source: Source) -> None:
    global _read
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _read = _open_source.enter_context(source.reading())


def _work(source: Source, config: ClipConfig, work: Path, number: int, names: Sequence[str]) -> int:
    _make_block(_read, source, config, work, number, names)
    return number


def _in_processes(
    source: Source,
    config: ClipConfig,
    work: Path,
    cuts: dict[int, list[str]],
    jobs: int,
    advance: Callable[[int], None],
) -> None:
    context = multiprocessing.get_context("spawn")  # a fork would copy the thread of the progress bar
    pool = ProcessPoolExecutor(jobs, context, _start_worker, (source,))
    try:
        waiting: set[Future[int]] = {pool.submit(_work, source, config, work, n, names) for n, names in cuts.items()}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                advance(future.result())
    except BrokenProcessPool as error:
        message = "a worker process was killed, perhaps for lack of memory: run the same command again to go on"
        raise UserError(f"{message} (--jobs {max(jobs // 2, 1)} needs less)") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _table_path(work: Path, number: int) -> Path:
    return work / f"{number:06d}.json"


def _make_block(read: Read, source: Source, config: ClipConfig, work: Path, number: int, names: Sequence[str]) -> None:
    clips, rows, excluded, remarks = [], [], [], []
    recordings: list[dict[str, Any]] = []
    for name in names:
        try:
            for found in read(name):
                if isinstance(found, Excluded):
                    excluded.append(vars(found))
                elif isinstance(found, Remark):
                    remarks.append(vars(found))
                elif isinstance(found, Untrimmed):
                    check_metres(found.recording.positions_m)
                    if source.keep_recordings:
                        kept = f"{number:06d}-{len(recordings)}"  # another file may have its name
                        save_recording(work / RECORDINGS / kept, found.recording)
                        recordings.append({"name": found.name, "file": kept, "parts": dict(found.parts)})
                elif np.isnan(found.positions_m[:, :1]).any(axis=-1).all():
                    excluded.append({"file": found.name, "reason": "nobody is tracked in it"})
                else:
                    clip, row = _clip_and_row(found, config)
                    clips.append(clip)
                    rows.append(row)
        except BadRecording as error:
            excluded.append({"file": name, "reason": str(error)})
    with atomic_path(work / f"{number:06d}.npy") as path, path.open("wb") as file:
        np.save(file, np.stack(clips) if clips else np.zeros((0, *clip_shape(config)), np.float32), allow_pickle=False)
    table = {"rows": rows, "excluded": excluded, "recordings": recordings, "remarks": remarks}
    write_text(_table_path(work, number), json.dumps(table, ensure_ascii=False))


def _clip_and_row(raw: RawClip, config: ClipConfig) -> tuple[np.ndarray[Any, np.dtype[np.float32]], dict[str, Any]]:
    check_metres(raw.positions_m)
    positions_m = convert(raw.positions_m, raw.layout, config.skeleton_layout())
    clip = make_clip(positions_m, raw.times_s, config)
    if not np.isfinite(clip).all():
        raise BadRecording("gives a clip that is not finite")
    untracked = np.isnan(positions_m[:, 0]).any(axis=-1)  # (T, V) of the first body
    present = ~untracked.all(axis=1)
    row = {
        "name": raw.name,
        "label": raw.label,
        "subject": raw.subject,
        "duration_s": round(_duration_s(raw), 4),
        "parts": dict(raw.parts),
        "frames": int(present.sum()),
        "missing": untracked[present].sum(axis=0).tolist(),
    }
    return clip, row


def _duration_s(raw: RawClip) -> float:
    """By its time stamps where it has some: a sensor may give fewer frames than its nominal rate."""
    if raw.times_s is None:
        return len(raw.positions_m) / raw.fps
    return float(raw.times_s[-1] - raw.times_s[0]) + 1 / raw.fps


def _load(work: Path, number: int) -> Block:
    table = json.loads(_table_path(work, number).read_text(encoding="utf-8"))
    excluded, remarks = [Excluded(**item) for item in table["excluded"]], [Remark(**item) for item in table["remarks"]]
    return Block(work / f"{number:06d}.npy", table["rows"], excluded, table["recordings"], remarks)
