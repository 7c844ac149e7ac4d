"""Pre-training: movement is learned from clips whose labels nobody looks at."""

from collections.abc import Callable
from pathlib import Path

import torch

from skel.models.stgcn import STGCN
from skel.training.checkpoint import ModelCard, save_model
from skel.training.config import PretrainConfig
from skel.training.device import clip_tensor, pick_device
from skel.training.join import load_joined
from skel.training.methods.registry import create_method
from skel.training.run import Run, check_finite, provenance
from skel.training.schedule import learning_rate


def pretrain(config: PretrainConfig) -> Path:
    """Train, or go on training, and write the encoder; returns the run's folder."""
    device = pick_device(config.device)
    data = load_joined(config.data, "train")
    run = Run(config.out, config, config.seed)
    clips = clip_tensor(data, config.empty_bodies).to(device)
    batch = min(config.batch_size, len(clips))
    steps = len(clips) // batch  # the last, smaller batch is dropped: every key in the queue is from a full one

    torch.manual_seed(config.seed)
    layout = data.clip.skeleton_layout()
    encoder = STGCN(layout, config.channels, empty_bodies=config.empty_bodies, stream=config.stream)
    method = create_method(config.method, encoder, len(clips), batch).to(device).train()
    optimiser = torch.optim.SGD(
        method.query.parameters(), config.learning_rate, momentum=0.9, weight_decay=config.weight_decay
    )

    def one_epoch(epoch: int, advance: Callable[[], None]) -> dict[str, float]:
        generator = run.generator(epoch, device)
        order = torch.randperm(len(clips), generator=generator, device=device)
        totals: dict[str, float] = {}
        for step in range(steps):
            rate = learning_rate(config.learning_rate, (epoch + step / steps) / config.epochs, config.schedule)
            for group in optimiser.param_groups:
                group["lr"] = rate
            losses = method.losses(clips[order[step * batch : (step + 1) * batch]], epoch, generator)
            optimiser.zero_grad()
            losses["loss"].backward()
            optimiser.step()
            for name, value in losses.items():
                totals[name] = totals.get(name, 0.0) + value.item() / steps
            check_finite(totals["loss"], epoch, step)
            advance()
        return totals

    run.train(config.epochs, {"method": method, "optimiser": optimiser}, one_epoch, steps, "pre-training")
    made = provenance(config, [f"{data.dataset} {data.split} train ({len(data)} clips, labels unused)"])
    card = ModelCard(config.channels, config.empty_bodies, config.stream, (), data.clip, {}, made)
    save_model(run.folder, encoder, card)
    return run.folder
