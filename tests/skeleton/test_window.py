"""The live window gives the very clip that the offline path gives, and its memory does not grow."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skel.skeleton.clip import AIMCLR, ClipConfig, make_clip
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import AZURE32, NTU25, SkeletonLayout, convert
from skel.skeleton.window import MAX_GAP_S, SlidingWindow

CONFIG = ClipConfig(frames=16)
FPS = 30.0


def frame(time_s: float, bodies: dict[int, np.ndarray], layout: SkeletonLayout = NTU25) -> SkeletonFrame:
    positions = np.array(list(bodies.values()), np.float32).reshape(-1, len(layout), 3)
    confidence = np.ones(positions.shape[:2], np.float32)
    return SkeletonFrame(layout, positions, confidence, np.array(list(bodies), np.int64), 0, time_s, 0.0)


def pose(seed: float) -> np.ndarray:
    return np.random.default_rng(int(seed * 1000) % 2**32).normal(size=(25, 3)).astype(np.float32)


def offline(frames: list[SkeletonFrame], bodies: list[int], config: ClipConfig, duration_s: float) -> np.ndarray:
    """The clip of the whole recording over the last `duration_s`, by the path that training takes."""
    times = np.array([f.time_s for f in frames])
    positions = np.full((len(frames), len(bodies), 25, 3), np.nan, np.float32)
    for row, f in enumerate(frames):
        for place, body in enumerate(bodies):
            for at in np.flatnonzero(f.body_ids == body):
                positions[row, place] = f.positions_m[at]
    now = times[-1]
    return make_clip(positions, times, config, (now - duration_s, now))


@pytest.mark.parametrize("config", [CONFIG, AIMCLR], ids=["default", "aimclr"])
@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    length=st.integers(1, 150),
    dropped=st.floats(0, 0.5),
    untracked=st.floats(0, 0.3),
    returning=st.booleans(),
)
def test_frame_by_frame_equals_the_whole_recording(
    config: ClipConfig, seed: int, length: int, dropped: float, untracked: float, returning: bool
) -> None:
    """Drops, uneven time stamps, joints lost, people who leave: the same clip at every moment, bit by bit.

    With `returning`, three people come and go, as many as there are slots; without, every newcomer has a new id and takes
    the slot of one who left.
    """
    rng = np.random.default_rng(seed)
    durations = (0.4, 1.0, 2.0)
    window = SlidingWindow(config, max_duration_s=2.0, max_fps=60.0, slots=3)  # wraps round after 122 frames
    times = (np.arange(length) + rng.uniform(-0.3, 0.3, length))[rng.random(length) >= dropped] / FPS
    in_view, frames = [1, 2], []
    for time_s in times:
        if rng.random() < 0.1:
            somebody = int(rng.integers(1, 4))
            if returning:
                in_view = [body for body in (1, 2, 3) if (body in in_view) != (body == somebody)]
            else:
                in_view = [*in_view[1:], max(in_view) + 1]
        bodies = {}
        for body in rng.permutation(in_view):
            bodies[int(body)] = rng.normal(size=(25, 3)).astype(np.float32)
            bodies[int(body)][rng.random(25) < untracked] = np.nan
        frames.append(frame(float(time_s), bodies))
        window.push(frames[-1])
        assert window.time_s == time_s
        assert set(window.bodies) == set(in_view)
        if rng.random() < 0.1 or time_s == times[-1]:
            known = [1, 2, 3] if returning else in_view
            asked = [int(body) for body in rng.permutation(known)[: int(rng.integers(1, 4))]]
            for clip, duration in zip(window.clips(durations, asked), durations, strict=True):
                assert np.array_equal(clip, offline(frames, asked, config, duration))


def test_a_window_takes_any_layout_that_converts() -> None:
    rng = np.random.default_rng(0)
    window, positions, times = SlidingWindow(CONFIG), rng.normal(size=(40, 1, 32, 3)).astype(np.float32), np.arange(40) / FPS
    for time_s, bodies in zip(times, positions):
        window.push(frame(float(time_s), {5: bodies[0]}, AZURE32))
    expected = make_clip(convert(positions, AZURE32, NTU25), times, CONFIG, (times[-1] - 1.0, times[-1]))
    assert np.abs(window.clips([1.0], [5])[0] - expected).max() < 1e-6


def test_an_empty_window() -> None:
    window = SlidingWindow(CONFIG)
    assert window.time_s is None
    assert window.bodies == ()
    assert window.tracked_s(1) == 0.0
    assert not window.clips([1.0, 2.0], [1]).any()
    assert window.clips([1.0, 2.0], [1]).shape == (2, 3, 16, 25, 2)


def test_where_bodies_are() -> None:
    window = SlidingWindow(CONFIG)
    assert window.centres_m().shape == (0, 3)
    window.push(frame(0.0, {1: pose(1), 2: pose(2)}))
    partly = pose(4)
    partly[3:] = np.nan
    window.push(frame(0.1, {2: pose(3), 7: partly, 1: np.full((25, 3), np.nan)}))
    expected = [pose(3).mean(axis=0), partly[:3].mean(axis=0), np.full(3, np.nan)]
    np.testing.assert_allclose(window.centres_m(), expected, rtol=1e-5)


def test_nobody_in_view_is_a_frame_too() -> None:
    window = SlidingWindow(CONFIG)
    window.push(frame(0.0, {1: pose(0)}))
    window.push(frame(0.1, {}))
    assert window.bodies == ()
    assert window.time_s == 0.1
    assert window.clips([1.0], [1]).any(), "what was seen within the span still counts"


def test_a_newcomer_takes_the_slot_of_the_longest_absent() -> None:
    window = SlidingWindow(CONFIG, slots=2)
    window.push(frame(0.0, {1: pose(1), 2: pose(2)}))
    window.push(frame(0.1, {2: pose(3), 1: pose(4)}))
    window.push(frame(0.2, {1: pose(5)}))
    window.push(frame(0.3, {3: pose(6), 1: pose(7)}))  # 2 has been away for longest
    assert not window.clips([1.0], [2]).any(), "forgotten"
    assert window.tracked_s(1) == pytest.approx(0.3)
    assert window.tracked_s(3) == 0.0
    alone = [frame(0.3, {3: pose(6)})]
    assert np.array_equal(window.clips([1.0], [3])[0], offline(alone, [3], CONFIG, 1.0)), "nothing of 2 is left in the slot"
    window.push(frame(0.4, {2: pose(8), 1: pose(9)}))
    assert window.tracked_s(2) == 0.0, "who comes back starts anew"
    assert window.tracked_s(3) == 0.0


def test_a_body_keeps_its_past_when_it_comes_back_in_time() -> None:
    window = SlidingWindow(CONFIG, slots=2)
    for i, bodies in enumerate([{1: pose(1)}, {}, {2: pose(2)}, {1: pose(3)}]):
        window.push(frame(i / 10, bodies))
    assert window.tracked_s(1) == pytest.approx(0.3)


def test_more_bodies_than_slots_leave_the_last_out() -> None:
    window = SlidingWindow(CONFIG, slots=2)
    window.push(frame(0.0, {7: pose(1), 8: pose(2), 9: pose(3)}))
    assert window.bodies == (7, 8)
    assert not window.clips([1.0], [9]).any()


def test_a_repeated_time_stamp_is_ignored_and_an_earlier_one_starts_over() -> None:
    window = SlidingWindow(CONFIG)
    window.push(frame(1.0, {1: pose(1)}))
    window.push(frame(1.1, {1: pose(2)}))
    before = window.clips([1.0], [1])
    window.push(frame(1.1, {1: pose(3), 2: pose(4)}))
    assert np.array_equal(window.clips([1.0], [1]), before)
    assert window.bodies == (1,)
    window.push(frame(0.0, {1: pose(5)}))
    assert window.time_s == 0.0
    assert window.tracked_s(1) == 0.0
    assert np.array_equal(window.clips([1.0], [1])[0], offline([frame(0.0, {1: pose(5)})], [1], CONFIG, 1.0))


def test_nothing_is_interpolated_across_a_long_gap() -> None:
    window = SlidingWindow(CONFIG)
    for time_s in (0.0, 0.1, 0.1 + MAX_GAP_S):  # the longest that is bridged
        window.push(frame(time_s, {1: pose(time_s)}))
    assert window.tracked_s(1) == pytest.approx(0.1 + MAX_GAP_S)
    after = [frame(2.2 + i / 10, {1: pose(i)}) for i in range(3)]
    for jumped in after:
        window.push(jumped)
    assert window.tracked_s(1) == pytest.approx(0.2)
    assert np.array_equal(window.clips([2.0], [1])[0], offline(after, [1], CONFIG, 2.0)), "nothing from before the gap"


@pytest.mark.parametrize("fps", [35.0, 100.0, 1000.0])
def test_a_source_quicker_than_expected_loses_nothing(fps: float) -> None:
    """Before memory has grown as after it, and where people come and go meanwhile."""
    window, frames = SlidingWindow(CONFIG, max_duration_s=1.0, max_fps=FPS, slots=2), []
    for i in range(round(2.5 * fps)):
        bodies = {1: pose(i / 1000), 2 + round(2 * i / fps): pose(i)}
        frames.append(frame(i / fps, bodies))
        window.push(frames[-1])
        if i % round(fps / 7) == 0:
            assert np.array_equal(window.clips([0.5, 1.0], [1])[1], offline(frames, [1], CONFIG, 1.0))
    assert window.bodies == tuple(bodies)
    assert window.tracked_s(1) >= 1.0


def test_memory_does_not_grow() -> None:
    window = SlidingWindow(CONFIG, max_duration_s=1.0, max_fps=FPS, slots=2)
    bodies = np.random.default_rng(0).normal(size=(2, 25, 3)).astype(np.float32)

    def push(first: int, last: int) -> None:
        for i in range(first, last):
            window.push(frame(i / FPS, {i // 100: bodies[0], 1 + i // 100: bodies[1]}))  # a new person now and then

    push(0, 500)
    tracemalloc.start()
    try:
        push(500, 600)
        start, _ = tracemalloc.get_traced_memory()
        push(600, 5600)
        end, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert end - start < 4096
