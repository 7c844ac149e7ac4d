"""Batch normalisation with what follows it in a block: dropout, the residual's sum and ReLU, in one go.

Ioffe and Szegedy, "Batch Normalization", ICML 2015. Three reasons not to leave it to torch while training on a CPU:
it adds up channels-last tensors one row after the other, which costs float32 two digits in large batches (here: cascaded
sums, and the variance of centred values); it shares statistics between processes on GPUs only; and each step goes through
memory that no cache holds, which takes longer than all arithmetic (here: part by part).
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

_PART = 2**17  # elements: half a megabyte of float32


def is_shared() -> bool:
    """Whether several processes train together."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def summed(values: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if is_shared():
        dist.all_reduce(values)
    return values


class Dropout(nn.Module):
    """Sets elements to zero with probability p, in steps of 1/256, and scales the others up, as `nn.Dropout`.

    One random byte an element, eight drawn at a time: on a CPU torch's own drawing takes a seventh of a training step.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.threshold = round(p * 256)

    @property
    def scale(self) -> float:
        """Of what is kept."""
        return 256 / (256 - self.threshold)

    def draw(self, x: Tensor) -> Tensor:
        """A random byte for each element of x; those below the threshold are dropped."""
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        return words.view(torch.uint8)[: x.numel()].view(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        if not (self.training and self.threshold):
            return x
        return x * kept(self.draw(x), self.threshold, x.dtype).mul_(self.scale)


def kept(drawn: Tensor, threshold: int, dtype: torch.dtype) -> Tensor:
    """1 where a byte reaches the threshold, else 0, without a tensor of bools, which take a CPU six times as long."""
    return drawn.to(dtype).sub_(threshold - 1).clamp_(0, 1)


class _NormRelu(torch.autograd.Function):
    """Rows (n, C) → normalised, dropped where `drawn` < threshold, + residual, ReLU; also mean, variance and n of all rows.

    `weight` and `bias` (C,) are already scaled for the dropout. `drawn`, bytes, and `residual` (n, C) may be None.
    """

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
        drawn: Tensor | None,
        threshold: int,
        eps: float,
        relu: bool,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        count, mean, variance = _statistics(rows)
        inverse = torch.rsqrt(variance + eps)
        scale = weight * inverse
        out = torch.empty_like(rows)
        for part in _parts(rows):
            y = torch.sub(rows[part], mean, out=out[part]).mul_(scale).add_(bias)
            if drawn is not None:
                y.mul_(kept(drawn[part], threshold, y.dtype))
            if residual is not None:
                y.add_(residual[part])
            if relu:
                y.relu_()
        ctx.save_for_backward(rows, mean, inverse, weight, count, drawn, out if relu else None)
        ctx.threshold, ctx.has_residual = threshold, residual is not None
        ctx.mark_non_differentiable(mean, variance, count)
        return out, mean, variance, count

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        rows, mean, inverse, weight, count, drawn, out = ctx.saved_tensors
        of_rows = torch.empty_like(rows)
        of_residual = torch.empty_like(rows) if ctx.has_residual else None
        of_weight, of_bias = torch.zeros_like(mean), torch.zeros_like(mean)
        for part in _parts(rows):
            g = gradient[part] if out is None else torch.ops.aten.threshold_backward(gradient[part], out[part], 0)
            if of_residual is not None:
                of_residual[part] = g
            if drawn is not None:
                g = torch.mul(g, kept(drawn[part], ctx.threshold, g.dtype), out=of_rows[part])
            else:
                of_rows[part] = g
            of_bias += g.sum(dim=0, dtype=torch.float32)
            of_weight += (rows[part] - mean).mul_(g).sum(dim=0)
        of_weight *= inverse
        sums = summed(torch.stack([of_bias, of_weight])) / count
        scale = weight * inverse
        slope = -scale * inverse * sums[1]
        shift = -scale * sums[0]
        for part in _parts(rows):
            of_rows[part].mul_(scale).add_((rows[part] - mean).mul_(slope).add_(shift))
        return of_rows, of_weight, of_bias, of_residual, None, None, None, None


def _statistics(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Number, mean and variance of the rows of all processes; each row is read once (Chan et al., 1979)."""
    counts, sums, squares = [], [], []
    for part in _parts(rows):
        x = rows[part]
        sums.append(x.sum(dim=0, dtype=torch.float32))
        squares.append((x - sums[-1] / max(len(x), 1)).square_().sum(dim=0))
        counts.append(len(x))
    n = torch.tensor(counts, dtype=torch.float64, device=rows.device)[:, None]
    of_part = torch.stack(sums).double()
    total = summed(torch.cat([of_part.sum(dim=0), n.sum(dim=0)]))
    mean = total[:-1] / total[-1]
    around_mean = torch.stack(squares).double() + n * (of_part / n.clamp(min=1) - mean) ** 2
    variance = summed(around_mean.sum(dim=0)) / total[-1]
    return total[-1].float(), mean.float(), variance.float()


def _parts(rows: Tensor) -> Iterator[slice]:
    """Of no rows one, empty: one of several processes may have none."""
    step = max(_PART // rows.shape[1], 1) if rows.device.type == "cpu" else max(len(rows), 1)
    return (slice(start, start + step) for start in range(0, max(len(rows), 1), step))


def _is_ours(norm: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> bool:
    # A compiler fuses torch's own with what follows; shared statistics it has none of.
    return norm.training and (is_shared() or (x.device.type == "cpu" and not torch.compiler.is_compiling()))


def _train(
    norm: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor, dropout: Dropout | None, residual: Tensor | None, relu: bool
) -> Tensor:
    """The channels are the last axis of x; the running statistics move on."""
    rows = x.reshape(-1, x.shape[-1])
    scale, threshold, drawn = 1.0, 0, None
    if dropout is not None and dropout.training and dropout.threshold:
        scale, threshold, drawn = dropout.scale, dropout.threshold, dropout.draw(rows)
    beside = None if residual is None else residual.reshape(rows.shape)
    y, mean, variance, count = _NormRelu.apply(  # type: ignore[no-untyped-call]
        rows, norm.weight * scale, norm.bias * scale, beside, drawn, threshold, norm.eps, relu
    )
    with torch.no_grad():
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        assert norm.momentum is not None
        norm.num_batches_tracked.add_(1)
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (count / (count - 1).clamp(min=1)), norm.momentum)
    normalised: Tensor = y.view(x.shape)
    return normalised


def norm_relu(norm: "BatchNorm2d", x: Tensor, dropout: Dropout | None = None, residual: Tensor | None = None) -> Tensor:
    """relu(dropout(norm(x)) + residual); (B, C, T, V) all."""
    if not _is_ours(norm, x):
        y = norm(x) if dropout is None else dropout(norm(x))
        return torch.relu(y if residual is None else y + residual)
    beside = None if residual is None else residual.permute(0, 2, 3, 1)
    return _train(norm, x.permute(0, 2, 3, 1), dropout, beside, relu=True).permute(0, 3, 1, 2)


class BatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d`, but precise on a CPU and shared by all processes."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, V) of the same shape."""
        if _is_ours(self, x):
            return _train(self, x.permute(0, 2, 3, 1), None, None, relu=False).permute(0, 3, 1, 2)
        return super().forward(x)


class BatchNorm1d(nn.BatchNorm1d):
    """The same for (B, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) of the same shape."""
        if _is_ours(self, x):
            return _train(self, x.transpose(1, 2), None, None, relu=False).transpose(1, 2)
        return super().forward(x)
