"""Clips: the published preprocessing to 1e-6, and what must not matter: clock, rate, place, direction, holes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skel.skeleton.clip import AIMCLR, ClipConfig, fill_gaps, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25

quick = settings(deadline=None, max_examples=25)
seeds = st.integers(0, 2**32 - 1)
CONFIGS = [
    ClipConfig(frames=20, gaps=gaps, centring=centring, yaw=yaw)
    for gaps in ("interpolate", "zero")
    for centring in ("frame", "clip")
    for yaw in ("frame", "clip", "none")
]


def named(config: ClipConfig) -> str:
    return f"{config.gaps}-{config.centring}-{config.yaw}"


def walker(frames: int, bodies: int = 1, seed: int = 0, rate: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """Bodies with shoulders apart that drift and sway smoothly: positions (T, M, 25, 3) float32 and times (T,)."""
    rng = np.random.default_rng(seed)
    times = np.arange(frames) / rate
    pose = rng.normal(scale=0.3, size=(bodies, 25, 3))
    pose[:, NTU25.index("LeftShoulder")] = [-0.2, 0.3, 0.0]
    pose[:, NTU25.index("RightShoulder")] = [0.2, 0.3, 0.05]
    sway = 0.1 * np.sin(times[:, None, None, None] * rng.uniform(1, 4, (bodies, 25, 3)))
    drift = times[:, None, None, None] * rng.normal(scale=0.3, size=(bodies, 1, 3))
    return (pose + sway + drift + [0, 0, 2.5]).astype(np.float32), times


def turned(positions: np.ndarray, degrees: float) -> np.ndarray:
    """Positions rotated about the upright axis."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return positions @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T


@pytest.mark.parametrize("length", [37, 50, 300])
def test_the_published_preprocessing(shared: Path, length: int) -> None:
    golden = np.load(shared / "golden" / "preprocess.npz")
    positions = golden[f"L{length}_raw"].transpose(1, 3, 2, 0).copy()  # (T, M, V, 3)
    positions[(positions == 0).all(axis=(2, 3))] = np.nan
    assert np.abs(make_clip(positions, None, AIMCLR) - golden[f"L{length}_position"]).max() < 1e-6
    without_yaw = make_clip(positions, None, replace(AIMCLR, yaw="none"))
    assert np.abs(without_yaw - golden[f"L{length}_relative_resized_norot"]).max() < 1e-6


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_nothing_tracked_gives_zeros(config: ClipConfig) -> None:
    zeros = np.zeros((3, 20, 25, 2), np.float32)
    untracked = np.full((5, 2, 25, 3), np.nan, np.float32)
    assert np.array_equal(make_clip(untracked[:0], None, config), zeros)  # no frame
    assert np.array_equal(make_clip(untracked[:, :0], None, config), zeros)  # nobody
    assert np.array_equal(make_clip(untracked, None, config), zeros)
    somebody, times = walker(5)
    assert np.array_equal(make_clip(somebody, times, config, span_s=(3.0, 4.0)), zeros), "gone before the span"
    assert np.array_equal(make_clip(somebody, times, config, span_s=(-2.0, -1.0)), zeros), "not yet there"


@pytest.mark.parametrize("config", CONFIGS, ids=named)
def test_one_frame_is_held(config: ClipConfig) -> None:
    positions, _ = walker(1, bodies=2)
    clip = make_clip(positions, None, config)
    assert (np.abs(clip).max(axis=(0, 1, 2)) > 0).all(), "both bodies are there"
    assert np.array_equal(clip, np.repeat(clip[:, :1], 20, axis=1))


def test_the_first_body_rules_the_span() -> None:
    positions, times = walker(60, bodies=2)
    positions[:20, 0] = positions[50:, 0] = np.nan
    config = ClipConfig(frames=20)
    assert np.array_equal(make_clip(positions, times, config), make_clip(positions[20:50], times[20:50], config))


def test_bodies_over_the_most_are_left_out_and_absent_ones_are_zero() -> None:
    positions, times = walker(30, bodies=3)
    config = ClipConfig(frames=20)
    assert np.array_equal(make_clip(positions, times, config), make_clip(positions[:, :2], times, config))
    alone = make_clip(positions[:, :1], times, config)
    assert alone.shape == (3, 20, 25, 2)
    assert not alone[..., 1].any()


def test_holes_are_bridged_in_a_straight_line() -> None:
    times = np.arange(11) / 10
    positions = np.zeros((11, 1, 25, 3))
    positions[..., 0] = times[:, None, None]  # the whole body moves along x at 1 m/s
    straight = positions.copy()
    positions[2:9, 0, 5] = np.nan
    positions[4:6] = np.nan
    assert np.allclose(fill_gaps(positions, times), straight, atol=1e-12)
    positions[0, 0, 7] = positions[10, 0, 7] = np.nan
    filled = fill_gaps(positions, times)
    assert np.allclose(filled[[0, 10], 0, 7, 0], [0.1, 0.9], atol=1e-12), "held at the ends"
    positions[:, 0, 9] = np.nan
    assert np.isnan(fill_gaps(positions, times)[:, 0, 9]).all(), "never tracked"


@pytest.mark.parametrize("config", CONFIGS, ids=named)
@pytest.mark.parametrize("body", [0, 1])
def test_a_joint_never_tracked_lies_at_its_own_bodys_centre(config: ClipConfig, body: int) -> None:
    positions, times = walker(30, bodies=2)
    hand = NTU25.index("LeftHand")
    positions[:, body, hand] = np.nan
    clip = make_clip(positions, times, config)
    assert np.allclose(clip[:, :, hand, body], clip[:, :, NTU25.centre, body], atol=1e-6)


def test_a_centre_never_tracked_is_replaced_by_the_mean() -> None:
    positions, times = walker(30)
    positions[:, 0, NTU25.centre] = np.nan
    clip = make_clip(positions, times, ClipConfig(frames=20, centring="frame", yaw="none"))
    others = np.delete(clip[..., 0], NTU25.centre, axis=2)
    assert np.abs(others.mean(axis=2)).max() < 1e-6
    assert not clip[:, :, NTU25.centre].any()


def test_centring_once_keeps_the_way_through_the_room() -> None:
    positions, times = walker(60)
    positions = positions[:1] + np.array([1, 0, 0]) * times[:, None, None, None]  # 1 m/s along x
    once = make_clip(positions, times, ClipConfig(frames=20, yaw="none"))
    assert np.ptp(once[0, :, NTU25.centre, 0]) == pytest.approx(2.0, abs=0.11)  # 2 s, less half a share at both ends
    every = make_clip(positions, times, ClipConfig(frames=20, centring="frame", yaw="none"))
    assert np.abs(every[:, :, NTU25.centre]).max() < 1e-6


@quick
@given(seed=seeds, degrees=st.floats(-180, 180), metres=st.tuples(*[st.floats(-5, 5)] * 3))
def test_place_and_direction_do_not_matter(seed: int, degrees: float, metres: tuple[float, float, float]) -> None:
    positions, times = walker(40, bodies=2, seed=seed)
    config = ClipConfig()
    clip = make_clip(positions, times, config)
    moved = turned(positions.astype(np.float64), degrees) + metres
    assert np.abs(make_clip(moved, times, config) - clip).max() < 1e-5


def test_the_shoulders_end_parallel_to_x() -> None:
    positions, times = walker(40)
    clip = make_clip(turned(positions, 73.0), times, ClipConfig(centring="frame", yaw="frame"))
    across = clip[:, :, NTU25.index("RightShoulder"), 0] - clip[:, :, NTU25.index("LeftShoulder"), 0]
    assert (across[0] > 0.3).all()
    assert np.abs(across[2]).max() < 0.03 * across[0].min()  # the reference's 1e-4 leaves a trace


@quick
@given(seed=seeds, shift_s=st.integers(-10_000, 10_000))
def test_the_clocks_zero_does_not_matter(seed: int, shift_s: int) -> None:
    positions, times = walker(40, seed=seed)
    positions[np.random.default_rng(seed).random(positions.shape[:3]) < 0.2] = np.nan
    for span in (None, (0.2, 1.1)):
        shifted = None if span is None else (span[0] + shift_s, span[1] + shift_s)
        there = make_clip(positions, times + shift_s, ClipConfig(), shifted)
        assert np.abs(there - make_clip(positions, times, ClipConfig(), span)).max() < 1e-5


@quick
@given(seed=seeds, rate=st.floats(5, 120), dropped=st.floats(0, 0.5))
def test_frame_rate_and_dropped_frames_do_not_matter_for_straight_movement(seed: int, rate: float, dropped: float) -> None:
    rng = np.random.default_rng(seed)
    start, velocity = rng.normal(size=(2, 1, 25, 3))
    steady = np.arange(0, 3.4, 1 / rate)
    kept = rng.random(len(steady)) >= dropped
    kept[0] = True
    every_frame, some_frames = (np.append(times, 3.5) for times in (np.arange(0, 3.4, 1 / 120), steady[kept]))
    for centring in ("frame", "clip"):
        config = ClipConfig(centring=centring)
        dense, sparse = (
            make_clip(start + velocity * times[:, None, None, None], times, config, (0.5, 3.5))
            for times in (every_frame, some_frames)
        )
        assert np.abs(dense - sparse).max() < 1e-5


@pytest.mark.parametrize("config", CONFIGS, ids=named)
@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_a_clip_is_finite_whatever_is_missing(config: ClipConfig, data: st.DataObject) -> None:
    frames, bodies = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 3))
    metres = st.floats(-1e3, 1e3, width=32) | st.just(np.nan) | st.just(0.0)
    positions = data.draw(hnp.arrays(np.float32, (frames, bodies, 25, 3), elements=metres, fill=metres))
    times = np.cumsum(data.draw(hnp.arrays(np.float64, frames, elements=st.floats(1e-3, 10))))
    span = data.draw(st.none() | st.tuples(st.floats(-5, 30), st.floats(0, 30)).map(lambda s: (s[0], s[0] + s[1])))
    clip = make_clip(positions, times, config, span)
    assert clip.shape == (3, 20, 25, 2)
    assert clip.dtype == np.float32
    assert np.isfinite(clip).all()


def test_a_configuration_survives_json_and_nothing_is_guessed() -> None:
    assert ClipConfig.from_json(AIMCLR.to_json()) == AIMCLR
    with pytest.raises(UserError, match="missing or unknown fields: centring, tempo"):
        ClipConfig.from_json({**{k: v for k, v in AIMCLR.to_json().items() if k != "centring"}, "tempo": 1})
    with pytest.raises(ValueError, match=r"positions \(T, M, 25, 3\)"):
        make_clip(np.zeros((5, 1, 20, 3)), None, AIMCLR)
