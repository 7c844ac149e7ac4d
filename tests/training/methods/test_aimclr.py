import numpy as np
import pytest
import torch

from skel.models.stgcn import STGCN
from skel.training.methods.aimclr import AimCLR, attention_guided_drop
from skel.training.methods.config import AimCLRConfig, ViewConfig


def load(shared, name):
    return {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / name).items() if v.dtype.kind in "fi"}


@pytest.fixture
def reference_state(shared, golden_weights):
    """The method in the state that the golden steps start from."""
    method = AimCLR(STGCN(dropout=0.0, empty_bodies="keep"), AimCLRConfig(queue_size=256), 8, 8).train()
    for branch, name in ((method.query, "encoder_q_weights.npz"), (method.key, "encoder_k_weights.npz")):
        encoder, projector = golden_weights(name)
        branch.encoder.load_state_dict(encoder, strict=False)
        branch.project.load_state_dict(projector)
    method.queue = load(shared, "aimclr_plain_nodropout.npz")["queue"].clone()
    method.queue_position = torch.tensor(16)
    return method


@pytest.mark.parametrize(("name", "mine"), [("plain", False), ("nnm1", True)])
def test_one_step_equals_the_reference(shared, reference_state, name, mine):
    views = load(shared, "aimclr_plain_nodropout.npz")
    golden = load(shared, f"aimclr_{name}_nodropout.npz")
    losses = reference_state.compare(views["im_q_extreme"], views["im_q"], views["im_k"], mine)
    for ours, theirs in (
        ("info", "loss_info"),
        ("d3m_extreme", "loss_d3m_extreme"),
        ("d3m_drop", "loss_d3m_drop"),
        ("loss", "loss"),
    ):
        # The losses are near 6: 5e-7 of that is one unit in the last place, and three sums are taken in another order.
        assert losses[ours].item() == pytest.approx(golden[theirs].item(), rel=5e-7)
    losses["loss"].backward()
    names = [str(n) for n in np.load(shared / "golden" / f"aimclr_{name}_nodropout.npz")["grad_names"]]
    norms = dict(zip(names, golden["grad_l2"].tolist()))
    compared = 0
    ours = dict(reference_state.query.encoder.named_parameters())
    for block in range(10):
        for mine_name, their_name in (("temporal.weight", "tcn.2.weight"), ("graph_norm.weight", "tcn.0.weight")):
            expected = norms[f"encoder_q.st_gcn_networks.{block}.{their_name}"]
            if expected >= 1e-4:
                assert ours[f"blocks.{block}.{mine_name}"].grad.norm().item() == pytest.approx(expected, rel=5e-4)
                compared += 1
        importance = norms[f"encoder_q.edge_importance.{block}"]
        assert ours[f"blocks.{block}.graph.importance"].grad.norm().item() == pytest.approx(importance, rel=5e-4)
    assert compared >= 15
    if "after__queue_cols16_24" in golden:
        torch.testing.assert_close(reference_state.queue[:, 16:24], golden["after__queue_cols16_24"], atol=1e-6, rtol=0)
    assert reference_state.queue_position == 24


def test_drop_equals_the_reference(shared):
    golden = load(shared, "eadm.npz")
    torch.testing.assert_close(attention_guided_drop(golden["x"], 0.7), golden["out"], atol=1e-5, rtol=1e-5)


def test_a_drop_of_everything_or_above_all_attention_drops_nothing():
    x = torch.randn(2, 4, 5, 25)
    x[0, 0, 0, 0] = 1e4  # attention 1 to the last digit
    torch.testing.assert_close(attention_guided_drop(x, 2.0), x)
    torch.testing.assert_close(attention_guided_drop(x, 0.0), x)


def test_info_loss_is_the_plainly_written_one():
    """One positive against a queue, as a sum over the queue's columns written out."""
    torch.manual_seed(0)
    method = AimCLR(STGCN(channels=2, dropout=0.0), AimCLRConfig(queue_size=12), 12, 4).train()
    queue = method.queue.clone()
    normal, extreme, for_key = torch.randn(3, 4, 3, 12, 25, 1)
    with torch.no_grad():
        q, k = method.query(normal), method.key(for_key)
    expected = 0.0
    for i in range(4):
        similarities = [float(q[i] @ k[i])] + [float(q[i] @ queue[:, j]) for j in range(12)]
        weights = np.exp(np.array(similarities) / 0.07)
        expected -= np.log(weights[0] / weights.sum()) / 4
    # float32 through ten normalised blocks, and similarities divided by .07
    assert method.compare(extreme, normal, for_key, mine=False)["info"].item() == pytest.approx(expected, rel=1e-3)


def test_the_queue_takes_keys_in_turn_and_the_key_encoder_follows():
    torch.manual_seed(0)
    method = AimCLR(STGCN(channels=2, dropout=0.0), AimCLRConfig(queue_size=8, momentum=0.9), 8, 4).train()
    before = method.queue.clone()
    with torch.no_grad():
        method.query.project[0].weight.add_(1.0)
    old = method.key.project[0].weight.clone()
    for turn in range(3):
        method.compare(*torch.randn(3, 4, 3, 12, 25, 1), mine=False)
        assert method.queue_position == 4 * (turn + 1) % 8
    assert not torch.equal(method.queue, before)
    torch.testing.assert_close(method.queue.norm(dim=0), torch.ones(8))
    torch.testing.assert_close(method.key.project[0].weight - old, torch.full_like(old, 1 - 0.9**3), atol=1e-5, rtol=1e-5)
    assert all(parameter.grad is None for parameter in method.key.parameters())


def test_the_loss_falls():
    """24 clips, the same draws at every turn, towards a key encoder that stands still; the first turn fills the queue."""
    torch.manual_seed(0)
    config = AimCLRConfig(queue_size=24, momentum=1.0, initial_values="torch")
    method = AimCLR(STGCN(channels=2, dropout=0.0), config, 24, 8).train()
    optimiser = torch.optim.SGD(method.query.parameters(), 0.05, momentum=0.9)
    clips = torch.randn(24, 3, 12, 25, 1) * 0.4
    values = []
    for step in range(18):
        part = step % 3
        losses = method.losses(clips[part * 8 :][:8], 0, torch.Generator().manual_seed(part))
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        values.append(losses["loss"].item())
    assert np.mean(values[-3:]) < np.mean(values[3:6]) - 0.3


def test_absent_bodies_stay_absent_in_every_view(monkeypatch):
    """Noise on an absent second body would make it count."""
    torch.manual_seed(0)
    always_noise = ViewConfig(noise_probability=1.0)
    method = AimCLR(STGCN(channels=2), AimCLRConfig(queue_size=8, views=always_noise), 8, 4).train()
    seen = []
    monkeypatch.setattr(method, "compare", lambda *views, mine: seen.extend(views) or {})
    clips = torch.randn(4, 3, 50, 25, 2)
    clips[..., 1] = 0
    method.losses(clips, 0, torch.Generator().manual_seed(0))
    assert len(seen) == 3
    assert not any(view[..., 1].any() for view in seen)
