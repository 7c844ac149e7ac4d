import numpy as np
import pytest

from skel.skeleton.recording import Segment
from skel.training.readers.synthetic import CLASSES, VAL_EVERY, clips_of_recording, label_of_window

SEGMENTS = (Segment(2.0, 4.0, "wave"), Segment(5.0, 6.0, "clap"), Segment(6.2, 9.0, "squat"))


@pytest.mark.parametrize(
    ("start_s", "end_s", "label"),
    [
        (2.5, 4.5, "wave"),  # 75 % of the window
        (2.0, 5.0, "wave"),  # 67 % of the window
        (1.0, 3.0, None),  # half of the window, half of the action
        (4.4, 6.6, "clap"),  # 45 % of the window, but the whole action
        (0.0, 2.0, "idle"),
        (0.0, 2.2, "idle"),  # 9 % of the window is an action
        (0.0, 2.3, None),
        (20.0, 22.0, "idle"),
        (5.0, 9.0, "squat"),  # both whole: the longer one
    ],
)
def test_label_of_window(start_s, end_s, label):
    assert label_of_window(start_s, end_s, SEGMENTS) == label


def test_the_same_numbers_give_the_same_clips():
    one, two, other = (list(clips_of_recording(seed, 3, 4)) for seed in (1, 1, 2))
    for a, b in zip(one, two):
        np.testing.assert_array_equal(a.positions_m, b.positions_m)
        assert (a.name, a.label) == (b.name, b.label)
    assert not {clip.name for clip in one} & {clip.name for clip in other}


def test_clips_are_short_tracked_and_of_every_kind():
    clips = [clip for recording in range(8) for clip in clips_of_recording(0, recording, 40)]
    assert len({clip.name for clip in clips}) == 320
    assert {clip.label for clip in clips} == set(CLASSES)
    for clip in clips:
        assert len(clip.positions_m) >= 10
        assert np.isfinite(clip.positions_m).any(axis=(1, 2, 3)).all()


def test_every_fifth_person_validates():
    parts = {recording: next(clips_of_recording(0, recording, 1)).parts["xsub"] for recording in range(2 * VAL_EVERY)}
    assert [recording for recording, part in parts.items() if part == "val"] == [VAL_EVERY - 1, 2 * VAL_EVERY - 1]
