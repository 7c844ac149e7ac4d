"""One or several trained networks as one graph: raw clips in, the weighted sum of their logits out."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from skel.export.folding import FoldedEncoder
from skel.models.stgcn import STGCN


class Ensemble(nn.Module):
    """The networks as trained, run one after the other: what an exported file is compared with.

    logits = Σ weight · logits of each; embedding = those of the networks one after the other, in their order.
    """

    def __init__(self, networks: Sequence[STGCN], weights: Sequence[float]) -> None:
        super().__init__()
        self.networks, self.weights = nn.ModuleList(networks), tuple(weights)
        self.eval()

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, T, V, M) → logits (N, classes), embedding (N, features of all)."""
        outputs = [network(clips) for network in self.networks]
        logits = torch.stack([weight * output.logits for weight, output in zip(self.weights, outputs)]).sum(dim=0)
        return logits, torch.cat([output.embedding for output in outputs], dim=1)


class Deployable(nn.Module):
    """The same function for export: folded encoders over the bodies given, one linear layer for all heads.

    A clip may hold fewer bodies than `max_bodies`: absent ones have no weight, or, where they count like any other, their
    pooled features are the constant `absent`, worked out here.
    """

    absent: Tensor

    @torch.no_grad()
    def __init__(self, networks: Sequence[STGCN], weights: Sequence[float], frames: int, max_bodies: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(FoldedEncoder(network) for network in networks)
        self.absent_counts = networks[0].empty_bodies == "keep"
        self.frames, self.max_bodies = frames, max_bodies
        heads = [cast(nn.Linear, network.head) for network in networks]
        self.head = nn.Linear(sum(network.features for network in networks), networks[0].classes)
        self.head.weight.copy_(torch.cat([weight * head.weight for weight, head in zip(weights, heads)], dim=1))
        self.head.bias.copy_(torch.stack([weight * head.bias for weight, head in zip(weights, heads)]).sum(dim=0))
        nobody = torch.zeros(1, 3, frames, len(networks[0].layout))
        self.register_buffer("absent", self._pooled(nobody)[0])  # (features of all,)
        self.eval()

    def convolve_by_frequency(self) -> None:
        """The same function, faster in float32 on a CPU; 8-bit arithmetic and TensorRT want the convolutions as such."""
        for encoder in self.encoders:
            cast(FoldedEncoder, encoder).convolve_by_frequency(self.frames)

    def _pooled(self, bodies: Tensor) -> Tensor:
        return torch.cat([encoder(bodies) for encoder in self.encoders], dim=1)

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, T, V, M' ≤ M) → logits (N, classes), embedding (N, features of all)."""
        N, C, T, V, M = clips.shape
        bodies = clips.permute(0, 4, 1, 2, 3).reshape(N * M, C, T, V)
        pooled = self._pooled(bodies).view(N, M, -1)
        if self.absent_counts:
            embedding = (pooled.sum(dim=1) + (self.max_bodies - M) * self.absent) / self.max_bodies
        else:
            present = (bodies.abs().amax(dim=(1, 2, 3)) > 0).view(N, M, 1).to(pooled.dtype)
            embedding = (pooled * present).sum(dim=1) / present.sum(dim=1).clamp(min=1)
        return self.head(embedding), embedding
