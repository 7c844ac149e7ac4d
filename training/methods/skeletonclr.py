"""SkeletonCLR: two normal views of a clip should agree more than with anything remembered.

Li et al., "3D Human Action Representation Learning via Cross-View Consistency Pursuit", CVPR 2021, section 3.1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from skel.models.stgcn import STGCN
from skel.training.augment import Views
from skel.training.methods.config import SkeletonCLRConfig
from skel.training.methods.momentum import MomentumContrast, only_present
from skel.training.ranks import gathered, own_part


class SkeletonCLR(MomentumContrast):
    """One pre-training step: `losses` of a batch; the key encoder and the queue move on as it is computed."""

    def __init__(self, encoder: STGCN, config: SkeletonCLRConfig, clip_count: int, batch_size: int) -> None:
        super().__init__(encoder, config, clip_count, batch_size)
        self.config = config

    def losses(self, clips: Tensor, epoch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw two views of a batch of clips (N, 3, T, V, M) and compare them; 'loss' is what to minimise."""
        views = Views(self.encoder.layout, self.config.views, generator)
        normal, for_key = views.normal(clips), views.normal(clips)
        if self.encoder.empty_bodies == "skip":
            normal, for_key = only_present(clips, normal, for_key)
        own = own_part(len(clips))
        return {"loss": self.compare(normal[own], for_key[own])}

    def compare(self, normal: Tensor, for_key: Tensor) -> Tensor:
        """InfoNCE of two views of the same clips."""
        q = self.query(normal)
        self.follow()
        with torch.no_grad():
            k = self.key(for_key)
        logits = self.with_own_key(q, k) / self.config.temperature
        self.remember(gathered(k))
        return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long, device=q.device))
