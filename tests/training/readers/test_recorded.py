"""Every reader of recorded sets, on miniature files in the real formats and, where they are, on the real ones."""

import json
import sys
import zipfile
from collections import Counter
from io import BytesIO

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import KINECT20, NTU25
from skel.training.raw import BadRecording, Options, RawClip, RawFiles
from skel.training.readers import nw_ucla, utd_mhad, utd_mhad_kinect2
from skel.training.sources import READERS

REAL = {  # data set → ZIP of real recordings, clips in train and val, classes, subjects
    "utd-mhad-kinect2": ("utd_mhad_kinect2.zip", 150, 150, 10, 6),
    "utd-mhad": ("utd_mhad.zip", 431, 430, 27, 8),
    "nw-ucla": ("nw_ucla.zip", 1020, 464, 10, 10),
}


def read_all(dataset, path):
    with RawFiles(path) as files:
        opened = READERS[dataset].open(files, Options())
        found = [found for name in opened.names for found in opened.read(name)]
    return [clip for clip in found if isinstance(clip, RawClip)]


def read_one(reader, name, content):
    return reader.read(reader.READER.files.fullmatch(name), content)


@pytest.mark.parametrize("dataset", REAL)
def test_miniature(dataset, miniature):
    clips = {clip.name: clip for clip in read_all(dataset, miniature(dataset))}
    assert len(clips) == 4
    assert Counter(part for clip in clips.values() for part in clip.parts.values()) == {"train": 2, "val": 2}
    assert {clip.label for clip in clips.values()} == {READERS[dataset].classes[0], READERS[dataset].classes[-1]}
    assert sorted(len(clip.positions_m) for clip in clips.values()) == [12, 13, 14, 15]
    for clip in clips.values():
        layout, first = clip.layout, clip.positions_m[0, 0]
        assert clip.positions_m.shape[1:] == (1, len(layout), 3)
        assert clip.fps == 30
        head, base = layout.index("Head"), layout.index("SpineBase" if layout is NTU25 else "HipCenter")
        assert first[head, 1] > first[base, 1] > first[layout.index("LeftKnee"), 1] > first[layout.index("LeftFoot"), 1]
        arm = [first[layout.index(f"Left{joint}")] for joint in ("Shoulder", "Elbow", "Wrist")]
        assert 0.15 < np.linalg.norm(arm[1] - arm[0]) < 0.45
        assert 0.15 < np.linalg.norm(arm[2] - arm[1]) < 0.45


@pytest.mark.parametrize("dataset", set(READERS) - {"ntu60", "ntu120"})
def test_example_is_a_file_of_this_set_alone(dataset):
    assert [name for name, reader in READERS.items() if reader.files.fullmatch(READERS[dataset].example)] == [dataset]


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (utd_mhad_kinect2, "a11_s1_t1_skel_K2.mat"),
        (utd_mhad_kinect2, "._a1_s1_t1_skel_K2.mat"),
        (utd_mhad, "a28_s1_t1_skeleton.mat"),
        (utd_mhad, "a0_s1_t1_skeleton.mat"),
        (nw_ucla, "a07_s01_e00_v01.json"),
        (nw_ucla, "a01_s01_e00_v04.json"),
    ],
)
def test_other_names_are_no_files_of_the_set(reader, name):
    assert not reader.READER.files.fullmatch(name)


@pytest.mark.parametrize(
    ("reader", "name", "subject", "part", "action"),
    [
        (utd_mhad_kinect2, "a7_s4_t5_skel_K2.mat", 4, "val", "right hand horizontal wave"),
        (utd_mhad, "a21_s7_t2_skeleton.mat", 7, "train", "pick up and throw"),
        (nw_ucla, "a08_s10_e03_v02.json", 10, "train", "donning"),
        (nw_ucla, "a11_s02_e03_v03.json", 2, "val", "throw"),
    ],
)
def test_names_tell_subject_part_and_action(reader, name, subject, part, action):
    if reader is nw_ucla:
        content = json.dumps({"skeletons": np.ones((1, 20, 3)).tolist()}).encode()
    else:
        scipy_io, file = pytest.importorskip("scipy.io"), BytesIO()
        scipy_io.savemat(file, {"d_skel": np.ones((20, 3, 2)), "S_K2": {"world": np.ones((25, 3, 2))}})
        content = file.getvalue()
    clip = read_one(reader, name, content)
    assert (clip.subject, *clip.parts.values(), clip.label) == (subject, part, action)
    assert clip.name == name.removesuffix("_skel_K2.mat").removesuffix("_skeleton.mat").removesuffix(".json")


def test_nw_ucla_joints_at_distance_zero_are_not_tracked(miniature):
    for clip in read_all("nw-ucla", miniature("nw-ucla")):
        untracked = np.isnan(clip.positions_m).any(axis=-1)
        assert np.argwhere(untracked).tolist() == [[3, 0, 7]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1, 2]",
        b'{"skeletons": 3}',
        b'{"skeletons": [[[1, 2]]]}',
        b'{"skeletons": [[1], [1, 2]]}',
        b'{"skeletons": [[[1%s]]]}' % (b"0" * 400),
        b'{"skeletons": ' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_nw_ucla_bad_content(content):
    with pytest.raises(BadRecording):
        read_one(nw_ucla, nw_ucla.READER.example, content)


@pytest.mark.parametrize("reader", [utd_mhad_kinect2, utd_mhad])
def test_utd_mhad_bad_content(reader):
    scipy_io, file = pytest.importorskip("scipy.io"), BytesIO()
    scipy_io.savemat(file, {"S_K2": {"world": np.ones((3, 25, 2))}, "d_skel": np.ones((25, 3, 4))})
    with pytest.raises(BadRecording, match="expected"):
        read_one(reader, reader.READER.example, file.getvalue())
    for content in (b"", b"no MATLAB file" * 50, file.getvalue()[:300]):
        with pytest.raises(BadRecording, match="is not a MATLAB file"):
            read_one(reader, reader.READER.example, content)


def test_missing_scipy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(UserError, match="pip install"):
        read_one(utd_mhad, utd_mhad.READER.example, b"")


@pytest.mark.parametrize("dataset", REAL)
def test_real_sets_are_whole(dataset, shared):
    file, train, val, classes, subjects = REAL[dataset]
    if dataset != "nw-ucla":
        pytest.importorskip("scipy.io")
    clips = read_all(dataset, shared / "data" / file)
    assert Counter(part for clip in clips for part in clip.parts.values()) == {"train": train, "val": val}
    assert len({clip.label for clip in clips}) == len(READERS[dataset].classes) == classes
    assert len({clip.subject for clip in clips}) == subjects
    assert len({clip.name for clip in clips}) == len(clips)
    # Canonical axes: people stand upright before the sensor and face it.
    everything = np.concatenate([clip.positions_m[:, 0] for clip in clips])
    layout = clips[0].layout
    joint = {name: everything[:, layout.index(name)] for name in ("LeftShoulder", "RightShoulder", "Head", "LeftAnkle")}
    assert np.nanmean(joint["LeftShoulder"][:, 0] < joint["RightShoulder"][:, 0]) > 0.95
    assert np.nanmean(joint["LeftAnkle"][:, 1] < joint["Head"][:, 1]) > 0.999
    assert 1.0 < np.nanquantile(joint["Head"][:, 2], 0.01) < np.nanquantile(joint["Head"][:, 2], 0.99) < 5.0


def test_real_utd_mhad_kinect2_clip_equals_its_file(shared):
    scipy_io = pytest.importorskip("scipy.io")
    with zipfile.ZipFile(shared / "data" / "utd_mhad_kinect2.zip") as archive:
        content = archive.read("a1_s1_t1_skel_K2.mat")
    world = scipy_io.loadmat(BytesIO(content))["S_K2"]["world"][0, 0]
    clip = read_one(utd_mhad_kinect2, "a1_s1_t1_skel_K2.mat", content)
    assert clip.positions_m.shape == (world.shape[2], 1, 25, 3)
    assert clip.positions_m[5, 0, NTU25.index("Head"), 1] == world[3, 1, 5]


def test_real_utd_mhad_clip_equals_its_file_in_its_own_order(shared):
    scipy_io = pytest.importorskip("scipy.io")
    with zipfile.ZipFile(shared / "data" / "utd_mhad.zip") as archive:
        content = archive.read("Skeleton/a3_s2_t1_skeleton.mat")
        order = archive.read("Skeleton/Skeleton_joint_order.txt").decode().splitlines()
    raw = scipy_io.loadmat(BytesIO(content))["d_skel"]
    clip = read_one(utd_mhad, "a3_s2_t1_skeleton.mat", content)
    assert clip.positions_m.shape == (raw.shape[2], 1, 20, 3)
    numbered = [line.split(". ") for line in order if line[:1].isdigit()]
    assert len(numbered) == 20
    for number, name in numbered:
        joint = KINECT20.index("".join(word.capitalize() for word in name.strip("; ").split("_")))
        np.testing.assert_array_equal(clip.positions_m[:, 0, joint], raw[int(number) - 1].T)


def test_real_nw_ucla_clips_equal_their_files(shared):
    with zipfile.ZipFile(shared / "data" / "nw_ucla.zip") as archive:
        contents = {name: archive.read(f"all_sqe/{name}.json") for name in ("a04_s01_e01_v01", "a02_s09_e04_v02")}
    frames = json.loads(contents["a04_s01_e01_v01"])["skeletons"]
    clip = read_one(nw_ucla, "a04_s01_e01_v01.json", contents["a04_s01_e01_v01"])
    assert clip.positions_m.shape == (84, 1, 20, 3)
    assert clip.positions_m[10, 0, 3].tolist() == frames[10][3]
    assert np.argwhere(np.isnan(clip.positions_m).any(axis=-1))[:, 2].tolist() == [0, 1, 2, 4, 12, 16]
    assert read_one(nw_ucla, "a02_s09_e04_v02.json", contents["a02_s09_e04_v02"]).positions_m.shape == (1, 1, 20, 3)
