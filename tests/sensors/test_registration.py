"""The geometry: against the SDK's own calibration functions, against formulas written out plainly, and by its symmetries."""

import math
from pathlib import Path

import numpy as np
import pytest
from depth_scene import COLOUR, DEPTH, RIG

from skel.sensors.registration import Lens, RegisteredDepth, Registration, Rig


@pytest.fixture(scope="module")
def real(shared: Path):
    """pyk4a's calibration of a real recording, and ours made from it."""
    pyk4a = pytest.importorskip("pyk4a")
    from skel.sensors.pyk4a_rig import rig_of

    with pyk4a.PyK4APlayback(shared / "k4a" / "recording.mkv") as playback:
        yield playback.calibration, rig_of(playback.calibration, None)


def test_agrees_with_the_sdk(real):
    """At a thousand places; the tolerances are some roundings of float32: 0.01 mm at 5 m, 0.002 px."""
    from pyk4a import CalibrationType

    calibration, rig = real
    random, compared = np.random.default_rng(0), 0
    for _ in range(1000):
        u, v = random.integers(0, 640), random.integers(0, 576)
        depth_mm = float(random.uniform(300, 5000))
        try:
            point = calibration.convert_2d_to_3d(
                (float(u), float(v)), depth_mm, CalibrationType.DEPTH, CalibrationType.COLOR
            )
            pixel = calibration.convert_3d_to_2d(point, CalibrationType.COLOR)
        except ValueError:  # outside of what the SDK's lens model covers
            continue
        ours_m = rig.depth_to_colour(rig.depth.rays(np.array([u, v])) * depth_mm / 1000)
        np.testing.assert_allclose(ours_m * 1000, point, atol=0.01)
        np.testing.assert_allclose(rig.colour.project(ours_m), pixel, atol=0.002)
        compared += 1
    assert compared > 900


def test_registers_a_whole_picture_as_the_sdk_does(real):
    from pyk4a import CalibrationType

    calibration, rig = real
    random = np.random.default_rng(1)
    depth_mm = np.zeros((576, 640), np.uint16)
    depth_mm[200:204, 300:304] = random.integers(500, 4000, (4, 4))
    registered = Registration(rig, stride=2)(depth_mm)
    expected = []
    for v in (200, 202):
        for u in (300, 302):
            point = calibration.convert_2d_to_3d(
                (float(u), float(v)), float(depth_mm[v, u]), CalibrationType.DEPTH, CalibrationType.COLOR
            )
            expected.append([*calibration.convert_3d_to_2d(point, CalibrationType.COLOR), point[2] / 1000])
    np.testing.assert_allclose(np.column_stack([registered.pixels, registered.depth_m]), expected, atol=0.002)


def plain_projection(lens: Lens, x: float, y: float, z: float) -> tuple[float, float]:
    """Brown–Conrady as the textbook has it."""
    k1, k2, k3, k4, k5, k6 = lens.radial
    p1, p2 = lens.tangential
    x, y = x / z, y / z
    r2 = x**2 + y**2
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    distorted_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    distorted_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
    return lens.focal_px[0] * distorted_x + lens.centre_px[0], lens.focal_px[1] * distorted_y + lens.centre_px[1]


@pytest.mark.parametrize("lens", [DEPTH, COLOUR], ids=["depth", "colour"])
def test_projects_as_the_formula_says_and_back(lens: Lens):
    pixels = np.random.default_rng(2).uniform(0, [lens.width_px, lens.height_px], (200, 2))
    rays = lens.rays(pixels)
    np.testing.assert_array_equal(rays[:, 2], 1)
    for ray, pixel in zip(rays.astype(float), pixels):
        np.testing.assert_allclose(plain_projection(lens, *(2.5 * ray)), pixel, atol=0.001)
    np.testing.assert_allclose(lens.project(2.5 * rays), pixels, atol=0.002)


def test_what_the_lens_cannot_see_is_nan():
    strong = Lens(640, 480, (300.0, 300.0), (320.0, 240.0), (-0.5, 0, 0, 0, 0, 0), (0, 0))
    # r (1 − r²/2) never exceeds 0.544: pixels farther than that from the centre show nothing.
    rays = strong.rays(np.array([[320 + 0.5 * 300, 240], [320 + 0.6 * 300, 240], [np.nan, 0]]))
    assert np.isfinite(rays[0]).all()
    assert np.isnan(rays[1:, :2]).all()
    assert np.isnan(strong.project(np.array([[0.1, 0.1, -1.0], [0.1, 0.1, 0.0], [np.nan, 0, 1]]))).all()


def test_pixels_without_depth_give_no_point():
    registration = Registration(RIG, stride=4)
    empty = registration(np.zeros((576, 640), np.uint16))
    assert len(empty.depth_m) == 0
    assert len(empty.near(np.array([640.0, 360.0]), 50.0)) == 0
    full = np.full((576, 640), 2000, np.uint16)
    full[:, :320] = 0
    assert len(registration(full).depth_m) == 144 * 80


def test_a_box_leaves_out_only_what_is_outside_it():
    random = np.random.default_rng(5)
    registration = Registration(RIG)
    depth_mm = random.integers(500, 5500, (576, 640)).astype(np.uint16)
    box_px = np.array([[500.0, 100.0], [760.0, 650.0]])
    whole, part = registration(depth_mm), registration(depth_mm, box_px)
    inside = ((whole.pixels >= box_px[0]) & (whole.pixels <= box_px[1])).all(axis=1)
    expected = {tuple(row) for row in np.column_stack([whole.pixels, whole.depth_m])[inside].tolist()}
    given = {tuple(row) for row in np.column_stack([part.pixels, part.depth_m]).tolist()}
    assert expected <= given
    assert len(given) < 0.5 * len(whole.depth_m)


@pytest.mark.parametrize("radius_px", [3.0, 20.0, 90.0])
def test_finds_the_points_near_a_pixel(radius_px: float):
    random = np.random.default_rng(3)
    pixels = random.uniform((-50, -50), (COLOUR.width_px + 50, COLOUR.height_px + 50), (20000, 2)).astype(np.float32)
    depth_m = random.uniform(0.5, 4, 20000).astype(np.float32)
    registered = RegisteredDepth(COLOUR, pixels, depth_m)
    inside = ((pixels >= 0) & (pixels < (COLOUR.width_px, COLOUR.height_px))).all(axis=1)
    places = random.uniform((-60, -60), (COLOUR.width_px + 60, COLOUR.height_px + 60), (60, 2))
    for place in [*places, np.array([0.0, 0.0]), np.array([1279.9, 719.9]), np.array([1e6, -1e6])]:
        near = inside & (np.hypot(*(pixels - place.astype(np.float32)).T) <= radius_px)
        np.testing.assert_array_equal(np.sort(registered.near(place, radius_px)), np.sort(depth_m[near]))


def rig_that_sees_up_at(up: tuple[float, float, float]) -> Rig:
    return Rig(DEPTH, COLOUR, RIG.rotation, RIG.translation_m, np.array(up) / np.linalg.norm(up))


def test_a_level_camera_turns_two_axes_round():
    rig = rig_that_sees_up_at((0, -1, 0))
    np.testing.assert_array_equal(rig.canonical(np.array([[0.1, 0.2, 0.3]])), np.float32([[-0.1, -0.2, 0.3]]))


@pytest.mark.parametrize("pitch_deg", [-40, -6, 11, 75])
@pytest.mark.parametrize("roll_deg", [-90, 0, 15, 175, 180])
def test_a_tilted_camera_is_turned_upright(pitch_deg: float, roll_deg: float):
    pitch, roll = math.radians(pitch_deg), math.radians(roll_deg)
    up = np.array([math.sin(roll) * math.cos(pitch), -math.cos(roll) * math.cos(pitch), math.sin(pitch)])
    turn = rig_that_sees_up_at(tuple(up)).to_canonical
    np.testing.assert_allclose(turn @ up, [0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1)  # no reflection: left stays left
    # However it is rolled, it still looks in the same direction: nothing in the middle of the picture goes aside.
    np.testing.assert_allclose(turn @ [0, 0, 1], [0, math.sin(pitch), math.cos(pitch)], atol=1e-9)


def test_under_the_ceiling_upside_down():
    """What is before the Kinect stays there; its picture's right and bottom become left and top."""
    rig = rig_that_sees_up_at((0, 1, 0))
    np.testing.assert_allclose(rig.canonical(np.array([[0.1, 0.2, 2.0]])), np.float32([[0.1, 0.2, 2.0]]), atol=1e-6)


@pytest.mark.parametrize("pitch_deg", [-90, -89, 89, 90])
def test_looking_straight_down_or_up(pitch_deg: float):
    """Nothing is ahead: it is as for a level Kinect that was tilted so far, and a hair's breadth aside it is the same."""
    pitch = math.radians(pitch_deg)
    for off in (0.0, 1e-4, -1e-4):
        rig = rig_that_sees_up_at((off, -math.cos(pitch), math.sin(pitch)))
        expected = [[-1, 0, 0], [0, -math.cos(pitch), math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
        np.testing.assert_allclose(rig.to_canonical, expected, atol=1e-3)


def test_points_of_either_camera_come_to_one_place():
    points_m = np.random.default_rng(4).uniform((-1, -1, 1), (1, 1, 4), (50, 3))
    np.testing.assert_allclose(RIG.canonical_from_colour(RIG.depth_to_colour(points_m)), RIG.canonical(points_m), atol=1e-5)
    np.testing.assert_array_equal(RIG.colour_px(points_m), COLOUR.project(RIG.depth_to_colour(points_m)))
