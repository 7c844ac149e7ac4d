import numpy as np
import pytest

from skel.sensors.synthetic import perform
from skel.skeleton.anatomy import bone_lengths_m, facing_checks, forward, human_range_m
from skel.skeleton.layouts import LAYOUTS, NTU25


@pytest.fixture(scope="module")
def person():
    return perform(seed=3, duration_s=2.0, persons=1).positions_m  # (T, 1, 25, 3)


def stick_figure(layout):
    """(V, 3), facing the sensor: left at −x, head up, toes towards the sensor, everything else at the trunk."""
    places = {"Shoulder": (0.2, 0.5, 0), "Hip": (0.1, 0, 0), "Ankle": (0.1, -0.8, 0)}
    places |= dict.fromkeys(("Foot", "FootIndex"), (0.1, -0.8, -0.2))
    positions = np.zeros((len(layout), 3))
    for i, joint in enumerate(layout.joints):
        if joint in ("Head", "Nose"):
            positions[i, 1] = 0.8
        for end, place in places.items():
            if joint.endswith(end) and layout.side(i) != "middle":
                positions[i] = np.array(place) * (-1 if layout.side(i) == "left" else 1, 1, 1)
    return positions


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_who_faces_the_sensor_looks_towards_it(layout):
    figure = stick_figure(layout)
    assert forward(figure, layout) == pytest.approx([0, 0, -1])
    checks = facing_checks(figure, layout)
    assert checks["left shoulder on the left"] == pytest.approx(0.4)
    assert checks["head above the hips"] == pytest.approx(0.8)
    assert checks["toes in front"] == pytest.approx(0.2)
    mirrored = facing_checks(figure * (-1, 1, 1), layout)
    assert mirrored["left shoulder on the left"] == pytest.approx(-0.4)
    assert mirrored["toes in front"] == pytest.approx(-0.2)


def test_toes_are_in_front_of_whoever_turns_away():
    turned = facing_checks(stick_figure(NTU25) * (-1, 1, -1), NTU25)
    assert turned["left shoulder on the left"] < 0 < turned["toes in front"]


def test_any_leading_axes(person):
    assert forward(person, NTU25).shape == (*person.shape[:2], 3)
    assert bone_lengths_m(person, NTU25).shape == (*person.shape[:2], len(NTU25.bones))
    assert all(amount_m.shape == person.shape[:2] for amount_m in facing_checks(person, NTU25).values())


def test_unknown_joints_leave_their_own_bones_and_checks_unknown(person):
    known = person.copy()
    known[:, :, NTU25.index("LeftFoot")] = np.nan
    lengths_m = bone_lengths_m(known, NTU25)
    of_foot = [NTU25.joints[child] == "LeftFoot" for child, _ in NTU25.bones]
    assert np.isnan(lengths_m[..., of_foot]).all()
    assert not np.isnan(lengths_m[..., ~np.array(of_foot)]).any()
    checks = facing_checks(known, NTU25)
    assert np.isnan(checks["toes in front"]).all()
    assert (checks["head above the hips"] > 0).all()


def test_an_actor_has_human_bones(person):
    medians_m = np.median(bone_lengths_m(person, NTU25), axis=(0, 1))
    for (child, _), length_m in zip(NTU25.bones, medians_m):
        least, greatest = human_range_m(NTU25.joints[child])
        assert least < length_m < greatest, NTU25.joints[child]


def test_both_sides_have_one_range():
    assert human_range_m("LeftKnee") == human_range_m("RightKnee") == pytest.approx((0.2, 0.6))
