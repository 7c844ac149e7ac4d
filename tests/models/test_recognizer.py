"""Frames in, predictions out; live equals offline."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from pipeline_fakes import FakeModel, bundle, frame_of, frames_of, movement

from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Recognizer
from skel.skeleton.clip import make_clip

FPS = 30.0
UNSMOOTHED = LiveSettings((1.0, 2.0), smoothing_s=0)


def offline(model: FakeModel, positions: np.ndarray, frame: int, person: int = 0) -> np.ndarray:
    """The probabilities of one person at one frame, from the whole recording and the model alone."""
    times_s = np.arange(len(positions)) / FPS
    now_s, seen = times_s[frame], np.flatnonzero(~np.isnan(positions[: frame + 1, person]).all(axis=(1, 2)))
    probabilities = []
    for duration_s in model.bundle.live.window_durations_s:
        if now_s - times_s[seen[0]] < duration_s / 2 - 1e-9:
            continue
        body = positions[: frame + 1, person : person + 1]
        clip = make_clip(body, times_s[: frame + 1], model.bundle.clip, (now_s - duration_s, now_s))
        logits = model(clip[None])[0][0].astype(np.float64) / model.bundle.temperature
        probabilities.append(np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum())
    return np.mean(probabilities, axis=0)


def test_live_equals_offline():
    model, positions = FakeModel(), movement(100, bodies=2)
    recognizer = Recognizer(model, UNSMOOTHED)
    compared = 0
    for i, frame in enumerate(frames_of(positions, FPS)):
        for prediction in recognizer.push(frame):
            if i % 7 == 0:
                expected = offline(model, positions, i, prediction.person)
                np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
                compared += 1
    assert compared > 20


def test_dropped_frames_leave_no_hole():
    model, positions = FakeModel(), movement(90)
    kept = [i for i in range(90) if i % 5 != 3]
    recognizer = Recognizer(model, UNSMOOTHED)
    for i in kept:
        predictions = recognizer.push(frame_of(positions[i], i, i / FPS))
    now_s = kept[-1] / FPS
    clips = [
        make_clip(positions[kept], np.array(kept) / FPS, model.bundle.clip, (now_s - d, now_s))
        for d in model.bundle.live.window_durations_s
    ]
    logits = model(np.stack(clips))[0].astype(np.float64) / model.bundle.temperature
    expected = np.mean(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), axis=0)
    np.testing.assert_allclose(predictions[0].probabilities, expected, atol=1e-6)


def test_smoothing_is_exponential_in_time():
    model, positions = FakeModel(), movement(60)
    raw, smooth = Recognizer(model, UNSMOOTHED), Recognizer(model)
    expected, last_s = None, 0.0
    for frame in frames_of(positions, FPS):
        plain, smoothed = raw.push(frame), smooth.push(frame)
        if not plain:
            continue
        kept = np.exp((last_s - frame.time_s) / LiveSettings().smoothing_s)
        new = plain[0].probabilities
        expected = new if expected is None else kept * expected + (1 - kept) * new
        last_s = frame.time_s
        np.testing.assert_allclose(smoothed[0].probabilities, expected, atol=1e-6)


def test_observing_and_predicting_later_equals_pushing():
    model, frames = FakeModel(), frames_of(movement(80), FPS)
    pushed, observed = Recognizer(model, UNSMOOTHED), Recognizer(model, UNSMOOTHED)
    for frame in frames:
        expected = pushed.push(frame)
        observed.observe(frame)
    (prediction,) = observed.predict()
    np.testing.assert_array_equal(prediction.probabilities, expected[0].probabilities)
    assert prediction.time_s == frames[-1].time_s
    assert 0 < prediction.window_ms + prediction.model_ms < prediction.latency_ms
    assert min(prediction.window_ms, prediction.model_ms) > 0


def test_nothing_before_half_the_shortest_duration():
    recognizer = Recognizer(FakeModel())
    first = next(frame.time_s for frame in frames_of(movement(60), FPS) if recognizer.push(frame))
    assert first == pytest.approx(0.5)


def test_one_model_call_for_all_people_and_durations():
    model = FakeModel()
    recognizer = Recognizer(model)
    for frame in frames_of(movement(60, bodies=3), FPS):
        predictions = recognizer.push(frame)
    assert [p.person for p in predictions] == [0, 1, 2]
    assert model.batches[0] == 3  # one duration each
    assert model.batches[-1] == 6  # two


def test_a_newcomer_waits_and_others_go_on():
    recognizer, positions = Recognizer(FakeModel()), movement(60, bodies=2)
    for i in range(60):
        bodies = 1 if i < 40 else 2
        predictions = recognizer.push(frame_of(positions[i, :bodies], i, i / FPS))
        assert [p.person for p in predictions] == ([0] if 15 <= i < 55 else [0, 1] if i >= 55 else [])


def test_a_person_who_was_away_is_seen_anew():
    recognizer, positions = Recognizer(FakeModel()), movement(120)
    named = []
    for i in range(120):
        visible = positions[i] if not 40 <= i < 60 else positions[i, :0]
        named.append(bool(recognizer.push(frame_of(visible, i, i / FPS))))
    assert named == [15 <= i < 40 or i >= 75 for i in range(120)]


def test_a_short_absence_is_forgiven():
    recognizer, positions = Recognizer(FakeModel()), movement(60)
    named = [bool(recognizer.push(frame_of(positions[i] if i != 30 else positions[i, :0], i, i / FPS))) for i in range(60)]
    assert named == [i >= 15 and i != 30 for i in range(60)]


@pytest.mark.parametrize("again", ["reset", "earlier stamp"])
def test_starting_over(again):
    recognizer, frames = Recognizer(FakeModel()), frames_of(movement(50), FPS)
    first = [[p.probabilities for p in recognizer.push(frame)] for frame in frames]
    if again == "reset":
        recognizer.reset()
    second = [[p.probabilities for p in recognizer.push(frame)] for frame in frames]
    np.testing.assert_array_equal([p for ps in first for p in ps], [p for ps in second for p in ps])


def test_below_the_threshold_the_action_is_unknown():
    recognizer = Recognizer(FakeModel(bundle(live={"rejection_threshold": 0.999})))
    for frame in frames_of(movement(40), FPS):
        predictions = recognizer.push(frame)
    (prediction,) = predictions
    assert prediction.action == UNKNOWN
    assert prediction.top[0][0] in recognizer.labels
    assert prediction.confidence == prediction.top[0][1]


def test_what_a_prediction_says():
    recognizer = Recognizer(FakeModel())
    for frame in frames_of(movement(40), FPS):
        predictions = recognizer.push(frame)
    (prediction,) = predictions
    probabilities = prediction.probabilities
    assert probabilities.dtype == np.float32
    assert probabilities.sum() == pytest.approx(1)
    assert len(prediction.top) == 5
    assert [p for _, p in prediction.top] == pytest.approx(np.sort(probabilities)[::-1][:5])
    assert prediction.action == recognizer.labels[probabilities.argmax()]


def test_hysteresis_keeps_the_name_for_a_while():
    frames, changes = frames_of(movement(150), FPS), []
    for hysteresis in (0.0, 0.3):
        recognizer, names = Recognizer(FakeModel(seed=4), replace(UNSMOOTHED, hysteresis=hysteresis)), []
        for frame in frames:
            recognizer.observe(frame)
            for prediction in recognizer.predict() if frame.index % 3 == 0 else ():
                share = dict(zip(prediction.labels, prediction.probabilities))
                assert prediction.confidence == pytest.approx(share[prediction.action])
                assert prediction.top[0][1] <= prediction.confidence + hysteresis
                names.append(prediction.action)
        changes.append(sum(one != other for one, other in pairwise(names)))
    assert changes == [4, 1]


class Taught:
    """Classes that take half of everything in proportion to the first features of the embedding."""

    def __init__(self, *labels: str) -> None:
        self.labels = labels

    def extend(self, probabilities: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
        shares = np.exp(embeddings[:, : len(self.labels)].astype(np.float64))
        return 0.5 * np.concatenate([probabilities, shares / shares.sum(axis=1, keepdims=True)], axis=1)


class WithFeatures(FakeModel):
    """Whose embedding is the mean of the clip over time, joints and bodies, times ten."""

    def __call__(self, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return super().__call__(clips)[0], 10 * clips.mean(axis=(2, 3, 4))


def test_what_was_taught_joins_what_the_model_knows():
    model, frames = WithFeatures(), frames_of(movement(80, bodies=2), FPS)
    plain, extended = Recognizer(model, UNSMOOTHED), Recognizer(model, UNSMOOTHED)
    extended.taught = Taught("bow", "spin")
    assert extended.labels == (*"abcdefg", "bow", "spin")
    for frame in frames:
        for without, prediction in zip(plain.push(frame), extended.push(frame), strict=True):
            np.testing.assert_array_equal(prediction.embedding, without.embedding)
            expected = extended.taught.extend(without.probabilities[None], without.embedding[None])[0]
            np.testing.assert_allclose(prediction.probabilities, expected, atol=1e-6)
            assert prediction.labels == extended.labels
            assert prediction.action == prediction.labels[expected.argmax()]


def test_the_embedding_is_the_mean_over_the_windows():
    model, positions = WithFeatures(), movement(80)
    recognizer = Recognizer(model)
    for frame in frames_of(positions, FPS):
        recognizer.observe(frame)
    now_s, times_s = 79 / FPS, np.arange(80) / FPS
    clips = np.stack([make_clip(positions, times_s, model.bundle.clip, (now_s - d, now_s)) for d in (1.0, 2.0)])
    (prediction,) = recognizer.predict()
    np.testing.assert_allclose(prediction.embedding, model(clips)[1].mean(axis=0), rtol=1e-5)
    assert prediction.embedding.dtype == np.float32


@pytest.mark.parametrize("after", [None, ("bow",), ("spin", "bow")])
def test_with_other_labels_smoothing_and_naming_begin_anew(after: tuple[str, ...] | None):
    live = LiveSettings((1.0, 2.0), smoothing_s=0.5, hysteresis=0.2)
    changing, fresh = Recognizer(WithFeatures(), live), Recognizer(WithFeatures(), live)
    changing.taught = Taught("bow", "spin")
    fresh.taught = Taught(*after) if after else None
    frames = frames_of(movement(90), FPS)
    for frame in frames[:60]:
        changing.push(frame)
        fresh.observe(frame)
    changing.taught = fresh.taught
    for frame in frames[60:]:
        (one,), (other,) = changing.push(frame), fresh.push(frame)
        assert (one.action, one.labels) == (other.action, other.labels)
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_taught_with_one_example_more_goes_on_smoothly():
    recognizer, never = Recognizer(WithFeatures()), Recognizer(WithFeatures())
    recognizer.taught = never.taught = Taught("bow")
    for frame in frames_of(movement(60), FPS):
        recognizer.taught = Taught("bow")
        for one, other in zip(recognizer.push(frame), never.push(frame), strict=True):
            np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_another_layout_is_converted():
    kinect = movement(40)[:, :, :20]
    recognizer = Recognizer(FakeModel())
    for i, positions in enumerate(kinect):
        predictions = recognizer.push(frame_of(positions, i, i / FPS))
    assert len(predictions) == 1


def test_empty_frames():
    recognizer = Recognizer(FakeModel())
    assert recognizer.predict() == []
    assert all(recognizer.push(frame_of(np.zeros((0, 25, 3), np.float32), i, i / FPS)) == [] for i in range(60))


def test_neither_torch_nor_qt_is_imported():
    code = "import skel.app.recognizer, skel.app.pipeline, sys; assert not {'torch', 'PySide6'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("jump_s", [5.0, 3600.0, -0.5, -3600.0])
def test_after_a_jump_of_the_clock_everybody_is_seen_anew(jump_s: float):
    positions, model = movement(120), FakeModel()
    recognizer, newcomer = Recognizer(model), Recognizer(model)
    for frame in frames_of(positions[:60], FPS):
        recognizer.push(frame)
    for i in range(60, 120):
        frame = frame_of(positions[i], i, i / FPS + jump_s)
        after, expected = recognizer.push(frame), newcomer.push(frame)
        assert [p.person for p in after] == [p.person for p in expected]
        for prediction, other in zip(after, expected):
            np.testing.assert_array_equal(prediction.probabilities, other.probabilities)
    assert after
