"""New actions from a handful of examples, beside the classes that a model was trained on; the network stays as it is.

Nearest class mean in a space in which trained classes are round and equally wide, as in Mensink et al., "Distance-Based
Image Classification: Generalizing to New Classes at Near-Zero Cost", TPAMI 2013. docs/teaching.md says what it was measured
against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skel.models.statistics import EmbeddingStatistics

Array = npt.NDArray[np.floating[Any]]
Examples = Mapping[str, Sequence[Array]]
"""{action: its examples}; each example is one embedding (F,) or those of its windows (w, F)."""

SHRINKAGE = 0.1
TEMPERATURE = 8.0


class FewShotClassifier:
    """Extends a model's probabilities by those of taught actions.

    P(taught j | x) and P(not taught | x) follow from the distances of the embedding x to the means of the taught actions and
    of the trained classes; P(not taught) is shared among the trained classes as the network says. The order of those among
    themselves therefore never changes.

    Attributes:
        labels: the L taught actions.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        means: npt.NDArray[np.float64],
        whitening: npt.NDArray[np.float64],
        trained_means: npt.NDArray[np.float64],
    ) -> None:
        self.labels = labels
        self._whitening = whitening  # (F, F)
        self._means = means @ whitening.T  # (L, F)
        self._trained_means = trained_means @ whitening.T  # (K', F); none where the model says nothing of them

    @classmethod
    def fit(cls, examples: Examples, statistics: EmbeddingStatistics | None = None) -> Self:
        """From at least one example of each of one action or more (`ValueError` otherwise).

        Without `statistics` the examples' own scatter stands for that of all classes, in all directions alike, and what is
        further from every taught action than examples are from one another on average is not taught.
        """
        whole = {label: [np.atleast_2d(one).astype(np.float64) for one in given] for label, given in examples.items()}
        if not whole or not all(whole.values()):
            raise ValueError("every taught action needs an example")
        # Every example counts the same, however many windows it has.
        means = np.stack([np.mean([one.mean(axis=0) for one in given], axis=0) for given in whole.values()])
        if statistics is not None:
            return cls(tuple(whole), means, statistics.whitening(SHRINKAGE), statistics.means[statistics.counts > 0])
        scatter = np.concatenate([one - mean for given, mean in zip(whole.values(), means) for one in given])
        variance = max(float((scatter**2).mean()), 0.02 * float((means**2).mean()), 1e-12)  # one window has no scatter
        F = means.shape[1]
        return cls(tuple(whole), means, np.eye(F) / np.sqrt(variance), np.empty((0, F)))

    def extend(self, probabilities: Array, embeddings: Array) -> npt.NDArray[np.float64]:
        """The model's probabilities (N, K) and embeddings (N, F) → (N, K + L), trained classes first; rows sum to 1."""
        x = embeddings.astype(np.float64) @ self._whitening.T
        taught = _squares(x, self._means)  # (N, L)
        # Without trained means: twice the variance in each of the F directions, as between two examples of one action.
        trained = _squares(x, self._trained_means) if len(self._trained_means) else np.full((len(x), 1), 2.0 * x.shape[1])
        scores = -0.5 * np.concatenate([taught, trained], axis=1) / TEMPERATURE
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = shares[:, : len(self.labels)] / shares.sum(axis=1, keepdims=True)
        return np.concatenate([probabilities * (1 - shares.sum(axis=1, keepdims=True)), shares], axis=1)


def _squares(x: npt.NDArray[np.float64], means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Squared distances (N, n) of x (N, F) to means (n, F)."""
    return np.asarray((x**2).sum(axis=1)[:, None] - 2 * x @ means.T + (means**2).sum(axis=1))


@dataclass(frozen=True)
class TaughtReport:
    """How well one taught action is told from all others, each example judged by what is left without it.

    Attributes:
        label: the action.
        examples: how many there are.
        recognised: how many of them are named right; None where there is only one, which leaves nothing to judge it by.
        confused_with: the other action, taught or trained, that the examples are taken for most.
        confusion: the mean probability of that.
    """

    label: str
    examples: int
    recognised: int | None
    confused_with: str
    confusion: float


def leave_one_out(
    examples: Examples, probabilities: Examples, trained: Sequence[str], statistics: EmbeddingStatistics | None = None
) -> tuple[TaughtReport, ...]:
    """A report for each action of `examples`.

    Args:
        examples: embeddings (w, F) of each example.
        probabilities: what the model says of the same windows, (w, K) each.
        trained: the model's K labels.
        statistics: as for `FewShotClassifier.fit`.
    """
    reports = []
    for label, given in examples.items():
        rows: list[dict[str, float]] = []
        for left_out in range(len(given)):
            rest = {**examples, label: [*given[:left_out], *given[left_out + 1 :]]}
            rest = {name: those for name, those in rest.items() if those}
            p = np.atleast_2d(probabilities[label][left_out])
            names = tuple(trained)
            if rest:
                classifier = FewShotClassifier.fit(rest, statistics)
                p, names = classifier.extend(p, np.atleast_2d(given[left_out])), (*names, *classifier.labels)
            rows.append(dict(zip(names, p.mean(axis=0).tolist())))
        right = sum(max(row, key=row.__getitem__) == label for row in rows) if len(given) > 1 else None
        others = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != label}
        worst = max(others, key=others.__getitem__)
        reports.append(TaughtReport(label, len(given), right, worst, others[worst]))
    return tuple(reports)
