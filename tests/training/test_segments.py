import numpy as np
import pytest

from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording, Segment
from skel.training.raw import Excluded
from skel.training.segments import cut, pauses, recording_of, runs


def recording(*segments, frames=300, fps=30.0, start_s=5.0):
    positions_m = np.arange(frames, dtype=np.float32)[:, None, None, None] + np.zeros((frames, 1, 25, 3), np.float32)
    return Recording(positions_m, start_s + np.arange(frames) / fps, NTU25, fps, "", tuple(segments))


def test_runs_are_segments():
    labels = np.array([0, 0, 1, 1, 2, 0, 1])
    assert runs(labels, 10.0, ("a", "b")) == (Segment(0.2, 0.4, "a"), Segment(0.4, 0.5, "b"), Segment(0.6, 0.7, "a"))
    assert runs(np.zeros(4, np.int64), 10.0, ("a",)) == ()
    assert runs(np.ones(4, np.int64), 10.0, ("a",)) == (Segment(0.0, 0.4, "a"),)


def test_runs_cut_back_give_the_frames_of_the_labels():
    labels = np.random.default_rng(0).integers(0, 3, 300)
    take = recording()
    for clip, segment in zip(cut("x", take, runs(labels, 30.0, ("a", "b")), 1, {}), runs(labels, 30.0, ("a", "b"))):
        frames = clip.positions_m[:, 0, 0, 0].astype(int)
        assert {("a", "b")[k - 1] for k in labels[frames]} == {segment.label} == {clip.label}
        assert len(frames) == round((segment.end_s - segment.start_s) * 30)


def test_pauses_are_what_is_left_in_pieces():
    take = recording(Segment(7.0, 8.0, "b"), Segment(1.5, 2.0, "a"), Segment(1.8, 2.5, "c"))
    assert [(round(s.start_s, 6), round(s.end_s, 6)) for s in pauses(take)] == [
        (0, 1.5),
        (2.5, 4.75),
        (4.75, 7.0),
        (8.0, 10.0),
    ]
    assert {s.label for s in pauses(take)} == {"idle"}
    assert pauses(recording(Segment(0.5, 9.5, "a"))) == ()


def test_clips_keep_their_time_stamps_and_empty_segments_are_left_out():
    take = recording(Segment(1.0, 2.0, "a"), Segment(20.0, 21.0, "b"))
    clip, nothing = cut("take", take, take.segments, 4, {"own": "val"})
    assert (clip.name, clip.label, clip.subject, dict(clip.parts)) == ("take_000", "a", 4, {"own": "val"})
    assert clip.times_s[0] == pytest.approx(6.0)
    assert len(clip.positions_m) == len(clip.times_s) == 30
    assert nothing == Excluded("take_001", "no frame lies between 20 and 21 s")


@pytest.mark.parametrize(
    ("clip", "recording"),
    [
        ("Seq1_1_000", "Seq1_1"),
        ("take_2_1000", "take_2"),
        ("F002V001C010L003", "F002V001"),
        ("A001N002V003C001L001", "A001N002V003"),
        ("A001N002V003_idle_000", "A001N002V003"),
        ("jump", "jump"),
    ],
)
def test_a_clip_says_which_recording_it_was_cut_from(clip, recording):
    assert recording_of(clip) == recording
