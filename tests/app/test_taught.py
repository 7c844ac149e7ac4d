
import numpy as np
import pytest
from pipeline_fakes import bundle

from skel.app.capture import trimmed
from skel.app.taught import TaughtActions
from skel.models.few_shot import FewShotClassifier
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError


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
    performed = perform(seed, 7.0, script=[action])
    start, end = performed.segments[0].start_s, performed.segments[0].end_s
    frames = slice(max(int(30 * (start - 0.5)), 0), int(30 * (end + 0.5)))
    from dataclasses import replace

    part = replace(performed, positions_m=performed.positions_m[frames], times_s=performed.times_s[frames], segments=())
    return trimmed(part)


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
