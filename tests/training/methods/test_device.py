"""A step keeps to its device and never waits for it. `meta` shows that without a GPU: it has no values to wait for."""

import functools
import types

import pytest
import torch

from skel.models.stgcn import STGCN
from skel.training.device import autocast
from skel.training.methods.config import METHODS
from skel.training.methods.registry import create_method
from skel.training.pretrain import take_step

META = torch.device("meta")


@pytest.fixture
def meta_generator(monkeypatch):
    """`meta` has neither generators nor autocast; nothing is drawn there, and all of it is float32."""
    generator = types.SimpleNamespace(device=META)

    def without_generator(draw):
        def draw_there(*args, **kwargs):
            if kwargs.get("generator") is generator:
                assert kwargs["device"] == META
                del kwargs["generator"]
            return draw(*args, **kwargs)

        return functools.wraps(draw)(draw_there)

    for name in ("rand", "randn", "randint", "randperm"):
        monkeypatch.setattr(torch, name, without_generator(getattr(torch, name)))
    off = functools.partial(torch.autocast, "cpu", enabled=False)
    monkeypatch.setattr(torch, "autocast", lambda *_args, **_kwargs: off())
    return generator


@pytest.mark.parametrize("epoch", [0, 1000])
@pytest.mark.parametrize("name", METHODS)
def test_a_step_waits_for_nothing(meta_generator, name, epoch):
    method = create_method(METHODS[name](queue_size=16), STGCN(channels=2, empty_bodies="keep"), 16, 8)
    method.to(META).train()
    optimiser = torch.optim.SGD(method.query.parameters(), 0.1, momentum=0.9)
    with autocast(META, "fp32"):
        losses = method.losses(torch.zeros(8, 3, 50, 25, 2, device=META), epoch, meta_generator)
    for figure in take_step(method, optimiser, losses).values():
        assert figure.device == META
    with pytest.raises(RuntimeError, match="item"):  # as it would have been, had the step waited
        losses["loss"].item()
