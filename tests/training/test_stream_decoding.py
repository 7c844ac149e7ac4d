"""What is worked out once for all settings is what the recogniser says, pushed frame by frame."""

import tracemalloc
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from pipeline_fakes import FakeModel, bundle

from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Recognizer
from skel.models.segments import Segmenter
from skel.sensors.base import EndOfStream
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import perform
from skel.training.stream_decoding import earlier, named, smoothed_probabilities
from skel.training.stream_metrics import NOTHING
from skel.training.stream_windows import window_logits

DURATIONS_S = (2.0, 0.8, 1.3)


@pytest.fixture(scope="module")
def recording():
    """With dropped frames; the actor goes away for a moment, for longer, and for longer than a window remembers."""
    whole = perform(3, 14.0, jitter_m=0.002, drop_rate=0.05)
    positions_m = whole.positions_m.copy()
    for start, end in ((60, 70), (150, 175), (270, 330)):
        positions_m[start:end] = np.nan
    return replace(whole, positions_m=positions_m, times_s=whole.times_s + 100)


@pytest.fixture(scope="module")
def model():
    return FakeModel(bundle({"idle_label": "c"}))


@pytest.fixture(scope="module", params=[1, 3])
def every(request):
    return request.param


@pytest.fixture(scope="module")
def answers(recording, model, every):
    return window_logits(recording, model, DURATIONS_S, every)


def pushed(recording, model, live, every):
    """The plain way: one frame after the other, the model at each."""
    recognizer, predictions = Recognizer(model, live), []
    with ReplaySensor(recording, speed=inf) as sensor:
        number = 0
        while True:
            try:
                recognizer.observe(sensor.read())
            except EndOfStream:
                return predictions
            number += 1
            if number % every == 0:
                predictions += recognizer.predict()


@pytest.mark.parametrize(
    "live",
    [
        LiveSettings((1.3,), smoothing_s=0.0),
        LiveSettings((0.8, 2.0), smoothing_s=0.3, rejection_threshold=0.4, start_lag_s=0.9, end_lag_s=0.9),
        LiveSettings((2.0, 1.3, 0.8), 0.5, 0.2, rejection_threshold=0.3, start_lag_s=1.1, end_lag_s=0.3, idle_label="c"),
        LiveSettings((2.0,), 0.2, hysteresis=0.1, start_lag_s=1.0, idle_label="c"),
    ],
)
def test_it_equals_the_recogniser(recording, model, answers, live, every):
    expected = pushed(recording, model, live, every)
    smoothed = smoothed_probabilities(answers, model.bundle.temperature, live)
    said = named(smoothed, model.bundle.labels, live)
    assert len(expected) > 60 / every
    np.testing.assert_allclose(said.times_s, [p.time_s - 100 for p in expected], atol=1e-9)
    np.testing.assert_allclose(smoothed.probabilities, np.stack([p.probabilities for p in expected]), atol=1e-5)
    names = [NOTHING if p.action in (UNKNOWN, live.idle_label) else p.action for p in expected]
    assert said.names.tolist() == names
    assert len(set(names)) > 1
    segmenter = Segmenter(live)
    for prediction in expected:
        segmenter.push(prediction)
    got = [(s.start_s, s.end_s, s.label) for s in said.segments]
    assert [label for *_, label in got] == [s.action for s in segmenter.segments]
    times_s = [(s.start_s - 100, s.end_s - 100) for s in segmenter.segments]
    np.testing.assert_allclose([(start, end) for start, end, _ in got], times_s, atol=1e-9)
    as_named = named(smoothed, model.bundle.labels, replace(live, start_lag_s=0.0, end_lag_s=0.0)).segments
    assert earlier(as_named, smoothed, live.start_lag_s, live.end_lag_s) == said.segments


def test_the_network_is_asked_in_large_batches(recording):
    model = FakeModel()
    answers = window_logits(recording, model, DURATIONS_S)
    asked = np.isfinite(answers.logits).all(axis=2)
    assert sum(model.batches) == asked.sum()
    assert len(model.batches) == -(-asked.sum() // 128)
    assert answers.durations_s == (0.8, 1.3, 2.0)
    assert asked[:, 0].all(), "there is an instant where the shortest window is full enough"
    assert not asked[:, 2].all()


def test_the_windows_of_a_long_recording_are_not_all_in_memory():
    model = FakeModel()
    long = perform(0, 60.0)
    tracemalloc.start()
    answers = window_logits(long, model, (1.0, 2.0))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    windows = np.isfinite(answers.logits).all(axis=2).sum()
    assert windows > 3000
    assert most < windows * 30_000 / 4, "a window takes 30 kB"


def test_nobody_at_all(recording, model):
    empty = replace(recording, positions_m=np.full_like(recording.positions_m, np.nan))
    answers = window_logits(empty, model, (1.0,))
    assert answers.logits.shape == (0, 1, 7)
    live = LiveSettings((1.0,))
    said = named(smoothed_probabilities(answers, 1.0, live), model.bundle.labels, live)
    assert len(said.names) == len(said.segments) == 0
