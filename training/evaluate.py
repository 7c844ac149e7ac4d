"""`skel-train evaluate`: how often one trained network, or an ensemble of several, is right, and about what."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.config import EvaluateConfig
from skel.training.dataset import ClipSet, fingerprints
from skel.training.device import clip_tensor, multiply, pick_device
from skel.training.divergence import check_said
from skel.training.ensemble import Ensemble, load_ensemble
from skel.training.join import load_joined
from skel.training.known_labels import known_to
from skel.training.report import Report, print_report
from skel.training.stream_config import StreamOptions

_BATCH = 128


@dataclass(frozen=True, eq=False)
class Prediction:
    """What networks say of N clips: logits (N, K) and embeddings (N, F), float32."""

    logits: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


@torch.no_grad()
def predict(network: STGCN, data: ClipSet, device: torch.device) -> Prediction:
    """Run the network, in evaluation mode and float32, over a set; `Diverged` where it says what is no finite number."""
    multiply("fp32")
    network.eval().to(device)
    logits = [np.zeros((0, network.classes or network.features), np.float32)]
    embeddings = [np.zeros((0, network.features), np.float32)]
    for part in clip_tensor(data, network.empty_bodies).split(_BATCH) if len(data) else ():
        output = network(part.to(device))
        logits.append(output.logits.float().cpu().numpy())
        embeddings.append(output.embedding.float().cpu().numpy())
    said = Prediction(np.concatenate(logits), np.concatenate(embeddings))
    for name, values in vars(said).items():
        check_said(values, f"what the network says of {data.dataset} {data.split} ({name})")
    return said


def score(
    network: STGCN,
    data: ClipSet,
    device: torch.device,
    temperature: float = 1.0,
    seen: npt.NDArray[np.bool_] | None = None,
) -> Report:
    """Run the network, in evaluation mode, over a set of the same classes; `seen` (N,) says which clips it knows."""
    return Report.of(predict(network, data, device).logits, data.labels, data.classes, temperature, seen)


def clips_or_streams(config: EvaluateConfig) -> None:
    """Do what the options ask for."""
    if config.stream:
        from skel.training.stream_evaluate import evaluate_streams

        evaluate_streams(config)
        return
    if config.live:
        raise UserError("--live is how a recogniser is used on continuous recordings: give --stream, too")
    usual = StreamOptions()
    for option in fields(usual):
        if getattr(config.streams, option.name) != getattr(usual, option.name):
            name = option.name.replace("_", "-")
            raise UserError(f"--streams.{name} is about continuous recordings: give --stream, too")
    evaluate(config)


def evaluate(config: EvaluateConfig) -> Report:
    """Measure on clips, draw, and print a table or write JSON."""
    ensemble = load_ensemble(config.checkpoint, config.weights)
    data = load_joined(config.data, config.part, config.classes, known=ensemble.classes)
    if data.clip != ensemble.clip:
        raise UserError(f"{config.checkpoint[0]} was trained on clips made in another way: prepare the data with its --clip")
    if config.part == "val":
        _note_labels(config.checkpoint, data)
    report, embeddings = score_together(ensemble, config.checkpoint, data, pick_device(config.device))
    if config.plot:
        from skel.training.plots import draw_confusion, draw_embedding, draw_reliability

        draw_confusion(report, config.plot / "confusion.png")
        draw_reliability(report, config.plot / "reliability.png")
        draw_embedding(embeddings, data.labels, data.classes, config.plot / "embedding.png")
    source = {
        "checkpoint": [str(path) for path in config.checkpoint],
        "weights": list(ensemble.weights),
        "data": [str(path) for path in config.data],
        "part": config.part,
    }
    show(report, config.json, source)
    return report


def score_together(
    ensemble: Ensemble, runs: Sequence[Path], data: ClipSet, device: torch.device
) -> tuple[Report, npt.NDArray[np.float32]]:
    """(Figures of the networks of `runs` as one, their embeddings (N, F) side by side)."""
    said = [predict(network, data, device) for network in ensemble.networks]
    total = sum(ensemble.weights)  # divided by it, temperature 1 means that none was fitted
    logits = ensemble.sum_of([one.logits for one in said]) / total
    known = [known_to(run) for run in runs]
    seen = None if None in known else np.any([of_run.gave(data) for of_run in known if of_run], axis=0)
    report = Report.of(logits, data.labels, data.classes, ensemble.temperature / total, seen)
    return report, np.concatenate([one.embeddings for one in said], axis=1)


def _note_labels(runs: Sequence[Path], data: ClipSet) -> None:
    """Say so where a run learned labels of these clips: in another split of the set, perhaps."""
    measured = set(fingerprints(data))
    for run in runs:
        known = known_to(run)
        if known and (count := len(measured & known.learned)):
            print(f"note: {run} learned from the labels of {count} of these {len(data)} clips", file=sys.stderr)


def show(report: Report, json_target: str | None, source: dict[str, Any], likely: bool = True) -> None:
    """Print the report as a table, or write it with its `source` as JSON to a file (- = standard output).

    Unless `likely`, nothing is said of how likely the classes were found, as by neighbours (null).
    """
    figures = report.to_json() | ({} if likely else {"top5": None, "calibration": None})
    if json_target == "-":
        print(json.dumps({**source, **figures}, ensure_ascii=False))
    elif json_target:
        write_text(Path(json_target), json.dumps({**source, **figures}, ensure_ascii=False, indent=1))
    else:
        print_report(report, likely)
