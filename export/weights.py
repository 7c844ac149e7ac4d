"""How much each stream's logits count in the sum."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from skel.models.streams import PUBLISHED_WEIGHTS, Stream
from skel.skeleton.errors import UserError


def given_weights(words: Sequence[str], streams: Sequence[Stream]) -> tuple[float, ...]:
    """`published`, or one positive number a stream; `UserError` otherwise."""
    if list(words) == ["published"]:
        return tuple(PUBLISHED_WEIGHTS[stream] for stream in streams)
    try:
        weights = tuple(float(word) for word in words)
    except ValueError:
        weights = ()
    if len(weights) != len(streams) or not all(np.isfinite(weight) and weight > 0 for weight in weights):
        raise UserError(
            f"--weights {' '.join(words)}: give published, fitted, or {len(streams)} positive numbers, one for each run"
        )
    return weights


def fitted_weights(
    logits: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], streams: Sequence[Stream]
) -> tuple[float, ...]:
    """The weights under which the summed logits (S, N, K) of S streams give the labels (N,) the highest likelihood.

    The logarithms of the weights have a normal prior of width 1 around the published ones: few clips, or clips that are all
    told apart, leave them near there. Since the likelihood is that of softmax, the sum needs no temperature.
    """
    x, y = torch.from_numpy(logits).double(), torch.from_numpy(labels)
    prior = torch.tensor([PUBLISHED_WEIGHTS[stream] for stream in streams], dtype=torch.float64).log()
    logarithms = prior.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([logarithms], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        summed = torch.einsum("s,snk->nk", logarithms.exp(), x)
        total = F.cross_entropy(summed, y, reduction="sum") + ((logarithms - prior) ** 2).sum() / 2
        total.backward()
        return total

    optimiser.step(loss)
    return tuple(logarithms.detach().exp().tolist())
