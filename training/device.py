"""Where training runs, and how clips get there."""

import torch
from torch import Tensor

from skel.models.graph import EmptyBodies
from skel.skeleton.errors import UserError
from skel.training.dataset import ClipSet


def pick_device(name: str) -> torch.device:
    """`auto` is the GPU if there is one; `UserError` for a device that torch cannot use here."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"cannot use --device {name} ({reason}): give auto or cpu") from error
    return torch.device(name)


def clip_tensor(clips: ClipSet, empty_bodies: EmptyBodies) -> Tensor:
    """All clips as one tensor (N, 3, T, V, M); bodies that no clip has are left off where they would not count."""
    x = torch.from_numpy(clips.clips)
    if empty_bodies == "skip":
        used = int(x.abs().amax(dim=(0, 1, 2, 3)).count_nonzero())
        x = x[..., : max(used, 1)]
    return x.contiguous()
