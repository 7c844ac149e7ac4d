"""The public folders: two arrays, two pickles, no description."""

import pickle

import numpy as np
import pytest

from skel.skeleton.clip import AIMCLR
from skel.skeleton.errors import UserError
from skel.training.dataset import find_split, load_meta, load_split
from skel.training.set_report import describe

NTU = [f"S{s:03d}C001P{p:03d}R001A{a:03d}.skeleton" for s, p, a in ((1, 1, 1), (17, 8, 60), (3, 2, 43))]
NTU120 = [name.replace("S003", "S018") for name in NTU]
PKU = ["F002V001C001L001.skeleton", "F003V002C051L007.skeleton", "F364V003C020L002.skeleton"]


def write(folder, names, labels, change=lambda clips: clips):
    folder.mkdir(parents=True)
    for part in ("train", "val"):
        clips = np.random.default_rng(0).normal(size=(len(names), 3, 50, 25, 2)).astype(np.float32)
        clips[:, :, :, 20] = 0
        np.save(folder / f"{part}_position.npy", change(clips))
        (folder / f"{part}_label.pkl").write_bytes(pickle.dumps((names, labels)))
    return folder


@pytest.mark.parametrize(
    ("path", "names", "labels", "dataset", "classes", "last", "subjects"),
    [
        ("ntu60_frame50/xsub", NTU, [0, 59, 42], "ntu60", 60, "walking apart", [1, 8, 2]),
        (
            "ntu120_frame50/xset",
            NTU120,
            [0, 119, 42],
            "ntu120",
            120,
            "rock-paper-scissors",
            [1, 8, 2],
        ),
        ("pku_part1_frame50/xsub", PKU, [0, 50, 19], "pku-mmd", 51, "writing", [-1] * 3),
        ("somebody/fold1", ["a", "b", "c"], [0, 2, 1], "somebody", 3, "A003", [-1] * 3),
    ],
)
def test_loads_as_it_is(tmp_path, path, names, labels, dataset, classes, last, subjects):
    folder = write(tmp_path / path, names, labels)
    clips = load_split(folder, "val")
    assert (clips.dataset, clips.split, len(clips.classes), clips.classes[-1]) == (dataset, folder.name, classes, last)
    assert (clips.clip, clips.names, clips.labels.tolist()) == (AIMCLR, tuple(names), labels)
    assert clips.subjects.tolist() == subjects
    np.testing.assert_array_equal(clips.clips, np.load(folder / "val_position.npy"))
    assert find_split(folder.parent) == folder
    assert load_meta(folder)["people"] == "reference"


def test_numpy_labels_and_no_endings(tmp_path):
    names = [name.removesuffix(".skeleton") for name in NTU]
    folder = write(tmp_path / "ntu60_frame50" / "xview", names, np.array([0, 59, 42]))
    assert load_split(folder, "train").dataset == "ntu60"


def test_is_described(tmp_path):
    report = describe(write(tmp_path / "ntu60_frame50" / "xsub", NTU, [0, 59, 42]))
    assert report["parts"]["train"]["lengths_s"] is None
    assert report["parts"]["train"]["subjects"] == [1, 2, 8]
    assert report["excluded"] == []


@pytest.mark.parametrize(
    "change",
    [lambda clips: clips + 1, lambda clips: clips[:, :, :40], lambda clips: clips.astype(float), lambda clips: clips[:0]],
)
def test_other_clips_are_refused(tmp_path, change):
    folder = write(tmp_path / "set" / "xsub", NTU, [0, 59, 42], change)
    with pytest.raises(UserError, match=r"has no meta\.json.*is not the public clips"):
        load_split(folder, "train")


@pytest.mark.parametrize("labels", [[0, 59], [0, -1, 2], ["a", "b", "c"], 3])
def test_labels_that_do_not_fit(tmp_path, labels):
    folder = write(tmp_path / "set" / "xsub", NTU, labels)
    with pytest.raises(UserError, match=r"contradict|does not hold names and labels"):
        load_split(folder, "train")


def test_broken_array(tmp_path):
    folder = write(tmp_path / "set" / "xsub", NTU, [0, 59, 42])
    (folder / "val_position.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"val_position\.npy cannot be read"):
        load_split(folder, "train")
