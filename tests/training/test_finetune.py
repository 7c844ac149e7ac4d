import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from skel.skeleton.errors import UserError
from skel.training.checkpoint import MODEL_FILE, load_model
from skel.training.config import EvaluateConfig, FinetuneConfig, PretrainConfig, VariationConfig
from skel.training.evaluate import evaluate
from skel.training.finetune import finetune, finetune_alone
from skel.training.pretrain import pretrain
from skel.training.report import report_of
from skel.training.run import Run
from skel.training.supervised import learn


def config(data, out, **options):
    options = {"channels": 4, "epochs": 30, "batch_size": 8, "learning_rate": 0.01, "device": "cpu", **options}
    return FinetuneConfig(data=(data,), out=out, **options)


@pytest.fixture
def encoder(prepared, tmp_path):
    options = PretrainConfig((prepared,), tmp_path / "encoder", channels=4, epochs=1, batch_size=8, device="cpu")
    return pretrain(options)


def test_learns_three_movements_and_measures_them(prepared, tmp_path, capsys):
    run = finetune(config(prepared, tmp_path / "run", dropout=0.0, variation=VariationConfig(turn_deg=5, shear=0.05)))
    report = report_of(run)
    assert report.count == 12
    assert report.top1 >= 0.9
    again = evaluate(EvaluateConfig((run,), (prepared,), json="-", device="cpu"))
    printed = json.loads(capsys.readouterr().out)
    assert printed["top1"] == again.top1 == report.top1
    assert np.array(printed["confusion"]).sum() == 12
    assert list(printed["per_class"]) == ["arm lift", "arm swing", "arm push"]
    _, card = load_model(run)
    assert card.metrics["top1"]["value"] == report.top1
    assert "limbs xsub, 100% of the training labels" in card.metrics["top1"]["protocol"]


def test_few_steps_from_scratch_are_said(prepared, tmp_path, capsys, encoder):
    few = config(prepared, tmp_path / "few", epochs=2, labels=0.25, batch_size=4)
    finetune_alone(few)
    said = "note: 2 epochs of 6 clips are 4 steps; from scratch few clips need 1000 or more, with --epochs 500\n"
    assert said in capsys.readouterr().err
    finetune_alone(replace(few, out=tmp_path / "pretrained", init=encoder))
    finetune(replace(few, out=tmp_path / "of-a-comparison"))  # whose options are called otherwise
    assert "note" not in capsys.readouterr().err


def test_fine_tuning_starts_from_the_encoder(prepared, tmp_path, encoder):
    run = finetune(config(prepared, tmp_path / "run", init=encoder, epochs=1, learning_rate=1e-12))
    before, after = load_model(encoder)[0], load_model(run)[0]
    for given, learned in zip(before.blocks.parameters(), after.blocks.parameters()):
        torch.testing.assert_close(learned, given, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"evaluation_mode": True}, "say with --init which"),
        ({"select": "held-out"}, "needs clips to select on: give --held-out"),
        ({"held_out": 1.0}, "--held-out must lie between 0 and 1"),
        ({"labels": Path("nowhere.json")}, "cannot read the list of clips"),
        ({"labels": 0.0}, "--labels must lie between 0 and 1"),
        ({"device": "cuda:7"}, "cannot use --device cuda:7"),
    ],
)
def test_wrong_use_gets_one_line(prepared, tmp_path, options, message):
    with pytest.raises(UserError, match=message) as caught:
        finetune(config(prepared, tmp_path / "run", **options))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists(), "the same --out must serve for the mended command"


@pytest.mark.parametrize("stream", ["bone", "motion"])
def test_learns_from_a_stream_of_its_own(prepared, tmp_path, encoder, stream, capsys):
    options = PretrainConfig((prepared,), tmp_path / stream, channels=4, epochs=1, batch_size=8, device="cpu", stream=stream)
    assert load_model(pretrain(options))[1].stream == stream
    run = finetune(config(prepared, tmp_path / "run", init=tmp_path / stream, epochs=1, stream=stream))
    network, card = load_model(run)
    assert network.stream == card.stream == stream
    measured = evaluate(EvaluateConfig((run,), (prepared,), json="-", device="cpu"))
    np.testing.assert_array_equal(measured.confusion, report_of(run).confusion)
    capsys.readouterr()


def test_goes_on_with_the_stream_and_width_of_its_encoder(prepared, tmp_path):
    options = PretrainConfig((prepared,), tmp_path / "bone", channels=2, epochs=1, batch_size=8, device="cpu", stream="bone")
    run = finetune(config(prepared, tmp_path / "run", init=pretrain(options), epochs=1, channels=None))
    assert (load_model(run)[1].stream, load_model(run)[1].channels) == ("bone", 2)


def test_one_encoder_is_the_start_for_every_stream(prepared, tmp_path, encoder):
    """Bone and motion fit the same weights; without a step of learning they are still those of the joints' encoder."""
    run = finetune(config(prepared, tmp_path / "run", init=encoder, epochs=1, learning_rate=1e-12, stream="motion"))
    network, card = load_model(run)
    assert network.stream == card.stream == "motion"
    learned, given = (dict(net.named_parameters()) for net in (network, load_model(encoder)[0]))
    for name in given:
        torch.testing.assert_close(learned[name], given[name], rtol=0, atol=1e-9)


def test_older_models_are_of_joints_and_uncalibrated(encoder):
    path = encoder / MODEL_FILE
    with safe_open(path, "pt") as file:
        card = json.loads(file.metadata()["card"])
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    assert card.pop("temperature") == 1
    assert card["schema"] == 3
    save_file(weights, path, {"card": json.dumps({**card, "schema": 2})})
    assert load_model(encoder)[1].temperature == 1
    assert card.pop("stream") == "joint"
    save_file(weights, path, {"card": json.dumps({**card, "schema": 1})})
    assert load_model(encoder)[1].stream == "joint"
    save_file(weights, path, {"card": json.dumps(card)})
    with pytest.raises(UserError, match="incomplete card"):
        load_model(encoder)


def test_a_run_names_its_data_wherever_it_is_called_from(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(prepared.parent)
    run = finetune(config(Path(prepared.name), tmp_path / "run", epochs=1))
    assert json.loads((run / "config.json").read_text())["data"] == [str(prepared.resolve())]


def test_an_encoder_of_another_width_is_refused(prepared, tmp_path, encoder):
    with pytest.raises(UserError, match="has 4 channels, this network 2: leave --channels out"):
        finetune(config(prepared, tmp_path / "run", init=encoder, channels=2))


def test_damaged_models_get_one_line(prepared, tmp_path, encoder):
    with pytest.raises(UserError, match="no trained model at"):
        load_model(tmp_path / "nowhere")
    path = encoder / MODEL_FILE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="cut short"):
        load_model(encoder)


def test_an_encoder_cannot_be_evaluated(prepared, encoder):
    with pytest.raises(UserError, match="without classes: fine-tune it first"):
        evaluate(EvaluateConfig((encoder,), (prepared,), device="cpu"))


def test_batches_are_of_even_sizes(tmp_path):
    options = FinetuneConfig((tmp_path,), tmp_path / "run", epochs=1, batch_size=16, device="cpu")
    learner, clips, sizes = torch.nn.Linear(2, 3), torch.randn(20, 2), []

    def logits_of(chosen, generator):
        sizes.append(len(chosen))
        return learner(clips[chosen])

    learn(Run(options.out, options, 0), options, learner, torch.arange(20) % 3, logits_of, None, "learning")
    assert sizes == [10, 10]
