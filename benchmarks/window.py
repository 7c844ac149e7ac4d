"""What one window costs: the published encoder, ours in torch, and the exported files, in one run. JSON.

    python benchmarks/window.py --int8 recogniser.int8.onnx

Milliseconds are medians over rounds in which all forms take their turn, so that a busy moment of the machine hits them all.
Needs the `train` extra.
"""

import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import psutil
import torch
import tyro
from reference_encoder import ReferenceEncoder

from skel.models.pretrained import DEFAULT_MODEL
from skel.models.recognizer import Recognizer
from skel.models.runtime import OnnxModel
from skel.models.stgcn import STGCN
from skel.sensors.base import EndOfStream
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Recording

FRAME_MS = 1000 / 30


@dataclass(frozen=True)
class Config:
    """What to run."""

    model: Path = DEFAULT_MODEL
    """The exported file, float32."""
    int8: Path | None = None
    """The same, exported with --int8."""
    batches: tuple[int, ...] = (1, 4, 16)
    """Clips in one call."""
    threads: tuple[int, ...] = (1, 2)
    """On the CPU."""
    rounds: int = 5
    """How often all forms take their turn."""
    runs: int = 40
    """Calls of one form in one round, divided by the number of clips (at least three)."""


def clips_of(batch: int, bodies: int) -> npt.NDArray[np.float32]:
    clips = np.random.default_rng(0).normal(0, 0.4, (batch, 3, 50, 25, 2)).astype(np.float32)
    clips[..., bodies:] = 0
    return clips


def median_ms(
    calls: dict[str, Callable[[], object]], rounds: int, runs: int, clock_s: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()  # what the form before left in the caches is not its fault
            for _ in range(runs):
                started_s = clock_s()
                call()
                samples[name].append(1e3 * (clock_s() - started_s))
    return {name: round(float(np.median(taken)), 3) for name, taken in samples.items()}


def on_cpu(config: Config, networks: tuple[STGCN, ReferenceEncoder]) -> list[dict[str, Any]]:
    """One row for each number of threads, clips and bodies."""
    ours, reference = networks
    files = {"onnx_fp32": config.model} | ({"onnx_int8": config.int8} if config.int8 else {})
    rows = []
    for threads in config.threads:
        torch.set_num_threads(threads)
        models = {name: OnnxModel(path, "cpu", threads) for name, path in files.items()}
        for batch in config.batches:
            for bodies in (1, 2):
                clips = clips_of(batch, bodies)
                tensor = torch.from_numpy(clips)
                calls = {"reference_torch": partial(reference, tensor), "ours_torch": partial(ours, tensor)}
                calls |= {name: partial(model, clips) for name, model in models.items()}
                runs = max(config.runs // batch, 3)
                taken = median_ms(calls, config.rounds, runs)
                row = {"threads": threads, "clips": batch, "bodies": bodies, "ms": taken, "times_faster": ratios(taken)}
                if threads == 1:  # all work is in this thread: its own time leaves out that of other programs
                    taken = median_ms(calls, config.rounds, runs, time.thread_time)
                    row |= {"cpu_ms": taken, "times_faster_cpu": ratios(taken)}
                rows.append(row)
    return rows


def ratios(taken: dict[str, float]) -> dict[str, float]:
    return {name: round(taken["reference_torch"] / ms, 2) for name, ms in taken.items()}


def frames_of(recording: Recording) -> Iterator[SkeletonFrame]:
    with ReplaySensor(recording, speed=math.inf) as sensor:
        try:
            while True:
                yield sensor.read()
        except EndOfStream:
            return


def live(config: Config) -> list[dict[str, Any]]:
    """`Recognizer.push` of frames at 30 a second: the whole, and what of it is the model and the window."""
    rows = []
    for persons in (1, 2, 4):
        recognizer = Recognizer(OnnxModel(config.model, "cpu"))
        samples = []
        recording = perform(seed=7, duration_s=12.0, persons=persons, jitter_m=0.003)
        for frame in frames_of(recording):
            started_s = time.perf_counter()
            predictions = recognizer.push(frame)
            if predictions and frame.time_s > 3:
                taken_ms = 1e3 * (time.perf_counter() - started_s)
                samples.append((taken_ms, predictions[0].model_ms, predictions[0].window_ms))
        whole, inside, window = np.median(samples, axis=0)
        rows.append(
            {
                "persons": persons,
                "push_ms": round(whole, 3),
                "model_ms": round(inside, 3),
                "window_ms": round(window, 3),
                "rest_ms": round(whole - inside - window, 3),
                "percent_of_a_frame_at_30_fps": round(100 * whole / FRAME_MS, 1),
            }
        )
    return rows


def cold_start_ms(path: Path) -> dict[str, float]:
    """In a fresh process: importing, and from the file to the end of the warm-up."""
    code = (
        "import time; a = time.perf_counter(); import onnxruntime; from skel.models.runtime import OnnxModel\n"
        f"b = time.perf_counter(); OnnxModel({str(path)!r}, 'cpu'); c = time.perf_counter(); print(b - a, c - b)"
    )
    taken = []
    for _ in range(5):
        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        taken.append([1e3 * float(part) for part in printed.split()])
    importing, loading = np.median(taken, axis=0)
    return {"import": round(importing, 1), "load_and_warm_up": round(loading, 1)}


def on_gpu(config: Config) -> dict[str, Any] | str:
    """CUDA: one clip, and how many people at 30 frames a second each frame's call can serve."""
    try:
        model = OnnxModel(config.model, "cuda")
    except UserError as error:
        return f"not measured: {error}"
    batches = [2**i for i in range(11)]
    calls = {str(batch): partial(model, clips_of(batch, 1)) for batch in batches}
    taken = median_ms(calls, config.rounds, 10)
    served = [batch for batch in batches if taken[str(batch)] < FRAME_MS]
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CUDA",
        "ms": taken,
        "people": served[-1:],
    }


@torch.no_grad()
def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    load = psutil.getloadavg()
    torch.manual_seed(0)
    labels = len(OnnxModel(config.model, "cpu").bundle.labels)
    ours = STGCN(classes=labels, empty_bodies="keep").eval()
    reference = ReferenceEncoder(ours).eval()
    clips = torch.from_numpy(clips_of(2, 2))
    difference = float((reference(clips) - ours(clips).logits).abs().max())
    assert difference < 1e-4, difference
    ours.empty_bodies = "skip"
    report = {
        "cpu": on_cpu(config, (ours, reference)),
        "live": live(config),
        "cold_start_ms": cold_start_ms(config.model),
        "cuda": on_gpu(config),
        "model_mb": {path.name: round(path.stat().st_size / 1e6, 2) for path in (config.model, config.int8) if path},
        "load_average_1_5_15_before": [round(value, 2) for value in load],
        "load_average_1_5_15_after": [round(value, 2) for value in psutil.getloadavg()],
        "machine": f"{os.cpu_count()} × {platform.processor() or platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
