"""Training that ran away: numbers that grew until they are none, told as soon as they are there and before they are kept."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from skel.skeleton.errors import UserError
from skel.training import ranks
from skel.training.run import Stateful


class Diverged(UserError):  # noqa: N818 - says what happened
    """Numbers are no longer finite.

    Attributes:
        what: which, and where.
    """

    def __init__(self, what: str, mend: str = "train with a lower --learning-rate") -> None:
        super().__init__(what, mend)  # both, so that it comes whole from another process
        self.what = what

    def __str__(self) -> str:
        return ": ".join(self.args)


def check_losses(losses: Mapping[str, float], epoch: int, step: int) -> None:
    """`Diverged` with the place, and with each of the losses by name that is not finite."""
    if spoiled := [f"{name} {value}" for name, value in losses.items() if not np.isfinite(value)]:
        raise Diverged(f"no finite loss in epoch {epoch + 1}, step {step + 1} ({', '.join(spoiled)})")


def check_weights(learner: Stateful, epoch: int) -> None:
    """`Diverged` with the first weight or running statistic of a learner that an epoch has spoiled.

    That is one that is not finite, or whose square is not: batch normalisation squares what they make of a clip. So weights
    that the very last step spoiled, and whose loss nobody has seen, are not kept either. On a GPU this waits once.
    """
    weights = learner.state_dict()
    usable = torch.stack([value.float().square().isfinite().all() for value in weights.values()])
    for (name, value), fits in zip(weights.items(), usable.tolist()):
        if not fits:
            flat = value.float().flatten()
            number = float(flat[~flat.square().isfinite()][0])
            raise Diverged(f"{name} holds {number:g} after epoch {epoch + 1}")


def check_said(said: npt.NDArray[np.floating[Any]], whose: str) -> None:
    """`Diverged` where what a network says of clips, logits or embeddings, is not finite; `whose` says what it is."""
    if not np.isfinite(said).all():
        raise Diverged(f"{whose} holds NaN or infinity")


class Figures:
    """The mean losses of an epoch, over all ranks; `Diverged` where one is no number.

    On a GPU they are looked at only so often: each look waits for what is still being computed.
    """

    def __init__(self, epoch: int, device: torch.device) -> None:
        self.epoch, self.every = epoch, 1 if device.type == "cpu" else 50
        self._names: list[str] = []
        self._seen: list[torch.Tensor] = []  # (steps, losses) of each look
        self._waiting: list[torch.Tensor] = []

    def add(self, losses: Mapping[str, torch.Tensor]) -> None:
        """Take the losses of one step, scalars."""
        self._names = list(losses)
        self._waiting.append(torch.stack([value.detach().float() for value in losses.values()]))
        if len(self._waiting) == self.every:
            self._look()

    def _look(self) -> None:
        before = sum(map(len, self._seen))
        values = ranks.averaged(torch.stack(self._waiting)).cpu()
        self._waiting.clear()
        for step, row in enumerate(values.tolist(), before):
            check_losses(dict(zip(self._names, row)), self.epoch, step)
        self._seen.append(values)

    def means(self) -> dict[str, float]:
        """By name."""
        if self._waiting:
            self._look()
        means = torch.cat(self._seen).double().mean(dim=0)
        return dict(zip(self._names, means.tolist()))
