from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from new_motions import NEW_MOTIONS, shown
from pipeline_fakes import frame_of

from skel.app.capture import NoMovement, recorded, trimmed
from skel.sensors.synthetic import perform
from skel.skeleton.layouts import KINECT20, NTU25
from skel.skeleton.recording import Recording

QUICK = settings(max_examples=12, deadline=None)


@QUICK
@given(
    action=st.sampled_from(["wave", "squat", "boxing", "clap", "swipe left", "lunge", "push"]),
    seed=st.integers(0, 500),
    jitter_m=st.sampled_from([0.0, 0.005, 0.02]),
    occlusion=st.sampled_from([0.0, 0.1]),
    drop_rate=st.sampled_from([0.0, 0.2]),
)
def test_the_movement_is_found_whatever_the_noise(action, seed, jitter_m, occlusion, drop_rate):
    options = {"jitter_m": jitter_m, "occlusion": occlusion, "drop_rate": drop_rate}
    whole = perform(seed, 8.0, script=[action], **options)
    first = whole.segments[0]
    until = whole.times_s <= first.end_s + 0.75
    one = replace(whole, positions_m=whole.positions_m[until], times_s=whole.times_s[until], segments=())
    take = trimmed(one)
    start_s, end_s = first.start_s - whole.times_s[0], first.end_s - whole.times_s[0]
    # Movements begin and end slowly: what is cut off is where next to nothing happens.
    assert start_s - 0.5 <= take.start_s <= start_s + 0.45
    assert end_s - 0.6 <= take.end_s <= end_s + 0.5
    assert take.recording.positions_m.shape[:2] == (len(one), 1)


@QUICK
@given(seed=st.integers(0, 500), jitter_m=st.sampled_from([0.0, 0.01, 0.03]))
def test_who_stands_still_does_not_move(seed, jitter_m):
    rng = np.random.default_rng(seed)
    still = perform(seed, 0.7).positions_m[:1]
    noisy = still + rng.normal(0, jitter_m, (120, *still.shape[1:]))
    with pytest.raises(NoMovement, match="no movement was seen"):
        trimmed(Recording(noisy.astype(np.float32), np.arange(120) / 30, NTU25))


def test_a_joint_that_jumps_is_no_movement():
    still = np.repeat(perform(3, 0.7).positions_m[:1], 90, axis=0)
    still[40:50, 0, NTU25.index("LeftHand")] += 0.8
    with pytest.raises(NoMovement):
        trimmed(Recording(still, np.arange(90) / 30, NTU25))


def test_new_movements_in_another_layout():
    for action in NEW_MOTIONS:
        whole = shown(action, 4)
        kinect = replace(whole, positions_m=whole.positions_m[:, :, :20], layout=KINECT20)  # the first twenty are the same
        take = trimmed(kinect)
        assert take.recording.layout == KINECT20
        assert 0.5 <= take.start_s <= 1.4
        assert take.end_s <= whole.duration_s - 0.5


def test_who_moves_is_chosen_and_of_two_the_nearer():
    moving, other = shown("kick", 1), shown("kick", 1)
    still = np.repeat(perform(3, 0.7).positions_m[:1, 0], len(moving), axis=0) - [0, 0, 1.0]
    both = np.stack([still, moving.positions_m[:, 0]], axis=1).astype(np.float32)
    take = trimmed(replace(moving, positions_m=both))
    np.testing.assert_array_equal(take.recording.positions_m[:, 0], moving.positions_m[:, 0])
    behind = other.positions_m[:, 0] + np.float32([0.5, 0, 1.0])
    take = trimmed(replace(moving, positions_m=np.stack([behind, moving.positions_m[:, 0]], axis=1)))
    np.testing.assert_array_equal(take.recording.positions_m[:, 0], moving.positions_m[:, 0])


def test_nobody_in_view():
    empty = Recording(np.full((60, 1, 25, 3), np.nan, np.float32), np.arange(60) / 30, NTU25)
    with pytest.raises(NoMovement, match="nobody was in view"):
        trimmed(empty)
    with pytest.raises(NoMovement, match="nothing was recorded"):
        recorded([], 30.0)


def test_frames_become_a_recording_in_which_each_person_has_a_column():
    rng = np.random.default_rng(0)
    frames = [frame_of(rng.normal(size=(2, 25, 3)).astype(np.float32), i, i / 30, ids=[7, 4]) for i in range(3)]
    frames += [frame_of(rng.normal(size=(1, 25, 3)).astype(np.float32), 3, 3 / 30, ids=[4]), frames[-1]]
    made = recorded(frames, 30.0, "test")
    assert made.positions_m.shape == (4, 2, 25, 3)
    np.testing.assert_array_equal(made.positions_m[3, 1], frames[3].positions_m[0])
    assert np.isnan(made.positions_m[3, 0]).all()
    np.testing.assert_allclose(made.times_s, np.arange(4) / 30)
