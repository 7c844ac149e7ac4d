"""Methods by name; the module of a method is imported when it is first asked for."""

from importlib import import_module
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from skel.models.stgcn import STGCN
from skel.training.methods.config import MomentumConfig

_CLASSES = {
    "aimclr": "skel.training.methods.aimclr:AimCLR",
    "skeletonclr": "skel.training.methods.skeletonclr:SkeletonCLR",
    "tranclr": "skel.training.methods.tranclr:TranCLR",
}


class Method(Protocol):
    """What the trainer needs of a method, which is also an `nn.Module`."""

    query: nn.Module  # what the optimiser moves

    @property
    def encoder(self) -> STGCN:
        """What pre-training is for."""
        ...

    def losses(self, clips: Tensor, epoch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Figures of one batch of clips (N, 3, T, V, M); 'loss' is what to minimise.

        Of several ranks (`skel.training.ranks`) each is given the whole batch, and answers for its own part of it.
        """
        ...

    def compile_encoders(self) -> None:
        """Have torch compile what takes the time."""
        ...

    def to(self, device: torch.device) -> "Method":
        """As `nn.Module.to`."""
        ...

    def train(self, mode: bool = True) -> "Method":
        """As `nn.Module.train`."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """As `nn.Module.state_dict`."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """As `nn.Module.load_state_dict`."""
        ...


def create_method(config: MomentumConfig, encoder: STGCN, clip_count: int, batch_size: int) -> Method:
    """A new `Method` for that encoder, with a queue that suits a set of `clip_count` clips."""
    module, _, name = _CLASSES[config.name].partition(":")
    return cast(Method, getattr(import_module(module), name)(encoder, config, clip_count, batch_size))
