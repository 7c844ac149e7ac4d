"""The trained network as a stream, for `continual.py`: every layer computed for the newest frames only.

Hedegaard et al., "Continual Spatio-Temporal Graph Convolutional Networks", arXiv:2203.11009.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skel.models.stgcn import STGCN, Block

TAPS, HALF = 9, 4


class Continual(nn.Module):
    """The network as a stream: the next frames in, features out, with what must be remembered passed along.

    `dense` gives features for every frame: the strides become dilations of all that follows, as in a wavelet transform "à
    trous". Otherwise four frames go in at once and one feature map comes out, as the strides have it.
    """

    def __init__(self, network: STGCN, dense: bool) -> None:
        super().__init__()
        self.network, self.dense = network, dense
        self.frames = 1 if dense else 4
        self.dilations = []
        dilation = 1
        for block in network.blocks:
            self.dilations.append(dilation if dense else 1)
            dilation *= block.temporal.stride[0]

    def zeros(self) -> list[Tensor]:
        """Two memories a block: eight mixed frames for the taps, and four input frames for the residual, which must wait."""
        states, joints = [], len(self.network.layout)
        for block, dilation in zip(self.network.blocks, self.dilations):
            channels_in = block.graph.mix.in_channels // 3
            states.append(torch.zeros(1, block.temporal.in_channels, 2 * HALF * dilation, joints))
            states.append(torch.zeros(1, channels_in, HALF * dilation, joints))
        return states

    def forward(self, frames: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """(1, 3, n, V) and the memories → feature map (1, features, 1, V) and the memories for the next call."""
        x, kept = normalised(self.network, frames), []
        for i, (block, dilation) in enumerate(zip(self.network.blocks, self.dilations)):
            y = torch.cat([states[2 * i], mixed(self.network, block, x)], dim=2)
            waiting = torch.cat([states[2 * i + 1], x], dim=2)
            kept += [y[:, :, -states[2 * i].shape[2] :], waiting[:, :, -states[2 * i + 1].shape[2] :]]
            x = joined(block, y, waiting[:, :, : x.shape[2]], 1 if self.dense else block.temporal.stride[0], dilation)
        return x, kept


def normalised(network: STGCN, frames: Tensor) -> Tensor:
    N, C, T, V = frames.shape
    x = network.input_norm(frames.permute(0, 3, 1, 2).reshape(N, V * C, T))
    return x.view(N, V, C, T).permute(0, 2, 3, 1)


def mixed(network: STGCN, block: Block, x: Tensor) -> Tensor:
    return torch.relu(block.graph_norm(block.graph(x, network.adjacency)))


def joined(block: Block, y: Tensor, x: Tensor, stride: int, dilation: int) -> Tensor:
    """The convolution over time without padding, and the residual of the frames under its middle tap."""
    y = F.conv2d(y, block.temporal.weight, block.temporal.bias, (stride, 1), 0, (dilation, 1))
    y = block.temporal_norm(y)
    if isinstance(block.residual, nn.Sequential):
        convolution, norm = block.residual
        y = y + norm(F.conv2d(x, convolution.weight, convolution.bias, (stride, 1)))
    elif block.residual is not None:
        y = y + x
    return torch.relu(y)


def unpadded(network: STGCN, frames: Tensor) -> Tensor:
    """What streaming gives, for a whole sequence at once: (1, 3, T, V) → (1, features, T', V), T' = (T − 153) // 4 + 1."""
    x = normalised(network, frames)
    for block in network.blocks:
        y = mixed(network, block, x)
        x = joined(block, y, x[:, :, HALF:-HALF], block.temporal.stride[0], 1)
    return x


def receptive_field(network: STGCN) -> int:
    frames, step = 1, 1
    for block in network.blocks:
        frames, step = frames + (TAPS - 1) * step, step * block.temporal.stride[0]
    return frames


def check_streaming_equals_offline(network: STGCN) -> float:
    """The largest difference between features frame by frame, four frames at a time, and of the whole sequence."""
    field = receptive_field(network)
    sequence = torch.randn(1, 3, field + 4 * 8, len(network.layout)) * 0.4
    offline = unpadded(network, sequence)
    worst = 0.0
    for dense in (False, True):
        stream = Continual(network, dense)
        states, features = stream.zeros(), []
        for first in range(0, sequence.shape[2] - stream.frames + 1, stream.frames):
            feature, states = stream(sequence[:, :, first : first + stream.frames], states)
            features.append(feature)
        step = 4 if dense else 1
        online = torch.cat(features, dim=2)[:, :, (field - 1) // stream.frames :: step]
        shared = min(online.shape[2], offline.shape[2])
        assert shared >= 8
        worst = max(worst, float((online[:, :, :shared] - offline[:, :, :shared]).abs().max()))
    assert worst < 1e-4 * float(offline.abs().max()), worst
    return worst
