"""The box that the camera frames."""

import numpy as np
import pytest

from skel.app.widgets.framing import Framing


def person(x: float = 0.0, z: float = 2.5, feet: float = -1.0) -> np.ndarray:
    """(1, 3, 3): foot, hip, head."""
    return np.array([[[x, feet, z], [x, feet + 0.9, z], [x, feet + 1.7, z]]])


def test_the_first_person_is_framed_at_once():
    framing = Framing()
    assert framing.update(person(x=0.4))
    assert framing.floor_m == -1.0
    assert framing.centre_m[[0, 2]] == pytest.approx([0.4, 2.5])
    assert framing.extent_m[1] > 1.7  # and some room for the label


def test_it_grows_gently_and_never_shrinks():
    framing = Framing()
    framing.update(person())
    before = framing.extent_m[0]
    assert framing.update(person(x=2.0))
    once = framing.extent_m[0]
    assert before <= once < 1.5  # one stray frame does little
    for _ in range(60):
        framing.update(person(x=2.0))
    assert framing.extent_m[0] == pytest.approx(2.0 + 0.2, abs=0.1)
    assert not framing.update(person(x=1.0))


def test_small_movements_leave_it_alone():
    framing = Framing()
    framing.update(person())
    assert not framing.update(person(x=0.02))


def test_it_starts_anew_after_all_have_been_away():
    framing = Framing()
    framing.update(person(x=-3))
    for _ in range(10):
        assert not framing.update(np.full((1, 3, 3), np.nan))
    framing.update(person(x=3))
    assert framing.centre_m[0] < 0  # a short absence is forgiven
    for _ in range(60):
        framing.update(np.zeros((0, 3, 3)))
    assert framing.update(person(x=3))
    assert framing.centre_m[0] == pytest.approx(3)


def test_untracked_joints_do_not_count():
    joints = person()
    joints[0, 0] = np.nan
    framing = Framing()
    framing.update(joints)
    assert framing.floor_m == pytest.approx(-0.1)
