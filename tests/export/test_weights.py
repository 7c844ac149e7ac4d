import numpy as np
import pytest

from skel.export.weights import fitted_weights, given_weights
from skel.skeleton.errors import UserError


def test_published_weights_are_those_of_the_streams():
    assert given_weights(["published"], ["joint", "bone", "motion"]) == (0.6, 0.6, 0.4)
    assert given_weights(["published"], ["motion", "joint"]) == (0.4, 0.6)
    assert given_weights(["1", "0.5"], ["motion", "joint"]) == (1.0, 0.5)


@pytest.mark.parametrize("words", [["equal"], ["1"], ["1", "2", "3"], ["1", "-1"], ["1", "nan"], ["1", "inf"], ["1", "0"]])
def test_other_weights_get_one_line(words):
    with pytest.raises(UserError, match="give published, fitted, or 2 positive numbers"):
        given_weights(words, ["joint", "bone"])


def streams_of_a_random_task(count, useful=2.0, noise=(1.0, 4.0)):
    """Logits (2, count, 5) of two streams, the second of them noisier, and labels."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, count)
    truth = useful * np.eye(5)[labels]
    return np.stack([truth + random.normal(0, sigma, truth.shape) for sigma in noise]).astype(np.float32), labels


def cross_entropy(logits, labels, weights):
    summed = np.tensordot(weights, logits, 1)
    return np.mean(np.log(np.exp(summed).sum(axis=1)) - summed[np.arange(len(labels)), labels])


def test_fitted_weights_follow_what_each_stream_is_worth():
    logits, labels = streams_of_a_random_task(2000)
    weights = fitted_weights(logits, labels, ["joint", "bone"])
    assert weights[0] > 5 * weights[1] > 0
    # The best by trying, of a grid around them.
    grid = [(a, b) for a in weights[0] * np.linspace(0.7, 1.3, 13) for b in weights[1] * np.linspace(0.1, 1.9, 13)]
    best = min(cross_entropy(logits, labels, pair) for pair in grid)
    assert cross_entropy(logits, labels, weights) == pytest.approx(best, abs=1e-3)


def test_few_clips_that_are_all_told_apart_leave_them_near_the_published_ones():
    logits, labels = streams_of_a_random_task(4, useful=20.0)
    weights = fitted_weights(logits, labels, ["joint", "motion"])
    assert 0.6 / 3 < weights[0] < 0.6 * 3
    assert 0.4 / 3 < weights[1] < 0.4 * 3
