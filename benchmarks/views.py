"""Three views a sample (extreme, normal, normal) on CPU threads: ours, batched, against a plain loop over samples. JSON.

    python benchmarks/views.py

The plain loop does in numpy, in float64 and one sample at a time, what the published implementation does (Guo et al., AAAI
2022, "Data Augmentation"). Both take turns in one run; samples a second are those of the median turn, by CPU time and by
wall clock. Needs the `train` extra.
"""

import json
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import tyro

from skel.skeleton.layouts import NTU25
from skel.training.augment import Views
from skel.training.device import keep_freed_memory
from skel.training.methods.config import ViewConfig

Clip = npt.NDArray[np.float64]
MIRROR = list(NTU25.mirror)


@dataclass(frozen=True)
class Config:
    """How much to do."""

    batch: int = 128
    bodies: tuple[int, ...] = (2, 1)
    threads: tuple[int, ...] = (1,)
    rounds: int = 7
    """Turns of each."""
    plain_samples: int = 64
    """Samples of one turn of the plain loop."""


def plain_normal(x: Clip, random: np.random.Generator) -> Clip:
    T = x.shape[1]
    P = T // 6
    padded = np.concatenate([x[:, :P][:, ::-1], x, x[:, -P:][:, ::-1]], axis=1)
    start = random.integers(0, 2 * P + 1)
    x = padded[:, start : start + T]
    a1, a2, a3, b1, b2, b3 = random.uniform(-0.5, 0.5, 6)
    R = np.array([[1, a1, b1], [a2, 1, b2], [a3, b3, 1]])
    return np.dot(x.transpose(1, 2, 3, 0), R.transpose()).transpose(3, 0, 1, 2)


def plain_extreme(x: Clip, random: np.random.Generator) -> Clip:
    x = plain_normal(x, random)
    T = x.shape[1]
    if random.random() < 0.5:
        x = x.transpose(1, 2, 3, 0)[:, MIRROR].transpose(3, 0, 1, 2)
    angles = random.uniform(0, 1, 3)
    angles[random.integers(0, 3)] *= 30
    (sx, sy, sz), (cx, cy, cz) = np.sin(np.radians(angles)), np.cos(np.radians(angles))
    Rx = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    Ry = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    Rz = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    x = np.dot(x.transpose(1, 2, 3, 0), (Rz @ Ry @ Rx).transpose()).transpose(3, 0, 1, 2)
    if random.random() < 0.5:
        x = x + random.normal(0, 0.01, x.shape)
    if random.random() < 0.5:
        sigma = random.uniform(0.1, 2)
        kernel = np.exp(-(np.arange(-7, 8) ** 2) / (2 * sigma**2))
        padded = np.pad(x, ((0, 0), (7, 7), (0, 0), (0, 0)))
        x = sum(weight * padded[:, tap : tap + T] for tap, weight in enumerate(kernel))
    if random.random() < 0.5:
        x = x.copy()
        x[random.integers(0, 3)] = 0
    return x


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu_s, time.perf_counter() - wall_s


def compare(config: Config, bodies: int, threads: int) -> dict[str, Any]:
    torch.set_num_threads(threads)
    random = np.random.default_rng(0)
    clips = random.normal(0, 0.4, (config.batch, 3, 50, 25, bodies)).astype(np.float32)
    views, batch = Views(NTU25, ViewConfig(), torch.Generator().manual_seed(0)), torch.from_numpy(clips)

    def ours() -> None:
        for _ in range(10):
            views.extreme(batch), views.normal(batch), views.normal(batch)

    def plain() -> None:
        for clip in clips[: config.plain_samples].astype(np.float64):
            plain_extreme(clip, random), plain_normal(clip, random), plain_normal(clip, random)

    work = {"ours": (ours, 10 * config.batch), "plain": (plain, min(config.plain_samples, config.batch))}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for function, _ in work.values():
        function()
    for _ in range(config.rounds):
        for name, (function, _) in work.items():
            times[name].append(timed(function))
    rates = {}
    for name, (_, samples) in work.items():
        cpu_s, wall_s = np.median(times[name], axis=0)
        rates[name] = {"per_cpu_s": round(samples / cpu_s), "per_s": round(samples / wall_s)}
    faster = rates["ours"]["per_cpu_s"] / rates["plain"]["per_cpu_s"]
    return {"bodies": bodies, "threads": threads, "samples": rates, "times_faster": math.floor(10 * faster) / 10}


def main(config: Config) -> None:
    keep_freed_memory()
    before = os.getloadavg()[0]
    result = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__,
        "batch": config.batch,
        "frames": 50,
        "results": [compare(config, bodies, threads) for threads in config.threads for bodies in config.bodies],
        "load_before_and_after": [round(before, 1), round(os.getloadavg()[0], 1)],
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
