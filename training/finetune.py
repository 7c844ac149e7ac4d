"""Fine-tuning: classes are learned from labelled clips, few or many, from a pre-trained encoder or from nothing."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.augment import labelled_view
from skel.training.calibration import fit_temperature
from skel.training.checkpoint import ModelCard, load_encoder, load_model, save_model, weights_digest
from skel.training.config import UNVARIED, FinetuneConfig, LabelledConfig
from skel.training.dataset import ClipSet, digest
from skel.training.device import autocast, clip_tensor, keep_freed_memory, pick_device
from skel.training.distillation import lessons
from skel.training.evaluate import predict, score
from skel.training.labelled import LabelledData, load_labelled
from skel.training.option_checks import check_options
from skel.training.report import METRICS_FILE, Report
from skel.training.run import Run, provenance
from skel.training.run_config import with_whole_paths
from skel.training.supervised import learn

_FEW_STEPS = 1000


def finetune_alone(config: FinetuneConfig) -> Path:
    """`finetune` for somebody who has chosen its epochs, who is told where more would teach more."""
    return finetune(config, advise=True)


def finetune(config: FinetuneConfig, advise: bool = False) -> Path:
    """Train, or go on training, write the network, measure it on the validation part; returns the run's folder."""
    check_options(config)
    config = with_whole_paths(config)
    device = pick_device(config.device)
    if device.type == "cpu":
        keep_freed_memory()
    data = load_labelled(config)
    network = start(config, data, config.dropout).to(device)
    if config.evaluation_mode and not config.init:
        raise UserError("--evaluation-mode keeps the batch normalisation of an encoder: say with --init which")
    learned, targets = data.train, torch.from_numpy(data.train.labels).to(device)
    known_clips = digest(data.train, data.held_out, data.test)
    if config.teachers is not None:
        learned, targets = lessons(config, data, device)
        known_clips = digest(data.train, learned, data.held_out, data.test)
        known_clips += "".join(f" {weights_digest(load_model(teacher)[0])}" for teacher in config.teachers)
        runs = "1 run" if len(config.teachers) == 1 else f"{len(config.teachers)} runs"
        unlabelled = len(learned) - len(data.train)
        budget = f"{data.budget}, {unlabelled} clips without a label named by {runs}"
        data = replace(data, budget=budget, known=data.known.given_also(learned))
    if advise:
        _advise(config, len(learned))
    clips = clip_tensor(learned, network.empty_bodies).to(device)
    run = Run(config.out, config, config.seed, known_clips)
    data.write_names(run.folder)

    def logits_of(chosen: Tensor, generator: torch.Generator) -> Tensor:
        network.train(not config.evaluation_mode)
        view = clips[chosen]
        if config.variation != UNVARIED:
            view = labelled_view(view, config.variation, generator)
        with autocast(device, config.precision):
            logits: Tensor = network(view).logits
        return logits.float()

    deciding = deciding_clips(config, data)
    judge: Callable[[], Report] | None = (lambda: score(network, deciding, device)) if deciding is not None else None
    epoch = learn(run, config, network, targets, logits_of, judge, "fine-tuning")
    finish(run, config, network, data, epoch, device)
    return run.folder


def _advise(config: FinetuneConfig, count: int) -> None:
    """Say where so few steps are made from scratch that more epochs would teach more (docs/results.md says how much)."""
    in_epoch = -(-count // config.batch_size)
    if not config.init and (steps := config.epochs * in_epoch) < _FEW_STEPS:
        more = f"{_FEW_STEPS} or more, with --epochs {-(-_FEW_STEPS // in_epoch)}"
        print(
            f"note: {config.epochs} epochs of {count} clips are {steps} steps; from scratch few clips need {more}",
            file=sys.stderr,
        )


def start(config: LabelledConfig, data: LabelledData, dropout: float) -> STGCN:
    """The network that a run begins with: new, or with the encoder of `--init`."""
    torch.manual_seed(config.seed)
    clip, classes = data.train.clip, len(data.train.classes)
    card = load_model(config.init)[1] if config.init else None
    channels = config.channels or (card.channels if card else 16)
    stream = config.stream or (card.stream if card else "joint")
    empty_bodies = config.empty_bodies or (card.empty_bodies if card else "skip")
    network = STGCN(clip.skeleton_layout(), channels, classes, dropout, empty_bodies, stream)
    if config.init:
        load_encoder(config.init, network, clip)
    return network


def deciding_clips(config: LabelledConfig, data: LabelledData) -> ClipSet | None:
    """The clips that choose the epoch; None where it is the last."""
    return {"last": None, "held-out": data.held_out, "test": data.test}[config.select]


def finish(run: Run, config: LabelledConfig, network: STGCN, data: LabelledData, epoch: str, device: torch.device) -> Report:
    """Fit the temperature if clips were held out, measure the network, and write it with its card into the run's folder."""
    train, temperature = data.train, 1.0
    if len(data.held_out):
        temperature = fit_temperature(predict(network, data.held_out, device).logits, data.held_out.labels)
    report = score(network, data.test, device, temperature, data.known.gave(data.test))
    made = provenance(config, [f"{train.dataset} {train.split} train ({len(train)} labelled clips)"])
    if config.init:
        made["pretrained"] = load_model(config.init)[1].provenance
    protocol = f"{train.dataset} {train.split}, {data.budget}, {epoch}, validation part"
    protocol += f" ({report.seen_text})" if report.seen else ""
    figures = {"top1": report.top1, "top5": report.top5, "ece": report.calibrated.ece}
    metrics = {name: {"value": value, "protocol": protocol} for name, value in figures.items()}
    card = ModelCard(
        network.channels, network.empty_bodies, network.stream, train.classes, train.clip, metrics, made, temperature
    )
    save_model(run.folder, network, card)
    measured = {"protocol": protocol, **report.to_json()}
    write_text(run.folder / METRICS_FILE, json.dumps(measured, indent=1, ensure_ascii=False))
    return report
