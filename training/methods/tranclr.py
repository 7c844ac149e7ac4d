"""Transitional anchors: clips between two clips should be encoded between them. Our re-implementation of TranCLR.

Feng et al., "Beyond Binary Contrast: Modeling Continuous Skeleton Action Spaces with Transitional Anchors", CVPR 2026; their
code is not public, so every choice below that the paper leaves open is ours. One term is added: the anchor between two views
is also told apart from the memory (InfoNCE). Without it the embeddings of small sets stay alike, since similarities to a
memory of like entries align by themselves. Shape letters as in `skel.models.stgcn`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from skel.models.stgcn import STGCN
from skel.skeleton.layouts import SkeletonLayout
from skel.training.augment import Views
from skel.training.methods.config import TranCLRConfig
from skel.training.methods.momentum import MomentumContrast, only_present
from skel.training.ranks import gathered, own_part


class TranCLR(MomentumContrast):
    """One pre-training step: `losses` of a batch; the key encoder and the queue move on as it is computed."""

    parts: Tensor

    def __init__(self, encoder: STGCN, config: TranCLRConfig, clip_count: int, batch_size: int) -> None:
        super().__init__(encoder, config, clip_count, batch_size)
        self.config = config
        self.register_buffer("parts", body_parts(encoder.layout), persistent=False)  # (5, V)

    def losses(self, clips: Tensor, epoch: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw views and anchors of a batch of clips (N, 3, T, V, M) and compare them; 'loss' is what to minimise."""
        views = Views(self.encoder.layout, self.config.views, generator)
        first, second = views.normal(clips), views.normal(clips)
        if self.encoder.empty_bodies == "skip":
            first, second = only_present(clips, first, second)
        N = len(clips)
        other = torch.randperm(N, generator=generator, device=clips.device)
        mirrored = torch.arange(N - 1, -1, -1, device=clips.device)

        between_views, share_views = self._anchor(first, second, generator)
        between_clips, share_clips = self._anchor(second, second[other], generator)
        cross, share_1 = self._anchor(first, first[mirrored], generator)
        # Both anchors of a pair are made alike: what one has of its own clip, the other has of it in place of the rest.
        pair = torch.minimum(mirrored, mirrored.flip(0))
        cross_key, share_2 = self._anchor(second, second[mirrored], generator, pair)

        own = own_part(N)
        queries = torch.cat([between_views[own], between_clips[own], cross[own]])
        q_views, q_clips, q_cross = self.query(queries).chunk(3)
        self.follow()
        with torch.no_grad():
            # The other clip of a pair may be another rank's.
            own_keys = self.key(torch.cat([first[own], second[own], cross_key[own]])).chunk(3)
            k_first, k_second, k_cross = (gathered(keys) for keys in own_keys)
        kinship = kinship_share(share_1, share_2)
        target = F.normalize(_between(k_first, k_second, share_views), dim=1)[own]
        logits = self.with_own_key(q_views, target) / self.config.contrast_temperature
        contrast = F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=clips.device))
        intra = self._alignment(q_views, target)
        inter = self._alignment(q_clips, _between(k_second, k_second[other], share_clips)[own])
        crossed = self._alignment(q_cross, _between(k_cross, k_cross[mirrored], kinship)[own])
        self.remember(k_second)
        return {
            "loss": intra + inter + crossed + self.config.contrast * contrast,
            "contrast": contrast.detach(),
            "intra": intra.detach(),
            "inter": inter.detach(),
            "cross": crossed.detach(),
        }

    def _anchor(self, x: Tensor, y: Tensor, generator: torch.Generator, pair: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A clip between x and y for each of the N, and the share (N,) of x in it.

        Rows of the same number in `pair` (N,) are made alike; left out, each is made in its own way.
        """
        N, config = len(x), self.config
        rows = torch.arange(N, device=x.device) if pair is None else pair
        mixed, mixed_share = mix(x, y, torch.rand(N, generator=generator, device=x.device)[rows])
        placed, placed_share = place(x, y, self.parts, config, generator, rows)
        whole = (torch.rand(N, generator=generator, device=x.device) < config.global_share)[rows]
        return torch.where(whole.view(-1, 1, 1, 1, 1), mixed, placed), torch.where(whole, mixed_share, placed_share)

    def _alignment(self, q: Tensor, target: Tensor) -> Tensor:
        """KL divergence between how the target and how q, (N, D) both, resemble the memory's keys nearest to the target."""
        with torch.autocast(q.device.type, enabled=False):
            similarity, of_query = target @ self.queue, q @ self.queue  # (N, Q)
        count = min(self.config.neighbours, self.queue.shape[1])
        nearest = similarity.topk(count, dim=1)
        wanted = (nearest.values / self.config.target_temperature).softmax(dim=1)
        got = of_query.gather(1, nearest.indices) / self.config.temperature
        return F.kl_div(F.log_softmax(got, dim=1), wanted, reduction="batchmean")


def _between(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """share · a + (1 − share) · b for rows of (N, D)."""
    return torch.lerp(b, a, share[:, None])


def mix(x: Tensor, y: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """share · x + (1 − share) · y where both have a body; a body that only one of them has stays as it is."""
    return _where_both(x, y, torch.lerp(y, x, share.view(-1, 1, 1, 1, 1))), share


def _where_both(x: Tensor, y: Tensor, between: Tensor) -> Tensor:
    """`between` where both x and y have a body; one that only one of them has stays as it is, whole."""
    absent_x, absent_y = (z.abs().amax(dim=(1, 2, 3), keepdim=True) == 0 for z in (x, y))
    return torch.where(absent_x, y, torch.where(absent_y, x, between))


def place(
    x: Tensor, y: Tensor, parts: Tensor, config: TranCLRConfig, generator: torch.Generator, rows: Tensor
) -> tuple[Tensor, Tensor]:
    """Put some parts of the body, over some frames, from x into y; the share (N,) is that of what comes from x.

    `parts` (P, V) says which joints belong to which part, `rows` (N,) whose random numbers each row takes. A body that only
    one of the two has stays as it is.
    """
    N, C, T, V, M = x.shape

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(N, 1, generator=generator, device=x.device)[rows]

    span = (T * uniform(*config.span_share)).round().clamp(1, T)  # (N, 1), in frames
    begin = (uniform(0, 1) * (T - span + 1)).floor().clamp(max=T - 1)
    taken = (span * uniform(*config.stretch)).clamp(1, T)
    source = uniform(0, 1) * (T - taken)
    frames = torch.arange(T, device=x.device, dtype=x.dtype)
    inside = (frames >= begin) & (frames < begin + span)  # (N, T)
    position = (source + (frames - begin + 0.5) / span * taken - 0.5).clamp(0, T - 1)
    left = position.floor().clamp(max=max(T - 2, 0)).long()
    flat = x.reshape(N, C, T, V * M)

    def at(index: Tensor) -> Tensor:
        return flat.gather(2, index[:, None, :, None].expand_as(flat))

    weight = (position - left)[:, None, :, None]
    resized = torch.lerp(at(left), at((left + 1).clamp(max=T - 1)), weight).view_as(x)

    count = torch.randint(config.parts[0], config.parts[1] + 1, (N, 1), generator=generator, device=x.device)[rows]
    rank = torch.rand(N, len(parts), generator=generator, device=x.device)[rows].argsort(dim=1).argsort(dim=1)
    joints = ((rank < count).to(parts.dtype) @ parts) > 0  # (N, V)
    mask = inside[:, :, None] & joints[:, None, :]  # (N, T, V)
    placed = torch.where(mask[:, None, :, :, None], resized, y)
    return _where_both(x, y, placed), mask.float().mean(dim=(1, 2))


def kinship_share(share_1: Tensor, share_2: Tensor) -> Tensor:
    """How much of an anchor's kinship with another of the same pair is straight, not crossed; shares (N,) in 0..1."""
    straight = torch.minimum(share_1, share_2) + torch.minimum(1 - share_1, 1 - share_2)
    crossed = torch.minimum(share_1, 1 - share_2) + torch.minimum(1 - share_1, share_2)
    return straight / (straight + crossed)


def body_parts(layout: SkeletonLayout) -> Tensor:
    """(5, V) of 0 and 1: left arm, right arm, left leg, right leg, and everything else."""
    limbs = ("Shoulder", "Elbow", "Wrist", "Hand", "Thumb"), ("Hip", "Knee", "Ankle", "Foot")
    rows = [
        [float(joint.startswith(side) and any(word in joint for word in limb)) for joint in layout.joints]
        for limb in limbs
        for side in ("Left", "Right")
    ]
    parts = torch.tensor(rows)
    return torch.cat([parts, 1 - parts.sum(dim=0, keepdim=True)])
