"""Who keeps which id: walking, crossing, going away and coming back."""

from collections.abc import Iterable

import numpy as np
import pytest

from skel.sensors.people import KEPT_S, PeopleTracker, _assign
from skel.sensors.pose import PersonPose

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
