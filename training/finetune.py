"""Fine-tuning: classes are learned from labelled clips, few or many, from a pre-trained encoder or from nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.augment import labelled_view
from skel.training.checkpoint import ModelCard, load_encoder, load_model, save_model
from skel.training.config import FinetuneConfig
from skel.training.dataset import ClipSet
from skel.training.device import clip_tensor, pick_device
from skel.training.evaluate import METRICS_FILE, Report, score
from skel.training.join import few_labels, load_joined
from skel.training.run import Run, Stateful, check_finite, provenance
from skel.training.schedule import learning_rate


def finetune(config: FinetuneConfig) -> Path:
    """Train, or go on training, write the network, measure it on the validation part; returns the run's folder."""
    # Export looks for the same clips again, from wherever it is called.
    data_folders, classes = tuple(path.resolve() for path in config.data), config.classes and config.classes.resolve()
    config = replace(config, data=data_folders, classes=classes)
    device = pick_device(config.device)
    data = few_labels(load_joined(config.data, "train", config.classes), config.labels, config.seed)
    validation = load_joined(config.data, "val", config.classes, known=data.classes)  # what is wrong with it shows now
    clips, labels = clip_tensor(data, config.empty_bodies).to(device), torch.from_numpy(data.labels).to(device)
    present = clips.abs().amax(dim=(1, 2, 3), keepdim=True) > 0  # noise must not call an absent body into being

    torch.manual_seed(config.seed)
    layout = data.clip.skeleton_layout()
    network = STGCN(layout, config.channels, len(data.classes), config.dropout, config.empty_bodies, config.stream)
    network.to(device)
    if config.init:
        load_encoder(config.init, network, data.clip)
    elif config.freeze:
        raise UserError("--freeze keeps the encoder as it is: say with --init which one")
    run = Run(config.out, config, config.seed)
    learned = (network.head if config.freeze else network).parameters()
    optimiser: torch.optim.Optimizer
    if config.optimiser == "adamw":
        optimiser = torch.optim.AdamW(learned, config.learning_rate, weight_decay=config.weight_decay)
    else:
        optimiser = torch.optim.SGD(
            learned, config.learning_rate, momentum=0.9, nesterov=True, weight_decay=config.weight_decay
        )
    fixed = _embedded(network, clips) if config.freeze else None
    steps = -(-len(clips) // config.batch_size)

    def one_epoch(epoch: int, advance: Callable[[], None]) -> dict[str, float]:
        generator = run.generator(epoch, device)
        order = torch.randperm(len(clips), generator=generator, device=device)
        network.train()
        total, right = 0.0, 0
        for step, chosen in enumerate(order.split(config.batch_size)):
            rate = learning_rate(config.learning_rate, (epoch + step / steps) / config.epochs, config.schedule)
            for group in optimiser.param_groups:
                group["lr"] = rate
            if fixed is not None:
                logits = network.head(fixed[chosen])
            else:
                view = labelled_view(clips[chosen], config.variation, generator)
                logits = network(view * present[chosen]).logits
            loss = F.cross_entropy(logits, labels[chosen], label_smoothing=config.label_smoothing)
            check_finite(loss.item(), epoch, step)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(chosen)
            right += int((logits.argmax(dim=1) == labels[chosen]).sum())
            advance()
        return {"loss": total / len(clips), "train_top1": right / len(clips)}

    state: dict[str, Stateful] = {"network": network, "optimiser": optimiser}
    run.train(config.epochs, state, one_epoch, steps, "fine-tuning")
    report = score(network, validation, device)
    save_model(run.folder, network, _card(config, data, report))
    write_text(run.folder / METRICS_FILE, json.dumps(report.to_json(), indent=1, ensure_ascii=False))
    return run.folder


@torch.no_grad()
def _embedded(network: STGCN, clips: Tensor) -> Tensor:
    """What the frozen encoder says of every clip: constant, so computed once."""
    network.eval()
    return torch.cat([network.embed(part) for part in clips.split(128)])


def _card(config: FinetuneConfig, data: ClipSet, report: Report) -> ModelCard:
    protocol = f"{data.dataset} {data.split}, {config.labels:.0%} of the training labels, last epoch, validation part"
    made = provenance(config, [f"{data.dataset} {data.split} train ({len(data)} labelled clips)"])
    if config.init:
        made["pretrained"] = load_model(config.init)[1].provenance
    figures = {"top1": report.top1, "top5": report.top5}
    metrics = {name: {"value": value, "protocol": protocol} for name, value in figures.items()}
    return ModelCard(config.channels, config.empty_bodies, config.stream, data.classes, data.clip, metrics, made)
