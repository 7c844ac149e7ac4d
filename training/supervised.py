"""Learning classes: the epochs, and which epoch's weights are kept."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skel.training.config import LabelledConfig
from skel.training.divergence import check_losses, check_weights
from skel.training.report import Report
from skel.training.run import Run, Stateful
from skel.training.schedule import learning_rate

Logits = Callable[[Tensor, torch.Generator], Tensor]


class Best:
    """The weights of the epoch that did best so far: by top-1, then by likelihood. It resumes with the run."""

    def __init__(self) -> None:
        self.epoch = 0
        self.marks = (-1.0, 0.0)
        self.weights: dict[str, Tensor] = {}

    def see(self, epoch: int, report: Report, learner: nn.Module) -> None:
        """Remember the weights after this epoch, counted from 1, if none were better."""
        marks = (report.top1, -report.raw.nll)
        if marks > self.marks:
            self.epoch, self.marks = epoch, marks
            self.weights = {name: value.detach().clone() for name, value in learner.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {"epoch": self.epoch, "marks": self.marks, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The inverse."""
        self.epoch, self.weights = state_dict["epoch"], state_dict["weights"]
        self.marks = tuple(state_dict["marks"])


def learn(
    run: Run,
    config: LabelledConfig,
    learner: nn.Module,
    targets: Tensor,
    logits_of: Logits,
    judge: Callable[[], Report] | None,
    title: str,
) -> str:
    """Train the learner's parameters, or go on training; returns in words which epoch's weights it has at the end.

    Args:
        targets: (N,) classes of the clips, or (N, K) how likely each clip is to be of each class, which is not smoothed.
        logits_of: the places of some clips among the N (n,), a generator → (n, K).
        judge: measures the learner on the clips that choose the epoch; None = the last one.
    """
    optimiser = _optimiser(config, learner)
    best, steps = Best(), -(-len(targets) // config.batch_size)
    classes, smoothing = (targets, config.label_smoothing) if targets.ndim == 1 else (targets.argmax(dim=1), 0.0)

    def one_epoch(epoch: int, advance: Callable[[], None]) -> dict[str, float]:
        generator = run.generator(epoch, targets.device)
        order = torch.randperm(len(targets), generator=generator, device=targets.device)
        total, right = 0.0, 0
        # Of even sizes: the statistics of a small rest, 4 of 20 clips in batches of 16, would spoil a network of few labels.
        for step, chosen in enumerate(order.tensor_split(steps)):
            progress = (epoch + step / steps) / config.epochs
            rate = learning_rate(config.learning_rate, progress, config.schedule, config.step_at)
            for group in optimiser.param_groups:
                group["lr"] = rate
            logits = logits_of(chosen, generator)
            loss = F.cross_entropy(logits, targets[chosen], label_smoothing=smoothing)
            check_losses({"loss": loss.item()}, epoch, step)
            optimiser.zero_grad()
            loss.backward()
            if config.clip_gradients is not None:
                nn.utils.clip_grad_norm_(learner.parameters(), config.clip_gradients)
            optimiser.step()
            total += loss.item() * len(chosen)
            right += int((logits.argmax(dim=1) == classes[chosen]).sum())
            advance()
        check_weights(learner, epoch)
        figures = {"loss": total / len(targets), "train_top1": right / len(targets)}
        if judge is not None:
            report = judge()
            best.see(epoch + 1, report, learner)
            figures[f"{config.select.replace('-', '_')}_top1"] = report.top1
        return figures

    state: dict[str, Stateful] = {"network": learner, "optimiser": optimiser, "best": best}
    run.train(config.epochs, state, one_epoch, steps, title)
    if judge is None:
        return "last epoch"
    learner.load_state_dict(best.weights)
    where = "the validation part itself" if config.select == "test" else "the held-out clips"
    return f"best epoch on {where} ({best.epoch} of {config.epochs})"


def _optimiser(config: LabelledConfig, learner: nn.Module) -> torch.optim.Optimizer:
    parameters = learner.parameters()
    if config.optimiser == "adamw":
        return torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
    return torch.optim.SGD(parameters, config.learning_rate, momentum=0.9, weight_decay=config.weight_decay)
