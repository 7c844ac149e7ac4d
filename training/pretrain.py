"""Pre-training: movement is learned from clips whose labels nobody looks at."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.training import ranks
from skel.training.checkpoint import ModelCard, save_model
from skel.training.config import PretrainConfig
from skel.training.dataset import digest, fingerprints
from skel.training.device import autocast, clip_tensor, keep_freed_memory
from skel.training.divergence import Figures, check_weights
from skel.training.join import load_joined
from skel.training.known_labels import Known
from skel.training.methods.registry import Method, create_method
from skel.training.option_checks import check_options
from skel.training.run import Run, provenance
from skel.training.run_config import with_whole_paths
from skel.training.schedule import learning_rate


def pretrain(config: PretrainConfig) -> Path:
    """Train, or go on training, and write the encoder; returns the run's folder. Runs in each of several processes, too."""
    with ranks.processes(config.device) as device:
        return _pretrain(config, device)


def _pretrain(config: PretrainConfig, device: torch.device) -> Path:
    check_options(config)
    config = with_whole_paths(config)
    if device.type == "cpu":
        if config.compile:
            raise UserError("--compile is for a GPU: leave it out on the CPU")
        keep_freed_memory()
    data = load_joined(config.data, "train", unlabelled=True)
    clips = clip_tensor(data, config.empty_bodies).to(device)
    batch = min(config.batch_size, len(clips))
    if batch % ranks.count():
        raise UserError(f"a batch of {batch} clips cannot be shared by {ranks.count()} processes: change --batch-size")
    queue_size = config.method.queue_size
    if queue_size is not None and queue_size < batch:
        raise UserError(f"--method.queue-size {queue_size} cannot hold the keys of a batch: give {batch} or more")
    with ranks.main_first():
        run = Run(config.out, config, config.seed, digest(data, labelled=False))
    if ranks.is_main():
        Known(given=frozenset(fingerprints(data))).write(run.folder)
    steps = len(clips) // batch  # the last, smaller batch is dropped: every key in the queue is from a full one

    torch.manual_seed(config.seed)
    layout = data.clip.skeleton_layout()
    encoder = STGCN(layout, config.channels, empty_bodies=config.empty_bodies, stream=config.stream)
    method = create_method(config.method, encoder, len(clips), batch)
    method.to(device).train()
    if config.compile:
        method.compile_encoders()
    optimiser = torch.optim.SGD(
        method.query.parameters(), config.learning_rate, momentum=0.9, weight_decay=config.weight_decay
    )

    def one_epoch(epoch: int, advance: Callable[[], None]) -> dict[str, float]:
        generator = run.generator(epoch, device)
        order = torch.randperm(len(clips), generator=generator, device=device)
        figures = Figures(epoch, device)
        for step in range(steps):
            rate = learning_rate(config.learning_rate, (epoch + step / steps) / config.epochs, config.schedule)
            for group in optimiser.param_groups:
                group["lr"] = rate
            with autocast(device, config.precision):
                losses = method.losses(clips[order[step * batch : (step + 1) * batch]], epoch, generator)
            figures.add(take_step(method, optimiser, losses))
            advance()
        means = figures.means()
        check_weights(method, epoch)
        return means

    run.train(config.epochs, {"method": method, "optimiser": optimiser}, one_epoch, steps, "pre-training")
    made = provenance(config, [f"{data.dataset} {data.split} train ({len(data)} clips, labels unused)"])
    card = ModelCard(config.channels, config.empty_bodies, config.stream, (), data.clip, {}, made)
    if ranks.is_main():
        save_model(run.folder, encoder, card)
    return run.folder


def take_step(method: Method, optimiser: torch.optim.Optimizer, losses: dict[str, Tensor]) -> dict[str, Tensor]:
    """Move the query branch down the gradient of 'loss', the mean over all ranks; gives the losses back."""
    optimiser.zero_grad()
    losses["loss"].backward()
    ranks.average_gradients(method.query.parameters())
    optimiser.step()
    return losses
