"""Bodies projected by a known camera are put back where they stood."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skel.sensors.placement import focal_length_px, place
from skel.sensors.pose import PersonPose

SIZE_PX = (1280, 720)
# A standing adult, arms a little away: 33 points around the middle of the hips, within 0.5 × 1.7 × 0.3 m.
BODY_M = np.random.default_rng(1).uniform((-0.25, -0.9, -0.15), (0.25, 0.8, 0.15), (33, 3))


def seen_from(body_m: np.ndarray, place_m: np.ndarray, size_px=SIZE_PX, angle_deg=60.0, visibility=None) -> PersonPose:
    """What a pinhole camera makes of a body: canonical x and y run against the picture's."""
    room = body_m + place_m
    focal_px = max(size_px) / 2 / math.tan(math.radians(angle_deg / 2))
    image_px = np.array(size_px) / 2 - focal_px * room[:, :2] / room[:, 2:]
    visibility = np.ones(33) if visibility is None else visibility
    return PersonPose(image_px.astype(np.float32), body_m.astype(np.float32), visibility.astype(np.float32))


def somewhere(nearest_m: float = 2.0) -> st.SearchStrategy[np.ndarray]:
    """A place from which most of the body is in the picture."""
    return st.tuples(st.floats(-0.4, 0.4), st.floats(-0.1, 0.1), st.floats(nearest_m, 8)).map(
        lambda t: np.array([t[0] * t[2], t[1] * t[2], t[2]])
    )


@given(somewhere(), st.floats(40, 90), st.sampled_from([(1280, 720), (720, 1280), (640, 480)]), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_body_is_put_back_where_it_stood(place_m, angle_deg, size_px, seed):
    body_m = BODY_M * np.random.default_rng(seed).uniform(0.7, 1.1)
    person = seen_from(body_m, place_m, size_px, angle_deg)
    inside = ((person.image_px >= 0) & (person.image_px <= size_px)).all(axis=1)
    if inside.sum() >= 10:
        np.testing.assert_allclose(place(person, *size_px, angle_deg), place_m, rtol=2e-3, atol=2e-3)


@given(somewhere(), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_noise_of_the_models_size_moves_it_a_little(place_m, seed):
    random = np.random.default_rng(seed)
    person = seen_from(BODY_M, place_m)
    noisy = PersonPose(
        person.image_px + random.normal(0, 3, (33, 2)).astype(np.float32),
        person.world_m + random.normal(0, 0.02, (33, 3)).astype(np.float32),
        person.visibility,
    )
    assert np.linalg.norm(place(noisy, *SIZE_PX) - place_m) < 0.12 * place_m[2]


@pytest.mark.parametrize("hidden", [True, False])
def test_legs_outside_the_picture_that_the_model_invents_do_not_count(hidden):
    place_m = np.array([0.1, -0.5, 1.3])  # from the hips down nothing is in view
    person = seen_from(BODY_M, place_m, visibility=np.where(BODY_M[:, 1] < 0, 0.0 if hidden else 0.8, 1.0))
    out = person.image_px[:, 1] > SIZE_PX[1]
    assert 8 < out.sum() < 25
    invented = person.image_px.copy()
    invented[out] = SIZE_PX[1] + 0.3 * (invented[out] - SIZE_PX[1])
    found = place(PersonPose(invented, person.world_m, person.visibility), *SIZE_PX)
    np.testing.assert_allclose(found, place_m, atol=0.05)


def test_a_few_landmarks_far_off_do_not_count():
    place_m = np.array([0.5, 0.0, 3.0])
    person = seen_from(BODY_M, place_m)
    person.image_px[[3, 17, 28]] = [[900, 40], [200, 600], [40, 300]]
    np.testing.assert_allclose(place(person, *SIZE_PX), place_m, atol=0.1)


def test_a_wrong_angle_changes_depth_alone():
    place_m = np.array([0.8, 0.1, 4.0])
    found = place(seen_from(BODY_M, place_m, angle_deg=70), *SIZE_PX, 60)
    np.testing.assert_allclose(found[:2], place_m[:2], atol=0.06)
    assert found[2] / place_m[2] == pytest.approx(math.tan(math.radians(35)) / math.tan(math.radians(30)), rel=0.05)


def test_two_people_side_by_side_stand_apart():
    left, right = (place(seen_from(BODY_M, np.array([x, 0, 3.0])), *SIZE_PX) for x in (-0.4, 0.4))
    assert right[0] - left[0] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    "image_px",
    [np.zeros((33, 2)), np.full((33, 2), 1e6), np.random.default_rng(0).normal(0, 1e4, (33, 2)), np.full((33, 2), 500.0)],
)
@pytest.mark.parametrize("visibility", [0.0, 1.0])
def test_nonsense_stays_finite_and_before_the_camera(image_px, visibility):
    person = PersonPose(image_px.astype(np.float32), BODY_M.astype(np.float32), np.full(33, visibility, np.float32))
    found = place(person, *SIZE_PX)
    assert np.isfinite(found).all()
    assert (BODY_M + found)[:, 2].min() > 0.19
    assert found[2] <= 20


def test_the_angle_spans_the_longer_side():
    assert focal_length_px(1000, 500, 90) == pytest.approx(500)
    assert focal_length_px(500, 1000, 90) == pytest.approx(500)
