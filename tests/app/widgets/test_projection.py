"""The camera against a plainly written pinhole, and what dragging does to the picture."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skel.app.widgets.projection import NEAR_M, Camera, framing_distance_m

WIDTH, HEIGHT = 900, 500
angle = st.floats(-1.4, 1.4)
coordinate = st.floats(-3, 3)
cameras = st.builds(
    Camera,
    target_m=st.tuples(coordinate, coordinate, coordinate),
    distance_m=st.floats(0.5, 8.0),
    yaw_rad=st.floats(-3.1, 3.1),
    pitch_rad=angle,
    mirrored=st.booleans(),
)


def pinhole(camera: Camera, point: tuple[float, float, float]) -> tuple[float, float] | None:
    """Turn the world by the yaw about y, then by the pitch about the camera's x, push it away, divide by the depth."""
    x, y, z = (p - t for p, t in zip(point, camera.target_m))
    yaw, pitch = camera.yaw_rad, camera.pitch_rad
    x, z = x * math.cos(yaw) - z * math.sin(yaw), x * math.sin(yaw) + z * math.cos(yaw)
    y, z = y * math.cos(pitch) + z * math.sin(pitch), -y * math.sin(pitch) + z * math.cos(pitch)
    z += camera.distance_m
    if z < NEAR_M:
        return None
    focal = (HEIGHT / 2) / math.tan(camera.field_of_view_rad / 2)
    right = -x  # canonical x points to the sensor's left
    if camera.mirrored:
        right = -right
    return WIDTH / 2 + focal * right / z, HEIGHT / 2 - focal * y / z


@given(cameras, st.tuples(coordinate, coordinate, coordinate))
def test_equals_a_plain_pinhole(camera, point):
    expected = pinhole(camera, point)
    got = camera.project(np.array(point), WIDTH, HEIGHT)
    if expected is None:
        assert np.isnan(got).all()
    else:
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(cameras)
def test_axes_are_orthonormal_and_the_target_is_in_the_middle(camera):
    assert camera.axes @ camera.axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert camera.project(np.array(camera.target_m), WIDTH, HEIGHT) == pytest.approx((WIDTH / 2, HEIGHT / 2))


def test_the_sensors_left_is_on_the_left_and_up_is_up():
    camera = Camera(target_m=(0, 0, 3), pitch_rad=0)
    assert camera.project(np.array([1.0, 0, 3]), WIDTH, HEIGHT)[0] < WIDTH / 2
    assert camera.project(np.array([0, 1.0, 3]), WIDTH, HEIGHT)[1] < HEIGHT / 2
    assert replace(camera, mirrored=True).project(np.array([1.0, 0, 3]), WIDTH, HEIGHT)[0] > WIDTH / 2


def test_nan_stays_nan_and_spoils_nothing_else():
    points = np.array([[0, 0, 3.0], [np.nan, 0, 3.0], [0, 0, -50.0]])
    got = Camera().project(points, WIDTH, HEIGHT)
    assert np.isfinite(got[0]).all()
    assert np.isnan(got[1]).any()
    assert np.isnan(got[2]).all()


@given(cameras)
def test_lines_are_cut_at_the_camera(camera):
    eye, forward = camera.eye_m, camera.axes[2]
    right = camera.axes[0]
    before, behind = eye + 2 * forward + 0.3 * right, eye - forward + 0.3 * right
    lines = np.array([[before, behind], [behind, before], [before, before + right], [behind, behind + right]])
    got = camera.project_lines(lines, WIDTH, HEIGHT)
    assert got.shape == (3, 2, 2)  # the one that is wholly behind is left out
    assert np.isfinite(got).all()
    seen = camera.project(before, WIDTH, HEIGHT)
    assert got[0, 0] == pytest.approx(seen)
    assert got[1] == pytest.approx(got[0][::-1])
    focal = camera.focal_px(HEIGHT)
    assert abs(got[0, 1, 0] - WIDTH / 2) == pytest.approx(focal * 0.3 / NEAR_M, rel=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_is_in_front_follows_an_orbiting_drag(mirrored):
    camera = Camera(mirrored=mirrored)
    front = np.array(camera.target_m) - 0.5 * camera.axes[2]
    before = camera.project(front, WIDTH, HEIGHT)
    after = camera.orbited(40, 0).project(front, WIDTH, HEIGHT)
    assert after[0] > before[0] + 5
    after = camera.orbited(0, 40).project(front, WIDTH, HEIGHT)
    assert after[1] > before[1] + 5


def test_pitch_stops_short_of_the_poles():
    camera = Camera().orbited(0, 1e6)
    assert camera.pitch_rad == pytest.approx(math.radians(85))
    assert Camera().orbited(0, -1e6).pitch_rad == pytest.approx(-math.radians(85))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_pan_moves_the_target_with_the_pointer(mirrored):
    camera = Camera(yaw_rad=0.7, pitch_rad=0.4, mirrored=mirrored)
    moved = camera.panned(30, -20, HEIGHT)
    got = moved.project(np.array(camera.target_m), WIDTH, HEIGHT)
    assert got == pytest.approx((WIDTH / 2 + 30, HEIGHT / 2 - 20))


def test_zoom_has_bounds():
    assert Camera(distance_m=4).zoomed(0.5).distance_m == 2
    assert Camera().zoomed(1e-9).distance_m == 0.5
    assert Camera().zoomed(1e9).distance_m == 30


@given(
    st.tuples(*[st.floats(0.3, 4)] * 3),
    st.floats(-1.2, 1.2),
    st.sampled_from([(900, 500), (500, 900), (300, 300)]),
)
def test_the_framing_distance_just_shows_the_box(extent, pitch, size):
    camera = Camera(target_m=(0.2, 0.1, 2.0), pitch_rad=pitch)
    camera = replace(camera, distance_m=framing_distance_m(np.array(extent), camera, *size))
    signs = np.array([[a, b, c] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    corners = np.array(camera.target_m) + 0.5 * signs * np.array(extent)
    used = np.abs(camera.project(corners, *size) / np.array(size) * 2 - 1).max()
    assert used == pytest.approx(0.9)
