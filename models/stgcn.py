"""ST-GCN in the size that skeleton contrastive learning uses: 16 base channels, ten blocks, 256 features.

Yan et al., "Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition", AAAI 2018; the narrow
form is that of AimCLR (Guo et al., AAAI 2022). Shape letters: N clips, C channels, T frames, V joints, M bodies, K graph
partitions, B bodies of all clips in one row.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from skel.models.batch_norm import BatchNorm1d, BatchNorm2d, Dropout, is_shared, norm_relu
from skel.models.frequency import convolve
from skel.models.graph import EmptyBodies, spatial_adjacency
from skel.models.streams import Stream, stream_of
from skel.skeleton.layouts import NTU25, SkeletonLayout


class Output(NamedTuple):
    """What the network says of N clips."""

    logits: Tensor  # (N, classes)
    embedding: Tensor  # (N, features)


class GraphConv(nn.Module):
    """y[c', w] = Σ_k Σ_v (W_k x + b_k)[c', v] · (A_k ∘ importance_k)[v, w].

    Joints are mixed before channels: that is the same sum in another order, and cheaper since no block has fewer channels
    out than in. The bias then arrives multiplied by the column sums of A_k.
    """

    def __init__(self, channels_in: int, channels_out: int, partitions: int, joints: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(partitions * channels_in, channels_out, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(partitions, channels_out))
        self.importance = nn.Parameter(torch.ones(partitions, joints, joints))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C', T, V), in channels-last memory as all that the blocks pass on."""
        B, C, T, V = x.shape
        weighted = adjacency * self.importance  # (K, V, V)
        side_by_side = weighted.permute(2, 0, 1).reshape(-1, V)  # (V·K, V)
        # One small product a frame; `matmul` would copy x to make it a large one.
        joined = torch.bmm(side_by_side.expand(B * T, -1, -1), x.permute(0, 2, 3, 1).reshape(B * T, V, C))
        y = joined.view(B * T * V, len(adjacency) * C) @ self.mix.weight.flatten(1).t()  # (B·T·V, C')
        bias = weighted.sum(dim=1).t() @ self.bias  # (V, C')
        return (y.view(B, T, V, self.mix.out_channels) + bias).permute(0, 3, 1, 2)


class TemporalConv(nn.Conv2d):
    """A convolution over 9 frames, each joint by itself."""

    BY_FREQUENCY = 64
    """From so many channels on, training on a CPU takes less time by frequency: .4 of it forwards and backwards."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__(channels, channels, (9, 1), (stride, 1), (4, 0))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C, T/stride, V)."""
        plain = self.stride != (1, 1) or self.in_channels < self.BY_FREQUENCY or not self.training
        if plain or x.device.type != "cpu" or torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling():
            return super().forward(x)
        assert self.bias is not None
        return convolve(x, self.weight, self.bias)


class Block(nn.Module):
    """Graph convolution, then a convolution over 9 frames, with a residual."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        partitions: int,
        joints: int,
        stride: int = 1,
        dropout: float = 0.0,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.graph = GraphConv(channels_in, channels_out, partitions, joints)
        self.graph_norm = BatchNorm2d(channels_out)
        self.temporal = TemporalConv(channels_out, stride)
        self.temporal_norm = BatchNorm2d(channels_out)
        self.dropout = Dropout(dropout)
        self.residual: nn.Module | None
        if not residual:
            self.residual = None
        elif stride == 1 and channels_in == channels_out:
            self.residual = nn.Identity()
        else:
            self.residual = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, (stride, 1)), BatchNorm2d(channels_out))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(B, C, T, V) → (B, C', T/stride, V)."""
        y = norm_relu(self.graph_norm, self.graph(x, adjacency))
        residual = None if self.residual is None else self.residual(x)
        return norm_relu(self.temporal_norm, self.temporal(y), self.dropout, residual)


class STGCN(nn.Module):
    """Clips (N, 3, T, V, M) to logits and the embedding that they are made from.

    Args:
        layout: the joints and bones; gives V and the graph.
        channels: base width; the embedding has 16 times as many features.
        classes: size of the linear head; 0 = no head, and the logits are the embedding itself.
        dropout: after the temporal convolution of every block but the first.
        empty_bodies: an absent (all-zero) body either counts in the mean over bodies like any other (`keep`, the reference),
            or costs nothing and does not count (`skip`; a clip with no body at all embeds as zero).
        stream: what of the clips the blocks see; clips are always given as joints.
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        channels: int = 16,
        classes: int = 0,
        dropout: float = 0.5,
        empty_bodies: EmptyBodies = "skip",
        stream: Stream = "joint",
    ) -> None:
        super().__init__()
        self.layout, self.channels, self.classes = layout, channels, classes
        self.empty_bodies, self.stream = empty_bodies, stream
        self.features = 16 * channels
        adjacency = torch.from_numpy(spatial_adjacency(layout))
        self.register_buffer("adjacency", adjacency, persistent=False)
        self.adjacency: Tensor
        parts, joints, c = len(adjacency), len(layout), channels
        self.input_norm = BatchNorm1d(3 * joints)
        # (channels in, channels out, stride)
        plan = [(3, c, 1), *[(c, c, 1)] * 3, (c, 2 * c, 2), *[(2 * c, 2 * c, 1)] * 2]
        plan += [(2 * c, 4 * c, 2), (4 * c, 4 * c, 1), (4 * c, 16 * c, 1)]
        self.blocks = nn.ModuleList(
            Block(c_in, c_out, parts, joints, stride, dropout if i else 0.0, residual=i > 0)
            for i, (c_in, c_out, stride) in enumerate(plan)
        )
        self.head: nn.Module = nn.Linear(self.features, classes) if classes else nn.Identity()

    def split(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, T, V, M) → the bodies to compute (B, 3, T, V), and which of the (N, M) they are (bool, B of them true).

        Who is there is seen in the joints: the motion of somebody who stands still is zero, too.
        """
        N, C, T, V, M = clips.shape
        bodies = clips.permute(0, 4, 1, 2, 3).reshape(N * M, C, T, V)
        streamed = stream_of(bodies, self.stream, self.layout)
        if self.empty_bodies == "keep":
            return streamed, torch.ones(N, M, dtype=torch.bool, device=clips.device)
        present = bodies.abs().amax(dim=(1, 2, 3)) > 0  # (N·M,)
        # An exported graph has one shape: there absent bodies are computed too, and `pool` gives them no weight.
        skip = not torch.compiler.is_exporting() and not bool(present.all())
        return streamed[present] if skip else streamed, present.view(N, M)

    def feature_map(self, bodies: Tensor) -> Tensor:
        """The last block's output (B, features, T/4, V) for bodies (B, 3, T, V)."""
        B, C, T, V = bodies.shape
        x = bodies.permute(0, 3, 1, 2).reshape(B, V * C, T)
        x = self.input_norm(x).view(B, V, C, T).permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x, self.adjacency)
        return x

    def pool(self, feature_map: Tensor, present: Tensor) -> Tensor:
        """The mean over frames, joints and present bodies: (B, features, T', V), (N, M) → (N, features)."""
        N, M = present.shape
        # In this order the gradient, too, lies in channels-last memory.
        pooled = feature_map.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)  # (B, features)
        if len(pooled) != N * M:
            pooled = pooled.new_zeros(N * M, self.features).masked_scatter(present.view(-1, 1), pooled)
        weight = present[..., None].to(pooled.dtype)  # (N, M, 1)
        return (pooled.view(N, M, -1) * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)

    def embed(self, clips: Tensor) -> Tensor:
        """(N, 3, T, V, M) → (N, features)."""
        bodies, present = self.split(clips)
        if not len(bodies) and not is_shared():  # of several ranks each must take part in the batch's statistics
            return clips.new_zeros(len(clips), self.features)
        return self.pool(self.feature_map(bodies), present)

    def forward(self, clips: Tensor) -> Output:
        """(N, 3, T, V, M) → logits (N, classes) and embedding (N, features)."""
        embedding = self.embed(clips)
        return Output(self.head(embedding), embedding)


def initialise(network: nn.Module) -> None:
    """The reference's initial values: weights N(0, .02), normalisation scales N(1, .02), everything else 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
