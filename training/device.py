"""Where training runs, how precisely, and how clips get there."""

import ctypes
import sys

import torch
from torch import Tensor

from skel.models.graph import EmptyBodies
from skel.skeleton.errors import UserError
from skel.training.config import Precision
from skel.training.dataset import ClipSet

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h


def pick_device(name: str) -> torch.device:
    """`auto` is the GPU if there is one; `UserError` for a device that torch cannot use here.

    What is computed from now on is float32 throughout, whatever an earlier run of this process had chosen (`autocast`).
    """
    multiply("fp32")
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


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """What a forward pass runs in; also sets how torch multiplies float32 matrices from now on."""
    multiply(precision)
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def multiply(precision: Precision) -> None:
    """Let a GPU round the factors of float32 matrices to TF32 from now on, or not."""
    torch.set_float32_matmul_precision("highest" if precision == "fp32" else "high")
    torch.backends.cudnn.allow_tf32 = precision != "fp32"


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next step, which wants as much again; elsewhere nothing happens.

    Otherwise every large tensor is a new mapping whose pages are zeroed one fault at a time: up to half of a step.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(_M_MMAP_MAX, 0)
            mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            mallopt(_M_TOP_PAD, 64 * 2**20)
