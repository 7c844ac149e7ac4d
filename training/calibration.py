"""Whether a recogniser that says 80 % is right eight times in ten, and the temperature that makes it so.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 15
_HOTTEST = 1000.0

Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """How well top probabilities fit how often they are right.

    Attributes:
        temperature: that the logits were divided by.
        nll: mean negative log-likelihood of the right classes, in nats.
        counts: (BINS,) clips whose top probability lies in each of as many bins of equal width over 0..1.
        confidence: (BINS,) their mean top probability; 0 in an empty bin.
        accuracy: (BINS,) the share of them that is called by its right name; 0 in an empty bin.
    """

    temperature: float
    nll: float
    counts: npt.NDArray[np.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean over clips of |confidence − accuracy| of their bin."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((self.counts * gaps).sum() / max(self.counts.sum(), 1))


def log_softmax(logits: Logits, temperature: float = 1.0) -> Floats:
    """(N, K) logits → logarithms of probabilities."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))


def calibration(logits: Logits, labels: npt.NDArray[np.int64], temperature: float = 1.0) -> Calibration:
    """Measure (N, K) logits against (N,) labels."""
    log_p = log_softmax(logits, temperature)
    top, right = np.exp(log_p.max(axis=1)), log_p.argmax(axis=1) == labels
    place = np.minimum((top * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums = [np.bincount(place, weights=values, minlength=BINS) for values in (top, right)]
    confidence, accuracy = (total / np.maximum(counts, 1) for total in sums)
    return Calibration(temperature, _nll(log_p, labels), counts, confidence, accuracy)


def fit_temperature(logits: Logits, labels: npt.NDArray[np.int64]) -> float:
    """The temperature, between 1/1000 and 1000, under which (N, K) logits give the (N,) labels the highest likelihood.

    The clips must be such as the network did not learn from: of those it is surer than it should be.
    """
    from scipy.optimize import minimize_scalar

    # In the inverse temperature the likelihood has one maximum; its logarithm finds small ones as exactly as large ones.
    bounds = (-np.log(_HOTTEST), np.log(_HOTTEST))
    found = minimize_scalar(lambda log_t: _nll(log_softmax(logits, np.exp(log_t)), labels), bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def _nll(log_p: Floats, labels: npt.NDArray[np.int64]) -> float:
    return float(-log_p[np.arange(len(labels)), labels].mean()) if len(labels) else 0.0
