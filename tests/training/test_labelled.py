"""What a fine-tuning learns from, what chooses its epoch, what calibrates it; and how it goes on after a stop."""

import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from skel.skeleton.errors import UserError
from skel.training.checkpoint import load_model
from skel.training.config import UNVARIED, EvaluateConfig, FinetuneConfig, KnnConfig, LinearConfig, PretrainConfig
from skel.training.dataset import load_split, save_split
from skel.training.evaluate import evaluate
from skel.training.finetune import finetune
from skel.training.known_labels import KNOWN_FILE
from skel.training.labelled import HELD_OUT_FILE, LABELLED_FILE, load_labelled
from skel.training.pretrain import pretrain
from skel.training.probes import knn, linear
from skel.training.report import report_of
from skel.training.run import Run
from skel.training.splits import named, read_names


@pytest.fixture
def encoder(prepared, tmp_path):
    options = PretrainConfig((prepared,), tmp_path / "encoder", channels=2, epochs=1, batch_size=8, device="cpu")
    return pretrain(options)


@pytest.fixture
def elsewhere(prepared, tmp_path):
    """Other clips of the same names."""
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    parts = {part: replace(clips, clips=clips.clips * np.float32(1.01)) for part, clips in parts.items()}
    save_split(tmp_path / "elsewhere-set", parts, [], {})
    return tmp_path / "elsewhere-set"


def config(data, out, **options):
    options = {"channels": 2, "epochs": 3, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", **options}
    return FinetuneConfig((data,), out, **options)


def names(path):
    return json.loads(path.read_text())


def test_the_list_tells_clips_of_one_name_apart(prepared, tmp_path):
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    parts = {part: replace(clips, names=("the same",) * len(clips)) for part, clips in parts.items()}
    save_split(tmp_path / "called-alike", parts, [], {})
    options = config(tmp_path / "called-alike", tmp_path / "run", labels=0.25, held_out=0.5, held_out_by="clips", epochs=1)
    data, run = load_labelled(options), finetune(options)
    for part, file in ((data.train, LABELLED_FILE), (data.held_out, HELD_OUT_FILE)):
        again = named(parts["train"], read_names(run / file), run / file)
        np.testing.assert_array_equal(again.clips, part.clips)


def test_the_run_lists_its_clips_and_another_can_take_the_list(prepared, tmp_path):
    first = finetune(config(prepared, tmp_path / "first", labels=0.25, epochs=1, seed=3))
    chosen = names(first / LABELLED_FILE)
    assert len(chosen) == 6
    assert not (first / HELD_OUT_FILE).exists()
    second = finetune(config(prepared, tmp_path / "second", labels=first / LABELLED_FILE, epochs=1, seed=3))
    assert names(second / LABELLED_FILE) == chosen
    weights = [load_model(run)[0].head.weight for run in (first, second)]
    assert torch.equal(*weights)
    protocol = load_model(second)[1].metrics["top1"]["protocol"]
    assert "6 of 24 training clips labelled, listed in labelled.json" in protocol


def test_held_out_people_fit_the_temperature(acted, tmp_path):
    run = finetune(config(acted, tmp_path / "run", held_out=0.25))
    train = load_split(acted, "train")
    who = {
        file: {int(train.subjects[train.names.index(n)]) for n in names(run / file)}
        for file in (LABELLED_FILE, HELD_OUT_FILE)
    }
    assert [len(people) for people in who.values()] == [3, 1]
    assert not who[LABELLED_FILE] & who[HELD_OUT_FILE]
    _, card = load_model(run)
    assert card.temperature > 0
    assert card.temperature != 1
    report = report_of(run)
    assert report.calibrated.temperature == card.temperature
    assert card.metrics["ece"]["value"] == report.calibrated.ece
    assert "6 of those clips of 1 people held out" in card.metrics["top1"]["protocol"]


@pytest.mark.parametrize("train", [finetune, linear])
def test_the_best_epoch_on_held_out_clips_survives_a_stop(acted, tmp_path, monkeypatch, encoder, train):
    def configure(name):
        made = config(acted, tmp_path / name, init=encoder, held_out=0.25, select="held-out", epochs=4, learning_rate=0.05)
        if train is finetune:
            return made
        shared = {
            f: getattr(made, f) for f in LinearConfig.__dataclass_fields__ if f not in ("optimiser", "label_smoothing")
        }
        return LinearConfig(**shared)

    whole = train(configure("whole"))
    save = Run._save

    def die(self, epoch, state):
        save(self, epoch, state)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", die)
    with pytest.raises(KeyboardInterrupt):
        train(configure("stopped"))
    monkeypatch.undo()
    stopped = train(configure("stopped"))
    states = [load_model(run)[0].state_dict() for run in (whole, stopped)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    cards = [load_model(run)[1] for run in (whole, stopped)]
    assert cards[0].temperature == cards[1].temperature
    log = [json.loads(line)["held_out_top1"] for line in (stopped / "log.jsonl").read_text().splitlines()]
    best = int(cards[1].metrics["top1"]["protocol"].split("best epoch on the held-out clips (")[1].split(" of 4")[0])
    assert log[best - 1] == max(log)


def test_a_start_that_knows_other_labels_of_the_same_set_is_refused(prepared, elsewhere, tmp_path, encoder):
    known = finetune(config(prepared, tmp_path / "known", epochs=1, labels=0.5))
    for init in (known, known / "model.safetensors"):
        with pytest.raises(UserError, match="learned from the labels of 6 clips that this run does not learn from"):
            finetune(config(prepared, tmp_path / "few", init=init, labels=0.25))
    with pytest.raises(UserError, match="learned from the labels of"):
        linear(LinearConfig((prepared,), tmp_path / "frozen", init=known, labels=0.25, device="cpu"))
    finetune(config(prepared, tmp_path / "more", init=known, epochs=1, labels=1.0))  # more labels than it had
    finetune(config(elsewhere, tmp_path / "elsewhere", init=known, epochs=1, labels=0.25))  # only the names are alike


def test_labels_are_known_whatever_their_folder_is_called_and_however_they_came(prepared, elsewhere, tmp_path):
    few = config(prepared, tmp_path / "few", labels=0.25)
    everything = finetune(config(prepared, tmp_path / "all", epochs=1))
    another_name = tmp_path / "copy"
    shutil.copytree(prepared, another_name)
    of_two_sets = finetune(replace(config(prepared, tmp_path / "two", epochs=1), data=(prepared, elsewhere)))
    through_another = finetune(config(elsewhere, tmp_path / "other", epochs=1, init=everything))
    said = "learned from the labels of .* clips that this run does not learn from"
    for options in (
        replace(few, data=(another_name,), init=everything),
        replace(few, init=of_two_sets),
        replace(few, init=through_another),
        replace(few, teachers=(of_two_sets,), classes=None),
    ):
        with pytest.raises(UserError, match=said):
            load_labelled(options)
    with pytest.raises(UserError, match=said):
        knn(KnnConfig(everything, (prepared,), labels=0.25, device="cpu"))


def test_a_start_that_learned_what_is_measured_is_refused(prepared, tmp_path):
    """As where one protocol's training part is another's validation part."""
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    save_split(tmp_path / "swapped", {"train": parts["val"], "val": parts["train"]}, [], {})
    known = finetune(config(tmp_path / "swapped", tmp_path / "known", epochs=1))
    with pytest.raises(UserError, match="learned from the labels of 12 clips that this run would be measured on"):
        finetune(config(prepared, tmp_path / "run", init=known))
    assert not (tmp_path / "run").exists()


def test_clips_that_were_learned_from_are_said_where_they_are_measured_on(prepared, tmp_path, capsys):
    run = finetune(config(prepared, tmp_path / "run", epochs=1, labels=0.25))
    evaluate(EvaluateConfig((run,), (prepared,), json="-", device="cpu"))
    assert "note" not in capsys.readouterr().err
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    save_split(tmp_path / "swapped", {"train": parts["val"], "val": parts["train"]}, [], {})
    evaluate(EvaluateConfig((run,), (tmp_path / "swapped",), json="-", device="cpu"))
    assert f"note: {run} learned from the labels of 6 of these 24 clips" in capsys.readouterr().err


def test_a_damaged_list_of_what_is_known_gets_one_line(prepared, tmp_path):
    known = finetune(config(prepared, tmp_path / "known", epochs=1))
    (known / KNOWN_FILE).write_text("{}")
    with pytest.raises(UserError, match=r"known_labels\.json cannot be read"):
        load_labelled(config(prepared, tmp_path / "run", init=known))


def test_absent_bodies_are_treated_as_the_encoder_learned(prepared, tmp_path):
    keep = replace(
        PretrainConfig((prepared,), tmp_path / "keep", channels=2, epochs=1, batch_size=8, device="cpu"), empty_bodies="keep"
    )
    encoder = pretrain(keep)
    tuned = finetune(config(prepared, tmp_path / "tuned", init=encoder, epochs=1))
    frozen = linear(LinearConfig((prepared,), tmp_path / "frozen", init=encoder, epochs=1, device="cpu"))
    assert [load_model(run)[1].empty_bodies for run in (tuned, frozen)] == ["keep", "keep"]
    other = finetune(config(prepared, tmp_path / "other", init=encoder, epochs=1, empty_bodies="skip"))
    assert load_model(other)[1].empty_bodies == "skip"
    with pytest.raises(UserError, match="was trained to keep absent bodies and stays as it is: leave out"):
        linear(LinearConfig((prepared,), tmp_path / "no", init=encoder, empty_bodies="skip", device="cpu"))


def test_in_evaluation_mode_normalisation_stays_as_pre_training_left_it(prepared, tmp_path, encoder):
    options = {"init": encoder, "evaluation_mode": True, "clip_gradients": 2.0, "optimiser": "sgd", "variation": UNVARIED}
    run = finetune(config(prepared, tmp_path / "run", **options))
    before, after = (load_model(path)[0].state_dict() for path in (encoder, run))
    running = [name for name in before if "running" in name]
    assert running
    assert all(torch.equal(before[name], after[name]) for name in running)
    assert not torch.equal(before["blocks.0.temporal.weight"], after["blocks.0.temporal.weight"])


def test_clipped_gradients_move_no_further_than_their_norm(prepared, tmp_path, encoder):
    options = {"init": encoder, "optimiser": "sgd", "weight_decay": 0.0, "learning_rate": 1.0, "schedule": "step"}
    run = finetune(config(prepared, tmp_path / "run", **options, epochs=1, batch_size=24, clip_gradients=1e-3))
    before, after = (load_model(path)[0] for path in (encoder, run))
    pairs = zip(before.blocks.parameters(), after.blocks.parameters())
    assert 0 < math.sqrt(sum(float(((p - q) ** 2).sum().detach()) for p, q in pairs)) <= 1.01e-3


def test_an_ensemble_sums_weighted_logits(prepared, tmp_path, capsys):
    runs = [finetune(config(prepared, tmp_path / s, stream=s, epochs=1)) for s in ("joint", "motion")]
    both = evaluate(EvaluateConfig(tuple(runs), (prepared,), json="-", device="cpu"))
    printed = json.loads(capsys.readouterr().out)
    assert printed["weights"] == [0.6, 0.4]
    assert both.calibrated.temperature == 1
    clips = torch.from_numpy(load_split(prepared, "val").clips)
    with torch.no_grad():
        summed = sum(w * load_model(run)[0](clips).logits for w, run in zip((0.6, 0.4), runs))
    three = evaluate(EvaluateConfig((*runs, runs[1]), (prepared,), weights=(0.6, 0.6, 0.4), device="cpu"))
    assert three.calibrated.temperature == 1
    assert "temperature not fitted" in " ".join(capsys.readouterr().out.split())
    called = np.bincount(summed.argmax(dim=1).numpy(), minlength=3)
    assert both.confusion.sum(axis=0).tolist() == called.tolist()
    alone = evaluate(EvaluateConfig(tuple(runs), (prepared,), weights=(1e6, 1e-6), json="-", device="cpu"))
    assert np.array_equal(alone.confusion, report_of(runs[0]).confusion)
    capsys.readouterr()
    with pytest.raises(UserError, match="give 2 positive numbers, one for each run"):
        evaluate(EvaluateConfig(tuple(runs), (prepared,), weights=(1.0,), device="cpu"))


def test_pictures_of_a_run(prepared, tmp_path, capsys):
    run = finetune(config(prepared, tmp_path / "run", epochs=1))
    evaluate(EvaluateConfig((run,), (prepared,), plot=tmp_path / "plots", json=str(tmp_path / "figures.json"), device="cpu"))
    made = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert made == ["confusion.png", "embedding.png", "reliability.png"]
    assert names(tmp_path / "figures.json")["count"] == 12
    assert capsys.readouterr().out == ""


def test_runs_of_other_classes_are_no_ensemble(prepared, tmp_path):
    (tmp_path / "two.json").write_text(json.dumps({"lift": ["arm lift"], "other": ["arm swing", "arm push"]}))
    runs = (
        finetune(config(prepared, tmp_path / "three", epochs=1)),
        finetune(config(prepared, tmp_path / "two", epochs=1, classes=tmp_path / "two.json")),
    )
    with pytest.raises(UserError, match="trained on other classes or clips than"):
        evaluate(EvaluateConfig(runs, (prepared,), device="cpu"))
