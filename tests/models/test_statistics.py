import json

import numpy as np
import pytest

from skel.models.statistics import DIRECTIONS, METADATA_KEY, EmbeddingStatistics
from skel.skeleton.errors import UserError


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(8, 8))
    labels = np.repeat([0, 1, 3], [300, 200, 100])
    means = 10 * rng.normal(size=(4, 8))
    return means[labels] + rng.normal(size=(600, 8)) @ mixing, labels, means, mixing.T @ mixing


def test_means_counts_and_covariance_are_those_of_the_classes(sample):
    embeddings, labels, means, covariance = sample
    found = EmbeddingStatistics.estimate(embeddings, labels, 4)
    assert found.counts.tolist() == [300, 200, 0, 100]
    assert np.isnan(found.means[2]).all()
    np.testing.assert_allclose(found.means[[0, 1, 3]], means[[0, 1, 3]], atol=1.5)
    np.testing.assert_allclose(found.covariance(), covariance, atol=0.15 * covariance.max())


def test_many_features_keep_their_main_directions_and_all_of_their_variance():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 100)) * np.linspace(3, 0.1, 100)
    labels = np.arange(400) % 5
    found = EmbeddingStatistics.estimate(x, labels, 5)
    assert found.directions.shape == (100, DIRECTIONS)
    within = x - found.means[labels]
    assert np.trace(found.covariance()) == pytest.approx((within**2).sum() / 395)
    assert found.covariance()[0, 0] == pytest.approx((within[:, 0] ** 2).sum() / 395, rel=0.05)


def test_what_a_file_carries_is_nearly_the_same_and_small(sample):
    embeddings, labels, *_ = sample
    given = EmbeddingStatistics.estimate(embeddings, labels, 4)
    read = EmbeddingStatistics.from_metadata({METADATA_KEY: given.to_json()}, "a.onnx", 4)
    np.testing.assert_allclose(read.means, given.means, rtol=1e-3)
    np.testing.assert_allclose(read.covariance(), given.covariance(), atol=2e-2)
    assert EmbeddingStatistics.from_metadata({}, "a.onnx", 4) is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 9},
        {"means": None},
        {"means": {"shape": [4, 8], "float16": "AAAA"}},
        {"means": {"shape": [4, 8], "float16": "#"}},
        {"counts": [1]},
        {"rest_variance": -1},
        {"variances": {"shape": [1], "float16": "AHw="}},
    ],
)
def test_damaged_statistics_are_one_line(sample, change):
    embeddings, labels, *_ = sample
    fields = json.loads(EmbeddingStatistics.estimate(embeddings, labels, 4).to_json())
    with pytest.raises(UserError, match=r"a\.onnx: its embedding statistics are damaged"):
        EmbeddingStatistics.from_metadata({METADATA_KEY: json.dumps({**fields, **change})}, "a.onnx", 4)


def test_statistics_of_another_model_are_refused(sample):
    embeddings, labels, *_ = sample
    text = EmbeddingStatistics.estimate(embeddings, labels, 4).to_json()
    with pytest.raises(UserError, match="5 classes, statistics of 4"):
        EmbeddingStatistics.from_metadata({METADATA_KEY: text}, "a.onnx", 5)


def test_equal_clips_have_no_statistics():
    with pytest.raises(ValueError, match="no class has two"):
        EmbeddingStatistics.estimate(np.ones((3, 4)), np.array([0, 1, 1]), 2)
