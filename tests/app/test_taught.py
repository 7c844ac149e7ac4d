import errno
import io
import json
import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from new_motions import shown
from pipeline_fakes import bundle

from skel.app.capture import trimmed
from skel.app.taught import TaughtActions
from skel.models.few_shot import FewShotClassifier
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Segment


class Model:
    """Embeds a clip as the mean and spread over time of where its joints are."""

    def __init__(self):
        self.bundle = bundle(labels=("idle", "jog"))
        self.statistics = None
        self.clips = 0

    def __call__(self, clips):
        self.clips += len(clips)
        x = clips[..., 0].reshape(len(clips), 3, clips.shape[2], -1)
        embeddings = np.concatenate([x.mean(axis=2), 3 * x.std(axis=2)], axis=1).reshape(len(clips), -1)
        return np.zeros((len(clips), 2), np.float32), embeddings.astype(np.float32)


def take(action, seed):
    return trimmed(shown(action, seed, around_s=0.5))


@pytest.fixture(scope="module")
def takes():
    return {action: [take(action, seed) for seed in (1, 2, 3)] for action in ("wave", "squat")}


@pytest.fixture
def store(tmp_path, takes):
    store = TaughtActions(tmp_path / "taught")
    for action, label in (("wave", "hello there"), ("squat", "bob")):
        for one in takes[action]:
            store.add_example(label, one)
    return store


def test_examples_are_kept_and_found_again(store, takes):
    again = TaughtActions(store.folder)
    assert again.labels == store.labels == ("bob", "hello there")
    assert [example.path.name for example in again.examples("hello there")] == [f"hello_there_0{n}.npy" for n in (1, 2, 3)]
    example, given = again.examples("hello there")[0], takes["wave"][0]
    assert (example.start_s, example.end_s) == (given.start_s, given.end_s)
    np.testing.assert_array_equal(example.load().positions_m, given.recording.positions_m)
    assert again.problems == ()


def test_a_classifier_names_them_and_each_window_goes_through_the_model_once(store):
    model = Model()
    classifier = store.classifier(model)
    assert isinstance(classifier, FewShotClassifier)
    assert classifier.labels == ("bob", "hello there")
    seen = model.clips
    reports = TaughtActions(store.folder).report(model)
    assert model.clips == seen
    assert [(report.label, report.examples, report.recognised) for report in reports] == [
        ("bob", 3, 3),
        ("hello there", 3, 3),
    ]


def test_another_model_sees_the_recordings_anew(store):
    store.classifier(Model())
    other = Model()
    other.bundle = bundle(labels=("idle", "run"))
    store.classifier(other)
    assert other.clips > 0


def test_what_the_model_knows_is_not_taught_again(store, takes):
    store.add_example("Jog", takes["wave"][0])
    assert "Jog" in store.labels
    assert "Jog" not in store.classifier(Model()).labels


def test_nothing_taught_is_no_classifier(tmp_path):
    assert TaughtActions(tmp_path / "none").classifier(Model()) is None
    assert not (tmp_path / "none").exists()
    with pytest.raises(UserError, match="no taught action"):
        TaughtActions(tmp_path / "none").export(tmp_path / "x.zip")


def test_discard_rename_remove(store):
    store.discard(store.examples("bob")[1])
    assert len(store.examples("bob")) == 2
    store.rename("bob", "knee bend")
    assert store.labels == ("hello there", "knee bend")
    assert len(TaughtActions(store.folder).examples("knee bend")) == 2
    with pytest.raises(UserError, match="already"):
        store.rename("knee bend", "hello there")
    store.rename("hello there", "Hello there")
    assert store.labels == ("Hello there", "knee bend")
    store.remove("knee bend")
    assert store.labels == ("Hello there",)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b", "Unknown"])
def test_names_that_cannot_be(store, takes, name):
    with pytest.raises(UserError):
        store.add_example(name, takes["wave"][0])


def test_a_name_keeps_its_first_spelling(store, takes):
    assert store.add_example("HELLO  there", takes["wave"][0]).label == "hello there"
    assert len(store.examples("hello there")) == 4


def test_names_of_any_letters_have_files(store, takes):
    for name in ("../../etc", "train", "grüßen", "???", "a/b"):
        example = store.add_example(name, takes["wave"][0])
        assert example.label == name
        assert example.path.parent.parent == store.folder
        assert example.path.parent.name not in ("train", "val")


def test_a_correction_is_one_person_and_what_is_around(store):
    performed = perform(3, 30.0, script=["wave", "clap"], persons=2)
    segment = performed.segments[2]
    example = store.add_correction(performed, Segment(segment.start_s, segment.end_s, "salute"), person=1)
    kept = example.load()
    assert kept.positions_m.shape[1] == 1
    assert kept.duration_s < segment.end_s - segment.start_s + 9
    inside = slice(*np.searchsorted(kept.times_s, (segment.start_s, segment.end_s)))
    original = slice(*np.searchsorted(performed.times_s, (segment.start_s, segment.end_s)))
    np.testing.assert_array_equal(kept.positions_m[inside, 0], performed.positions_m[original, 1])
    assert example.start_s == pytest.approx(segment.start_s - (kept.times_s[0] - performed.times_s[0]))
    assert "salute" in store.classifier(Model()).labels


def test_a_correction_where_several_are_in_view_is_of_who_was_chosen(store):
    performed = perform(3, 8.0, script=["wave", "clap"], persons=2)
    segment = replace(performed.segments[0], label="salute")
    with pytest.raises(UserError, match=r"several people are in view.*click the person first"):
        store.add_correction(performed, segment)
    performed.positions_m[:, 0][performed.times_s - performed.times_s[0] < segment.end_s + 0.1] = np.nan
    example = store.add_correction(performed, segment)  # the only one then, though not the first of the recording
    kept = example.load().positions_m
    np.testing.assert_array_equal(kept[:, 0], performed.positions_m[: len(kept), 1])
    with pytest.raises(UserError, match="who was chosen is not in view"):
        store.add_correction(performed, segment, person=0)


def test_a_correction_is_kept_once(store):
    performed = perform(seed=3, duration_s=8.0, script=("squat",))
    segment = replace(performed.segments[0], label="salute")
    example = store.add_correction(performed, segment)
    assert TaughtActions(store.folder).add_correction(performed, segment) == example
    longer = replace(segment, end_s=segment.end_s + 0.2)
    assert store.add_correction(performed, longer) != example
    assert len(store.examples("salute")) == 2


def test_a_correction_where_nobody_is(store):
    performed = perform(3, 5.0)
    with pytest.raises(UserError, match="nobody is in view"):
        store.add_correction(performed, Segment(20.0, 22.0, "salute"))


def test_a_damaged_file_is_said_and_left_out(store):
    examples = store.examples("bob")
    examples[0].path.write_bytes(b"no numbers")
    examples[1].path.with_suffix(".json").unlink()
    again = TaughtActions(store.folder)
    assert len(again.examples("bob")) == 1
    assert len(again.problems) == 2
    assert all("\n" not in problem for problem in again.problems)
    assert again.classifier(Model()) is not None
    assert examples[0].path.exists()


def test_a_damaged_cache_is_made_anew(store):
    store.classifier(Model())
    for file in (store.folder / ".embeddings").glob("*/*.npz"):
        file.write_bytes(b"PK damaged")
    model = Model()
    assert store.classifier(model) is not None
    assert model.clips > 0


def test_where_nothing_can_be_written_actions_are_named_all_the_same(store):
    (store.folder / ".embeddings").write_text("a file, where a folder should be made")
    assert store.classifier(Model()).labels == ("bob", "hello there")
    assert store.report(Model())


def test_what_is_discarded_while_it_is_learned_is_left_out(store):
    class Discarding(Model):
        def __call__(self, clips):
            if self.clips == 0:
                store.discard(store.examples("hello there")[-1])
            return super().__call__(clips)

    assert store.classifier(Discarding()).labels == ("bob", "hello there")
    assert store.report(Model())[1].examples == 2


def test_an_example_that_somebody_else_has_deleted_is_one_line(store):
    gone = store.examples("bob")[0].path
    gone.unlink()
    with pytest.raises(UserError, match=f"cannot read {gone}: No such file or directory"):
        store.classifier(Model())


def test_a_full_disk_is_one_line_and_leaves_the_store_as_it_was(store, takes, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        patch.setattr(zipfile.ZipFile, "write", full)
        with pytest.raises(UserError, match=r"cannot write .*bob_04\.npy: No space left on device"):
            store.add_example("bob", takes["squat"][0])
        with pytest.raises(UserError, match=r"cannot write .*shared\.zip: No space left on device"):
            store.export(tmp_path / "shared.zip")
    assert [len(TaughtActions(store.folder).examples(label)) for label in store.labels] == [3, 3]
    assert not (tmp_path / "shared.zip").exists()


def test_what_cannot_be_deleted_is_one_line_and_stays(store):
    example = store.examples("bob")[0]
    example.path.unlink()
    example.path.mkdir()
    with pytest.raises(UserError, match=r"cannot write .*bob_01\.npy"):
        store.discard(example)
    assert example in store.examples("bob")


def test_what_is_closed_learns_nothing_more(store):
    store.close()
    with pytest.raises(UserError):
        store.classifier(Model())


def test_what_is_exported_can_be_imported_once(store, tmp_path):
    store.export(tmp_path / "shared.zip")
    other = TaughtActions(tmp_path / "other")
    assert other.import_(tmp_path / "shared.zip") == ("bob", "hello there")
    assert [len(other.examples(label)) for label in other.labels] == [3, 3]
    other.import_(tmp_path / "shared.zip")
    assert [len(other.examples(label)) for label in other.labels] == [3, 3]
    store.export(tmp_path / "bob.zip", ["bob"])
    with zipfile.ZipFile(tmp_path / "bob.zip") as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"bob"}


def test_files_of_any_age_are_exported(store, tmp_path):
    for path in (store.folder / "bob").iterdir():
        os.utime(path, (0, 0))
    store.export(tmp_path / "old.zip")
    assert TaughtActions(tmp_path / "other").import_(tmp_path / "old.zip") == store.labels


def _zip(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_archives_that_are_something_else_change_nothing(store, tmp_path):
    store.export(tmp_path / "good.zip", ["bob"])
    with zipfile.ZipFile(tmp_path / "good.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    npy, side = members["bob/bob_01.npy"], members["bob/bob_01.json"]
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    fine = {"bob/bob_02.npy": npy, "bob/bob_02.json": side}
    without_segments = json.dumps({**json.loads(side), "segments": []})
    bad = [
        {**fine, "../evil.npy": npy, "../evil.json": side},
        {**fine, "/abs/evil.npy": npy},
        {**fine, "bob/..\\evil.npy": npy},
        {**fine, "bob/run.py": b"print()"},
        {**fine, "bob/x.npy": npy},
        {**fine, "bob/x.npy": pickled.getvalue(), "bob/x.json": side},
        {**fine, "bob/x.npy": npy, "bob/x.json": without_segments},
        {**fine, "bob/x.npy": npy[:100], "bob/x.json": side},
        {},
    ]
    for number, content in enumerate(bad):
        other = TaughtActions(tmp_path / f"other{number}")
        with pytest.raises(UserError) as caught:
            other.import_(_zip(tmp_path / f"bad{number}.zip", content))
        assert "\n" not in str(caught.value)
        assert not (tmp_path / f"other{number}").exists()
    (tmp_path / "text.zip").write_text("hello")
    _zip(tmp_path / "packed.zip", fine, zipfile.ZIP_BZIP2)
    garbled = _zip(tmp_path / "garbled.zip", {name.replace("bob", "böb"): content for name, content in fine.items()})
    garbled.write_bytes(garbled.read_bytes().replace("ö".encode(), b"\xf6b", 1))  # a name that is no UTF-8
    for name in ("text", "nowhere", "packed", "garbled"):
        with pytest.raises(UserError):
            store.import_(tmp_path / f"{name}.zip")
    assert not (tmp_path / "evil.npy").exists()
