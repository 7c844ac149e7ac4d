import json

import numpy as np
import pytest
import torch

from skel.skeleton.errors import UserError
from skel.training import cli, probes
from skel.training.checkpoint import load_model
from skel.training.config import UNVARIED, EvaluateConfig, FinetuneConfig, KnnConfig, LinearConfig
from skel.training.evaluate import evaluate
from skel.training.finetune import finetune
from skel.training.probes import knn, linear, neighbour_logits
from skel.training.report import report_of


@pytest.fixture
def encoder(prepared, tmp_path):
    """One that tells the classes apart; its own last layer is not looked at."""
    options = {"channels": 4, "epochs": 10, "batch_size": 8, "learning_rate": 0.02, "dropout": 0.0, "variation": UNVARIED}
    return finetune(FinetuneConfig((prepared,), tmp_path / "encoder", **options, device="cpu"))


def config(data, out, encoder, **options):
    return LinearConfig((data,), out, encoder, **{"channels": 4, "batch_size": 8, "device": "cpu", **options})


def test_a_frozen_encoder_stays_as_it_was_and_each_clip_is_encoded_once(prepared, tmp_path, encoder, monkeypatch):
    encoded, predict = [], probes.predict
    monkeypatch.setattr(
        probes, "predict", lambda network, data, device: encoded.append(data) or predict(network, data, device)
    )
    run = linear(config(prepared, tmp_path / "run", encoder, epochs=60, learning_rate=0.5))
    assert [len(data) for data in encoded] == [24]
    before, after = load_model(encoder)[0].state_dict(), load_model(run)[0].state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items() if not name.startswith("head."))
    card = load_model(run)[1]
    assert card.provenance["pretrained"]["config"]["epochs"] == 10
    assert card.metrics["top1"]["protocol"] == "limbs xsub, 100% of the training labels, last epoch, validation part"
    assert report_of(run).top1 == card.metrics["top1"]["value"] >= 0.9
    first, last = (json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()[::59])
    assert last["loss"] < 0.9 * first["loss"]


def test_the_saved_run_says_what_was_measured(prepared, tmp_path, encoder, capsys):
    run = linear(config(prepared, tmp_path / "run", encoder, epochs=3, select="test"))
    again = evaluate(EvaluateConfig((run,), (prepared,), json="-", device="cpu"))
    capsys.readouterr()
    assert np.array_equal(again.confusion, report_of(run).confusion)
    log = [json.loads(line)["test_top1"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert again.top1 == max(log)
    assert "best epoch on the validation part itself" in load_model(run)[1].metrics["top1"]["protocol"]
    cli._say(cli.COMMANDS["linear"], run)
    assert "best epoch on the validation part itself" in " ".join(capsys.readouterr().out.split())


def test_linear_evaluation_needs_an_encoder(prepared, tmp_path):
    with pytest.raises(UserError, match="say with --init which"):
        linear(config(prepared, tmp_path / "run", None))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("learned", "asked"), [("joint", "bone"), ("motion", "joint")])
def test_a_frozen_encoder_is_measured_on_its_own_stream(prepared, tmp_path, learned, asked):
    options = {"channels": 4, "epochs": 1, "batch_size": 8, "device": "cpu"}
    encoder = finetune(FinetuneConfig((prepared,), tmp_path / "encoder", stream=learned, **options))
    with pytest.raises(
        UserError, match=rf"encoder learned from the {learned} stream and stays as it is: leave out --stream {asked}"
    ):
        linear(config(prepared, tmp_path / "run", encoder, stream=asked, epochs=1))
    assert not (tmp_path / "run").exists()
    for name, stream in (("same", learned), ("left_out", None)):
        run = linear(config(prepared, tmp_path / name, encoder, stream=stream, channels=None, epochs=1))
        assert (load_model(run)[1].stream, load_model(run)[1].channels) == (learned, 4)


def test_the_help_of_linear_evaluation_is_its_own(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["skel-train", "linear", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    said = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "--init PATH Run whose encoder to measure. (required)" in said
    assert "The stream that the encoder of --init learned from, and no other" in said
    assert "good start for the other two" not in said


def test_nearest_neighbours_as_written_plainly():
    random = np.random.default_rng(0)
    known, asked = random.normal(size=(30, 6)).astype(np.float32), random.normal(size=(9, 6)).astype(np.float32)
    labels = np.arange(30) % 3 + 1  # nobody is of class 0 or 4
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (asked, known)]
    distance = 1 - unit[0] @ unit[1].T
    for k in (1, 5):
        votes = np.zeros((9, 5))
        for i, row in enumerate(distance):
            for j in np.argsort(row)[:k]:
                votes[i, labels[j]] += 1 / row[j]
        got = np.exp(neighbour_logits(known, labels, asked, k, 5))
        np.testing.assert_allclose(got, votes / votes.sum(axis=1, keepdims=True), atol=1e-3)


def test_knn_measures_and_draws(prepared, tmp_path, encoder, capsys):
    report = knn(KnnConfig(encoder, (prepared,), k=3, plot=tmp_path / "plots", json="-", device="cpu"))
    printed = json.loads(capsys.readouterr().out)
    assert printed["top1"] == report.top1 >= 0.9
    assert (printed["top5"], printed["calibration"]) == (None, None)  # most classes get no vote
    assert (printed["k"], printed["labels"]) == (3, "100% of the training labels")
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["confusion.png", "embedding.png"]
    few = knn(KnnConfig(encoder, (prepared,), json=str(tmp_path / "few.json"), device="cpu"))
    assert json.loads((tmp_path / "few.json").read_text())["top1"] == few.top1
    knn(KnnConfig(encoder, (prepared,), device="cpu"))
    table = capsys.readouterr().out
    assert "top-1" in table
    assert "top-5" not in table
    assert "calibration" not in table
    with pytest.raises(UserError, match="--k must lie between 1 and the 24 labelled clips, not 25"):
        knn(KnnConfig(encoder, (prepared,), k=25, device="cpu"))
    with pytest.raises(UserError, match="--seed must be between 0 and 4294967295, not -1"):
        knn(KnnConfig(encoder, (prepared,), seed=-1, device="cpu"))
