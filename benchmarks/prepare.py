"""Raw files to clips: MB and clips a second of one core against a plain parse loop, then the whole preparation; as JSON.

    python benchmarks/prepare.py --files 600

The files are generated in the formats of NTU RGB+D and PKU-MMD. The plain loop is the format told in Python, line by line;
like ours it converts only the numbers that are needed. Figures of one core are by its CPU time. The whole preparation reads
files, makes clips and writes both protocols; its memory is the largest sum over all of its processes, sampled.
"""

import io
import json
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tyro

from skel.skeleton.clip import ClipConfig, make_clip
from skel.training.people import main_people
from skel.training.prepare import prepare
from skel.training.readers import pku_mmd
from skel.training.readers.skeleton_text import parse, tracks
from skel.training.sources import Recorded

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "training"))
from raw_files import listed, people, pku_rows, skeleton_text

FRAMES = 84  # of an average clip of NTU RGB+D 60


@dataclass(frozen=True)
class Config:
    """How much to do."""

    files: int = 600
    """NTU files of the whole preparation."""
    jobs: int = 0
    """Its processes; 0 = one a core."""
    seconds: float = 3.0
    """How long each function is timed."""


def plain_skeleton_text(content: bytes) -> list[list[list[list[float]]]]:
    file = io.TextIOWrapper(io.BytesIO(content))
    frames = []
    for _ in range(int(file.readline())):
        bodies = []
        for _ in range(int(file.readline())):
            file.readline()
            bodies.append([[float(n) for n in file.readline().split()[:3]] for _ in range(int(file.readline()))])
        frames.append(bodies)
    return frames


def plain_rows(content: bytes) -> list[list[float]]:
    return [[float(number) for number in line.split()] for line in io.TextIOWrapper(io.BytesIO(content))]


def rate(work: Callable[[], object], seconds: float) -> float:
    """Runs a second of CPU time: the best of five turns."""
    work()
    best = 0.0
    for _ in range(5):
        count, start_s = 0, time.process_time()
        while (spent_s := time.process_time() - start_s) < seconds / 5:
            work()
            count += 1
        best = max(best, count / spent_s)
    return best


def parsing(seconds: float) -> dict[str, Any]:
    """One core, content in memory."""
    results: dict[str, Any] = {}
    text = skeleton_text(listed(people(1, FRAMES)))
    rows = pku_rows(people(1, 1800, 2)).encode()
    for name, content, ours, plain in (
        ("ntu", text, parse, plain_skeleton_text),
        ("pku", rows, pku_mmd.parse, plain_rows),
    ):
        megabytes = len(content) / 1e6
        fast, slow = rate(partial(ours, content), seconds), rate(partial(plain, content), seconds)
        results[name] = {
            "file_mb": round(megabytes, 3),
            "mb_per_s": round(megabytes * fast, 1),
            "plain_mb_per_s": round(megabytes * slow, 1),
            "times_faster": round(fast / slow, 2),
        }
    config = ClipConfig()
    clips = rate(lambda: make_clip(main_people(tracks(parse(text))), None, config), seconds)
    plain = rate(lambda: make_clip(np.array(plain_skeleton_text(text)), None, config), seconds)
    results["ntu"] |= {"clips_per_s": round(clips, 1), "plain_clips_per_s": round(plain, 1)}
    return results


class Memory:
    """The largest resident memory of this process and its children together, while it is entered."""

    def __init__(self) -> None:
        self.most_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.02):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.most_mb = max(self.most_mb, total / 1e6)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def whole(files: int, jobs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        raw, size = Path(folder) / "raw", 0
        raw.mkdir()
        contents = [skeleton_text(listed(people(number, FRAMES, 1 + (number % 5 == 0)))) for number in range(20)]
        for number in range(files):
            setup, camera, subject, action = (1 + number % count for count in (17, 3, 40, 60))
            name = f"S{setup:03d}C{camera:03d}P{subject:03d}R{number // 2040:03d}A{action:03d}"
            (raw / f"{name}.skeleton").write_bytes(contents[number % 20])
        written = list(raw.iterdir())
        size = sum(path.stat().st_size for path in written)
        with Memory() as memory:
            start_s = time.perf_counter()
            prepare(Recorded("ntu60", (raw,)), Path(folder) / "out", ClipConfig(), {}, jobs=jobs)
            duration_s = time.perf_counter() - start_s
    return {
        "files": len(written),
        "raw_mb": round(size / 1e6, 1),
        "jobs": jobs,
        "seconds": round(duration_s, 2),
        "mb_per_s": round(size / 1e6 / duration_s, 1),
        "clips_per_s": round(len(written) / duration_s, 1),
        "most_memory_mb": round(memory.most_mb, 1),
    }


def main(config: Config) -> None:
    jobs = config.jobs or psutil.cpu_count() or 1
    before = psutil.getloadavg()[0]
    result = {
        "machine": f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "one_core": parsing(config.seconds),
        "whole": whole(config.files, jobs),
        "load_before_and_after": [round(before, 1), round(psutil.getloadavg()[0], 1)],
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
