"""Each figure against a plainly written reference, on random timelines; and by hand where that says more."""

import numpy as np
import pytest

from skel.skeleton.recording import Segment
from skel.training.stream_metrics import (
    NOTHING,
    Counts,
    delays_s,
    false_alarms,
    match,
    names_at,
    overlaps,
    right_after_share,
)

LABELS = ("wave", "clap", "kick")


def timeline(seed, count=8):
    """Segments one after the other with pauses, on a grid of tenths of a second."""
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.choice(200, 2 * count, replace=False)) / 10
    return [Segment(float(a), float(b), LABELS[rng.integers(3)]) for a, b in edges.reshape(-1, 2)]


PAIRS = [(timeline(seed), timeline(seed + 100)) for seed in range(12)]


def set_iou(one, other):
    """On a grid of tenths, as sets of instants."""
    a, b = (set(range(round(10 * s.start_s), round(10 * s.end_s))) for s in (one, other))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_overlaps(truth, named):
    expected = [[set_iou(one, other) if one.label == other.label else 0 for other in truth] for one in named]
    np.testing.assert_allclose(overlaps(truth, named), expected, atol=1e-9)
    assert overlaps(truth, []).shape == (0, len(truth))
    assert overlaps([], named).shape == (len(named), 0)


def reference_match(truth, named, least):
    """As in the published evaluation, a loop over everything."""
    free, right, wrong = [True] * len(truth), 0, 0
    for segment in named:
        best, best_iou = None, 0.0
        for place, true in enumerate(truth):
            if true.label == segment.label and set_iou(segment, true) > best_iou:
                best, best_iou = place, set_iou(segment, true)
        if best is not None and best_iou >= least and free[best]:
            free[best] = False
            right += 1
        else:
            wrong += 1
    return Counts(right, wrong, sum(free))


@pytest.mark.parametrize("least", [0.1, 0.3, 0.5])
@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_match(truth, named, least):
    assert match(overlaps(truth, named), least) == reference_match(truth, named, least)


def test_f1_by_hand():
    truth = [Segment(0, 2, "wave"), Segment(3, 5, "clap"), Segment(6, 8, "wave")]
    named = [Segment(0.5, 2, "wave"), Segment(2, 2.5, "clap"), Segment(6, 7, "wave"), Segment(7.2, 8, "wave")]
    counts = match(overlaps(truth, named), 0.3)
    assert counts == Counts(right=2, wrong=2, missed=1), "the second naming of one wave is in vain"
    assert counts.f1 == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))
    assert counts + Counts(1, 1, 1) == Counts(3, 3, 2)
    assert Counts().f1 == match(overlaps([], []), 0.5).f1 == 0
    assert match(overlaps([], named), 0.1) == Counts(0, 4, 0)
    assert match(overlaps(truth, truth), 0.5).f1 == 1


@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_false_alarms(truth, named):
    expected = 0
    for segment in named:
        if not any(true.label == segment.label and set_iou(segment, true) > 0 for true in truth):
            expected += 1
    assert false_alarms(overlaps(truth, named)) == expected
    assert false_alarms(overlaps(truth, truth)) == 0
    assert false_alarms(overlaps([], named)) == len(named)


@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_names_at(truth, named):
    times_s = np.arange(0, 22, 0.1)
    names = names_at(truth, times_s)
    for time_s, name in zip(times_s, names):
        inside = [s.label for s in truth if s.start_s - 1e-6 <= time_s < s.end_s - 1e-6]
        assert name == (inside[-1] if inside else NOTHING)
    assert (names_at([], times_s) == NOTHING).all()


def test_of_overlapping_segments_the_later_one_counts():
    names = names_at([Segment(1, 3, "clap"), Segment(0, 2, "wave")], np.array([0.5, 1.5, 2.5]))
    assert names.tolist() == ["wave", "clap", "clap"]


@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_delays(truth, named):
    times_s = np.arange(0, 22, 0.1)
    names = names_at(named, times_s)
    for place, (segment, delay) in enumerate(zip(truth, delays_s(truth, times_s, names))):
        end_s = truth[place + 1].start_s if place + 1 < len(truth) else np.inf
        expected = None
        for time_s, name in zip(times_s, names):
            if segment.start_s - 1e-6 <= time_s < end_s and name == segment.label:
                expected = time_s - segment.start_s
                break
        assert delay == (pytest.approx(expected) if expected is not None else None)


def test_a_window_that_looks_back_may_name_late_but_not_during_the_next():
    times_s = np.arange(10.0)
    names = np.array(["", "", "", "", "wave", "", "wave", "", "", ""])
    assert delays_s([Segment(1, 3, "wave"), Segment(5, 8, "clap")], times_s, names) == [3.0, None]
    assert delays_s([Segment(1, 3, "wave"), Segment(4, 8, "clap")], times_s, names) == [None, None]


@pytest.mark.parametrize(("truth", "named"), PAIRS)
def test_right_after_share(truth, named):
    times_s = np.arange(0.05, 22, 0.1)
    names = names_at(named, times_s)
    shares = (0.1, 0.5, 1.0)
    right = right_after_share(truth, times_s, names, shares)
    assert right.shape == (len(truth), 3)
    for row, segment in zip(right, truth):
        for got, share in zip(row, shares):
            instant_s = segment.start_s + share * (segment.end_s - segment.start_s)
            before = [name for time_s, name in zip(times_s, names) if time_s <= instant_s + 1e-6]
            assert got == bool(before and before[-1] == segment.label)


def test_before_the_first_instant_nothing_is_named():
    assert not right_after_share([Segment(0, 1, "wave")], np.array([5.0]), np.array(["wave"]), (0.1, 1.0)).any()
    assert not right_after_share([Segment(0, 1, "wave")], np.zeros(0), np.zeros(0, "<U4"), (1.0,)).any()
