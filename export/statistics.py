"""What taught actions are compared with: how a model's own training clips lie in its embedding."""

import numpy as np

from skel.models.runtime import OnnxModel
from skel.models.statistics import EmbeddingStatistics
from skel.training.dataset import ClipSet

CLIPS_A_CLASS = 50
"""Drawn where there are more: means and a pooled covariance do not gain from thousands."""


def embedding_statistics(model: OnnxModel, data: ClipSet, seed: int = 0) -> EmbeddingStatistics | None:
    """Of clips in the model's classes; None where no class has two that differ."""
    order = np.random.default_rng(seed).permutation(len(data))
    drawn = [order[data.labels[order] == k][:CLIPS_A_CLASS] for k in range(len(data.classes))]
    chosen = np.sort(np.concatenate(drawn))
    if not len(chosen):
        return None
    _, embeddings = model(data.clips[chosen])
    try:
        return EmbeddingStatistics.estimate(embeddings, data.labels[chosen], len(data.classes))
    except ValueError:
        return None
