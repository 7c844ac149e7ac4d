"""NTU RGB+D text: equal to the published parsing, and by default better than it."""

import numpy as np
import pytest
from raw_files import chair, listed, people, skeleton_text, write_ntu

from skel.skeleton.clip import AIMCLR, make_clip
from skel.training.raw import BadRecording, Options, RawFiles
from skel.training.readers.ntu_classes import NTU120_CLASSES, NTU_MUTUAL_CLASSES
from skel.training.readers.skeleton_text import first_listed, parse, tracks
from skel.training.reference import reference_array, reference_positions
from skel.training.sources import READERS


def plainly(content):
    """The text read as the format is told: [[(id, [[x, y, z], …]), …], …]."""
    lines = iter(content.decode().split("\n"))
    frames = []
    for _ in range(int(next(lines))):
        bodies = []
        for _ in range(int(next(lines))):
            body = int(next(lines).split()[0])
            bodies.append((body, [[float(v) for v in next(lines).split()[:3]] for _ in range(int(next(lines)))]))
        frames.append(bodies)
    return frames


def clip_of(folder, dataset="ntu60", **options):
    with RawFiles(folder) as files:
        opened = READERS[dataset].open(files, Options(**options))
        (clip,) = [clip for name in opened.names for clip in opened.read(name)]
    return clip


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_text_is_read_as_a_plain_loop_reads_it(ending):
    frames = listed(people(1, 8, 2))
    frames[2], frames[5] = [], frames[5][1:]
    content = skeleton_text(frames, ending)
    read = parse(content)
    expected = [(t, body, joints) for t, bodies in enumerate(plainly(content)) for body, joints in bodies]
    assert read.frames == 8
    assert list(zip(read.frame.tolist(), read.ids)) == [(t, body) for t, body, _ in expected]
    np.testing.assert_array_equal(read.positions_m, [joints for *_, joints in expected])


def test_golden_parsing(shared):
    read = parse((shared / "golden" / "ntu_sample.skeleton").read_bytes())
    golden = np.load(shared / "golden" / "raw_parsing.npz")["ntu"]
    np.testing.assert_array_equal(first_listed(read).transpose(3, 0, 2, 1), golden)
    np.testing.assert_array_equal(reference_array(first_listed(read))[:, : len(golden[0])], golden)


@pytest.mark.parametrize("frames", [37, 50, 300])
def test_golden_preprocessing(shared, frames):
    """Equal but for the last bit of float32 sines and cosines, which differs between math libraries."""
    golden = np.load(shared / "golden" / "preprocess.npz")
    positions_m = reference_positions(golden[f"L{frames}_raw"].transpose(1, 3, 2, 0))
    np.testing.assert_allclose(make_clip(positions_m, None, AIMCLR), golden[f"L{frames}_position"], atol=1e-6)


def test_the_published_parsing_takes_the_first_two_listed():
    frames = listed(np.concatenate([people(1, 6, 2), people(2, 6)], axis=1))
    frames[3] = frames[3][2:]
    positions_m = first_listed(parse(skeleton_text(frames)))
    for t, bodies in enumerate(frames):
        np.testing.assert_allclose(positions_m[t, 0], bodies[0][1], rtol=1e-6)
    assert not positions_m[3, 1].any()


def test_reference_counts_frames_of_the_first_body_from_the_start(tmp_path):
    """Three empty frames in front: the published code drops the last three instead."""
    frames = listed(people(1, 20))
    (tmp_path / "S001C001P001R001A001.skeleton").write_bytes(skeleton_text([[]] * 3 + frames))
    reference, tracked = clip_of(tmp_path, people="reference"), clip_of(tmp_path)
    assert reference.positions_m.shape == (20, 2, 25, 3)
    assert not reference.positions_m[:3].any()
    assert np.isnan(tracked.positions_m[:3]).all()
    assert len(tracked.positions_m) == 23


def test_reference_crops_in_the_middle():
    positions_m = np.broadcast_to(np.arange(1, 311.0)[:, None, None, None], (310, 2, 25, 3))
    assert reference_positions(positions_m)[[0, -1], 0, 0, 0].tolist() == [6, 305]


def test_ids_that_a_double_cannot_tell_apart_are_told_apart():
    assert float(72057594037931101) == float(72057594037931102)
    assert tracks(parse(skeleton_text(listed(people(1, 5, 2))))).shape == (5, 2, 25, 3)


def test_noise_goes_and_a_person_listed_second_comes_first(tmp_path):
    person = people(1, 30)
    frames = listed(np.concatenate([chair(30)[:, None], person], axis=1))
    (tmp_path / "S001C001P001R001A001.skeleton").write_bytes(skeleton_text(frames))
    clip = clip_of(tmp_path)
    np.testing.assert_allclose(clip.positions_m, person, rtol=1e-6)


def test_joints_not_tracked(tmp_path):
    person = people(1, 30)
    person[4, 0, 7] = np.nan
    (tmp_path / "S001C001P001R001A001.skeleton").write_bytes(skeleton_text(listed(person)))
    assert np.argwhere(np.isnan(clip_of(tmp_path).positions_m).any(axis=-1)).tolist() == [[4, 0, 7]]
    assert not np.isnan(clip_of(tmp_path, people="reference").positions_m).any()


WHOLE = skeleton_text(listed(people(1, 3)))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (WHOLE[: len(WHOLE) // 2], "is cut short|is not skeleton text"),
        (b"\n".join(WHOLE.splitlines()[:40]), "is cut short"),
        (b"\n".join(WHOLE.splitlines()[:-1]), "is cut short"),
        (WHOLE.replace(b"\r\n25\r\n", b"\r\n24\r\n"), "announces 24 joints"),
        (b"no text of skeletons", "is not skeleton text"),
        (bytes(range(256)), "is not skeleton text|is empty"),
        (b"-3\r\n" + WHOLE, "is not skeleton text .-3 is no count"),
        (WHOLE.replace(b"3\r\n1\r\n", b"3\r\n-1\r\n"), "is not skeleton text .-1 is no count"),
        (WHOLE.replace(WHOLE.split(b"\n")[4].split()[0], b"-1e39", 1), "no metres"),
        (WHOLE.replace(b"277.419", b"inf", 1).replace(WHOLE.split(b"\n")[4].split()[0], b"nan", 1), "not finite"),
    ],
)
def test_broken_text(content, match):
    with pytest.raises(BadRecording, match=match):
        parse(content)


@pytest.mark.parametrize(
    ("dataset", "name", "parts", "action"),
    [
        ("ntu60", "S001C001P001R001A001", {"xsub": "train", "xview": "val"}, "drink water"),
        ("ntu60", "S017C002P003R002A060", {"xsub": "val", "xview": "train"}, "walking apart"),
        ("ntu60", "S002C003P038R001A043", {"xsub": "train", "xview": "train"}, "falling down"),
        ("ntu120", "S018C001P103R001A061", {"xsub": "train", "xset": "train"}, "put on headphone"),
        ("ntu120", "S031C001P106R001A120", {"xsub": "val", "xset": "val"}, "rock-paper-scissors"),
        ("ntu120", "S001C001P002R001A010", {"xsub": "train", "xset": "val"}, "clapping"),
    ],
)
def test_names_tell_parts_and_action(tmp_path, dataset, name, parts, action):
    (tmp_path / f"{name}.skeleton").write_bytes(WHOLE)
    clip = clip_of(tmp_path, dataset)
    assert (clip.name, dict(clip.parts), clip.label, clip.subject) == (name, parts, action, int(name[9:12]))


@pytest.mark.parametrize(("dataset", "subjects", "train", "classes"), [("ntu60", 40, 20, 60), ("ntu120", 106, 53, 120)])
def test_sizes_of_the_protocols(tmp_path, dataset, subjects, train, classes):
    for subject in range(1, subjects + 1):
        (tmp_path / f"S001C001P{subject:03d}R001A001.skeleton").write_bytes(WHOLE)
    with RawFiles(tmp_path) as files:
        opened = READERS[dataset].open(files, Options())
        sides = [clip.parts["xsub"] for name in opened.names for clip in opened.read(name)]
    assert (len(sides), sides.count("train"), len(set(READERS[dataset].classes))) == (subjects, train, classes)


def test_mutual_actions_are_those_that_the_page_sets_apart():
    mutual = [number for number, name in enumerate(NTU120_CLASSES, start=1) if name in NTU_MUTUAL_CLASSES]
    assert mutual == [*range(50, 61), *range(106, 121)]


def test_ntu60_leaves_the_rest_of_ntu120_alone(tmp_path):
    write_ntu(tmp_path, setups=(17, 18), cameras=(1,), subjects=(1,), actions=(1, 61), frames=3)
    with RawFiles(tmp_path) as files:
        assert READERS["ntu60"].open(files, Options()).names == ["S017C001P001R001A001.skeleton"]
        assert len(READERS["ntu120"].open(files, Options()).names) == 4
