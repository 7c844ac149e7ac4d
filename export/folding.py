"""The trained encoder in the form that runs fastest: the same sums with everything that is constant worked out beforehand.

Batch normalisation is an affine map in evaluation mode, so each is multiplied into the convolution before it. The input's,
and the bone stream's differences, go into the first mixing of joints. Nothing of it crosses zero padding: only the
convolutions over time pad, and what is folded into them lies behind them. Shape letters as in `skel.models.stgcn`.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skel.export.frequency import FrequencyConv
from skel.models.stgcn import STGCN, Block
from skel.models.streams import bones, motion


def scale_and_shift(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """A batch normalisation in evaluation mode as (scale, shift) a channel."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def folded_conv(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """One convolution that does what `conv` and then `norm` do."""
    assert conv.bias is not None
    scale, shift = scale_and_shift(norm)
    folded = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding)  # type: ignore[arg-type]
    assert folded.bias is not None
    folded.weight.copy_(conv.weight * scale[:, None, None, None])
    folded.bias.copy_(conv.bias * scale + shift)
    return folded


class FoldedGraphConv(nn.Module):
    """Graph convolution and its normalisation as one matrix product and one convolution.

    The product x · [A_1 … A_K] puts the K mixtures of joints side by side, (…, V) → (…, K·V); a convolution of K taps that
    lie V joints apart then adds them up over partitions and channels. Measured against a product and a 1×1 convolution for
    each partition (summed, or concatenated first): the same time in float32, less in int8, where tensors in between cost.
    """

    def __init__(self, block: Block, adjacency: Tensor) -> None:
        super().__init__()
        graph = block.graph
        weighted = adjacency * graph.importance  # (K, V, V)
        partitions, joints = len(weighted), weighted.shape[1]
        scale, shift = scale_and_shift(block.graph_norm)
        mix = graph.mix.weight * scale[:, None, None, None]  # (C', K·C, 1, 1)
        channels_out, channels_in = len(mix), mix.shape[1] // partitions
        bias = (graph.bias.t() @ weighted.sum(dim=1)) * scale[:, None] + shift[:, None]  # (C', V)
        self.mixing = nn.Parameter(torch.cat(list(weighted), dim=1))  # (V, K·V)
        self.bias = nn.Parameter(bias[:, None, :])  # (C', 1, V)
        self.taps = nn.Conv2d(channels_in, channels_out, (1, partitions), dilation=(1, joints), bias=False)
        self.taps.weight.copy_(mix.view(channels_out, partitions, channels_in).transpose(1, 2).unsqueeze(2))

    def absorb(self, scale: Tensor, shift: Tensor, matrix: Tensor) -> None:
        """Take over the x · matrix, · scale, + shift that come before; scale and shift (C, V), matrix (V, V)."""
        self.bias.add_(self.taps((shift @ self.mixing)[None, :, None, :])[0])
        self.mixing = nn.Parameter(matrix @ (scale[:, :, None] * self.mixing))  # (C, V, K·V)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C', T, V)."""
        return self.taps(torch.matmul(x, self.mixing)) + self.bias


class FoldedBlock(nn.Module):
    """`Block` without normalisation and dropout."""

    def __init__(self, block: Block, adjacency: Tensor) -> None:
        super().__init__()
        self.graph = FoldedGraphConv(block, adjacency)
        self.temporal: nn.Conv2d | FrequencyConv = folded_conv(block.temporal, block.temporal_norm)
        self.residual = block.residual
        if isinstance(block.residual, nn.Sequential):
            self.residual = folded_conv(cast(nn.Conv2d, block.residual[0]), cast(nn.BatchNorm2d, block.residual[1]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C', T/stride, V)."""
        y = self.temporal(F.relu(self.graph(x)))
        return F.relu(y if self.residual is None else y + self.residual(x))


class FoldedEncoder(nn.Module):
    """Bodies (B, 3, T, V) as joints → their pooled features (B, features); equals the network's in evaluation mode."""

    @torch.no_grad()
    def __init__(self, network: STGCN) -> None:
        super().__init__()
        self.stream = network.stream
        blocks = [FoldedBlock(cast(Block, block), network.adjacency) for block in network.blocks]
        joints = len(network.layout)
        # The input's normalisation counts its channels v·3 + c.
        scale, shift = (each.view(joints, 3).t() for each in scale_and_shift(network.input_norm))
        matrix = torch.eye(joints)
        if self.stream == "bone":
            matrix = bones(matrix[None, None], network.layout)[0, 0]
        blocks[0].graph.absorb(scale, shift, matrix)
        self.blocks = nn.Sequential(*blocks)

    @torch.no_grad()
    def convolve_by_frequency(self, frames: int) -> None:
        """Exchange the last convolution over time, most of the work, for its `FrequencyConv`; clips have `frames` frames."""
        *before, last = (cast(FoldedBlock, block) for block in self.blocks)
        for block in before:
            frames = -(-frames // cast(nn.Conv2d, block.temporal).stride[0])
        last.temporal = FrequencyConv(cast(nn.Conv2d, last.temporal), frames)

    def forward(self, bodies: Tensor) -> Tensor:
        """(B, 3, T, V) → (B, features)."""
        x = motion(bodies) if self.stream == "motion" else bodies
        return self.blocks(x).mean(dim=(2, 3))
