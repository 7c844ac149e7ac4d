"""Several processes that train one network together, each on its part of every batch.

`torchrun --nproc-per-node 4 --no-python skel-train pretrain …` or `accelerate launch` starts them, on one node or several.
Results are those of one process with the whole batch: random numbers are drawn for all of it, batch statistics and gradients
are of all of it, and the keys of all ranks enter one queue. A process alone is rank 0 of 1.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor

from skel.models.batch_norm import is_shared
from skel.skeleton.errors import UserError
from skel.training.device import pick_device


@contextmanager
def processes(device: str) -> Iterator[torch.device]:
    """Join the other processes, if this one was started with others; gives the device of this one.

    `UserError` for a device that cannot be used here, or that is one for all.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield pick_device(device)
        return
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"each of several processes takes a GPU of its own: give --device auto or cpu, not {device}")
    if device == "cuda" and not torch.cuda.is_available():
        pick_device(device)  # says why
    from accelerate import PartialState

    state = PartialState(cpu=device == "cpu")
    try:
        yield state.device
    finally:
        state.destroy_process_group()


def count() -> int:
    """How many processes there are."""
    return dist.get_world_size() if is_shared() else 1


def rank() -> int:
    """The number of this one, from 0."""
    return dist.get_rank() if is_shared() else 0


def is_main() -> bool:
    """Whether this process is the one that writes files."""
    return rank() == 0


@contextmanager
def main_first() -> Iterator[None]:
    """What rank 0 does first and the others once it has."""
    if is_shared() and not is_main():
        dist.barrier()
    yield
    if is_shared() and is_main():
        dist.barrier()


def own_part(size: int) -> slice:
    """The rows of a batch of `size` that this rank encodes."""
    part = size // count()
    return slice(rank() * part, (rank() + 1) * part)


def gathered(rows: Tensor) -> Tensor:
    """The rows of all ranks, in rank order, without gradient; (n, …) → (n · ranks, …)."""
    if not is_shared():
        return rows
    parts = [torch.empty_like(rows) for _ in range(count())]
    dist.all_gather(parts, rows.contiguous())
    return torch.cat(parts)


def averaged(values: Tensor) -> Tensor:
    """The mean over ranks, in place."""
    if is_shared():
        dist.all_reduce(values)
        values /= count()
    return values


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Every rank's gradient becomes that of the mean of all ranks' losses; one message for all parameters."""
    if not is_shared():
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    joined = averaged(torch.cat([gradient.flatten() for gradient in gradients]))
    for gradient, mean in zip(gradients, joined.split([gradient.numel() for gradient in gradients])):
        gradient.copy_(mean.view_as(gradient))
