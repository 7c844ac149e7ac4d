"""The baseline of `step.py`: one pre-training step of AimCLR written plainly, as the published implementation computes it.

Guo et al., AAAI 2022: three passes through the encoder, `nn.Dropout`, the attention-guided drop, a copy of the queue for
each of the three similarities.
"""

import copy

import torch
import torch.nn.functional as F
from reference_encoder import ReferenceEncoder
from torch import Tensor, nn

from skel.training.methods.aimclr import AimCLR


class ReferenceStep(nn.Module):
    """Takes copies of the weights and of the queue of `method`."""

    def __init__(self, method: AimCLR) -> None:
        super().__init__()
        self.config = method.config
        self.query, self.key = (ReferenceEncoder(branch.encoder) for branch in (method.query, method.key))
        self.project, self.key_project = (copy.deepcopy(branch.project) for branch in (method.query, method.key))
        for parameter in (*self.key.parameters(), *self.key_project.parameters()):
            parameter.requires_grad = False
        self.register_buffer("queue", method.queue.clone())
        self.position = 0

    def drop(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(2, 3), keepdim=True)
        squared = (x - mean).pow(2)
        variance = squared.sum(dim=(2, 3), keepdim=True) / (x.shape[2] * x.shape[3] - 1)
        attention = torch.sigmoid(squared / (4 * (variance + 1e-4)) + 0.5)
        joints = (attention.mean(dim=(1, 2)) < self.config.drop_threshold).float()[:, None, None, :]
        elements = (attention < self.config.drop_threshold).float()
        x = x * joints * joints.numel() / joints.sum()
        return x * elements * elements.numel() / elements.sum()

    def embed(self, feature_map: Tensor, bodies: int) -> Tensor:
        pooled = F.avg_pool2d(feature_map, feature_map.shape[2:])
        return F.normalize(self.project(pooled.view(-1, bodies, pooled.shape[1]).mean(dim=1)), dim=1)

    def forward(self, extreme: Tensor, normal: Tensor, for_key: Tensor) -> Tensor:
        bodies, temperature = normal.shape[4], self.config.temperature
        q = F.normalize(self.project(self.query(normal)), dim=1)
        feature_map = self.query.feature_map(extreme)
        q_extreme, q_drop = self.embed(feature_map, bodies), self.embed(self.drop(feature_map), bodies)
        with torch.no_grad():
            moving = zip((self.query, self.project), (self.key, self.key_project))
            for query, key in moving:
                for ours, theirs in zip(query.parameters(), key.parameters()):
                    theirs.data = theirs.data * self.config.momentum + ours.data * (1 - self.config.momentum)
            k = F.normalize(self.key_project(self.key(for_key)), dim=1)
        logits = []
        for x in (q, q_extreme, q_drop):
            own = torch.einsum("nc,nc->n", x, k).unsqueeze(-1)
            others = torch.einsum("nc,ck->nk", x, self.queue.clone().detach())
            logits.append(torch.cat([own, others], dim=1) / temperature)
        info = F.cross_entropy(logits[0], torch.zeros(len(q), dtype=torch.long, device=q.device))
        p = torch.softmax(logits[0], dim=1).detach()
        d3m = [-torch.mean(torch.sum(torch.log(torch.softmax(x, dim=1)) * p, dim=1)) for x in logits[1:]]
        with torch.no_grad():
            self.queue[:, self.position : self.position + len(k)] = k.T
            self.position = (self.position + len(k)) % self.queue.shape[1]
        return info + (d3m[0] + d3m[1]) / 2
