"""Classes that two people do together: who is whose partner, and what the clips of one and of two say together."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

REACH_M = 2.0
"""Whose body centre is farther away is no partner."""

_TINY = np.finfo(np.float64).tiny

Array = npt.NDArray[np.float64]


def nearest_partners(centres_m: Mapping[int, Array], reach_m: float = REACH_M) -> dict[int, int]:
    """For the bodies whose centre (3,) has another one within reach, the nearest other one; NaN is out of reach."""
    partners = {}
    for body, centre_m in centres_m.items():
        away_m = {other: float(np.linalg.norm(at_m - centre_m)) for other, at_m in centres_m.items() if other != body}
        near_m = {other: metres for other, metres in away_m.items() if metres <= reach_m}
        if near_m:
            partners[body] = min(near_m, key=lambda other: near_m[other])
    return partners


class PairClasses:
    """Which of the labels are pair classes, and how the probabilities of a solo clip and a pair clip become one.

    A clip of one person cannot show what two do, and a model that has seen mutual actions with two people only would guess.
    So the pair classes take their probabilities from the clip of the person with the partner, and the others share the rest
    in the proportions of the clip of the person alone. Without a partner nothing is left to the pair classes.
    """

    def __init__(self, labels: Sequence[str], pair_labels: Sequence[str]) -> None:
        self._is_pair = np.isin(labels, pair_labels)

    def __bool__(self) -> bool:
        return bool(self._is_pair.any())

    @property
    def are_all(self) -> bool:
        """Whether there is nothing that one person does alone."""
        return bool(self._is_pair.all())

    def fused(self, solo: Array, pair: Array | None) -> Array:
        """(K,) from the probabilities (K,) of the solo clip and of the pair clip; None = nobody is near."""
        together = np.where(self._is_pair, 0.0 if pair is None else pair, 0.0)
        alone = np.where(self._is_pair, 0.0, solo + _TINY)  # even where the model saw nothing but two people
        return np.asarray(together + alone * ((1 - together.sum()) / max(alone.sum(), _TINY)))
