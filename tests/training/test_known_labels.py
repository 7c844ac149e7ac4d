"""Clips that are measured although they are in what a model was given to learn from are counted, and measured apart."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from skel.training.checkpoint import load_model
from skel.training.config import EvaluateConfig, FinetuneConfig, KnnConfig, LinearConfig, PretrainConfig
from skel.training.dataset import load_split, save_split
from skel.training.evaluate import evaluate
from skel.training.finetune import finetune
from skel.training.join import load_joined
from skel.training.known_labels import known_to
from skel.training.pretrain import pretrain
from skel.training.probes import knn, linear
from skel.training.report import METRICS_FILE, Report, print_report, report_of

COPIES = 5


@pytest.fixture
def overlapping(prepared, tmp_path):
    """Some clips of its validation part are copies of training clips, as in NW-UCLA."""
    train, val = (load_split(prepared, part) for part in ("train", "val"))
    val = replace(
        val,
        clips=np.concatenate([val.clips, train.clips[:COPIES]]),
        labels=np.concatenate([val.labels, train.labels[:COPIES]]),
        names=(*val.names, *(f"copy of {name}" for name in train.names[:COPIES])),
        subjects=np.concatenate([val.subjects, train.subjects[:COPIES]]),
        durations_s=np.concatenate([val.durations_s, train.durations_s[:COPIES]]),
    )
    save_split(tmp_path / "overlapping", {"train": train, "val": val}, [], {})
    return tmp_path / "overlapping"


SHORT = {"channels": 2, "epochs": 1, "batch_size": 8, "device": "cpu"}


def learned(data, out, **options):
    return finetune(FinetuneConfig((data,), out, **SHORT, **options))


@torch.no_grad()
def right_plainly(run, clips):
    network = load_model(run)[0].eval()
    return network(torch.from_numpy(clips.clips)).logits.argmax(dim=1).numpy() == clips.labels


def test_copies_of_training_clips_are_measured_apart(overlapping, tmp_path, capsys):
    run = learned(overlapping, tmp_path / "run")
    report, right = report_of(run), right_plainly(run, load_split(overlapping, "val"))
    assert (report.seen, report.seen_right) == (COPIES, right[-COPIES:].sum())
    assert report.top1_of_others == pytest.approx(right[:-COPIES].mean())
    text = f"{COPIES} of these {report.count} clips are in what it was given to learn from, too: top-1 "
    assert text in json.loads((run / METRICS_FILE).read_text())["protocol"]
    assert text in load_model(run)[1].metrics["top1"]["protocol"]
    print_report(report)
    assert text in " ".join(capsys.readouterr().out.split())
    again = evaluate(EvaluateConfig((run,), (overlapping,), json="-", device="cpu"))
    assert json.loads(capsys.readouterr().out)["seen"] == report.to_json()["seen"] == again.to_json()["seen"]
    encoder = pretrain(PretrainConfig((overlapping,), tmp_path / "encoder", **SHORT))
    assert knn(KnnConfig(encoder, (overlapping,), labels=0.25, json="-", device="cpu")).seen == COPIES


def test_what_is_only_measured_or_left_unread_was_not_given(overlapping, tmp_path):
    train = load_split(overlapping, "train")

    def copies_in(run, *lists):
        names = {name for of_list in lists for name in json.loads((run / of_list).read_text())}
        return len(names.intersection(train.names[:COPIES]))

    few = learned(overlapping, tmp_path / "few", labels=0.25)
    assert report_of(few).seen == copies_in(few, "labelled.json") < COPIES
    tuned = learned(overlapping, tmp_path / "tuned", labels=0.5, held_out=0.5, held_out_by="clips")
    assert report_of(tuned).seen == copies_in(tuned, "labelled.json", "held_out.json")
    assert report_of(learned(overlapping, tmp_path / "taught", labels=0.25, teachers=(few,))).seen == COPIES
    encoder = pretrain(PretrainConfig((overlapping,), tmp_path / "encoder", **SHORT))
    assert report_of(learned(overlapping, tmp_path / "begun", labels=0.25, init=encoder)).seen == COPIES


def test_nothing_is_said_of_what_nobody_knows(overlapping, tmp_path, capsys):
    run = learned(overlapping, tmp_path / "run")
    of_training = evaluate(EvaluateConfig((run,), (overlapping,), part="train", device="cpu"))
    assert of_training.seen == of_training.count
    assert "note: " not in capsys.readouterr().err
    (run / "known_labels.json").unlink()
    report = evaluate(EvaluateConfig((run,), (overlapping,), json="-", device="cpu"))
    assert json.loads(capsys.readouterr().out)["seen"] is None
    assert (report.seen, report.seen_text, report.top1_of_others) == (None, "", None)
    figures = report.to_json()
    assert Report.from_json(figures).to_json() == figures
    assert Report.from_json({name: of for name, of in figures.items() if name != "seen"}).seen is None


def test_parts_that_have_nothing_in_common_need_no_words(prepared, tmp_path):
    report = report_of(learned(prepared, tmp_path / "run"))
    assert (report.seen, report.seen_text) == (0, "")
    assert report.top1_of_others == report.top1


def test_an_encoder_remembers_what_it_saw(prepared, tmp_path):
    """As where one protocol's training part has clips of another's validation part."""
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    save_split(tmp_path / "swapped", {"train": parts["val"], "val": parts["train"]}, [], {})
    encoder = pretrain(PretrainConfig((tmp_path / "swapped",), tmp_path / "encoder", **SHORT))
    frozen = linear(LinearConfig((prepared,), tmp_path / "frozen", encoder, epochs=1, device="cpu"))
    assert report_of(frozen).seen == len(parts["val"])
    assert report_of(frozen).top1_of_others is None
    assert known_to(frozen).given == known_to(encoder).given | known_to(learned(prepared, tmp_path / "alone")).given


def test_a_run_of_before_such_lists_was_given_what_it_learned(prepared, tmp_path):
    run = learned(prepared, tmp_path / "run")
    path = run / "known_labels.json"
    path.write_text(json.dumps({name: of for name, of in json.loads(path.read_text()).items() if name != "given"}))
    assert known_to(run).given == known_to(run).learned != frozenset()
    path.unlink()
    assert known_to(run) is None


def test_joined_protocols_of_one_set_are_told(prepared, tmp_path):
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    save_split(tmp_path / "swapped", {"train": parts["val"], "val": parts["train"]}, [], {})
    joined = load_joined([prepared, tmp_path / "swapped"], "val")
    run = finetune(FinetuneConfig((prepared, tmp_path / "swapped"), tmp_path / "run", **SHORT))
    assert report_of(run).seen == len(joined)
