"""The encoder alone in torch: evaluation, and forwards with backwards, against the reference written plainly; as JSON.

    python benchmarks/encoder.py --threads 1 2

Two bodies a clip, or one with the second absent: then `skip` leaves it out and `keep`, like the reference, computes it. All
forms take turns; CPU milliseconds a clip, medians. What runs live is the exported file, which `window.py` measures. Needs
the `train` extra.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import tyro
from reference_encoder import ReferenceEncoder
from torch import Tensor, nn

from skel.models.stgcn import STGCN
from skel.training.device import keep_freed_memory


@dataclass(frozen=True)
class Config:
    """What to run."""

    batch: tuple[int, ...] = (1, 32)
    threads: tuple[int, ...] = (1,)
    rounds: int = 7
    plain_allocator: bool = False
    """Leave glibc's allocator as it is."""


def evaluate(network: nn.Module, clips: Tensor) -> None:
    network.eval()
    with torch.no_grad():
        network(clips)


def train(network: nn.Module, clips: Tensor) -> None:
    network.train()
    output = network(clips)
    (output if isinstance(output, Tensor) else output.embedding).square().mean().backward()


def median_ms(calls: dict[str, Callable[[], None]], rounds: int, clips: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            started_s = time.process_time()
            call()
            if turn:
                taken[name].append(1e3 * (time.process_time() - started_s) / clips)
    return {name: round(float(np.median(values)), 2) for name, values in taken.items()}


def main(config: Config) -> None:
    if not config.plain_allocator:
        keep_freed_memory()
    torch.manual_seed(0)
    keep, skip = STGCN(empty_bodies="keep"), STGCN(empty_bodies="skip")
    networks = {"reference": ReferenceEncoder(keep), "keep": keep, "skip": skip}
    before, results = os.getloadavg()[0], []
    for threads in config.threads:
        torch.set_num_threads(threads)
        for batch in config.batch:
            for bodies in (2, 1):
                clips = 0.4 * torch.randn(batch, 3, 50, 25, 2)
                clips[..., bodies:] = 0
                figures = {
                    how.__name__: median_ms(
                        {name: partial(how, network, clips) for name, network in networks.items()}, config.rounds, batch
                    )
                    for how in (evaluate, train)
                }
                results.append({"threads": threads, "batch": batch, "bodies": bodies, "cpu_ms_per_clip": figures})
    report = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}",
        "own_allocator_settings": not config.plain_allocator,
        "results": results,
        "load_before_and_after": [round(before, 1), round(os.getloadavg()[0], 1)],
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
