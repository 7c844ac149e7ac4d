"""Whether what is deployed still says what the trained networks say."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from skel.export.deployable import Ensemble
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.training.dataset import ClipSet

Array = npt.NDArray[np.float32]
Function = Callable[[Array], tuple[Array, Array]]
Arithmetic = Literal["float32", "tf32", "float16", "int8"]

MOST_CLIPS = 2000
PAIRS = 8

LARGEST_LOGIT_DIFFERENCE = 1e-4
"""Of float32: sums in another order stay below 1e-5 for logits of this size; a wrong graph is far above."""
LARGEST_LOSS = 0.01
"""Of accuracy, for arithmetic of fewer bits; one clip is allowed where a clip is more than that."""
LEAST_SAME_TOP1 = 0.95
"""For arithmetic of fewer bits: the share of clips that must keep their name."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Clips to compare on.

    Attributes:
        clips: (N, 3, T, V, M).
        labels: (N,); −1 where there is no true one.
        description: what they are.
        pairs: how many of them, the last, put two people of the others together.
    """

    clips: Array
    labels: npt.NDArray[np.int64]
    description: str
    pairs: int = 0


def real_sample(data: ClipSet) -> Sample:
    """Clips of a validation part, spread evenly where there are many; a few once more as pairs of two people."""
    chosen = np.unique(np.linspace(0, len(data) - 1, min(len(data), MOST_CLIPS)).astype(int))
    clips, pairs = data.clips[chosen], min(PAIRS, len(chosen))
    some = f"all {len(data)}" if len(chosen) == len(data) else f"{len(chosen)} of {len(data)}"
    description = f"{some} validation clips of {data.dataset} {data.split}"
    if clips.shape[4] < 2:
        return Sample(clips, data.labels[chosen], description)
    together = clips[:pairs].copy()
    together[..., 1] = clips[-pairs:, ..., 0]
    labels = np.concatenate([data.labels[chosen], np.full(pairs, -1)])
    return Sample(np.concatenate([clips, together]), labels, description, pairs)


def random_sample(config: ClipConfig, count: int = 16) -> Sample:
    """Noise of the size of a body: half of the clips with one body, half with all."""
    shape = (count, 3, config.frames, len(config.skeleton_layout()), config.max_bodies)
    clips = np.random.default_rng(0).normal(0, 0.4, shape).astype(np.float32)
    clips[: count // 2, ..., 1:] = 0
    return Sample(clips, np.full(count, -1), f"{count} random clips")


@dataclass(frozen=True)
class Comparison:
    """One artefact against the trained networks; the first row of a table is the networks themselves.

    Attributes:
        name: of the file.
        arithmetic: in which most of it is computed.
        size_mb: of the file; None for the networks.
        ms_clip: wall time of one clip of one person, one CPU thread where it runs on the CPU.
        accuracy: share of the labelled clips called by their right name; None where there are none.
        logit_max, logit_mean, probability_max, probability_mean: absolute differences.
        same_top1: share of the clips that get the same name.
    """

    name: str
    arithmetic: Arithmetic
    size_mb: float | None
    ms_clip: float
    accuracy: float | None
    logit_max: float
    logit_mean: float
    probability_max: float
    probability_mean: float
    same_top1: float


class Verification:
    """Compares artefacts with the networks on one sample, and keeps the rows of the table."""

    def __init__(self, networks: Ensemble, temperature: float, sample: Sample) -> None:
        self.sample, self.temperature = sample, temperature
        run = as_function(networks)
        self.logits = logits_of(run, sample.clips)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            self.rows = [self._compare("torch, as trained", "float32", None, self.logits, run)]
        finally:
            torch.set_num_threads(threads)

    def add(self, name: str, path: Path, arithmetic: Arithmetic, run: Function) -> Comparison:
        """Compare one artefact, now in `path`; `UserError` where it differs by more than its arithmetic excuses."""
        size_mb = path.stat().st_size / 1e6
        row = self._compare(name, arithmetic, size_mb, logits_of(run, self.sample.clips), run)
        self.rows.append(row)
        fault = self._fault(row)
        if fault:
            raise UserError(f"{name} {fault} on {self.sample.description}: nothing was written")
        return row

    def to_json(self) -> dict[str, Any]:
        """What was compared on, and the rows."""
        return {"clips": self.sample.description, "pairs": self.sample.pairs, "rows": [asdict(row) for row in self.rows]}

    def _compare(self, name: str, arithmetic: Arithmetic, size_mb: float | None, logits: Array, run: Function) -> Comparison:
        expected, labelled = self.logits, self.sample.labels >= 0
        off = np.abs(logits - expected)
        off_probability = np.abs(_softmax(logits / self.temperature) - _softmax(expected / self.temperature))
        best = logits.argmax(axis=1)
        return Comparison(
            name=name,
            arithmetic=arithmetic,
            size_mb=size_mb,
            ms_clip=_ms_clip(run, self.sample.clips[:1]),
            accuracy=float((best == self.sample.labels)[labelled].mean()) if labelled.any() else None,
            logit_max=float(off.max()),
            logit_mean=float(off.mean()),
            probability_max=float(off_probability.max()),
            probability_mean=float(off_probability.mean()),
            same_top1=float((best == expected.argmax(axis=1)).mean()),
        )

    def _fault(self, row: Comparison) -> str | None:
        if row.arithmetic == "float32":
            # Not "larger than": what is no number is a fault, too.
            if not row.logit_max <= LARGEST_LOGIT_DIFFERENCE:
                return f"would differ from the run by {row.logit_max:.1e} (allowed {LARGEST_LOGIT_DIFFERENCE:.0e})"
            return None
        accuracy = self.rows[0].accuracy
        if accuracy is not None and row.accuracy is not None:
            allowed = max(LARGEST_LOSS, 1 / int((self.sample.labels >= 0).sum()))
            if not row.accuracy >= accuracy - allowed - 1e-9:
                return f"would be right in {row.accuracy:.1%} in place of {accuracy:.1%} (allowed loss {allowed:.1%})"
        if not row.same_top1 >= LEAST_SAME_TOP1:
            return f"would agree with the run in {row.same_top1:.1%} (at least {LEAST_SAME_TOP1:.0%})"
        return None


def as_function(networks: Ensemble) -> Function:
    """Trained networks, called like an exported file."""

    def run(clips: Array) -> tuple[Array, Array]:
        with torch.inference_mode():
            logits, embedding = networks(torch.from_numpy(clips))
        return logits.numpy(), embedding.numpy()

    return run


def logits_of(run: Function, clips: Array, size: int = 32) -> Array:
    """(N, K) for clips (N, 3, T, V, M), in batches."""
    return np.concatenate([run(clips[i : i + size])[0] for i in range(0, len(clips), size)])


def _ms_clip(run: Function, clip: Array, runs: int = 20) -> float:
    """The median; of one body, since that is who stands before the camera."""
    clip = clip.copy()
    clip[..., 1:] = 0
    spent_s = []
    for _ in range(runs + 2):
        started_s = time.perf_counter()
        run(clip)
        spent_s.append(time.perf_counter() - started_s)
    return 1e3 * float(np.median(spent_s[2:]))


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
