import json
from dataclasses import replace

import numpy as np
import pytest

from skel.skeleton.clip import AIMCLR
from skel.skeleton.errors import UserError
from skel.training.dataset import PARTS, UNLABELLED, load_split, save_split
from skel.training.join import load_joined
from skel.training.splits import unique_names


@pytest.fixture
def second(prepared, tmp_path):
    """The same clips as another set, which calls two classes otherwise."""
    names = ("arm lift", "wave", "kick")
    parts = {part: replace(load_split(prepared, part), classes=names, dataset="second") for part in ("train", "val")}
    save_split(tmp_path / "second", parts, [], {})
    return tmp_path / "second"


def test_classes_of_one_name_are_one(prepared, second):
    joined = load_joined([prepared, second], "train")
    assert joined.classes == ("arm lift", "arm swing", "arm push", "wave", "kick")
    assert np.bincount(joined.labels).tolist() == [16, 8, 8, 8, 8]
    assert len(joined) == len(joined.names) == len(joined.clips) == len(joined.subjects) == len(joined.durations_s) == 48
    assert joined.dataset == "limbs+second"


def test_clips_of_several_folders_of_one_set_have_one_name_in_any_order(prepared, tmp_path):
    parts = {part: load_split(prepared, part) for part in PARTS}
    save_split(tmp_path / "later", {part: replace(one, clips=-one.clips) for part, one in parts.items()}, [], {})
    roots = [prepared, tmp_path / "later"]
    one, other = load_joined(roots, "train"), load_joined(roots[::-1], "train")
    assert unique_names(one) == one.names
    assert {name.split("/")[0] for name in one.names} == {prepared.name, "later"}
    by_name = dict(zip(other.names, other.clips))
    assert all(np.array_equal(clip, by_name[name]) for name, clip in zip(one.names, one.clips))


def test_one_folder_twice_is_refused(prepared):
    with pytest.raises(UserError, match=r"names .* twice: leave one of them out"):
        load_joined([prepared, prepared / ".." / prepared.name], "train")


def test_a_file_chooses_joins_and_renames_classes(prepared, second, tmp_path):
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"kick": ["kick"], "arm": ["arm lift", "arm swing"]}))
    joined = load_joined([prepared, second], "val", path)
    assert joined.classes == ("kick", "arm")
    assert np.bincount(joined.labels).tolist() == [4, 12]
    kicks = joined.clips[joined.labels == 0]
    assert np.array_equal(kicks, load_split(second, "val").clips[2::3])


def test_a_models_classes_are_kept_even_without_clips(prepared):
    known = ("jump", "arm push", "arm swing", "arm lift")
    joined = load_joined([prepared], "val", known=known)
    assert joined.classes == known
    assert np.bincount(joined.labels).tolist() == [0, 4, 4, 4]
    with pytest.raises(UserError, match="does not know the classes arm swing, arm push: give the --classes file"):
        load_joined([prepared], "val", known=("arm lift",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "must hold"),
        ("{}", "must hold"),
        ("{", "cannot read the classes"),
        ('{"arm": ["third arm"]}', "names classes that no set has: third arm"),
        (
            '{"a": ["arm lift"], "b": ["arm push", "arm lift"]}',
            "lists arm lift under a and under b: leave it in one of them",
        ),
    ],
)
def test_a_wrong_file_gets_one_line(prepared, tmp_path, text, message):
    path = tmp_path / "classes.json"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_joined([prepared], "train", path)


@pytest.fixture
def half_labelled(prepared, tmp_path):
    """What shows a push is unlabelled."""
    names = ("arm lift", "arm swing", UNLABELLED)
    parts = {part: replace(load_split(prepared, part), classes=names, dataset="half") for part in ("train", "val")}
    save_split(tmp_path / "half", parts, [], {})
    return tmp_path / "half"


def test_what_has_no_label_is_no_class(half_labelled, tmp_path):
    labelled = load_joined([half_labelled], "train")
    assert labelled.classes == ("arm lift", "arm swing")
    assert np.bincount(labelled.labels).tolist() == [8, 8]
    assert "t2" not in labelled.names
    known = ("jump", "arm swing", "arm lift")
    assert np.bincount(load_joined([half_labelled], "val", known=known).labels).tolist() == [0, 4, 4]
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"arm": ["arm lift"]}))
    assert len(load_joined([half_labelled], "train", path)) == 8
    assert len(load_joined([half_labelled], "train", path, unlabelled=True)) == 16
    path.write_text(json.dumps({"arm": [UNLABELLED]}))
    with pytest.raises(UserError, match="names classes that no set has: unlabelled"):
        load_joined([half_labelled], "train", path)


def test_where_no_label_is_read_all_clips_are_there(half_labelled, prepared):
    for roots in ([half_labelled], [half_labelled, prepared]):
        everything = load_joined(roots, "train", unlabelled=True)
        assert len(everything) == 24 * len(roots)
        assert everything.classes == ("arm lift", "arm swing", "arm push")[: 1 + len(roots)]
        np.testing.assert_array_equal(everything.clips[:24], load_split(half_labelled, "train").clips)
    assert len(load_joined([half_labelled, prepared], "train")) == 40


def test_a_clip_has_one_name_whether_those_without_a_label_are_there_or_not(half_labelled, prepared, tmp_path):
    """Lists of clips are made of all, and learned from with the labelled ones."""
    save_split(tmp_path / "same", {part: replace(load_split(prepared, part), dataset="half") for part in PARTS}, [], {})
    roots = [half_labelled, tmp_path / "same"]
    everything, labelled = load_joined(roots, "train", unlabelled=True), load_joined(roots, "train")
    place = {name: i for i, name in enumerate(unique_names(everything))}
    for name, clip in zip(unique_names(labelled), labelled.clips):
        np.testing.assert_array_equal(everything.clips[place[name]], clip)


def test_where_nothing_has_a_label_nothing_is_learned_or_measured(prepared, tmp_path):
    parts = {part: replace(load_split(prepared, part), classes=(UNLABELLED,) * 3) for part in PARTS}
    save_split(tmp_path / "none", parts, [], {})
    for part, names in (("train", "t0, t1, t2, .*, t11, …"), ("val", "v0, .*, v11")):
        with pytest.raises(UserError, match=rf"no clip of the {part} part of limbs xsub has a label: .* \({names}\)$"):
            load_joined([tmp_path / "none"], part)
    assert load_joined([tmp_path / "none"], "train", unlabelled=True).classes == (UNLABELLED,)


def test_clips_made_in_different_ways_are_not_mixed(prepared, tmp_path):
    parts = {part: replace(load_split(prepared, part), clip=AIMCLR) for part in ("train", "val")}
    save_split(tmp_path / "other", parts, [], {})
    with pytest.raises(UserError, match="prepare both with the same"):
        load_joined([prepared, tmp_path / "other"], "train")


def test_people_and_clips_of_different_sets_are_told_apart(prepared, second):
    joined = load_joined([prepared, second], "train")
    assert {*joined.subjects[:24]} == {0}
    assert {*joined.subjects[24:]} == {1}
    assert (joined.names[0], joined.names[24]) == ("limbs/t0", "second/t0")
    assert load_joined([prepared], "train").names[0] == "t0"


def test_unknown_people_stay_unknown(prepared, tmp_path):
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    parts = {part: replace(clips, subjects=np.full(len(clips), -1)) for part, clips in parts.items()}
    save_split(tmp_path / "unknown", parts, [], {})
    joined = load_joined([tmp_path / "unknown", prepared], "train")
    assert joined.subjects.tolist() == [-1] * 24 + [0] * 24
