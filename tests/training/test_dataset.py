import codecs
import json
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.training.dataset import ClipSet, load_split, mark_unfinished, save_split
from skel.training.restricted_pickle import load_restricted

CONFIG = ClipConfig(frames=4)


def clip_set(count=3, **changes):
    clips = np.random.default_rng(count).normal(size=(count, 3, 4, 25, 2)).astype(np.float32)
    fields = {
        "clips": clips,
        "labels": np.arange(count) % 2,
        "names": tuple(f"clip{i}" for i in range(count)),
        "classes": ("sit", "stand"),
        "clip": CONFIG,
        "dataset": "tiny",
        "split": "xsub",
        "subjects": np.arange(count),
        "durations_s": np.full(count, 1.5),
    }
    return ClipSet(**(fields | changes))


@pytest.fixture
def saved(tmp_path):
    return save_split(tmp_path / "tiny", {"train": clip_set(3), "val": clip_set(2)}, [("a.mat", "is empty")], {"seed": 1})


def test_loads_what_was_saved(saved):
    loaded, expected = load_split(saved, "train"), clip_set(3)
    for name in ("clips", "labels", "subjects", "durations_s"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(expected, name))
        assert getattr(loaded, name).dtype == getattr(expected, name).dtype
    for name in ("names", "classes", "clip", "dataset", "split"):
        assert getattr(loaded, name) == getattr(expected, name)
    assert len(load_split(saved, "val")) == 2


def test_the_field_can_read_the_labels(saved):
    names, labels = pickle.loads((saved / "train_label.pkl").read_bytes())
    assert names == ["clip0", "clip1", "clip2"]
    assert labels == [0, 1, 0]


def test_meta_says_what_was_left_out(saved):
    meta = json.loads((saved / "meta.json").read_text())
    assert meta["excluded"] == [{"file": "a.mat", "reason": "is empty"}]
    assert meta["provenance"] == {"seed": 1}


def test_folder_above_the_only_split_will_do(saved):
    assert load_split(saved.parent, "train").names == load_split(saved, "train").names


def test_folder_above_two_splits_will_not(saved):
    other = {part: replace(clip_set(2), split="xview") for part in ("train", "val")}
    save_split(saved.parent, other, [], {})
    with pytest.raises(UserError, match="xsub, xview"):
        load_split(saved.parent, "train")


def test_missing_folder_and_folder_of_something_else(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load_split(tmp_path / "none", "train")
    with pytest.raises(UserError, match="holds no prepared set"):
        load_split(tmp_path, "train")


def test_missing_meta_is_named(saved):
    (saved / "meta.json").unlink()
    for folder in (saved, saved.parent):
        with pytest.raises(UserError, match=r"has no meta\.json"):
            load_split(folder, "train")


def damage(path, change):
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("file", "change", "match"),
    [
        ("train_position.npy", lambda b: b[:-40], r"train_position\.npy cannot be read"),
        ("train_label.pkl", lambda b: b[:-5], "not a plain pickle"),
        ("train_label.pkl", lambda b: pickle.dumps((["clip0"], [0])), "contradict"),
        ("train_label.pkl", lambda b: pickle.dumps((["clip0", "clip1", "clip2"], [0, 1, 2])), r"labels must lie in 0\.\.1"),
        ("train_label.pkl", lambda b: pickle.dumps(7), "contradict"),
        ("meta.json", lambda b: b[:-5], "JSON"),
        ("meta.json", lambda b: b'{"schema": 99}', "schema 99"),
        ("meta.json", lambda b: b.replace(b'"classes"', b'"klasses"'), "classes"),
        ("meta.json", lambda b: b.replace(b'"frames": 4', b'"frames": 5'), "expected float32"),
    ],
)
def test_damage_is_one_clear_line(saved, file, change, match):
    damage(saved / file, change)
    with pytest.raises(UserError, match=match) as caught:
        load_split(saved, "train")
    assert "\n" not in str(caught.value)


def test_missing_array_and_missing_labels(saved):
    (saved / "train_position.npy").unlink()
    (saved / "val_label.pkl").unlink()
    with pytest.raises(UserError, match=r"train_position\.npy"):
        load_split(saved, "train")
    with pytest.raises(UserError, match=r"val_label\.pkl"):
        load_split(saved, "val")


def test_clips_of_objects_are_refused(saved):
    np.save(saved / "train_position.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="cannot be read"):
        load_split(saved, "train")


def test_unfinished_rewrite_leaves_no_whole_set(saved):
    broken = {"train": clip_set(3), "val": None}
    with pytest.raises(AttributeError):
        save_split(saved.parent, broken, [], {})
    mark_unfinished(saved)
    with pytest.raises(UserError, match="is unfinished"):
        load_split(saved, "train")


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": np.array([0, 1, 2])},
        {"labels": np.array([0, -1, 1])},
        {"subjects": np.zeros(2, np.int64)},
        {"clips": np.zeros((3, 3, 4, 25, 2))},
        {"clips": np.full((3, 3, 4, 25, 2), np.nan, np.float32)},
    ],
)
def test_inconsistent_sets_cannot_be_made(changes):
    with pytest.raises(ValueError, match=r"."):
        clip_set(3, **changes)


class Hostile:
    def __init__(self, call, *arguments):
        self.reduced = call, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_hostile_labels_are_refused_before_they_act(saved, tmp_path, protocol):
    trace = tmp_path / "trace"
    for hostile in (Hostile(os.system, f"touch {trace}"), Hostile(eval, f"open({str(trace)!r}, 'w')")):
        damage(saved / "train_label.pkl", lambda _, h=hostile: pickle.dumps((["a"], [h]), protocol))
        with pytest.raises(UserError, match="refused"):
            load_split(saved, "train")
    assert not trace.exists()


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_labels_may_be_numpy(tmp_path, protocol):
    path = tmp_path / "labels.pkl"
    path.write_bytes(pickle.dumps((("a", "b"), [np.int64(1), np.int64(0)], np.arange(3)), protocol))
    names, labels, array = load_restricted(path)
    assert names == ("a", "b")
    assert labels == [1, 0]
    np.testing.assert_array_equal(array, np.arange(3))


def test_only_the_encoding_of_arrays_may_be_called(tmp_path):
    path = tmp_path / "labels.pkl"
    path.write_bytes(pickle.dumps(Hostile(codecs.encode, "x", "rot13"), 2))
    with pytest.raises(UserError, match="encode as rot13"):
        load_restricted(path)


def test_clips_can_stay_on_disk(saved):
    on_disk = load_split(saved, "train", in_memory=False)
    assert isinstance(on_disk.clips, np.memmap)
    np.testing.assert_array_equal(on_disk.clips, load_split(saved, "train").clips)
