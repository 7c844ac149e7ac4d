"""The baseline of `window.py` and `step.py`: ST-GCN written plainly, as the published implementations compute it.

Batch normalisation apart, the graph convolution as one einsum over K·C' channels, every body computed (Yan et al., AAAI
2018; in the narrow form of AimCLR, Guo et al., AAAI 2022).
"""

import copy

import torch
from torch import Tensor, nn

from skel.models.stgcn import STGCN


class ReferenceBlock(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, stride: int, residual: bool, dropout: float) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels_in, 3 * channels_out, 1)
        self.temporal = nn.Sequential(
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Conv2d(channels_out, channels_out, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(channels_out),
            nn.Dropout(dropout),
        )
        self.residual: nn.Module | None = None
        if residual and stride == 1 and channels_in == channels_out:
            self.residual = nn.Identity()
        elif residual:
            self.residual = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, (stride, 1)), nn.BatchNorm2d(channels_out))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        B, _, T, V = x.shape
        y = torch.einsum("bkctv,kvw->bctw", self.mix(x).view(B, 3, -1, T, V), adjacency).contiguous()
        y = self.temporal(y)
        return torch.relu(y if self.residual is None else y + self.residual(x))


class ReferenceEncoder(nn.Module):
    """The same function as `network`, with a copy of its weights; clips (N, 3, T, V, M) to logits."""

    def __init__(self, network: STGCN, dropout: float = 0.5) -> None:
        super().__init__()
        network = copy.deepcopy(network)
        self.register_buffer("adjacency", network.adjacency)
        self.input_norm, self.head = network.input_norm, network.head
        self.blocks, self.importance = nn.ModuleList(), nn.ParameterList()
        for number, ours in enumerate(network.blocks):
            channels_out, channels_in = ours.temporal.in_channels, ours.graph.mix.in_channels // 3
            stride, has_residual = ours.temporal.stride[0], ours.residual is not None
            block = ReferenceBlock(channels_in, channels_out, stride, has_residual, dropout if number else 0.0)
            weight = ours.graph.mix.weight.view(channels_out, 3, channels_in).transpose(0, 1)
            block.mix.weight.data = weight.reshape(3 * channels_out, channels_in, 1, 1).clone()
            block.mix.bias.data = ours.graph.bias.detach().reshape(-1).clone()
            block.temporal[0], block.temporal[2], block.temporal[3] = ours.graph_norm, ours.temporal, ours.temporal_norm
            block.residual = ours.residual
            self.blocks.append(block)
            self.importance.append(ours.graph.importance)

    def feature_map(self, clips: Tensor) -> Tensor:
        N, C, T, V, M = clips.shape
        x = clips.permute(0, 4, 3, 1, 2).reshape(N * M, V * C, T)
        x = self.input_norm(x).view(N * M, V, C, T).permute(0, 2, 3, 1)
        for block, importance in zip(self.blocks, self.importance):
            x = block(x, self.adjacency * importance)
        return x

    def forward(self, clips: Tensor) -> Tensor:
        return self.head(self.feature_map(clips).mean(dim=(2, 3)).view(len(clips), clips.shape[4], -1).mean(dim=1))
