import json
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from skel.skeleton.clip import ClipConfig
from skel.skeleton.layouts import NTU25
from skel.training.dataset import PARTS, load_split, save_split
from skel.training.prepare import prepare
from skel.training.set_report import describe, first_warnings
from skel.training.set_tables import print_report, ranges
from skel.training.sources import Performed


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    (prepared,) = prepare(Performed(600, 0), tmp_path_factory.mktemp("performed"), ClipConfig(), {})
    return {part: load_split(prepared.folder, part) for part in PARTS}


def report_of(tmp_path, parts, excluded=()):
    return describe(save_split(tmp_path, parts, excluded, {}))


def changed(parts, change):
    return {part: replace(clips, clips=change(clips.clips.copy())) for part, clips in parts.items()}


def test_a_good_set_has_no_warnings(tmp_path, parts):
    report = report_of(tmp_path, parts)
    assert report["warnings"] == []
    assert report["people"] is None, "a set of another origin"
    assert report["parts"]["train"]["clips"] == 480
    assert report["parts"]["val"]["subjects"] == [4, 9, 14]
    assert sum(row["train"] for row in report["classes"]) == 480
    assert set(report["checks"].values()) == {1.0}
    assert 20 < report["bones_cm"]["LeftElbow–LeftShoulder"] < 40
    assert report["parts"]["train"]["second_body_share"] == 0


def mirrored(clips):
    clips[:, 0] *= -1
    return clips[:, :, :, list(NTU25.mirror)]


def upside_down(clips):
    clips[:, :2] *= -1
    return clips


def in_millimetres(clips):
    return clips * 1000


def sides_swapped(clips):
    clips[:, 0] *= -1
    return clips


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (upside_down, "head above the hips"),
        (sides_swapped, "left shoulder on the left"),
        (sides_swapped, "toes in front"),
        (in_millimetres, "bones are about 1000 times as long as people's: are the positions in metres?"),
        (np.zeros_like, "without anybody"),
    ],
)
def test_wrong_bodies_are_seen(tmp_path, parts, change, warning):
    assert any(warning in line for line in report_of(tmp_path, changed(parts, change))["warnings"])


def test_what_has_no_label_is_no_class(tmp_path, parts):
    """It is neither missing from a part nor the largest class, but the validation part should have none of it."""
    train = np.where(np.arange(480) < 20, parts["train"].labels, 0)
    unlabelled = {
        "train": replace(parts["train"], labels=train, classes=("unlabelled", *parts["train"].classes[1:])),
        "val": replace(parts["val"], classes=("unlabelled", *parts["val"].classes[1:])),
    }
    folder = save_split(tmp_path / "train", unlabelled, [], {})
    names = [name for name, label in zip(parts["val"].names, parts["val"].labels) if label == 0]
    expected = f"5 clips of val have no label, so they measure nothing: {', '.join(names)}"
    assert first_warnings(folder) == [expected]
    report = describe(folder)
    assert expected in report["warnings"]
    assert not any("unlabelled" in line or "over 10 times" in line for line in report["warnings"])


def test_a_person_seen_in_a_mirror_is_still_a_person(tmp_path, parts):
    assert report_of(tmp_path, changed(parts, mirrored))["warnings"] == []


def test_wrong_contents_are_seen(tmp_path, parts):
    train, val = parts["train"], parts["val"]
    both = {
        "train": replace(train, labels=np.zeros_like(train.labels), durations_s=np.full(len(train), 0.1)),
        "val": replace(val, clips=train.clips[: len(val)], subjects=train.subjects[: len(val)]),
    }
    text = "\n".join(report_of(tmp_path, both, [("a.mat", "is empty")])["warnings"])
    for part in (
        "train has no clip of",
        "480 clips shorter than 0.3 s",
        "over 10 times",
        "subjects [0, 1, 2] are in both parts",
        "120 of the 120 clips of val are in train too",
        "1 raw files or clips were left out",
    ):
        assert part in text


def test_tables_show_everything(tmp_path, parts):
    console = Console(width=100)
    with console.capture() as capture:
        print_report(report_of(tmp_path, parts, [("a.mat", "is empty")]), console)
    text = capture.get()
    for word in ("synthetic xsub", "Head–Neck", "toes in front", "0–3", "warning", parts["train"].classes[0]):
        assert word in text


def test_the_tables_say_who_is_in_the_clips_where_the_set_does(tmp_path, parts):
    report = report_of(tmp_path, parts)
    for people, shown in ((None, False), ("reference", True)):
        console = Console(width=120)
        with console.capture() as capture:
            print_report({**report, "people": people}, console)
        assert ("people reference" in capture.get()) == shown


def test_ranges():
    assert ranges([1, 2, 3, 5, 7, 8]) == "1–3 5 7–8"
    assert ranges([]) == ""


def test_one_longer_arm_and_untracked_joints_are_seen(tmp_path, parts):
    def longer(clips):
        shoulder = clips[:, :, :, NTU25.index("LeftShoulder")].copy()
        for joint in ("LeftElbow", "LeftWrist", "LeftHand", "LeftThumb", "LeftHandTip"):
            clips[:, :, :, NTU25.index(joint)] += 0.4 * (clips[:, :, :, NTU25.index("LeftElbow")] - shoulder)
        return clips

    folder = save_split(tmp_path, changed(parts, longer), [], {})
    meta = json.loads((folder / "meta.json").read_text())
    meta["parts"]["val"]["missing_joints"] = {"LeftHand": 0.4, "Head": 0.1}
    (folder / "meta.json").write_text(json.dumps(meta))
    text = "\n".join(describe(folder)["warnings"])
    assert "bone LeftElbow–LeftShoulder is" in text
    assert "on the left and" in text
    assert "LeftHand is not tracked in 40% of the frames of val" in text
    assert "Head is not tracked" not in text
