"""What is named, frame after frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skel.models.hysteresis import named_class
from skel.models.live import LiveSettings


def named(rows: np.ndarray, hysteresis: float, threshold: float) -> list[int | None]:
    live, now, result = LiveSettings(hysteresis=hysteresis, rejection_threshold=threshold), None, []
    for row in rows:
        now = named_class(row, now, live)
        result.append(now)
    return result


def reference(rows: np.ndarray, hysteresis: float, threshold: float) -> list[int | None]:
    """The rule once more, class by class."""
    now, result = None, []
    for row in rows.tolist():
        needed = threshold if now is None else max(threshold, row[now] + hysteresis)
        better = [k for k, p in enumerate(row) if k != now and p >= threshold and (now is None or p > needed)]
        fallen = now is not None and row[now] < threshold - hysteresis
        if fallen:
            better = [k for k, p in enumerate(row) if p >= threshold]
        if better:
            now = max(better, key=lambda k: row[k])
        elif fallen:
            now = None
        result.append(now)
    return result


@st.composite
def walks(draw: st.DrawFn) -> np.ndarray:
    """(T, K): probabilities that move a little from frame to frame."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    classes, frames = draw(st.integers(1, 6)), draw(st.integers(1, 60))
    logits = np.cumsum(rng.normal(scale=draw(st.sampled_from([0.1, 0.4, 1.5])), size=(frames, classes)), axis=0)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@settings(deadline=None)
@given(walks(), st.floats(0, 0.5), st.floats(0, 1))
def test_it_is_the_rule_written_out(rows: np.ndarray, hysteresis: float, threshold: float):
    assert named(rows, hysteresis, threshold) == reference(rows, hysteresis, threshold)


@settings(deadline=None)
@given(walks(), st.floats(0, 1))
def test_without_hysteresis_the_best_class_is_named_where_it_is_probable_enough(rows: np.ndarray, threshold: float):
    assert named(rows, 0.0, threshold) == [int(row.argmax()) if row.max() >= threshold else None for row in rows]


@settings(deadline=None)
@given(walks(), st.floats(0, 0.5), st.floats(0, 1))
def test_hysteresis_names_nothing_anew_that_the_threshold_refuses(rows: np.ndarray, hysteresis: float, threshold: float):
    names = named(rows, hysteresis, threshold)
    for before, now, row in zip([None, *names], names, rows):
        if now is not None and now != before:
            assert row[now] >= threshold
            assert row[now] == row.max()


@pytest.mark.parametrize("hysteresis", [0.0, 0.1])
def test_two_classes_side_by_side_do_not_flicker(hysteresis: float):
    swing = 0.04 * (-1.0) ** np.arange(20)
    names = named(np.stack([0.5 + swing, 0.5 - swing], axis=1), hysteresis, 0.3)
    assert names == ([0] * 20 if hysteresis else [0, 1] * 10)


@pytest.mark.parametrize("hysteresis", [0.0, 0.1])
def test_a_class_about_the_threshold_does_not_flicker(hysteresis: float):
    about = 0.4 + 0.05 * (-1.0) ** np.arange(20)
    names = named(np.stack([about, *[(1 - about) / 4] * 4], axis=1), hysteresis, 0.4)
    assert names == ([0] * 20 if hysteresis else [0, None] * 10)


def test_what_sinks_below_the_band_is_unknown_until_it_reaches_the_threshold_again():
    best = np.array([0.6, 0.45, 0.35, 0.29, 0.35, 0.39, 0.4, 0.31])
    rows = np.stack([best, *[(1 - best) / 5] * 5], axis=1)
    assert named(rows, 0.1, 0.4) == [0, 0, 0, None, None, None, 0, 0]
