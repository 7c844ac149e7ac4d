import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skel.training.calibration import BINS, calibration, fit_temperature, log_softmax


@pytest.fixture
def honest():
    """Logits of 4000 clips whose labels are drawn from their own softmax: temperature 1 is right."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (4000, 5))
    labels = (log_softmax(logits) + random.gumbel(size=logits.shape)).argmax(axis=1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_that_was_taken_out_is_found(honest, temperature):
    logits, labels = honest
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.06)
    measured = calibration(logits * temperature, labels, temperature)
    assert measured.ece < 0.03
    if temperature != 1:
        assert calibration(logits * temperature, labels).ece > 0.1


def test_the_error_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    measured = calibration(np.log(p), np.array([0, 1, 0, 1]))
    # two clips at 90 % of which one is right, two at 60 % which both are
    assert measured.ece == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    assert measured.counts.sum() == 4
    assert measured.nll == pytest.approx(-np.log(p[[0, 1, 2, 3], [0, 1, 0, 1]]).mean())


def test_too_sure_is_more_wrong_than_unsure(honest):
    logits, labels = honest
    sure, unsure = (calibration(logits, labels, t) for t in (0.1, 10.0))
    assert (sure.confidence[-1], sure.accuracy[-1] < 0.9) == (pytest.approx(1, abs=0.01), True)
    assert unsure.counts[-1] == 0


def test_no_clips_are_no_error():
    measured = calibration(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert (measured.ece, measured.nll, measured.counts.sum()) == (0, 0, 0)


def test_clips_that_are_all_right_or_all_wrong_have_a_finite_temperature():
    logits = np.eye(3) * 5
    assert 1e-3 <= fit_temperature(logits, np.arange(3)) < 0.5
    assert 500 < fit_temperature(logits, (np.arange(3) + 1) % 3) <= 1000


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20))
def test_bounds_hold_for_any_logits(seed, temperature):
    random = np.random.default_rng(seed)
    logits, labels = random.normal(0, 100, (20, 4)).astype(np.float32), random.integers(0, 4, 20)
    measured = calibration(logits, labels, temperature)
    assert 0 <= measured.ece <= 1
    assert measured.counts.shape == (BINS,)
    assert measured.counts.sum() == 20
    assert np.isfinite(measured.nll)
