import numpy as np
import pytest
import torch

from skel.models.stgcn import STGCN
from skel.training.methods.config import METHODS, MomentumConfig, SkeletonCLRConfig, ViewConfig
from skel.training.methods.registry import create_method
from skel.training.methods.skeletonclr import SkeletonCLR


def test_the_loss_is_the_plainly_written_one():
    torch.manual_seed(0)
    method = SkeletonCLR(STGCN(channels=2, dropout=0.0), SkeletonCLRConfig(queue_size=12, temperature=0.5), 12, 4).train()
    queue = method.queue.clone()
    normal, for_key = torch.randn(2, 4, 3, 12, 25, 1)
    with torch.no_grad():
        q, k = method.query(normal), method.key(for_key)
    expected = 0.0
    for i in range(4):
        similarities = [float(q[i] @ k[i])] + [float(q[i] @ queue[:, j]) for j in range(12)]
        weights = np.exp(np.array(similarities) / 0.5)
        expected -= np.log(weights[0] / weights.sum()) / 4
    # float32 through ten normalised blocks
    assert method.compare(normal, for_key).item() == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(method.queue[:, :4], k.t(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_a_step_from_its_name(name):
    """A new method needs a line in `config.METHODS` and one in the registry, and nothing in the trainer."""
    torch.manual_seed(0)
    config = METHODS[name](queue_size=8)
    assert isinstance(config, MomentumConfig)
    assert config.name == name
    method = create_method(config, STGCN(channels=2), 8, 4).train()
    losses = method.losses(torch.randn(4, 3, 50, 25, 2), 0, torch.Generator().manual_seed(0))
    losses["loss"].backward()
    assert all(parameter.grad is not None for parameter in method.query.parameters())


@pytest.mark.parametrize("name", METHODS)
def test_absent_bodies_stay_absent(name, monkeypatch):
    """Noise on an absent second body would make it count."""
    torch.manual_seed(0)
    method = create_method(METHODS[name](queue_size=8, views=ViewConfig(noise_probability=1.0)), STGCN(channels=2), 8, 4)
    seen = []
    for branch in (method.query, method.key):
        split = branch.encoder.split
        monkeypatch.setattr(branch.encoder, "split", lambda clips, split=split: seen.append(clips) or split(clips))
    clips = torch.randn(4, 3, 50, 25, 2)
    clips[..., 1] = 0
    method.train().losses(clips, 0, torch.Generator().manual_seed(0))
    assert seen
    assert not any(view[..., 1].any() for view in seen)
