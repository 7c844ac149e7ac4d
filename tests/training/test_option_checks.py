from dataclasses import replace

import pytest

from skel.skeleton.errors import UserError
from skel.training.config import FinetuneConfig, LinearConfig, PretrainConfig, VariationConfig
from skel.training.finetune import finetune
from skel.training.methods.config import AimCLRConfig, SkeletonCLRConfig, TranCLRConfig, ViewConfig
from skel.training.pretrain import pretrain
from skel.training.probes import linear


@pytest.mark.parametrize(
    ("train", "options", "message"),
    [
        (pretrain, {"batch_size": 0}, "--batch-size must be 1 or more, not 0"),
        (pretrain, {"epochs": 0}, "--epochs must be 1 or more, not 0"),
        (pretrain, {"channels": 0}, "--channels must be 1 or more, not 0"),
        (pretrain, {"learning_rate": float("nan")}, "--learning-rate must be more than 0, and 1000 at most, not nan"),
        (pretrain, {"learning_rate": 1e39}, r"--learning-rate must be more than 0, and 1000 at most, not 1e\+39"),
        (finetune, {"learning_rate": 0.0}, "--learning-rate must be more than 0, and 1000 at most, not 0"),
        (linear, {"weight_decay": 1e39}, r"--weight-decay must be 0 or more, and 1000 at most, not 1e\+39"),
        (pretrain, {"method": AimCLRConfig(views=ViewConfig(crop_share=2))}, "--method.views.crop-share must be between"),
        (pretrain, {"method": AimCLRConfig(queue_size=3)}, "queue-size 3 cannot hold the keys of a batch: give 24 or more"),
        (pretrain, {"method": AimCLRConfig(queue_size=0)}, "--method.queue-size must be 1 or more, not 0"),
        (pretrain, {"method": AimCLRConfig(neighbours=0)}, "--method.neighbours must be 1 or more, not 0"),
        (pretrain, {"method": AimCLRConfig(temperature=0)}, "--method.temperature must be more than 0, not 0"),
        (pretrain, {"method": TranCLRConfig(parts=(3, 2))}, "--method.parts must be two numbers from 1 to 5, .* not 3 2"),
        (pretrain, {"method": TranCLRConfig(stretch=(0, 2))}, "--method.stretch must be two numbers from 0.01, the smaller"),
        (
            pretrain,
            {"method": SkeletonCLRConfig(views=ViewConfig(blur_sigma_frames=(0, 0)))},
            "--method.views.blur-sigma-frames must be two numbers from 0.01, the smaller first, not 0 0",
        ),
        (finetune, {"step_at": 0.5}, "--step-at makes sense only with --schedule step, not with cosine"),
        (linear, {"step_at": 8.0}, "--step-at must be between 0 and 1, not 8"),
        (pretrain, {"data": ()}, "--data needs at least one prepared set"),
        (finetune, {"epochs": -1}, "--epochs must be 1 or more, not -1"),
        (finetune, {"dropout": 1.0}, "--dropout must be 0 or more, and less than 1, not 1"),
        (finetune, {"variation": VariationConfig(shortest_span=0)}, "--variation.shortest-span must be more than 0"),
        (finetune, {"seed": -1}, "--seed must be between 0 and 4294967295, not -1"),
        (linear, {"batch_size": 0}, "--batch-size must be 1 or more, not 0"),
        (linear, {"label_smoothing": 2.0}, "--label-smoothing must be between 0 and 1, not 2"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_there_is_a_run(prepared, tmp_path, train, options, message):
    kind = {pretrain: PretrainConfig, finetune: FinetuneConfig, linear: LinearConfig}[train]
    config = kind((prepared,), tmp_path / "run", channels=2, device="cpu")
    if train is linear:
        config = replace(config, init=tmp_path)
    with pytest.raises(UserError, match=message) as caught:
        train(replace(config, **options))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists(), "the same --out must serve for the mended command"
