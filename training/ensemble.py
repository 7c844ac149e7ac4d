"""Several trained networks as one: their logits are weighted and summed (AimCLR's "3s": joint, bone and motion)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.models.stgcn import STGCN
from skel.models.streams import PUBLISHED_WEIGHTS
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.training.checkpoint import load_model


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Networks of the same classes and clips; one alone has weight 1.

    Attributes:
        temperature: for the summed logits: the weighted sum of the networks' own, which is the right one where they agree.
    """

    networks: tuple[STGCN, ...]
    weights: tuple[float, ...]
    classes: tuple[str, ...]
    clip: ClipConfig
    temperature: float

    def sum_of(self, logits: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """(N, K) of each network → (N, K)."""
        return np.asarray(sum(weight * part for weight, part in zip(self.weights, logits)), np.float32)


def load_ensemble(runs: Sequence[Path], weights: Sequence[float] = ()) -> Ensemble:
    """Read fine-tuned runs; without weights those published for their streams.

    `UserError` where a run has no classes, or runs and weights do not go together.
    """
    if not runs:
        raise UserError("--checkpoint needs at least one run")
    networks, cards = zip(*(load_model(run) for run in runs))
    for run, card in zip(runs, cards):
        if not card.classes:
            raise UserError(f"{run} is a pre-trained encoder without classes: fine-tune it first, or measure it by knn")
        if card.classes != cards[0].classes or card.clip != cards[0].clip:
            raise UserError(f"{run} was trained on other classes or clips than {runs[0]}: an ensemble needs the same")
    if weights and (len(weights) != len(runs) or not min(weights) > 0):
        raise UserError(f"--weights {' '.join(map(str, weights))}: give {len(runs)} positive numbers, one for each run")
    published = tuple(PUBLISHED_WEIGHTS[card.stream] for card in cards) if len(runs) > 1 else (1.0,)
    chosen = tuple(weights) or published
    temperature = sum(weight * card.temperature for weight, card in zip(chosen, cards))
    return Ensemble(networks, chosen, cards[0].classes, cards[0].clip, temperature)
