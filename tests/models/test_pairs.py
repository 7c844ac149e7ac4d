"""Classes that two people do together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_fakes import FakeModel, bundle, frame_of, frames_of, movement

from skel.models.live import LiveSettings
from skel.models.pairs import REACH_M, PairClasses, nearest_partners
from skel.models.recognizer import Recognizer
from skel.skeleton.clip import make_clip

FPS = 30.0
LIVE = LiveSettings((1.0, 2.0), smoothing_s=0, pair_labels=("b", "f"))
IS_PAIR = np.array([label in LIVE.pair_labels for label in "abcdefg"])


def people_at(x_m: list[float], frames: int = 100) -> np.ndarray:
    """(T, M, 25, 3): people in a row who do not walk away."""
    positions = movement(frames, bodies=len(x_m))
    positions -= positions.mean(axis=2, keepdims=True)
    return positions + np.array([[[x, 0, 0]] for x in x_m], np.float32)


def said_of(model: FakeModel, positions: np.ndarray, frame: int, bodies: list[int]) -> np.ndarray:
    """The mean over the durations of what the model says of these bodies, from the whole recording."""
    now_s, rows = frame / FPS, []
    past, times_s = positions[: frame + 1, bodies], np.arange(frame + 1) / FPS
    for duration_s in LIVE.window_durations_s:
        if now_s >= duration_s / 2 - 1e-9:
            clip = make_clip(past, times_s, model.bundle.clip, (now_s - duration_s, now_s))
            logits = model(clip[None])[0][0].astype(np.float64) / model.bundle.temperature
            rows.append(np.exp(logits) / np.exp(logits).sum())
    return np.mean(rows, axis=0)


def expected(model: FakeModel, positions: np.ndarray, frame: int, person: int, partner: int | None) -> np.ndarray:
    alone = said_of(model, positions, frame, [person])
    result, left = np.zeros(len(alone)), 1.0
    if partner is not None:
        together = said_of(model, positions, frame, [person, partner])
        result[IS_PAIR] = together[IS_PAIR]
        left -= together[IS_PAIR].sum()
    result[~IS_PAIR] = left * alone[~IS_PAIR] / alone[~IS_PAIR].sum()
    return result


@pytest.mark.parametrize(
    ("x_m", "partners"),
    [
        ([0.0], {0: None}),
        ([0.0, 1.0], {0: 1, 1: 0}),
        ([0.0, 3.0], {0: None, 1: None}),
        ([0.0, 1.8, 2.7], {0: 1, 1: 2, 2: 1}),
        ([0.0, 1.0, 8.0], {0: 1, 1: 0, 2: None}),
    ],
)
def test_live_equals_offline(x_m: list[float], partners: dict[int, int | None]):
    model, positions = FakeModel(bundle(live=vars(LIVE))), people_at(x_m)
    recognizer, reference = Recognizer(model), FakeModel(model.bundle)
    for i, frame in enumerate(frames_of(positions, FPS)):
        recognizer.observe(frame)
        if i % 9:
            continue
        predictions = recognizer.predict()
        for prediction in predictions:
            person = prediction.person
            fused = expected(reference, positions, i, person, partners[person])
            np.testing.assert_allclose(prediction.probabilities, fused, atol=1e-6)
            in_pair = prediction.action in LIVE.pair_labels
            assert prediction.partner == (partners[person] if in_pair else None)
    assert [p.person for p in predictions] == list(partners)
    assert model.batches[-1] == 2 * (len(partners) + sum(p is not None for p in partners.values())), "one call for all"


def test_a_class_of_two_names_the_partner():
    model = FakeModel(bundle(live=vars(replace(LIVE, pair_labels=tuple("abcdef")))))
    recognizer, seen = Recognizer(model), set()
    for i, positions in enumerate(people_at([0.0, 1.0], frames=200)):
        recognizer.observe(frame_of(positions, i, i / FPS, ids=[7, 3]))
        for prediction in recognizer.predict() if i % 5 == 0 else ():
            assert prediction.partner == ({7: 3, 3: 7}[prediction.person] if prediction.action != "g" else None)
            seen.add(prediction.partner)
    assert {3, 7} <= seen


def test_a_newcomer_is_nobodys_partner_yet():
    recognizer, positions = Recognizer(FakeModel(bundle(live=vars(LIVE)))), people_at([0.0, 1.0])
    for i in range(60):
        recognizer.observe(frame_of(positions[i, : 1 if i < 40 else 2], i, i / FPS))
        if i in (20, 45, 54, 55):
            first = recognizer.predict()[0]
            assert (first.probabilities[IS_PAIR].sum() > 0) == (i == 55)


def test_partners_look_over_the_time_that_both_were_there():
    model = FakeModel(bundle(live=vars(LIVE)))
    recognizer, positions = Recognizer(model), people_at([0.0, 1.0])
    for i in range(60):
        recognizer.observe(frame_of(positions[i, : 1 if i < 40 else 2], i, i / FPS))
    recognizer.predict()
    assert model.batches[-1] == 2 + 1 + 1 + 1  # the second person, and so either pair, has been there for one duration only


def test_a_model_of_pairs_alone_says_nothing_of_somebody_alone():
    model = FakeModel(bundle(live=vars(replace(LIVE, pair_labels=tuple("abcdefg")))))
    recognizer, positions = Recognizer(model), people_at([0.0, 1.0, 8.0])
    for frame in frames_of(positions, FPS):
        recognizer.observe(frame)
    predictions = recognizer.predict()
    assert [(p.person, p.partner) for p in predictions] == [(0, 1), (1, 0)]
    together = said_of(FakeModel(model.bundle), positions, len(positions) - 1, [0, 1])
    np.testing.assert_allclose(predictions[0].probabilities, together, atol=1e-6)


def test_whoever_has_no_joint_in_sight_is_nobodys_partner():
    recognizer, positions = Recognizer(FakeModel(bundle(live=vars(LIVE)))), people_at([0.0, 1.0])
    positions[-1, 1] = np.nan
    for frame in frames_of(positions, FPS):
        recognizer.observe(frame)
    predictions = recognizer.predict()
    assert [p.probabilities[IS_PAIR].sum() for p in predictions] == [0, 0]


def test_the_nearest_is_the_partner():
    at = {5: np.zeros(3), 9: np.array([0, 0, REACH_M]), 2: np.array([1.0, 0, REACH_M]), 4: np.full(3, np.nan)}
    assert nearest_partners(at) == {5: 9, 9: 2, 2: 9}
    assert nearest_partners({1: np.zeros(3)}) == nearest_partners({}) == {}


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 7), st.booleans())
def test_the_sum_is_one(seed: int, pair_count: int, alone: bool):
    rng = np.random.default_rng(seed)
    solo, pair = rng.dirichlet(np.full(8, 0.05), size=2)
    fused = PairClasses(tuple("abcdefgh"), tuple("abcdefgh"[:pair_count])).fused(solo, None if alone else pair)
    assert fused.sum() == pytest.approx(1)
    assert fused[:pair_count] == pytest.approx(np.zeros(pair_count) if alone else pair[:pair_count], abs=1e-9)
