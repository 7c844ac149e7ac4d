"""Frame by frame or a window a frame: what a continual form of the same weights costs, and how often it is right. JSON.

    python benchmarks/continual.py --checkpoint runs/all-labels --raw utd_mhad_kinect2.zip

Continual inference (Hedegaard et al., "Continual Spatio-Temporal Graph Convolutional Networks", arXiv:2203.11009) computes
every layer for the newest frame only and keeps what its 9 taps need of earlier frames. It has no zero padding, no resizing,
and cannot move or turn the past once more is known; those are what is measured here, on the clips of UTD-MHAD Kinect v2
that validate. Needs the `train` extra.
"""

import json
import logging
import os
import platform
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import psutil
import torch
import tyro
from continual_network import TAPS, Continual, check_streaming_equals_offline, receptive_field, unpadded
from torch import Tensor, nn

from skel.models.stgcn import STGCN
from skel.skeleton.clip import ClipConfig, make_clip
from skel.training.checkpoint import load_model
from skel.training.raw import Options, RawClip, RawFiles
from skel.training.readers.utd_mhad_kinect2 import READER

FPS = 30.0
WINDOW_S = 2.0


@dataclass(frozen=True)
class Config:
    """What to run."""

    checkpoint: Path
    """Run of skel-train finetune on utd-mhad-kinect2."""
    raw: Path
    """The data set's ZIP or folder."""
    runs: int = 200
    """Repetitions of each timing."""


def million_products(network: STGCN, frames: int, dense: bool) -> float:
    """Multiplications of one body for `frames` frames of a stream (padding adds nothing to a window's)."""
    total, rate, joints = 0.0, 1.0, len(network.layout)
    for block in network.blocks:
        c_in, c_out = block.graph.mix.in_channels // 3, block.temporal.out_channels
        total += rate * joints * (3 * c_in * joints + 3 * c_in * c_out)
        rate /= 1 if dense else block.temporal.stride[0]
        total += rate * joints * TAPS * c_out * c_out
        if isinstance(block.residual, nn.Sequential):
            total += rate * joints * c_in * c_out
    return round(frames * total / 1e6, 1)


def session_of(network: nn.Module, example: tuple[Any, ...], folder: Path) -> ort.InferenceSession:
    path = folder / "graph.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network.eval(), example, path, dynamo=True, external_data=False, verbose=False)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Window(nn.Module):
    """The features of one zero-padded clip."""

    def __init__(self, network: STGCN) -> None:
        super().__init__()
        self.network = network

    def forward(self, frames: Tensor) -> Tensor:
        return self.network.feature_map(frames)


def timings(network: STGCN, runs: int) -> dict[str, float]:
    """Median milliseconds of processor time of a call in ONNX Runtime, one thread, all forms in turn, exported alike."""
    joints, calls = len(network.layout), {}
    with tempfile.TemporaryDirectory() as folder:
        clip = torch.randn(1, 3, 50, joints)
        window = session_of(Window(network), (clip,), Path(folder))
        calls["window"] = lambda: window.run(None, {window.get_inputs()[0].name: clip.numpy()})
        for name, dense in (("continual_4_frames", False), ("continual_1_frame", True)):
            stream = Continual(network, dense)
            frames = torch.randn(1, 3, stream.frames, joints)
            session = session_of(stream, (frames, stream.zeros()), Path(folder))
            calls[name] = caller(session, [frames.numpy(), *(state.numpy() for state in stream.zeros())])
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            started_s = time.thread_time()
            call()
            samples[name].append(1e3 * (time.thread_time() - started_s))
    return {name: round(float(np.median(taken)), 3) for name, taken in samples.items()}


def caller(session: ort.InferenceSession, inputs: list[npt.NDArray[np.float32]]) -> Callable[[], object]:
    names = [given.name for given in session.get_inputs()]
    states = inputs[1:]

    def call() -> None:
        _, *states[:] = session.run(None, dict(zip(names, [inputs[0], *states])))

    return call


def movements(raw: Path) -> Iterator[RawClip]:
    with RawFiles(raw) as files:
        opened = READER.open(files, Options())
        for name in opened.names:
            for clip in opened.read(name):
                if isinstance(clip, RawClip) and clip.parts["xsub"] == "val":
                    yield clip


def as_clip(clip: RawClip, config: ClipConfig) -> Tensor:
    return torch.from_numpy(make_clip(clip.positions_m, None, config)[None, ..., 0])


def stood_still(frames: Tensor, before: int, after: int) -> Tensor:
    """The first pose held before the movement and the last one after it."""
    return torch.cat(
        [frames[:, :, :1].expand(-1, -1, before, -1), frames, frames[:, :, -1:].expand(-1, -1, after, -1)], dim=2
    )


def accuracy(network: STGCN, clips: list[RawClip], clip: ClipConfig) -> dict[str, float]:
    """Top-1 of the movements, from the window as it was trained to the stream, one condition after the other."""
    half = receptive_field(network) // 2
    right: dict[str, list[bool]] = {}
    for movement in clips:
        label, length = READER.classes.index(movement.label), len(movement.positions_m)

        def note(name: str, features: Tensor, label: int = label) -> None:
            pooled = features.mean(dim=(2, 3))
            right.setdefault(name, []).append(bool(network.head(pooled).argmax() == label))

        resized = as_clip(movement, clip)
        note("1 window: whole movement, 50 frames, zero-padded (as trained)", network.feature_map(resized))
        note(
            "2 as 1, no padding: the person stands still before and after",
            unpadded(network, stood_still(resized, half, half)),
        )
        whole = as_clip(movement, ClipConfig(**{**clip.to_json(), "frames": length}))
        note("3 as 1, frames as they come (30 a second), not resized", network.feature_map(whole))
        note("4 as 3, no padding", unpadded(network, stood_still(whole, half, half)))
        causal = {**clip.to_json(), "frames": length, "centring": "frame", "yaw": "frame"}
        stream = unpadded(network, stood_still(as_clip(movement, ClipConfig(**causal)), half, half))
        note("5 as 4, every frame centred and turned for itself", stream)
        note("6 as 5, mean over the last 50 frames once all are known, 76 frames after the end", stream[:, :, -13:])
        known = max(stream.shape[2] - half // 4, 1)
        note("7 as 6, at the movement's end", stream[:, :, max(known - 13, 0) : known])
    return {name: round(100 * float(np.mean(hits)), 1) for name, hits in right.items()}


def every_nth(network: STGCN, clips: list[RawClip], clip: ClipConfig) -> dict[str, dict[str, float]]:
    """Share of frames with the right label when the window is computed at every nth, and its label held until the next."""
    shares: dict[int, list[float]] = {}
    for movement in clips:
        label, length = READER.classes.index(movement.label), len(movement.positions_m)
        times_s = np.arange(length) / FPS
        ends_s = times_s[times_s >= 1.0]
        spans = [make_clip(movement.positions_m, times_s, clip, (end_s - WINDOW_S, end_s))[..., 0] for end_s in ends_s]
        features = network.feature_map(torch.from_numpy(np.stack(spans))).mean(dim=(2, 3))
        hits = (network.head(features).argmax(dim=1) == label).numpy()
        for n in (1, 2, 3, 4):
            held = [hits[np.maximum((np.arange(len(hits)) - phase) // n * n + phase, 0)] for phase in range(n)]
            shares.setdefault(n, []).append(float(np.mean(held)))
    return {
        str(n): {"right_percent": round(100 * float(np.mean(values)), 1), "mean_delay_ms": round(500 * (n - 1) / FPS, 1)}
        for n, values in shares.items()
    }


@torch.no_grad()
def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    network, card = load_model(config.checkpoint)
    if card.classes != READER.classes:
        raise SystemExit(f"{config.checkpoint} knows other classes than UTD-MHAD Kinect v2")
    field = receptive_field(network)
    load = psutil.getloadavg()
    equality = check_streaming_equals_offline(network)
    milliseconds = timings(network, config.runs)
    clips = list(movements(config.raw))
    lengths = [len(movement.positions_m) for movement in clips]
    report = {
        "receptive_field_frames": field,
        "delay_frames": field // 2,
        "largest_difference_streaming_offline": equality,
        "million_products": {
            "window": million_products(network, 50, dense=False),
            "continual_4_frames": million_products(network, 4, dense=False),
            "continual_1_frame": million_products(network, 1, dense=True),
        },
        "median_cpu_ms_one_thread": milliseconds,
        "clips": len(clips),
        "frames_a_clip": {"shortest": min(lengths), "median": float(np.median(lengths)), "longest": max(lengths)},
        "top1_percent": accuracy(network, clips, card.clip),
        "window_every_nth_frame": every_nth(network, clips, card.clip),
        "load_average_1_5_15": [round(value, 2) for value in load],
        "machine": f"{os.cpu_count()} × {platform.processor() or platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "onnxruntime": ort.__version__},
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
