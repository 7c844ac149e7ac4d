"""The timeline's memory of what was predicted."""

from dataclasses import replace

import numpy as np
import pytest

from skel.app.history import History
from skel.models.live import LiveSettings
from skel.models.recognizer import Prediction

LABELS = ("a", "b", "c", "idle")


def prediction(time_s: float, best: int, person: int = 1, share: float = 0.7) -> Prediction:
    probabilities = np.full(4, (1 - share) / 3, np.float32)
    probabilities[best] = share
    return Prediction(person, time_s, LABELS[best], share, probabilities, ((LABELS[best], share),), 1.0, labels=LABELS)


def filled(changes: dict[float, int], until_s: float, step_s: float = 0.1) -> History:
    history = History(LABELS, LiveSettings(idle_label="idle"))
    for time_s in np.arange(0.0, until_s, step_s):
        best = [b for start, b in changes.items() if start <= time_s + 1e-9][-1]
        history.push(prediction(float(time_s), best))
    return history


def named(history: History, start_s: float = 0.0, end_s: float = 1e9) -> list[tuple[str, float, float]]:
    return [(s.action, round(s.start_s, 3), round(s.end_s, 3)) for s in history.segments(1, start_s, end_s)]


def test_curves_of_the_classes_that_matter():
    history = filled({0.0: 0, 5.0: 1}, 10.0)
    times_s, probabilities, labels = history.curves(1, 2.0, 8.0, classes=3)
    assert labels == ["a", "b"]  # c and idle never reach 15 %
    assert times_s[0] == pytest.approx(2.0)
    assert times_s[-1] == pytest.approx(8.0)
    assert probabilities.shape == (len(times_s), 2)
    assert probabilities[times_s < 4.95, 0] == pytest.approx(0.7)
    assert history.curves(1, 2.0, 8.0, classes=1)[2] == ["a"]
    assert history.curves(1, 5.5, 8.0, classes=3)[2] == ["b"]


def test_classes_come_and_go():
    history = filled({0.0: 0, 2.0: 1}, 4.0)
    for labels in (("a", "b", "c", "idle", "bow"), ("a", "c", "idle", "bow")):
        share = np.full(len(labels), 0.1, np.float32)
        share[-1] = 1 - share[:-1].sum()
        for time_s in history.curves(1, 0.0, 9.0, 1)[0][-1] + np.arange(0.1, 2.0, 0.1):
            history.push(Prediction(1, float(time_s), "bow", share[-1], share, (("bow", share[-1]),), 1.0, labels=labels))
    times_s, probabilities, shown = history.curves(1, 0.0, 9.0, classes=3)
    assert history.labels == ("a", "c", "idle", "bow")
    assert shown == ["a", "bow"]
    assert probabilities[times_s < 1.95, 0] == pytest.approx(0.7)
    assert probabilities[times_s < 3.95, 1] == pytest.approx(0.0)
    assert probabilities[times_s > 4.05, 1].min() > 0.5
    assert [action for action, *_ in named(history)] == ["a", "b", "bow"]


def test_idle_and_unknown_are_no_segments():
    assert named(filled({0.0: 0, 3.0: 3, 6.0: 1}, 9.0)) == [("a", 0.0, 3.0), ("b", 6.0, 8.9)]


def test_seeking_back_replaces_what_came_after():
    history = filled({0.0: 0, 3.0: 1}, 6.0)
    for time_s in np.arange(2.0, 4.0, 0.1):
        history.push(prediction(float(time_s), 2))
    assert named(history) == [("a", 0.0, 2.0), ("c", 2.0, 3.9)]
    times_s, _, _ = history.curves(1, 0.0, 100.0, classes=4)
    assert times_s[-1] == pytest.approx(3.9)
    assert (np.diff(times_s) > 0).all()


def test_segments_are_laid_where_they_happened_and_apart_when_somebody_seeks_back():
    history = History(LABELS, LiveSettings(start_lag_s=0.8, end_lag_s=0.8, idle_label="idle"))
    for start_s, classes in ((0.0, "aaabbb"), (2.0, "cccccc")):
        for time_s in np.arange(start_s + 0.5, start_s + 6.0, 0.1):
            said = prediction(float(time_s), LABELS.index(classes[int(time_s - start_s + 1e-6)]))
            history.push(replace(said, since_s=start_s))
        expected = {0.0: [("a", 0.0, 2.2), ("b", 2.2, 5.1)], 2.0: [("a", 0.0, 2.0), ("c", 2.0, 7.1)]}
        assert named(history) == expected[start_s]


def test_people_are_apart_and_the_absent_are_forgotten():
    history = History(LABELS, LiveSettings())
    for time_s in np.arange(0.0, 2.0, 0.1):
        history.push(prediction(float(time_s), 0, person=1))
        history.push(prediction(float(time_s), 1, person=2))
    assert history.curves(2, 0, 2, classes=4)[2] == ["b", "a", "c", "idle"][:1]
    assert {s.action for s in history.segments(2, 0, 2)} == {"b"}
    for time_s in np.arange(70.0, 72.0, 0.1):
        history.push(prediction(float(time_s), 2, person=1))
    assert history.curves(2, 0, 100, classes=4)[2] == []
    assert history.segments(2, 0, 100) == []


def test_memory_stays_bounded():
    history = History(LABELS, LiveSettings())
    for i in range(20_000):
        history.push(prediction(i / 30, (i // 60) % 3))
    times_s, _, _ = history.curves(1, 0.0, 1e9, classes=4)
    assert 1024 <= len(times_s) <= 2048
    assert times_s[-1] == pytest.approx(19_999 / 30)
    assert len(history.segments(1, 0.0, 1e9)) <= 32
    history.clear()
    assert len(history.curves(1, 0.0, 1e9, classes=4)[0]) == 0


def test_memory_stays_bounded_beside_somebody_who_does_one_thing_all_the_time():
    history = History(LABELS, LiveSettings())
    for i in range(4_000):
        history.push(prediction(i / 10, 0, person=1))
        history.push(prediction(i / 10, 1 + (i // 20) % 2, person=2))
    assert [(s.start_s, s.end_s) for s in history.segments(1, 0.0, 1e9)] == [(0.0, pytest.approx(399.9))]
    assert len(history.segments(2, 0.0, 1e9)) <= 32


def test_nobody_known():
    times_s, probabilities, labels = History(LABELS, LiveSettings()).curves(5, 0.0, 1.0, classes=3)
    assert len(times_s) == len(labels) == probabilities.shape[1] == 0
