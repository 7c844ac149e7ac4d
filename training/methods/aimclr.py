"""AimCLR: contrastive learning from extreme augmentations, with attention-guided drop and nearest-neighbour mining.

Guo et al., "Contrastive Learning from Extremely Augmented Skeleton Sequences for Self-supervised Action Recognition",
AAAI 2022. Shape letters as in `skel.models.stgcn`; D = size of the projection, Q = size of the queue.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from skel.models.batch_norm import is_shared, summed
from skel.models.stgcn import STGCN
from skel.training.augment import Views
from skel.training.methods.config import AimCLRConfig
from skel.training.methods.momentum import Branch, MomentumContrast, only_present
from skel.training.ranks import gathered, own_part


class DropBranch(Branch):
    """A branch that can also look at what the attention-guided drop leaves of its feature map."""

    def with_drop(self, clips: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
        """The unit vectors (N, D) of the whole feature map, and of what the attention-guided drop leaves of it."""
        bodies, present = self.encoder.split(clips)
        feature_map = self.encoder.feature_map(bodies)
        dropped = attention_guided_drop(feature_map, threshold)
        whole, rest = (self.direction(self.encoder.pool(x, present)) for x in (feature_map, dropped))
        return whole, rest


class AimCLR(MomentumContrast):
    """One pre-training step: `losses` of a batch; the key encoder and the queue move on as it is computed."""

    query: DropBranch

    def __init__(self, encoder: STGCN, config: AimCLRConfig, clip_count: int, batch_size: int) -> None:
        super().__init__(encoder, config, clip_count, batch_size, DropBranch)
        self.config = config

    def losses(self, clips: Tensor, epoch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw the three views of a batch of clips and compare them; 'loss' is what to minimise."""
        views = Views(self.encoder.layout, self.config.views, generator)
        extreme, normal, for_key = views.extreme(clips), views.normal(clips), views.normal(clips)
        if self.encoder.empty_bodies == "skip":
            extreme, normal, for_key = only_present(clips, extreme, normal, for_key)
        own = own_part(len(clips))
        return self.compare(extreme[own], normal[own], for_key[own], mine=epoch >= self.config.mining_from_epoch)

    def compare(self, extreme: Tensor, normal: Tensor, for_key: Tensor, mine: bool) -> dict[str, Tensor]:
        """The losses of three views (N, 3, T, V, M) of the same clips; moves the key encoder and the queue on."""
        config = self.config
        q = self.query(normal)
        q_extreme, q_drop = self.query.with_drop(extreme, config.drop_threshold)
        self.follow()
        with torch.no_grad():
            k = self.key(for_key)

        logits, logits_extreme, logits_drop = (self.with_own_key(x, k) / config.temperature for x in (q, q_extreme, q_drop))
        if mine:
            positive = self._positives(logits, logits_extreme, logits_drop)
            log_p = F.log_softmax(logits, dim=1)
            info = -((log_p * positive).sum(dim=1) / positive.sum(dim=1)).mean()
        else:
            info = F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long, device=q.device))
        # D3M: the extreme views' similarity distributions follow that of the normal view.
        p = logits.detach().softmax(dim=1)
        d3m_extreme, d3m_drop = (-(p * F.log_softmax(x, dim=1)).sum(dim=1).mean() for x in (logits_extreme, logits_drop))
        self.remember(gathered(k))
        return {
            "loss": info + (d3m_extreme + d3m_drop) / 2,
            "info": info.detach(),
            "d3m_extreme": d3m_extreme.detach(),
            "d3m_drop": d3m_drop.detach(),
        }

    @torch.no_grad()
    def _positives(self, *logits: Tensor) -> Tensor:
        """(N, 1 + Q) of 0 and 1: the own key and the nearest queue entries of each view."""
        positive = torch.zeros_like(logits[0])
        positive[:, 0] = 1
        for x in logits:
            nearest = x[:, 1:].topk(min(self.config.neighbours, x.shape[1] - 1), dim=1).indices + 1
            positive.scatter_(1, nearest, 1)
        return positive


def attention_guided_drop(feature_map: Tensor, threshold: float, weight: float = 1e-4) -> Tensor:
    """Remove the joints and elements that the network attends to most, and scale up what is left (EADM).

    Args:
        feature_map: (B, C, T, V).
        threshold: attention, 0..1, from which on a joint (by its mean) or an element is dropped.
        weight: regulariser λ of the attention.

    Returns:
        (B, C, T, V). Where everything would be dropped, nothing is (the reference divides by zero there).
    """
    return feature_map * _drop_weights(feature_map, threshold, weight)


@torch.no_grad()
def _drop_weights(x: Tensor, threshold: float, weight: float) -> Tensor:
    """What the drop multiplies each element with: zero, or the product of both rescales (in place: large tensors)."""
    T, V = x.shape[2:]
    x = x.float()
    squared = (x - x.mean(dim=(2, 3), keepdim=True)).square_()
    spread = 4 * (squared.sum(dim=(2, 3), keepdim=True) / (T * V - 1) + weight)
    attention = squared.div_(spread).add_(0.5).sigmoid_()
    joints = (attention.mean(dim=(1, 2), keepdim=True) < threshold).to(x.dtype)  # (B, 1, 1, V)
    elements = (attention < threshold).to(x.dtype)
    return _rescaled(elements).mul_(_rescaled(joints))


def _rescaled(mask: Tensor) -> Tensor:
    """The mask of 0 and 1 divided by its mean; all ones where it keeps nothing."""
    kept = mask.mean()
    if is_shared():  # of the whole batch; ranks may have different numbers of bodies
        total = summed(torch.stack([kept * mask.numel(), kept.new_tensor(mask.numel())]).double())
        kept = (total[0] / total[1]).float()
    return mask.mul_(1 / kept.clamp(min=1e-12)).add_(kept == 0)
