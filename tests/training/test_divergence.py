"""Training that runs away stops where it does, in one line, and keeps nothing of it."""

import pickle
from dataclasses import replace

import pytest
import torch

from skel.skeleton.errors import UserError
from skel.training import pretrain as pretraining
from skel.training import supervised
from skel.training.checkpoint import load_model, save_model
from skel.training.config import FinetuneConfig, KnnConfig, LinearConfig, PretrainConfig
from skel.training.dataset import load_split
from skel.training.divergence import Diverged, Figures, check_losses, check_weights
from skel.training.evaluate import predict
from skel.training.finetune import finetune
from skel.training.pretrain import pretrain
from skel.training.probes import knn, linear
from skel.training.stream_models import load_for_streams

CPU = torch.device("cpu")
SMALL = {"channels": 2, "epochs": 3, "batch_size": 8, "device": "cpu"}


def test_every_loss_that_is_not_finite_is_named_with_the_place_and_the_mend():
    check_losses({"loss": 1.0, "info": 1.0}, 0, 0)
    said = r"no finite loss in epoch 3, step 5 \(loss nan, d3m_drop inf\): train with a lower --learning-rate"
    with pytest.raises(UserError, match=said):
        check_losses({"loss": float("nan"), "info": 1.0, "d3m_drop": float("inf")}, 2, 4)


def test_a_term_that_the_loss_does_not_hold_is_looked_at_too():
    figures = Figures(0, CPU)
    with pytest.raises(Diverged, match=r"epoch 1, step 1 \(info inf\)"):
        figures.add({"loss": torch.tensor(1.0), "info": torch.tensor(float("inf"))})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1e30])
def test_the_first_weight_that_an_epoch_spoiled_is_named(number):
    learner = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    check_weights(learner, 0)
    learner[1].running_var[1] = number
    with pytest.raises(Diverged, match=rf"1\.running_var holds {number:g} after epoch 2: train".replace("+", r"\+")):
        check_weights(learner, 1)


def test_it_comes_whole_from_another_process():
    error = pickle.loads(pickle.dumps(Diverged("what", "mend")))
    assert (str(error), error.what) == ("what: mend", "what")


@pytest.fixture
def spoil(monkeypatch):
    """A function: from an epoch on, its last step spoils what has been learned, which no loss shows."""

    def spoil_from(epoch):
        check = {module: module.check_weights for module in (supervised, pretraining)}
        for module in check:

            def spoiled(learner, now, check=check[module]):
                if now >= epoch:
                    with torch.no_grad():
                        next(iter(learner.parameters())).fill_(torch.nan)
                check(learner, now)

            monkeypatch.setattr(module, "check_weights", spoiled)

    return spoil_from


@pytest.mark.parametrize(("kind", "train"), [(PretrainConfig, pretrain), (FinetuneConfig, finetune)])
def test_what_is_spoiled_is_not_kept_and_the_run_goes_on_from_before(prepared, tmp_path, spoil, monkeypatch, kind, train):
    config = kind(data=(prepared,), out=tmp_path / "run", **SMALL)
    spoil(1)
    with pytest.raises(Diverged, match=r"input_norm\.weight holds nan after epoch 2: train with a lower --learning-rate"):
        train(config)
    assert not (config.out / "model.safetensors").exists()
    assert torch.load(config.out / "state.pt")["epoch"] == len((config.out / "log.jsonl").read_text().splitlines()) == 1
    monkeypatch.undo()
    undisturbed = train(replace(config, out=tmp_path / "whole"))
    resumed = train(config)
    assert (resumed / "log.jsonl").read_text() == (undisturbed / "log.jsonl").read_text()
    weights = [load_model(run)[0].state_dict() for run in (undisturbed, resumed)]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


@pytest.mark.parametrize("select", ["last", "test"])
@pytest.mark.parametrize(("optimiser", "rate"), [("sgd", 1000.0), ("adamw", 1000.0), ("sgd", 100.0)])
def test_a_diverging_run_says_so(prepared, tmp_path, optimiser, rate, select):
    options = {"optimiser": optimiser, "learning_rate": rate, "schedule": "step", "select": select}
    with pytest.raises(Diverged, match="train with a lower --learning-rate") as caught:
        finetune(FinetuneConfig((prepared,), tmp_path / "run", **(SMALL | options)))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "model.safetensors").exists()


@pytest.fixture
def encoder(prepared, tmp_path):
    return pretrain(PretrainConfig((prepared,), tmp_path / "encoder", **SMALL))


def rewritten(run, change):
    """The run's network, changed in place."""
    network, card = load_model(run)
    with torch.no_grad():
        change(network)
    save_model(run, network, card)
    return run


def test_an_encoder_that_holds_nan_is_measured_by_nothing(prepared, tmp_path, encoder):
    rewritten(encoder, lambda network: network.blocks[0].graph.bias.fill_(torch.nan))
    for measure in (
        lambda: knn(KnnConfig(encoder, (prepared,), device="cpu")),
        lambda: linear(LinearConfig((prepared,), tmp_path / "linear", encoder, device="cpu")),
        lambda: finetune(FinetuneConfig((prepared,), tmp_path / "run", encoder, device="cpu")),
    ):
        with pytest.raises(UserError, match=r"safetensors holds NaN or infinity in blocks\.0\.graph\.bias: train it again"):
            measure()


def test_nothing_is_measured_by_embeddings_that_hold_nan(prepared, encoder):
    rewritten(encoder, lambda network: network.blocks[-1].temporal.weight.fill_(3e38))
    with pytest.raises(UserError, match=r"what the network says of limbs xsub \(logits\) holds NaN or infinity"):
        knn(KnnConfig(encoder, (prepared,), device="cpu"))
    network = load_model(encoder)[0]
    with pytest.raises(UserError, match=r"limbs xsub \(logits\) holds NaN or infinity: train with a lower"):
        predict(network, load_split(prepared, "val"), CPU)


def test_nor_by_what_a_recogniser_says_that_overflows(prepared, tmp_path):
    config = FinetuneConfig((prepared,), tmp_path / "run", labels=0.5, **SMALL)
    run = rewritten(finetune(config), lambda network: network.blocks[-1].temporal.weight.fill_(3e38))
    with pytest.raises(UserError, match="what the teachers say of the clips without a label holds NaN or infinity"):
        finetune(replace(config, out=tmp_path / "taught", teachers=(run,)))
    with pytest.raises(UserError, match="what the networks say of the recordings holds NaN or infinity"):
        load_for_streams((run,), (), "cpu")(load_split(prepared, "val").clips)
