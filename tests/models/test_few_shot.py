import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from new_motions import NEW_MOTIONS, new_motions, shown
from pipeline_fakes import frame_of

from skel.app.capture import trimmed
from skel.app.taught import TaughtActions
from skel.models.few_shot import FewShotClassifier, leave_one_out
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.recognizer import Recognizer
from skel.models.runtime import OnnxModel
from skel.models.statistics import EmbeddingStatistics
from skel.sensors.synthetic import perform

F, K = 16, 5


class World:
    """Classes as Gaussians of one stretched covariance; the first K are trained, the others may be taught."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.means = 6 * self.rng.normal(size=(K + 3, F))
        self.stretch = np.linspace(3, 0.2, F)
        labels = np.repeat(np.arange(K), 40)
        self.statistics = EmbeddingStatistics.estimate(self.of(labels), labels, K)

    def of(self, labels):
        return self.means[labels] + self.rng.normal(size=(len(labels), F)) * self.stretch

    def examples(self, count):
        return {f"new {j}": list(self.of(np.full(count, K + j))) for j in range(3)}


@pytest.fixture(scope="module")
def world():
    return World()


def uniform(count):
    return np.full((count, K), 1 / K)


def test_taught_actions_are_named_and_trained_ones_stay(world):
    classifier = FewShotClassifier.fit(world.examples(3), world.statistics)
    assert classifier.labels == ("new 0", "new 1", "new 2")
    labels = np.repeat(np.arange(K + 3), 50)
    answers = classifier.extend(np.eye(K)[np.minimum(labels, K - 1)], world.of(labels)).argmax(axis=1)
    assert (answers == labels).mean() > 0.95


def test_one_example_is_enough_to_begin_with(world):
    classifier = FewShotClassifier.fit(world.examples(1), world.statistics)
    labels = np.repeat(np.arange(K + 3), 50)
    answers = classifier.extend(np.eye(K)[np.minimum(labels, K - 1)], world.of(labels)).argmax(axis=1)
    assert (answers == labels).mean() > 0.9


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), size=st.floats(0, 1e3), known=st.booleans(), windows=st.integers(1, 4))
def test_rows_sum_to_one_and_the_order_of_trained_classes_stays(seed, size, known, windows):
    world, rng = World(1), np.random.default_rng(seed)
    examples = {"a": [world.of(np.full(windows, K))], "b": [world.of(np.full(windows, K + 1)) for _ in range(2)]}
    classifier = FewShotClassifier.fit(examples, world.statistics if known else None)
    probabilities = rng.dirichlet(np.ones(K), 20).astype(np.float32)
    extended = classifier.extend(probabilities, size * rng.normal(size=(20, F)).astype(np.float32))
    assert extended.shape == (20, K + 2)
    assert (extended >= 0).all()
    np.testing.assert_allclose(extended.sum(axis=1), 1, atol=1e-6)
    share = extended[:, :K].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(extended[:, :K], probabilities * share, atol=1e-6)


def test_an_example_counts_once_however_many_windows_it_has(world):
    few = {"new": [np.full((1, F), 1.0), np.full((1, F), 3.0)]}
    many = {"new": [np.full((1, F), 1.0), np.full((9, F), 3.0)]}
    x = world.of(np.arange(K))
    answers = [FewShotClassifier.fit(examples, world.statistics).extend(uniform(K), x) for examples in (few, many)]
    np.testing.assert_allclose(*answers)


def test_without_statistics_what_is_far_away_is_not_taught(world):
    classifier = FewShotClassifier.fit(world.examples(5))
    labels = np.repeat(np.arange(K + 3), 50)
    answers = classifier.extend(np.eye(K)[np.minimum(labels, K - 1)], world.of(labels)).argmax(axis=1)
    assert (answers == labels)[labels < K].mean() > 0.95
    assert (answers == labels)[labels >= K].mean() > 0.7


def test_an_action_without_example_is_refused(world):
    for examples in ({}, {"new": []}):
        with pytest.raises(ValueError, match="needs an example"):
            FewShotClassifier.fit(examples, world.statistics)


def test_each_example_is_judged_by_the_others(world):
    examples = {**world.examples(4), "twin": list(world.of(np.full(4, 2))), "single": list(world.of(np.full(1, K)))}
    del examples["new 0"]
    probabilities = {label: [uniform(1)[0]] * len(given) for label, given in examples.items()}
    names = tuple(f"class {k}" for k in range(K))
    reports = {r.label: r for r in leave_one_out(examples, probabilities, names, world.statistics)}
    assert list(reports) == list(examples)
    assert (reports["new 1"].examples, reports["new 1"].recognised) == (4, 4)
    assert reports["new 1"].confusion < 0.05
    assert reports["twin"].confusion > 0.05  # it is where a trained class is already
    assert reports["twin"].confused_with.startswith("class ")
    assert reports["new 1"].named == ("new 1",) * 4
    assert reports["single"].recognised is None
    assert reports["single"].named != ("single",)


def test_ten_actions_of_ten_examples_are_learned_while_nobody_waits():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(32), 20)
    statistics = EmbeddingStatistics.estimate(rng.normal(size=(640, 256)) + labels[:, None], labels, 32)
    examples = {f"action {j}": [rng.normal(size=(16, 256)) + 40 + j for _ in range(10)] for j in range(10)}
    began_s = time.process_time()
    FewShotClassifier.fit(examples, statistics)
    assert time.process_time() - began_s < 1  # a twentieth of that on a quiet core


@pytest.fixture(scope="module")
def model():
    return OnnxModel(DEFAULT_MODEL, "cpu")


def test_an_action_that_the_model_does_not_know_is_named_live_after_three_examples(model, tmp_path):
    store = TaughtActions(tmp_path)
    for action in NEW_MOTIONS:
        for seed in range(3):
            store.add_example(action, trimmed(shown(action, 100 + seed)))
    with new_motions():
        performed = perform(7, 16.0, script=["kick", "squat", "arms up"], jitter_m=0.003)
    recognizer = Recognizer(model)
    recognizer.taught = store.classifier(model)
    assert recognizer.labels == (*model.bundle.labels, "arms up", "kick")
    named = {}
    for index in range(0, len(performed), 3):  # ten frames a second
        time_s = float(performed.times_s[index])
        for prediction in recognizer.push(frame_of(performed.positions_m[index], index, time_s)):
            for segment in performed.segments:
                if 0.6 * segment.end_s + 0.4 * segment.start_s <= time_s <= segment.end_s:
                    named.setdefault(segment.label, []).append(prediction.action)
    assert set(named) == {"kick", "squat", "arms up"}
    for action, names in named.items():
        assert names.count(action) >= 0.6 * len(names), (action, names)
    assert all(report.recognised == 3 for report in store.report(model))
