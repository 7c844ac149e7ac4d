from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.training.dataset import load_split
from skel.training.splits import few_labels, hold_out, named, read_names, subset, unique_names, write_names


@pytest.fixture
def train(prepared):
    return load_split(prepared, "train")


def test_few_labels_are_a_share_of_each_class_and_fixed_by_the_seed(train):
    few = few_labels(train, 0.25, seed=0)
    assert np.bincount(few.labels).tolist() == [2, 2, 2]
    assert few.names == few_labels(train, 0.25, seed=0).names != few_labels(train, 0.25, seed=3).names
    assert np.bincount(few_labels(train, 0.001, seed=0).labels).tolist() == [1, 1, 1]
    for clip, name in zip(few.clips, few.names):
        assert np.array_equal(clip, train.clips[train.names.index(name)])


@pytest.mark.parametrize("seed", [0, 1])
def test_a_smaller_share_is_inside_a_larger_one(train, seed):
    chosen = [set(few_labels(train, share, seed).names) for share in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)]
    assert all(small <= large for small, large in pairwise(chosen))
    assert [len(names) for names in chosen] == [3, 3, 3, 3, 6, 12, 24]


def test_the_choice_in_a_class_does_not_depend_on_the_other_classes(train):
    alone = subset(train, np.flatnonzero(train.labels == 1))
    assert set(few_labels(alone, 0.25, 0).names) < set(few_labels(train, 0.25, 0).names)


def test_held_out_clips_are_of_every_class_and_not_learned_from(train):
    rest, held_out = hold_out(train, 0.25, "clips", seed=0)
    assert np.bincount(held_out.labels).tolist() == [2, 2, 2]
    assert sorted((*rest.names, *held_out.names)) == sorted(train.names)
    last = subset(train, np.array([0, 1, 3]))  # two of one class, one of another
    rest, held_out = hold_out(last, 0.9, "clips", seed=0)
    assert (np.bincount(rest.labels).tolist(), np.bincount(held_out.labels, minlength=2).tolist()) == ([1, 1], [1, 0])
    everything, nothing = hold_out(train, 0.0, "people", seed=0)
    assert everything is train
    assert len(nothing) == 0


@pytest.mark.parametrize(("share", "count"), [(0.01, 1), (0.5, 2), (0.99, 3)])
def test_held_out_people_are_not_learned_from(train, share, count):
    acted = replace(train, subjects=np.arange(24) // 6)
    rest, held_out = hold_out(acted, share, "people", seed=0)
    assert len(np.unique(held_out.subjects)) == count
    assert not {*rest.subjects} & {*held_out.subjects}
    assert len(rest) + len(held_out) == 24


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda clips: few_labels(clips, 1.5, 0), "--labels must lie between 0 and 1, not 1.5"),
        (lambda clips: few_labels(clips, 0.0, 0), "--labels must lie between 0 and 1"),
        (lambda clips: hold_out(clips, 1.0, "clips", 0), "--held-out must lie between 0 and 1"),
        (lambda clips: hold_out(clips, 0.01, "clips", 0), "leaves no clip of any class to hold out"),
        (lambda clips: hold_out(clips, 0.5, "people", 0), "all clips are of one person, so .*: give --held-out-by clips"),
        (
            lambda clips: hold_out(replace(clips, subjects=np.arange(-1, 23)), 0.5, "people", 0),
            "do not all say who acts",
        ),
        (
            lambda clips: hold_out(replace(clips, subjects=clips.labels), 0.3, "people", 0),
            "no clip of arm .* would be left to learn from: give a smaller",
        ),
        (lambda clips: named(clips, ["t0", "x"], Path("list.json")), r"list.json lists clips .* or has no label of: x$"),
        (lambda clips: named(clips, list("abcde"), Path("list.json")), r"or has no label of: a, b, c and 2 more$"),
    ],
)
def test_nonsense_gets_one_line(train, wrong, message):
    with pytest.raises(UserError, match=message) as caught:
        wrong(train)
    assert "\n" not in str(caught.value)


def test_lists_of_names_come_back_even_where_names_repeat(train, tmp_path):
    twice = replace(train, names=("a", "b", *train.names[2:22], "a", "a"))
    assert unique_names(twice)[-2:] == ("a#2", "a#3")
    write_names(tmp_path / "list.json", ("a#3", "b"))
    chosen = named(twice, read_names(tmp_path / "list.json"), tmp_path)
    assert chosen.names == ("b", "a")
    assert np.array_equal(chosen.clips[1], train.clips[23])


@pytest.mark.parametrize("text", ["{", "[]", "[1]", '{"a": 1}'])
def test_a_wrong_list_gets_one_line(tmp_path, text):
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(UserError, match="list of clips"):
        read_names(tmp_path / "list.json")
