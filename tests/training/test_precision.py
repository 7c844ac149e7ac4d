"""What is chosen for speed on a GPU, as far as a CPU can tell."""

import json

import pytest
import torch

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25
from skel.training.augment import Views
from skel.training.checkpoint import load_model
from skel.training.config import FinetuneConfig, PretrainConfig
from skel.training.dataset import load_split
from skel.training.device import autocast, pick_device
from skel.training.divergence import Figures
from skel.training.evaluate import predict
from skel.training.finetune import finetune
from skel.training.methods.config import METHODS, ViewConfig
from skel.training.pretrain import pretrain


@pytest.mark.parametrize("method", METHODS)
def test_bfloat16_trains_and_stays_finite(prepared, tmp_path, method):
    config = PretrainConfig(
        (prepared,), tmp_path / "run", METHODS[method](), channels=2, epochs=2, batch_size=12, device="cpu", precision="bf16"
    )
    rows = [json.loads(line) for line in (pretrain(config) / "log.jsonl").read_text().splitlines()]
    assert len(rows) == 2  # a loss that is no number would have ended the run


def test_classes_learned_in_bfloat16_are_those_of_float32_nearly(prepared, tmp_path, capsys):
    """Losses of the first epoch, 3 steps, lie within 2 %: bfloat16 keeps 8 bits, .4 % of a product."""
    losses, weights = [], []
    for precision in ("fp32", "bf16"):
        options = {"channels": 4, "epochs": 1, "batch_size": 12, "dropout": 0.0, "device": "cpu", "precision": precision}
        run = finetune(FinetuneConfig((prepared,), tmp_path / precision, **options))
        losses.append(json.loads((run / "log.jsonl").read_text())["loss"])
        weights.append(load_model(run)[0].head.weight)
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert not torch.equal(*weights)
    capsys.readouterr()


def test_a_network_is_measured_in_float32_whatever_it_learned_in(prepared):
    network, data = STGCN(channels=2, classes=3), load_split(prepared, "val")
    autocast(torch.device("cpu"), "tf32")
    predict(network, data, torch.device("cpu"))
    assert torch.get_float32_matmul_precision() == "highest"


def test_compiling_on_a_cpu_is_refused(prepared, tmp_path):
    with pytest.raises(UserError, match="--compile is for a GPU"):
        pretrain(PretrainConfig((prepared,), tmp_path / "run", channels=2, epochs=1, device="cpu", compile=True))
    assert not (tmp_path / "run").exists()


def test_views_are_as_precise_as_without_bfloat16():
    clips = torch.randn(4, 3, 50, 25, 2)
    drawn = []
    for precision in ("fp32", "bf16"):
        with autocast(torch.device("cpu"), precision):
            drawn.append(Views(NTU25, ViewConfig(), torch.Generator().manual_seed(0)).extreme(clips))
    assert torch.equal(*drawn)


def test_the_precision_of_one_run_is_not_that_of_the_next():
    autocast(torch.device("cpu"), "tf32")
    assert torch.get_float32_matmul_precision() == "high"
    pick_device("cpu")
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cudnn.allow_tf32


def test_the_step_that_became_no_number_is_named_even_where_steps_are_looked_at_together():
    figures = Figures(epoch=1, device=torch.device("cpu"))
    figures.every = 4
    for step in range(3):
        figures.add({"loss": torch.tensor(float("nan") if step == 1 else 1.0)})
    with pytest.raises(UserError, match=r"in epoch 2, step 2 \(loss nan\)"):
        figures.means()
