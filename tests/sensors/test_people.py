"""Who keeps which id: walking, crossing, going away and coming back."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skel.sensors.people import KEPT_S, PeopleTracker, _assign
from skel.sensors.pose import PersonPose
from skel.sensors.synthetic import perform

STEP_S = 1 / 30
SHAPES_PX = np.random.default_rng(0).uniform((-60, -200), (60, 200), (4, 33, 2))


def person(x_px: float, shape: int = 0, noise: np.random.Generator | None = None) -> PersonPose:
    """One of four postures, 400 pixels high, at a place."""
    points = SHAPES_PX[shape] + [x_px, 300]
    if noise is not None:
        points = points + noise.normal(0, 4, (33, 2))
    return PersonPose(points.astype(np.float32), np.zeros((33, 3), np.float32), np.full(33, 0.9, np.float32))


def places(found: dict[int, PersonPose]) -> dict[int, int]:
    return {identity: round(float(p.image_px[:, 0].mean() - SHAPES_PX[:, :, 0].mean())) for identity, p in found.items()}


def follow(pictures: Iterable[list[PersonPose]], tracker: PeopleTracker | None = None, from_s: float = 0.0):
    tracker = tracker or PeopleTracker()
    return [tracker(people, from_s + i * STEP_S) for i, people in enumerate(pictures)]


def test_ids_do_not_depend_on_the_order_in_which_people_are_found():
    random = np.random.default_rng(2)
    pictures = []
    for i in range(60):
        people = [person(200 + 2 * i, 0, random), person(600, 1, random), person(900 - 2 * i, 2, random)]
        pictures.append([people[k] for k in (range(3) if i == 0 else random.permutation(3))])
    for i, found in enumerate(follow(pictures)):
        assert list(found) == [0, 1, 2]
        assert np.abs(np.subtract(list(places(found).values()), [200 + 2 * i, 600, 900 - 2 * i])).max() < 30


@pytest.mark.parametrize("speed_px", [5, 8, 14])
@pytest.mark.parametrize("found_when_hidden", ["first", "second", "either"])
def test_people_who_cross_keep_their_ids_while_one_hides_the_other(speed_px, found_when_hidden):
    random = np.random.default_rng(3)
    pictures = []
    for i in range(800 // speed_px):
        first, second = 100 + speed_px * i, 900 - speed_px * i
        people = [person(first, 0, random), person(second, 0, random)]
        if abs(first - second) < 150:
            one = random.integers(2) if found_when_hidden == "either" else ["first", "second"].index(found_when_hidden)
            people = [people[one]]
        pictures.append(people)
    last = follow(pictures)[-1]
    assert list(last) == [0, 1]
    assert last[0].image_px[:, 0].mean() > last[1].image_px[:, 0].mean()


@cache
def actors(seed: int) -> np.ndarray:
    """(T, 2, 33, 3): two who perform actions on the spot, in metres from their middle."""
    positions = perform(seed, duration_s=6.0, persons=2).positions_m[:, :, np.arange(33) % 25].astype(np.float64)
    return positions - positions[:, :, :1].mean(axis=0)


def crossing(
    seed: int, speeds_m_s: tuple[float, float], behind_m: float, noise_px: float, hidden_s: float, found: str
) -> list[list[tuple[int, PersonPose]]]:
    """Two actors walk past one another before a camera, which sees one of them alone for a while; in any order."""
    random, pictures = np.random.default_rng(seed), []
    for i, bodies in enumerate(actors(seed % 4)):
        from_meeting_s = i * STEP_S - 3.0
        people = []
        for k, body in enumerate(bodies):
            at_m = body + np.array([speeds_m_s[k] * from_meeting_s, 0, 2.6 + k * behind_m])
            points_px = [640, 360] - 900 * at_m[:, :2] / at_m[:, 2:] + random.normal(0, noise_px, (33, 2))
            pose = PersonPose(points_px.astype(np.float32), np.zeros((33, 3), np.float32), np.full(33, 0.9, np.float32))
            if -400 < points_px[:, 0].mean() < 1680:
                people.append((k, pose))
        if abs(from_meeting_s) < hidden_s / 2 and len(people) == 2:
            people = [people[{"front": 0, "back": 1, "either": random.integers(2)}[found]]]
        pictures.append([people[k] for k in random.permutation(len(people))])
    return pictures


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**16),
    speeds=st.tuples(st.floats(0.4, 1.8), st.floats(-1.8, 0)),
    behind_m=st.floats(0.3, 1.2),
    noise_px=st.floats(0, 6),
    hidden_s=st.floats(0, 0.9 * KEPT_S),
    found=st.sampled_from(["front", "back", "either"]),
)
@example(0, (0.4, 0), 0.3, 6.0, 0.9 * KEPT_S, "front")
@example(1, (1.8, -1.8), 1.2, 6.0, 0.9 * KEPT_S, "back")
def test_ids_survive_a_crossing(seed, speeds, behind_m, noise_px, hidden_s, found):
    """The stated limit: one is out of sight for at most nine tenths of the time that an id is kept.

    While both coincide in the picture they count as one, who may have either id.
    """
    tracker, ids = PeopleTracker(), []
    for i, people in enumerate(crossing(seed, speeds, behind_m, noise_px, hidden_s, found)):
        named = {id(pose): identity for identity, pose in tracker([pose for _, pose in people], i * STEP_S).items()}
        if len(named) == 2:
            ids.append([named[id(pose)] for _, pose in sorted(people, key=lambda person: person[0])])
    assert all(pair == ids[0] for pair in ids)


def test_who_stays_alone_is_followed_on_at_any_speed():
    """Another went out of sight beside them, and could for a while be the one who is found."""
    pictures = [[person(300, 0), person(380, 1)]] * 10
    pictures += [[person(300 + 9 * max(0, i - 20), 0)] for i in range(90)]
    assert [list(found) for found in follow(pictures)[10:]] == [[0]] * 90


@pytest.mark.parametrize(("away_s", "ids"), [(0.5 * KEPT_S, [0]), (1.5 * KEPT_S, [1])])
def test_who_comes_back_in_time_is_known_again(away_s, ids):
    tracker = PeopleTracker()
    tracker([person(300)], 0.0)
    for i in range(1, round(away_s / STEP_S)):
        assert tracker([], i * STEP_S) == {}
    assert list(tracker([person(310)], away_s)) == ids


def test_an_id_is_never_given_to_somebody_far_away_or_given_twice():
    tracker = PeopleTracker()
    given = []
    for i in range(6):
        given += tracker([person(100 + 700 * (i % 2))], i * 1.5)
    assert given == [0, 1, 2, 3, 4, 5]
    assert list(tracker([person(100), person(800)], 7.6)) == [5, 6]


def test_who_leaves_while_another_stays_takes_no_id_along():
    tracker = PeopleTracker()
    assert list(tracker([person(300, 0), person(700, 1)], 0.0)) == [0, 1]
    assert list(tracker([person(702, 1)], STEP_S)) == [1]
    assert list(tracker([person(704, 1)], 2 * STEP_S)) == [1]


def test_two_findings_of_one_person_are_one():
    tracker = PeopleTracker()
    clear = person(300)
    blurred = PersonPose(clear.image_px + 10, clear.world_m, clear.visibility / 2)
    found = tracker([blurred, clear], 0.0)
    assert list(found.values()) == [clear]


@pytest.mark.parametrize(("jump_s", "ids"), [(-10.0, [1]), (10.0, [1]), (-0.1, [0]), (0.0, [0])])
def test_a_jump_in_time_makes_everybody_new(jump_s, ids):
    tracker = PeopleTracker()
    follow([[person(300)]] * 5, tracker, from_s=20.0)
    assert list(tracker([person(300)], 20 + 4 * STEP_S + jump_s)) == ids


def test_six_people_in_a_row_are_matched_together():
    random = np.random.default_rng(5)
    pictures = [[person(100 + 130 * k + 3 * i, k % 4, random) for k in random.permutation(6)] for i in range(20)]
    found = follow(pictures)
    first = list(places(found[0]).values())
    for i, people in enumerate(found):
        assert np.abs(np.subtract(list(places(people).values()), np.add(first, 3 * i))).max() < 12


def test_a_crowd_in_which_anybody_may_be_anybody_is_matched_before_the_night():
    """Trying all 11! ways one after the other takes hours."""
    costs = [[0.5 + 0.01 * ((7 * row + 3 * column) % 5) for column in range(11)] for row in range(11)]
    matches = _assign(costs)
    assert sorted(matches) == list(range(11))
    assert sum(costs[row][column] for row, column in enumerate(matches)) == pytest.approx(11 * 0.5)
