"""A training run as one ONNX file that carries its card, checked against the network it came from."""

import hashlib
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from skel.models.bundle import METADATA_KEY, Bundle
from skel.models.runtime import OnnxModel
from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path
from skel.training.checkpoint import ModelCard, load_model

OPSET = 20
TOLERANCE = 1e-4
"""Largest difference of a logit between torch and ONNX Runtime; float32 in another order of summation stays below 1e-5."""


@dataclass(frozen=True)
class Parity:
    """How far the exported file is from the network, over the clips compared."""

    clips: int
    logits: float
    embedding: float
    same_top1: float


class _Outputs(nn.Module):
    """The network with its outputs as the plain pair that an ONNX graph has."""

    def __init__(self, network: STGCN) -> None:
        super().__init__()
        self.network = network

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        output = self.network(clips)
        return output.logits, output.embedding


def export_onnx(run: Path, target: Path, window_durations_s: tuple[float, ...]) -> Parity:
    """Write the run's network to `target`; nothing is left there when it differs by more than `TOLERANCE`.

    The file takes `clips` (batch, 3, T, V, bodies) and gives `logits` and `embedding`; batch is free, and so is bodies where
    absent ones have no weight.
    """
    network, card = load_model(run)
    if not card.classes:
        raise UserError(f"{run} is a pre-trained encoder without classes: fine-tune it first")
    bundle = _bundle(network, card, window_durations_s)
    with atomic_path(target) as path:
        _write(network, card, path)
        model = onnx.load(path)
        # The exporter notes for every node and value from which line of whose folder it comes.
        for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, model.graph):
            part.ClearField("metadata_props")
            part.ClearField("doc_string")
        onnx.helper.set_model_props(model, {METADATA_KEY: bundle.to_json()})
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)
        parity = compare(network, OnnxModel(path, "cpu"))
        if not max(parity.logits, parity.embedding) <= TOLERANCE:
            raise UserError(
                f"{target} would differ from {run} by {parity.logits:.1e} (allowed {TOLERANCE:.0e}): not written"
            )
    return parity


def _write(network: STGCN, card: ModelCard, path: Path) -> None:
    clip = card.clip
    # Two clips, so that the batch is not taken for a constant 1.
    example = torch.randn(2, 3, clip.frames, len(clip.skeleton_layout()), max(clip.max_bodies, 2))
    axes: dict[int, str] = {0: "batch"} | ({4: "bodies"} if card.empty_bodies == "skip" else {})
    # The exporter warns of its own internals, and logs that a package which is not needed is not there.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Outputs(network).eval(),
            (example,),
            path,
            input_names=["clips"],
            output_names=["logits", "embedding"],
            dynamic_shapes=(axes,),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def compare(network: STGCN, model: OnnxModel, count: int = 8) -> Parity:
    """Random clips of one and of two bodies through both."""
    clip = model.bundle.clip
    shape = (count, 3, clip.frames, len(clip.skeleton_layout()), clip.max_bodies)
    clips = np.random.default_rng(0).normal(0, 0.4, shape).astype(np.float32)
    clips[: count // 2, ..., 1:] = 0
    halves = (clips[: count // 2], clips[count // 2 :])  # one body, then all
    with torch.no_grad():
        expected = [network(torch.from_numpy(half)) for half in halves]
    got = [model(half) for half in halves]
    differences = [
        (
            np.abs(logits - e.logits.numpy()).max(),
            np.abs(embedding - e.embedding.numpy()).max(),
            (logits.argmax(axis=1) == e.logits.numpy().argmax(axis=1)).mean(),
        )
        for e, (logits, embedding) in zip(expected, got)
    ]
    worst_logit, worst_feature, same = zip(*differences)
    return Parity(count, float(max(worst_logit)), float(max(worst_feature)), float(np.mean(same)))


def _bundle(network: STGCN, card: ModelCard, window_durations_s: tuple[float, ...]) -> Bundle:
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return Bundle(
        labels=card.classes,
        clip=card.clip,
        streams=("joint",),
        window_durations_s=window_durations_s,
        temperature=1.0,
        rejection_threshold=0.0,
        idle_label="idle" if "idle" in card.classes else None,
        metrics=card.metrics,
        provenance={**card.provenance, "weights_sha256": digest.hexdigest()},
    )
