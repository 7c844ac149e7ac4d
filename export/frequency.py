"""The last block's convolution over time by frequency, as a module for graphs; see `skel.models.frequency`."""

import torch
from torch import Tensor, nn

from skel.models.frequency import bilinear_form


class FrequencyConv(nn.Module):
    """The same function as `conv`, a (taps, 1) convolution of stride 1 that pads with zeros, for inputs of `frames` frames.

    The weights by frequency are three times as many: they are worked out when the graph is loaded, not stored.
    """

    weight: Tensor
    of_input: Tensor
    of_weight: Tensor
    to_output: Tensor

    def __init__(self, conv: nn.Conv2d, frames: int) -> None:
        super().__init__()
        taps = conv.kernel_size[0]
        assert conv.stride == (1, 1)
        assert conv.padding == (taps // 2, 0)
        assert conv.bias is not None
        names = ("of_input", "of_weight", "to_output")
        for name, matrix in zip(names, bilinear_form(frames, taps)):
            self.register_buffer(name, torch.from_numpy(matrix).float())
        self.channels = conv.out_channels, conv.in_channels
        self.register_buffer("weight", conv.weight.detach()[..., 0].permute(2, 0, 1).reshape(taps, -1))
        self.bias = nn.Parameter(conv.bias.detach()[:, None])

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C', T, V)."""
        B, C, T, V = x.shape
        weight = (self.of_weight @ self.weight).view(-1, *self.channels)  # (R, C', C)
        y = self.of_input @ x.transpose(1, 2).reshape(B, T, C * V)  # (B, R, C·V)
        y = weight @ y.view(B, len(weight), C, V)  # (B, R, C', V)
        y = self.to_output @ y.view(B, len(weight), -1)  # (B, T, C'·V)
        return (y.view(B, T, -1, V) + self.bias).transpose(1, 2)
