import numpy as np
import pytest
from raw_files import chair, people

from skel.training.people import is_noise, main_people, motion


def absent(count):
    return np.full((count, 25, 3), np.nan)


@pytest.fixture(scope="module")
def pair():
    """(60, 2, 25, 3): the first moves more."""
    return people(3, 60, 2).astype(float)


def test_the_most_active_come_first_wherever_they_are_listed(pair):
    assert motion(pair[:, 0]) > motion(pair[:, 1])
    for order in ([0, 1], [1, 0]):
        np.testing.assert_array_equal(main_people(pair[:, order]), pair)
    third = pair[:, 1] * 0.1 + (0, 0, 3)
    np.testing.assert_array_equal(main_people(np.stack([third, pair[:, 1], pair[:, 0]], 1)), pair)


def test_noise_goes_and_people_stay(pair):
    assert is_noise(chair(60))
    assert not is_noise(pair[:, 0])
    assert is_noise(np.concatenate([pair[:11, 0], absent(49)]))
    assert not is_noise(np.concatenate([pair[:12, 0], absent(48)]))
    np.testing.assert_array_equal(main_people(np.stack([chair(60), pair[:, 0]], 1)), pair[:, :1])


def test_noise_alone_is_kept():
    bodies = np.stack([chair(60), 0.5 * chair(60)], 1)
    np.testing.assert_array_equal(main_people(bodies), bodies[:, :1])
    short = people(0, 5).astype(float)
    np.testing.assert_array_equal(main_people(short), short)


def test_a_second_person_may_leave(pair):
    left = pair.copy()
    left[30:, 1] = np.nan
    np.testing.assert_array_equal(main_people(left), left)


def test_a_person_under_a_new_id_is_the_same(pair):
    """Lost at frame 25, found at 28 under another id, while somebody else stays."""
    first, second = pair[:, 0].copy(), pair[:, 1]
    tracks = np.stack([np.concatenate([first[:25], absent(35)]), second, np.concatenate([absent(28), first[28:]])], 1)
    found = main_people(tracks)
    first[25:28] = np.nan
    np.testing.assert_array_equal(found, np.stack([first, second], 1))


def test_another_person_elsewhere_is_not(pair):
    tracks = np.stack(
        [np.concatenate([pair[:25, 0], absent(35)]), np.concatenate([absent(28), pair[28:, 0] + (2.0, 0, 0)])], 1
    )
    assert main_people(tracks).shape[1] == 2


def test_who_comes_late_is_not_the_main_person(pair):
    late = np.concatenate([absent(45), 1.3 * pair[45:, 0] + (1.5, 0, 0)])
    np.testing.assert_array_equal(main_people(np.stack([late, pair[:, 0]], 1))[:, 0], pair[:, 0])


def test_nobody():
    assert main_people(np.full((4, 2, 25, 3), np.nan)).shape == (4, 0, 25, 3)
    assert main_people(np.zeros((4, 0, 25, 3))).shape == (4, 0, 25, 3)
