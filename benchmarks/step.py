"""One pre-training step of AimCLR: ours against the reference written plainly, same weights, views and queue, one run. JSON.

    python benchmarks/step.py                                          # CPU, two-body clips, batch 128, queue 32768
    python benchmarks/step.py --batch 8 --queue 256 --rounds 1         # quick look
    python benchmarks/step.py --device cuda --precision tf32 bf16 --compile False True --batch 128 512 1024

A step is three passes through encoders, backwards, and the optimiser. Each form has its own process and they take turns, so
that a busy machine hits them all; given are medians. On the CPU there is also the reference with `keep_freed_memory`, the
allocator settings that ours uses; `views drawn` adds the drawing of the three views. On a GPU two floors are printed, too:
what the products of the encoders, and their feature maps' one way to memory and back, would take at the peak rates given.
Needs the `train` extra.
"""

import itertools
import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import tyro

MAC_PER_BODY_FRAMES50 = 306e6
"""Multiplications of the reference's forward pass for one body of 50 frames (612 million a two-body clip)."""
PASSES = 7
"""In units of a forward pass: three forwards, and twice as much for each of the two backwards."""
MAP_VALUES = 50 * 25 * 16 * 4 + 25 * 25 * 32 * 3 + 13 * 25 * (64 * 2 + 256)
"""Of the ten blocks' outputs for one body."""


@dataclass(frozen=True)
class Form:
    """What one process runs."""

    kind: str
    batch: int
    queue: int
    bodies: int
    threads: int
    device: str
    precision: str = "fp32"
    compile: bool = False
    own_allocator: bool = True


@dataclass(frozen=True)
class Config:
    """What to compare."""

    batch: tuple[int, ...] = (128,)
    queue: int = 32768
    bodies: int = 2
    threads: tuple[int, ...] = (1, 2)
    device: str = "cpu"
    precision: tuple[str, ...] = ("fp32",)
    """Of ours: fp32, tf32, bf16."""
    compile: tuple[bool, ...] = (False,)
    """Of ours."""
    rounds: int = 5
    peak_tflops: float = 989.0
    """Of the GPU, dense bfloat16 (an H100 SXM's, by its data sheet)."""
    peak_gb_per_s: float = 3350.0
    """Of the GPU's memory."""


def stepper(form: Form) -> dict[str, Callable[[], float]]:
    """Functions that take a step and give its loss, which a GPU has to be waited for."""
    import torch
    from reference_step import ReferenceStep

    from skel.models.stgcn import STGCN
    from skel.training.device import autocast, keep_freed_memory
    from skel.training.methods.aimclr import AimCLR
    from skel.training.methods.config import AimCLRConfig
    from skel.training.pretrain import take_step

    if form.own_allocator:
        keep_freed_memory()
    torch.set_num_threads(form.threads)
    torch.manual_seed(0)
    device = torch.device(form.device)
    ours = AimCLR(STGCN(empty_bodies="keep"), AimCLRConfig(queue_size=form.queue), form.queue, form.batch)
    method = ours if form.kind == "ours" else ReferenceStep(ours)
    method.to(device).train()
    clips = 0.4 * torch.randn(form.batch, 3, 50, 25, form.bodies, device=device)
    extreme, normal, for_key = clips, clips.roll(1, dims=2), clips.roll(2, dims=2)
    moved = [parameter for parameter in method.parameters() if parameter.requires_grad]
    optimiser = torch.optim.SGD(moved, 0.01, momentum=0.9, weight_decay=1e-4)
    generator = torch.Generator(device).manual_seed(0)

    def step(losses: Callable[[], dict[str, torch.Tensor]]) -> float:
        with autocast(device, form.precision):
            computed = losses()
        return take_step(method, optimiser, computed)["loss"].item()

    def reference() -> float:
        optimiser.zero_grad()
        loss = method(extreme, normal, for_key)
        loss.backward()
        optimiser.step()
        return loss.item()

    if form.kind != "ours":
        return {"step": reference}
    if form.compile:
        ours.compile_encoders()
    return {
        "step": lambda: step(lambda: ours.compare(extreme, normal, for_key, mine=False)),
        "views": lambda: step(lambda: ours.losses(clips, 0, generator)),
    }


def serve(form: Form, pipe: Connection) -> None:
    steps = stepper(form)
    while (name := pipe.recv()) is not None:
        if name not in steps:
            pipe.send(None)
            continue
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        steps[name]()
        pipe.send((time.perf_counter() - wall_s, time.process_time() - cpu_s))


def take_turns(forms: dict[str, Form], rounds: int) -> dict[str, dict[str, Any]]:
    """Median seconds by form and by what it does, after one turn that does not count."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for name, form in forms.items():
        pipes[name], far = context.Pipe()
        process = context.Process(target=serve, args=(form, far), daemon=True)
        process.start()
        far.close()
        processes.append(process)
    taken: dict[tuple[str, str], list[Any]] = {}
    for turn, name, what in itertools.product(range(-2, rounds), forms, ("step", "views")):
        pipes[name].send(what)
        answer = pipes[name].recv()
        if turn >= 0 and answer is not None:
            taken.setdefault((name, what), []).append(answer)
    for pipe, process in zip(pipes.values(), processes):
        pipe.send(None)
        process.join()
    results: dict[str, dict[str, Any]] = {}
    for (name, what), answers in taken.items():
        wall_s, cpu_s = np.median(answers, axis=0)
        batch = forms[name].batch
        results[f"{name}, views drawn" if what == "views" else name] = {
            "samples_per_s": round(batch / wall_s, 2),
            "cpu_ms_per_sample": round(1e3 * cpu_s / batch, 1),
        }
    return results


def main(config: Config) -> None:
    report = []
    on_cpu = config.device == "cpu"
    for batch, threads in itertools.product(config.batch, config.threads if on_cpu else (1,)):
        before = os.getloadavg()[0]
        base = Form("reference", batch, config.queue, config.bodies, threads, config.device, own_allocator=False)
        forms = {"reference": base}
        if on_cpu:
            forms["reference with our allocator settings"] = Form(**{**asdict(base), "own_allocator": True})
        for precision, compiled in itertools.product(config.precision, config.compile):
            name = f"ours {precision}{' compiled' if compiled else ''}"
            own = {"kind": "ours", "precision": precision, "compile": compiled, "own_allocator": True}
            forms[name] = Form(**{**asdict(base), **own})
        results = take_turns(forms, config.rounds)
        slow = results["reference"]
        for result in results.values():
            result["times_faster"] = round(result["samples_per_s"] / slow["samples_per_s"], 2)
            if on_cpu:
                result["times_less_cpu"] = round(slow["cpu_ms_per_sample"] / result["cpu_ms_per_sample"], 2)
        entry: dict[str, Any] = {"batch": batch, "queue": config.queue, "bodies": config.bodies, "results": results}
        if on_cpu:
            entry["threads"] = threads
        else:
            work = config.bodies * PASSES
            entry["floors_samples_per_s"] = {
                "flops": round(config.peak_tflops * 1e12 / (2 * MAC_PER_BODY_FRAMES50 * work)),
                "bytes": round(config.peak_gb_per_s * 1e9 / (2 * 2 * MAP_VALUES * work)),  # bfloat16, written and read
            }
        report.append({**entry, "load_before_and_after": [round(before, 1), round(os.getloadavg()[0], 1)]})
    print(json.dumps({"machine": machine(config.device), "rounds": config.rounds, "results": report}, indent=1))


def machine(device: str) -> str:
    import torch

    if device != "cpu":
        return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
