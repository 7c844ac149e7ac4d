"""What the contrastive methods share: a query encoder, a key encoder that follows it, and a queue of remembered keys.

Momentum contrast: He et al., "Momentum Contrast for Unsupervised Visual Representation Learning", CVPR 2020. Shape letters
as in `skel.models.stgcn`; D = size of the projection, Q = size of the queue.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from skel.models.stgcn import STGCN, initialise
from skel.training.methods.config import MomentumConfig


class Branch(nn.Module):
    """An encoder and the two-layer head that is thrown away after pre-training."""

    def __init__(self, encoder: STGCN, projection: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.project = nn.Sequential(
            nn.Linear(encoder.features, encoder.features), nn.ReLU(), nn.Linear(encoder.features, projection)
        )

    def forward(self, clips: Tensor) -> Tensor:
        """(N, 3, T, V, M) → unit vectors (N, D)."""
        return self.direction(self.encoder.embed(clips))

    def direction(self, embedding: Tensor) -> Tensor:
        """(N, features) → unit vectors (N, D), float32 whatever the encoder computes in."""
        return F.normalize(self.project(embedding).float(), dim=1)


class MomentumContrast(nn.Module):
    """Two branches and the queue; a method adds its views and its loss."""

    queue: Tensor
    queue_position: Tensor

    def __init__(
        self, encoder: STGCN, config: MomentumConfig, clip_count: int, batch_size: int, kind: type[Branch] = Branch
    ) -> None:
        super().__init__()
        self.momentum = config.momentum
        self.query = kind(encoder, config.projection)
        if config.initial_values == "published":
            initialise(self.query)
        self.key = copy.deepcopy(self.query)
        self.key.requires_grad_(False)
        size = config.queue_size or min(32768, max(clip_count // batch_size, 1) * batch_size)
        queue = F.normalize(torch.randn(config.projection, size), dim=0)
        self.register_buffer("queue", queue)  # (D, Q), a unit vector a column
        self.register_buffer("queue_position", torch.zeros((), dtype=torch.long))

    @property
    def encoder(self) -> STGCN:
        """What pre-training is for."""
        return self.query.encoder

    def compile_encoders(self) -> None:
        """Have torch compile the encoders; the first steps take minutes."""
        for branch in (self.query, self.key):
            branch.encoder.feature_map = torch.compile(branch.encoder.feature_map)  # type: ignore[method-assign]

    @torch.no_grad()
    def follow(self) -> None:
        """Move the key encoder towards the query encoder."""
        for key, query in zip(self.key.parameters(), self.query.parameters()):
            key.lerp_(query, 1 - self.momentum)

    def with_own_key(self, q: Tensor, k: Tensor) -> Tensor:
        """(N, 1 + Q): similarity of q (N, D) with its own key k (N, D) first, then with the queue."""
        with torch.autocast(q.device.type, enabled=False):  # differences in the third digit decide between neighbours
            return torch.cat([(q * k).sum(dim=1, keepdim=True), q @ self.queue], dim=1)

    @torch.no_grad()
    def remember(self, keys: Tensor) -> None:
        """Write the keys (N, D) of all ranks over the oldest entries of the queue."""
        size = self.queue.shape[1]
        columns = (self.queue_position + torch.arange(len(keys), device=keys.device)) % size
        # Cloned, since the loss still needs the queue as it was for its gradient.
        queue = self.queue.clone()
        queue[:, columns] = keys.t()
        self.queue = queue
        self.queue_position = (self.queue_position + len(keys)) % size


def only_present(clips: Tensor, *views: Tensor) -> tuple[Tensor, ...]:
    """The views (N, 3, T, V, M), zero for bodies that are absent from the clips: noise must not call one into being."""
    present = clips.abs().amax(dim=(1, 2, 3), keepdim=True) > 0
    return tuple(view * present for view in views)
