"""A convolution over few frames with many channels, multiplied out by frequency instead of tap by tap.

A convolution that keeps its T frames by zero padding is a circular one over T + taps // 2 frames or more, so the discrete
Fourier transform makes of it one product of matrices a frequency. The signals are real: half of the frequencies say it all,
and each complex product takes three real ones (Gauss). All in all y = B · (W_r · (A · x)_r), with constant A, W_r and B: 25
products of C' × C where the convolution of the last block (9 taps, 13 frames) has 97 besides those with zeros.
"""

from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

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


@cache
def _form(frames: int, taps: int) -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(matrix).float() for matrix in bilinear_form(frames, taps))


def convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`F.conv2d` with padding (taps // 2, 0), for weights (C', C, taps, 1), in float32 on the CPU, gradients included.

    x (B, C, T, V) → (B, C', T, V), quickest where x lies in channels-last memory, as the result does.
    """
    B, C, T, V = x.shape  # B may be 0
    of_input, of_weight, to_output = _form(T, weight.shape[2])
    R = len(of_input)
    rows = x.permute(0, 2, 3, 1).reshape(B, T, V * C)
    spectrum = torch.bmm(of_input.expand(B, -1, -1), rows).transpose(0, 1).reshape(R, B * V, C)  # (R, B·V, C)
    weights = (of_weight @ weight.permute(2, 1, 0, 3).flatten(1)).view(R, C, len(weight))  # (R, C, C')
    product = torch.bmm(spectrum, weights).view(R, B, V * len(weight)).transpose(0, 1)  # (B, R, V·C')
    y = torch.baddbmm(bias.repeat(V), to_output.expand(B, -1, -1), product)
    return y.view(B, T, V, len(weight)).permute(0, 3, 1, 2)
