"""A convolution over few frames with many channels, multiplied out by frequency instead of tap by tap.

A convolution that keeps its T frames by zero padding is a circular one over T + taps // 2 frames or more, so the discrete
Fourier transform makes of it one product of matrices a frequency. The signals are real: half of the frequencies say it all,
and each complex product takes three real ones (Gauss). All in all y = B · (W_r · (A · x)_r), with constant A, W_r and B: 25
products of C' × C where the convolution of the last block (9 taps, 13 frames) has 97 besides those with zeros.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Array = npt.NDArray[np.float64]


def bilinear_form(frames: int, taps: int) -> tuple[Array, Array, Array]:
    """A (R, T), E (R, taps), B (T, R) with y_t = Σ_r B_tr · (Σ_k E_rk w_k) · (Σ_s A_rs x_s), the zero-padded convolution."""
    length = frames + taps // 2
    length += 1 - length % 2  # odd: no frequency but 0 is real
    time, tap = np.arange(frames), np.arange(taps) - taps // 2
    of_input, of_weight, to_output = [np.ones(frames)], [np.ones(taps)], [np.full(frames, 1 / length)]
    for frequency in range(1, length // 2 + 1):
        omega = 2 * np.pi * frequency / length
        a, b = np.cos(omega * time), -np.sin(omega * time)  # the input's spectrum is a + ib
        c, d = np.cos(omega * tap), np.sin(omega * tap)  # the weight's is c + id
        # (a + ib)(c + id): with k1 = c(a + b), k2 = a(d − c), k3 = b(c + d) it is (k1 − k3) + i(k1 + k2).
        of_input += [a + b, a, b]
        of_weight += [c, d - c, c + d]
        cos, sin = 2 / length * np.cos(omega * time), 2 / length * np.sin(omega * time)
        to_output += [cos - sin, -sin, -cos]
    return np.stack(of_input), np.stack(of_weight), np.stack(to_output, axis=1)


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
