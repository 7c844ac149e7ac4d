import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from skel.sensors.synthetic import perform
from skel.skeleton.clip import ClipConfig, make_clip
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25
from skel.training.dataset import ClipSet, load_split, save_split
from skel.training.labelled import HELD_OUT_FILE, LABELLED_FILE
from skel.training.prepare import prepare
from skel.training.raw import Options
from skel.training.sources import Recorded
from skel.training.stream_config import StreamOptions
from skel.training.stream_data import load_takes
from skel.training.stream_joining import join_clips

QUIET = StreamOptions(noise_m=0.0)
ACTIONS = ("wave", "squat", "walk")


@pytest.fixture(scope="module")
def clips():
    """Six clips of an actor, whole actions; the real movement beside each, on its floor."""
    found = []
    for number in range(6):
        recording = perform(number // 3, 30, script=(ACTIONS[number % 3],))
        segment = recording.segments[0]
        times_s = recording.times_s
        frames = (times_s >= segment.start_s) & (times_s < segment.end_s)
        positions_m, duration_s = recording.positions_m[frames], frames.sum() / 30
        found.append((make_clip(positions_m, None, ClipConfig()), duration_s, segment.label, positions_m))
    return found


@pytest.fixture(scope="module")
def bodies(clips):
    return np.stack([clip[..., 0] for clip, *_ in clips])


def joined(clips, bodies, options=QUIET, seed=0):
    durations_s = np.array([duration_s for _, duration_s, *_ in clips])
    labels = [label for *_, label, _ in clips]
    return join_clips(bodies, durations_s, labels, NTU25, options, np.random.default_rng(seed))


def test_every_clip_is_there_in_its_real_time_between_pauses(clips, bodies):
    recording = joined(clips, bodies)
    segments = recording.segments
    assert sorted(s.label for s in segments) == sorted(label for *_, label, _ in clips)
    lengths = [s.end_s - s.start_s for s in segments]
    np.testing.assert_allclose(sorted(lengths), sorted(duration for _, duration, *_ in clips), atol=1e-9)
    edges = [0.0, *(t for s in segments for t in (s.start_s, s.end_s)), recording.duration_s]
    pauses = np.diff(edges)[::2]
    assert len(pauses) == 7
    assert (pauses >= 1.0 - 1 / 30).all()
    assert (pauses <= 3.0 + 1 / 30).all()
    assert pauses.max() - pauses.min() > 0.3


def test_a_clip_made_of_its_segment_is_the_clip(clips, bodies):
    """Through 30 frames a second and back: within what two interpolations cost."""
    recording = joined(clips, bodies)
    for segment in recording.segments:
        frames = slice(round(segment.start_s * 30), round(segment.end_s * 30))
        again = make_clip(recording.positions_m[frames], None, ClipConfig())[..., 0]
        assert np.abs(bodies - again).mean(axis=(1, 2, 3)).min() < 0.01


def test_movement_through_the_room_is_kept_and_nobody_jumps(clips, bodies):
    recording = joined(clips, bodies)
    body = recording.positions_m[:, 0]
    for segment in recording.segments:
        if segment.label == "walk":
            way = body[round(segment.start_s * 30) : round(segment.end_s * 30), NTU25.centre]
            real = next(p for *_, label, p in clips if label == "walk")[:, 0, NTU25.centre]
            assert np.ptp(way, axis=0)[[0, 2]].max() == pytest.approx(np.ptp(real, axis=0)[[0, 2]].max(), rel=0.5)
    speed_m_s = np.linalg.norm(np.diff(body[:, NTU25.centre], axis=0), axis=-1) * 30
    assert speed_m_s.max() < 2.5
    feet = body[:, [NTU25.index(joint) for joint in ("LeftFoot", "RightFoot")], 1].min(axis=1)
    assert abs(np.median(feet)) < 0.03
    assert (body[..., 2] > 0).all(), "before the sensor"


def test_in_a_pause_the_poses_are_held_and_joined_smoothly(clips, bodies):
    recording = joined(clips, bodies)
    body = recording.positions_m[:, 0]
    one, following = recording.segments[:2]
    pause = body[round(one.end_s * 30) : round(following.start_s * 30)]
    third = len(pause) // 3 - 1
    np.testing.assert_allclose(
        pause[:third], np.broadcast_to(body[round(one.end_s * 30) - 1], pause[:third].shape), atol=1e-5
    )
    np.testing.assert_allclose(
        pause[-third:], np.broadcast_to(body[round(following.start_s * 30)], pause[-third:].shape), atol=1e-5
    )


def test_noise_lies_over_pauses_and_movements_alike_and_a_seed_repeats_it(clips, bodies):
    options = StreamOptions(noise_m=0.005)
    noisy, still = joined(clips, bodies, options), joined(clips, bodies)
    noise = noisy.positions_m - still.positions_m
    for part in np.array_split(noise, 5):
        assert part.std() == pytest.approx(0.005, rel=0.1)
    assert np.array_equal(noisy.positions_m, joined(clips, bodies, options).positions_m)
    assert len(joined(clips, bodies, seed=1)) != len(still) or not np.array_equal(
        joined(clips, bodies, seed=1).positions_m, still.positions_m
    )


@pytest.fixture
def people(clips, tmp_path):
    """A set without recordings: two people, 0 and 1, in each part; the last clip of each is idle."""
    classes = ("wave", "squat", "idle")
    config = ClipConfig()
    stack = np.stack([clip for clip, *_ in clips])
    parts = {
        part: ClipSet(
            stack,
            np.array([0, 1, 2] * 2),
            tuple(f"{part}{i}" for i in range(6)),
            classes,
            config,
            "acts",
            "xsub",
            np.repeat([3, 5], 3),
            np.array([duration_s for _, duration_s, *_ in clips]),
        )
        for part in ("train", "val")
    }
    save_split(tmp_path / "acts", parts, [], {})
    return tmp_path / "acts"


def test_a_set_named_twice_would_count_double_and_is_refused(people):
    with pytest.raises(UserError, match=r"^--data names .*acts.* twice"):
        load_takes([people, people / "."], "val", None, ("wave", "squat", "idle"), "idle", QUIET)


def test_a_set_without_recordings_gives_one_of_each_person(people):
    takes = load_takes([people], "val", None, ("wave", "squat", "idle"), "idle", QUIET)
    assert [take.name for take in takes.takes] == ["acts person 3", "acts person 5"]
    assert [sorted(s.label for s in take.recording.segments) for take in takes.takes] == [["squat", "wave"]] * 2
    assert takes.source == "acts xsub, val part, clips of each person joined with pauses of 1 to 3 s"
    assert takes.duration_s > 10


def test_clips_of_unknown_people_are_a_recording_each(people):
    train, val = load_split(people, "train"), load_split(people, "val")
    save_split(people, {"train": train, "val": replace(val, subjects=np.array([-1, -1, -1, 5, 5, 5]))}, [], {})
    takes = load_takes([people], "val", None, ("wave", "squat", "idle"), "idle", QUIET)
    assert [take.name for take in takes.takes] == [*(f"acts clip val{i}" for i in range(3)), "acts person 5"]
    segments = [[s.label for s in take.recording.segments] for take in takes.takes]
    assert segments[:3] == [["wave"], ["squat"], []]
    assert sorted(segments[3]) == ["squat", "wave"]
    assert len({take.recording.segments[0].start_s for take in takes.takes[:2]}) == 2, "each has its own pauses"
    assert takes.source.endswith("pauses of 1 to 3 s, those of unknown people each by itself")


def test_only_the_people_whom_a_run_held_out(people, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    with pytest.raises(UserError, match="held nobody out: fine-tune with --held-out"):
        load_takes([people], "train", None, ("wave", "squat", "idle"), "idle", QUIET, [run])
    (run / HELD_OUT_FILE).write_text(json.dumps(["train3", "train4", "train5"]))
    takes = load_takes([people], "train", None, ("wave", "squat", "idle"), "idle", QUIET, [run])
    assert [take.name for take in takes.takes] == ["acts person 5"]
    assert "held-out people" in takes.source
    (run / LABELLED_FILE).write_text(json.dumps(["train0", "train1"]))
    load_takes([people], "train", None, ("wave", "squat", "idle"), "idle", QUIET, [run])
    (run / HELD_OUT_FILE).write_text(json.dumps(["train2", "train5"]))  # --held-out-by clips
    with pytest.raises(UserError, match="learned from other clips of 1 of the people that it held out"):
        load_takes([people], "train", None, ("wave", "squat", "idle"), "idle", QUIET, [run])


def test_held_out_clips_are_not_taken_for_those_of_another_set_of_the_same_names(people, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    other = people.with_name("others")
    shutil.copytree(people, other)
    (run / HELD_OUT_FILE).write_text(json.dumps(["acts/xsub/train0", "acts/xsub/train1", "others/xsub/train4"]))
    takes = load_takes([people, other], "train", None, ("wave", "squat", "idle"), "idle", QUIET, [run])
    segments = [[s.label for s in take.recording.segments] for take in takes.takes]
    assert [(take.name, sorted(labels)) for take, labels in zip(takes.takes, segments)] == [
        ("acts person 3", ["squat", "wave"]),
        ("acts person 5", ["squat"]),
    ]


def test_clips_of_unknown_length_cannot_be_joined(people):
    train, val = load_split(people, "train"), load_split(people, "val")
    save_split(people, {"train": train, "val": replace(val, durations_s=np.full(6, np.nan))}, [], {})
    with pytest.raises(UserError, match="do not say how long they took"):
        load_takes([people / "xsub"], "val", None, ("wave", "squat", "idle"), "idle", QUIET)


@pytest.fixture
def precog(miniature, tmp_path):
    source = Recorded("precog", (miniature("precog"),), Options(pauses=True))
    return prepare(source, tmp_path / "precog", ClipConfig(), {})[0].folder


def test_a_sets_own_recordings_come_first(precog):
    classes = (*(f"action {k}" for k in range(1, 9)), "idle")
    takes = load_takes([precog], "val", None, classes, "idle", QUIET)
    assert [take.name for take in takes.takes] == ["Seq1_9"]
    segments = takes.takes[0].recording.segments
    assert [s.label for s in segments] == ["action 3", "action 8"]
    assert segments[0].start_s == pytest.approx(40 / 30)
    assert takes.source == "precog xsub, val part, continuous recordings"
    as_clips = load_takes([precog], "val", None, classes, "idle", replace(QUIET, join=True))
    assert "joined" in as_clips.source


def test_a_recording_of_which_anything_was_learned_is_left_out(precog, tmp_path):
    classes = (*(f"action {k}" for k in range(1, 9)), "idle")
    names = load_split(precog, "train").names
    for held_out, found in ((names, ["Seq1_1"]), (names[1:], None)):
        (tmp_path / HELD_OUT_FILE).write_text(json.dumps(held_out))
        if found:
            takes = load_takes([precog], "train", None, classes, "idle", QUIET, [tmp_path])
            assert [take.name for take in takes.takes] == found
        else:
            with pytest.raises(UserError, match="no recording to measure on in the train part"):
                load_takes([precog], "train", None, classes, "idle", QUIET, [tmp_path])


def test_a_recording_of_pku_of_which_anything_was_learned_is_left_out(miniature, tmp_path):
    source = Recorded("pku-mmd-2", (miniature("pku-mmd-2"),))
    folder = prepare(source, tmp_path / "pku", ClipConfig(), {}, ["xsub"])[0].folder
    train = load_split(folder, "train")
    assert set(train.subjects.tolist()) == {1, 2}
    held_out = [name for name, subject in zip(train.names, train.subjects) if subject == 2]
    (tmp_path / HELD_OUT_FILE).write_text(json.dumps(held_out))
    takes = load_takes([folder], "train", None, train.classes, None, QUIET, [tmp_path])
    assert [take.name for take in takes.takes] == ["A001N002V001", "A001N002V003"]


def test_a_file_of_classes_renames_and_leaves_out_labels_of_recordings(precog, tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"kick": ["action 8"], "idle": ["idle"]}))
    (take,) = load_takes([precog], "val", path, ("kick", "idle"), "idle", QUIET).takes
    assert [s.label for s in take.recording.segments] == ["kick"]
