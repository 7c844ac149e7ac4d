"""New actions from a handful of examples, beside the classes that a model was trained on; the network stays as it is.

Linear discriminant analysis, that is the nearest class mean after whitening with a pooled covariance: Mensink et al.,
"Distance-Based Image Classification: Generalizing to New Classes at Near-Zero Cost", TPAMI 2013. docs/teaching.md says what
it was measured against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skel.models.statistics import EmbeddingStatistics

Array = npt.NDArray[np.floating[Any]]
Floats = npt.NDArray[np.float64]
Examples = Mapping[str, Sequence[Array]]
"""{action: its examples}; each example is one embedding (F,) or those of its windows (w, F)."""

SHRINKAGE = 0.3
"""Of the pooled covariance towards a sphere."""
TEMPERATURE = 16.0
"""Squared distances are divided by it: 256 features are by far not as independent as a Gaussian takes them to be."""

_REACH = 1.25  # of squared distances


class FewShotClassifier:
    """Extends a model's probabilities by those of taught actions.

    How probable each taught action is, and that it is none of them, follows from the distances of an embedding to the means
    of the taught actions and of the trained classes. What is left is shared among the trained classes as the network says:
    their order among themselves never changes.

    Attributes:
        labels: the L taught actions.
    """

    labels: tuple[str, ...]

    def __init__(self, labels: tuple[str, ...], weights: Floats, biases: Floats, surroundings: float = 0.0) -> None:
        """Scores are x @ weights (F, L + n) + biases (L + n,), of the taught actions and then of the n ≥ 1 alternatives.

        To the last one's `surroundings` · |x|² is added.
        """
        self.labels = labels
        self._weights, self._biases, self._surroundings = weights, biases, surroundings

    @classmethod
    def fit(cls, examples: Examples, statistics: EmbeddingStatistics | None = None) -> Self:
        """From at least one example of each of one action or more (`ValueError` otherwise).

        The covariance is pooled: the trained classes', and of each action with two examples or more its own, which counts as
        one class. Means of few examples are off, and so further from everything than the true ones: this is taken off their
        squared distances. Without `statistics` the examples' own scatter stands for that of all classes, in all directions
        alike, and what is a quarter further from every taught action than its examples are on average is none of them.
        """
        whole = {label: [np.atleast_2d(one).astype(np.float64) for one in given] for label, given in examples.items()}
        if not whole or not all(whole.values()):
            raise ValueError("every taught action needs an example")
        # Every example counts the same, however many windows it has.
        means = np.stack([np.mean([one.mean(axis=0) for one in given], axis=0) for given in whole.values()])
        counts = np.array([len(given) for given in whole.values()])
        scatters = [_scatter(given, mean) for given, mean in zip(whole.values(), means) if len(given) > 1]
        if statistics is None:
            return cls._alone(tuple(whole), means, scatters)
        known = statistics.counts > 0
        trained = np.count_nonzero(known)
        pooled = (trained * statistics.covariance() + sum(scatters)) / (trained + len(scatters))
        F = len(pooled)
        inverse = np.linalg.inv((1 - SHRINKAGE) * pooled + SHRINKAGE * np.trace(pooled) / F * np.eye(F))
        means = np.concatenate([means, statistics.means[known]])
        counts = np.concatenate([counts, statistics.counts[known]])
        weights = inverse @ means.T
        biases = -0.5 * ((means.T * weights).sum(axis=0) - (inverse * pooled).sum() / counts)
        return cls(tuple(whole), weights / TEMPERATURE, biases / TEMPERATURE)

    @classmethod
    def _alone(cls, labels: tuple[str, ...], means: Floats, scatters: Sequence[Floats]) -> Self:
        """Where nothing is known of the trained classes."""
        F = means.shape[1]
        scatter = float(np.mean([np.trace(one) for one in scatters])) if scatters else 0.0
        # Single examples have no scatter: then a share of what embeddings are apart from nothing at all.
        variance = max(scatter, 0.2 * float((means**2).sum(axis=1).mean()), 1e-12) / F
        weights = np.concatenate([means, np.zeros((1, F))]).T / (TEMPERATURE * variance)
        distances = np.append((means**2).sum(axis=1) / variance, _REACH * F)
        return cls(labels, weights, -0.5 * distances / TEMPERATURE, 0.5 / (TEMPERATURE * variance))

    def extend(self, probabilities: Array, embeddings: Array) -> Floats:
        """The model's probabilities (N, K) and embeddings (N, F) → (N, K + L), trained classes first; rows sum to 1."""
        x = embeddings.astype(np.float64)
        scores = x @ self._weights + self._biases
        scores[:, -1] += self._surroundings * (x**2).sum(axis=1)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = shares[:, : len(self.labels)] / shares.sum(axis=1, keepdims=True)
        return np.concatenate([probabilities * (1 - shares.sum(axis=1, keepdims=True)), shares], axis=1)


def _scatter(examples: Sequence[Floats], mean: Floats) -> Floats:
    """(F, F): the covariance of an action's windows, unbiased as if each example were one of them."""
    within = np.mean([(one - mean).T @ (one - mean) / len(one) for one in examples], axis=0)
    return np.asarray(within * len(examples) / (len(examples) - 1))


@dataclass(frozen=True)
class TaughtReport:
    """How well one taught action is told from all others, each example judged by what is left without it.

    Attributes:
        label: the action.
        named: what each of its examples is named.
        confused_with: the other action, taught or trained, that the examples are taken for most.
        confusion: the mean probability of that.
    """

    label: str
    named: tuple[str, ...]
    confused_with: str
    confusion: float

    @property
    def examples(self) -> int:
        """How many there are."""
        return len(self.named)

    @property
    def recognised(self) -> int | None:
        """How many of them are named right; None where there is only one, which leaves nothing to judge it by."""
        return self.named.count(self.label) if self.examples > 1 else None


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
        named = tuple(max(row, key=row.__getitem__) for row in rows)
        others = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name != label}
        worst = max(others, key=others.__getitem__)
        reports.append(TaughtReport(label, named, worst, others[worst]))
    return tuple(reports)
