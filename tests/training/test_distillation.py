"""What a fine-tuning learns of clips without labels from runs that had the same labels."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from skel.skeleton.errors import UserError
from skel.training.checkpoint import load_model
from skel.training.config import UNVARIED, FinetuneConfig
from skel.training.dataset import fingerprints, load_split
from skel.training.distillation import lessons
from skel.training.evaluate import predict
from skel.training.finetune import finetune
from skel.training.known_labels import Known, known_to
from skel.training.labelled import LABELLED_FILE, load_labelled
from skel.training.run import Run
from skel.training.splits import read_names, subset, write_names
from skel.training.supervised import learn

CPU = torch.device("cpu")


def config(data, out, **options):
    options = {"channels": 4, "epochs": 2, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", **options}
    return FinetuneConfig((data,), out, variation=UNVARIED, **options)


def test_clips_without_labels_are_what_the_teachers_together_say(prepared, tmp_path):
    streams = {"joint": 0.6, "bone": 0.6, "motion": 0.4}
    teachers = tuple(finetune(config(prepared, tmp_path / s, labels=0.25, stream=s)) for s in streams)
    taught = config(prepared, tmp_path / "run", labels=0.25, teachers=teachers, label_smoothing=0.3)
    data, clips = load_labelled(taught), load_split(prepared, "train")
    learned, likely = lessons(taught, data, CPU)
    np.testing.assert_array_equal(learned.clips, clips.clips)
    labelled = np.isin(clips.names, data.train.names)
    said = [weight * predict(load_model(run)[0], clips, CPU).logits for run, weight in zip(teachers, streams.values())]
    expected = softmax(np.sum(said, axis=0) / 1.6, axis=1)
    expected[labelled] = 0.7 * np.eye(3)[clips.labels[labelled]] + 0.1
    np.testing.assert_allclose(likely, expected, atol=1e-5)  # batches of another size round in another order


def test_learning_makes_classes_as_likely_as_the_targets_say(tmp_path):
    options = FinetuneConfig((tmp_path,), tmp_path / "run", epochs=60, batch_size=4, learning_rate=0.1, weight_decay=0.0)
    learner = torch.nn.Linear(1, 3, bias=False)  # the same logits for all clips
    targets = torch.tensor([[0.7, 0.2, 0.1], [0.5, 0.2, 0.3], [0.9, 0.0, 0.1], [0.1, 0.4, 0.5]])

    def logits_of(chosen, generator):
        return learner(torch.ones(len(chosen), 1))

    learn(Run(options.out, options, 0), options, learner, targets, logits_of, None, "learning")
    torch.testing.assert_close(learner.weight[:, 0].softmax(dim=0), targets.mean(dim=0), atol=0.01, rtol=0)


def test_a_pupil_says_whom_it_learned_from(prepared, tmp_path):
    teacher = finetune(config(prepared, tmp_path / "teacher", labels=0.25))
    pupil = finetune(config(prepared, tmp_path / "pupil", labels=0.25, teachers=(teacher,)))
    said = "25% of the training labels (6 of 24 clips), 18 clips without a label named by 1 run, last epoch"
    assert said in load_model(pupil)[1].metrics["top1"]["protocol"]
    assert len(read_names(pupil / LABELLED_FILE)) == 6
    assert json.loads((pupil / "config.json").read_text())["teachers"] == [str(teacher)]


def test_a_pupil_does_not_go_on_with_other_labels_or_other_teachers(prepared, tmp_path):
    """The clips are the same in both cases: what is learned of them is not."""
    listed = tmp_path / "list.json"
    names = load_split(prepared, "train").names
    write_names(listed, [names[0], names[8], names[16]])
    teacher = finetune(config(prepared, tmp_path / "teacher", labels=listed))
    options = config(prepared, tmp_path / "pupil", labels=listed, teachers=(teacher,))
    pupil = finetune(options)
    write_names(listed, [names[0], names[1], names[8], names[16]])
    with pytest.raises(UserError, match=r"the clips, or .*, are no longer those that"):
        finetune(options)
    write_names(listed, [names[0], names[8], names[16]])
    shutil.rmtree(teacher)
    finetune(config(prepared, tmp_path / "teacher", labels=listed, seed=1))
    with pytest.raises(UserError, match="the teachers are no longer those that"):
        finetune(options)
    assert len(read_names(pupil / LABELLED_FILE)) == 3


def test_no_teacher_where_some_were_meant_is_refused(prepared, tmp_path):
    with pytest.raises(UserError, match="--teachers names no run"):
        finetune(config(prepared, tmp_path / "pupil", labels=0.25, teachers=()))
    assert not (tmp_path / "pupil").exists()


def test_nothing_is_learned_of_people_who_are_held_out(acted, tmp_path):
    options = config(acted, tmp_path / "run", labels=0.5, held_out=0.25)
    taught = replace(options, teachers=(finetune(replace(options, out=tmp_path / "teacher")),))
    data = load_labelled(taught)
    clips, _ = lessons(taught, data, CPU)
    assert len(np.unique(data.held_out.subjects)) == 1
    assert set(clips.subjects) == {0, 1, 2, 3} - set(data.held_out.subjects)
    assert len(clips) == 18


@pytest.mark.parametrize(
    ("teacher", "pupil", "message"),
    [
        ({"labels": 0.25}, {"labels": 1.0}, "every clip has one: give a smaller --labels"),
        (
            {"labels": 0.5},
            {"labels": 0.25},
            "learned from the labels of 6 clips that this run does not",
        ),
        ({"labels": 0.25}, {"labels": 0.25, "seed": 5}, "give both the same --labels, --held-out and --seed"),
        ({"labels": 0.25}, {"labels": 0.25, "classes": "classes.json"}, "trained on other classes or clips than this data"),
    ],
)
def test_teachers_that_do_not_fit_get_one_line(prepared, tmp_path, teacher, pupil, message):
    """Also where the teacher is named by its model file."""
    if "classes" in pupil:
        pupil = {**pupil, "classes": tmp_path / "classes.json"}
        pupil["classes"].write_text('{"lift": ["arm lift"], "swing": ["arm swing"]}')
    run = finetune(config(prepared, tmp_path / "teacher", epochs=1, **teacher))
    with pytest.raises(UserError, match=message) as caught:
        finetune(config(prepared, tmp_path / "pupil", teachers=(run,), **pupil))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pupil").exists()
    with pytest.raises(UserError):
        finetune(config(prepared, tmp_path / "pupil", teachers=(run / "model.safetensors",), **pupil))


def test_a_teacher_that_knows_a_clip_that_its_pupil_is_measured_on_is_refused(prepared, tmp_path):
    options = config(prepared, tmp_path / "pupil", epochs=1, labels=0.25)
    run = finetune(replace(options, out=tmp_path / "teacher"))
    known, of_test = known_to(run), set(fingerprints(subset(load_split(prepared, "val"), np.array([0]))))
    assert not known.learned & of_test
    Known(known.learned | of_test).write(run)
    with pytest.raises(UserError, match="learned from the labels of 1 clips that this run would be measured on"):
        finetune(replace(options, teachers=(run,)))


def test_a_teacher_whose_weights_the_validation_part_chose_is_refused(prepared, tmp_path):
    options = config(prepared, tmp_path / "pupil", epochs=1, labels=0.25)
    run = finetune(replace(options, out=tmp_path / "teacher", select="test"))
    with pytest.raises(UserError, match="the validation part chose the weights of"):
        finetune(replace(options, teachers=(run,)))
    finetune(replace(options, teachers=(run,), select="test"))  # which says so itself
