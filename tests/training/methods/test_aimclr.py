import re

import numpy as np
import pytest
import torch

from skel.models import stgcn
from skel.models.stgcn import STGCN
from skel.training.methods.aimclr import AimCLR, attention_guided_drop
from skel.training.methods.config import AimCLRConfig, ViewConfig
from skel.training.pretrain import take_step


def load(shared, name):
    return {k: torch.from_numpy(v) for k, v in np.load(shared / "golden" / name).items() if v.dtype.kind in "fi"}


@pytest.fixture
def reference_state(shared, golden_weights):
    """A function: dropout → the method in the state that the golden steps start from."""

    def start(dropout):
        method = AimCLR(STGCN(dropout=dropout, empty_bodies="keep"), AimCLRConfig(queue_size=256), 8, 8).train()
        for branch, name in ((method.query, "encoder_q_weights.npz"), (method.key, "encoder_k_weights.npz")):
            encoder, projector = golden_weights(name)
            branch.encoder.load_state_dict(encoder, strict=False)
            branch.project.load_state_dict(projector)
        method.queue = load(shared, "aimclr_plain_nodropout.npz")["queue"].clone()
        method.queue_position = torch.tensor(16)
        return method

    return start


@pytest.fixture
def dropout_as_torch_draws_it(monkeypatch):
    """Ours draws bytes; here it drops what `nn.Dropout` would, which draws in the order (B, C, T, V)."""
    if not torch.backends.mkl.is_available():
        pytest.skip("without MKL torch draws other numbers than the golden run did")
    plain = stgcn.norm_relu

    def norm_relu(norm, x, dropout=None, residual=None):
        if dropout is not None and dropout.threshold:
            kept = torch.nn.functional.dropout(torch.ones(x.shape), 0.5).permute(0, 2, 3, 1) > 0
            dropout.draw = lambda rows: 255 * kept.reshape(rows.shape).to(torch.uint8)
        return plain(norm, x, dropout, residual)

    monkeypatch.setattr(stgcn, "norm_relu", norm_relu)


THEIR_NAMES = {
    r"project\.": "fc.",
    r"encoder\.input_norm": "data_bn",
    r"encoder\.blocks\.(\d)\.graph\.importance": r"edge_importance.\1",
    r"encoder\.blocks": "st_gcn_networks",
    r"graph\.mix\.weight": "gcn.conv.weight",
    r"graph\.bias": "gcn.conv.bias",
    "graph_norm": "tcn.0",
    r"temporal\.": "tcn.2.",
    "temporal_norm": "tcn.3",
}


def by_their_names(tensors):
    """Of one branch; the graph convolution's partitions are put where the reference has them."""
    renamed = {}
    for name, tensor in tensors:
        for ours, theirs in THEIR_NAMES.items():
            name = re.sub(ours, theirs, name)
        if name.endswith("gcn.conv.weight"):  # (C', 3·C, 1, 1) → (3·C', C, 1, 1)
            tensor = tensor.view(len(tensor), 3, -1).transpose(0, 1).reshape(3 * len(tensor), -1, 1, 1)
        renamed[name] = tensor
    return renamed


def one_step_is(golden, views, method, mine, loss_tolerance):
    optimiser = torch.optim.SGD(method.query.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    losses = take_step(method, optimiser, method.compare(views["im_q_extreme"], views["im_q"], views["im_k"], mine))
    for ours, theirs in (
        ("info", "loss_info"),
        ("d3m_extreme", "loss_d3m_extreme"),
        ("d3m_drop", "loss_d3m_drop"),
        ("loss", "loss"),
    ):
        assert losses[ours].item() == pytest.approx(golden[theirs].item(), rel=loss_tolerance)

    gradients = by_their_names((name, parameter.grad) for name, parameter in method.query.named_parameters())
    off = []
    for name, expected in zip(golden["names"], golden["grad_l2"].tolist()):
        if expected >= 1e-4:
            off.append(abs(gradients[name.removeprefix("encoder_q.")].norm().item() / expected - 1))
    # The golden norms are themselves up to 4.6e-4 away from those of the same step in float64.
    assert len(off) > 80
    assert np.quantile(off, 0.95) < 5e-4
    assert max(off) < 1e-3

    after = {branch: by_their_names(getattr(method, branch).state_dict().items()) for branch in ("query", "key")}
    for name, expected in golden.items():
        of, _, tensor = name.partition(".")
        ours = {"grad__encoder_q": gradients, "after__encoder_q": after["query"], "after__encoder_k": after["key"]}.get(of)
        if ours is not None and not tensor.endswith("num_batches_tracked"):
            # A gradient's single values are less certain than its norm; a step moves weights by a tenth of it.
            torch.testing.assert_close(ours[tensor], expected, atol=1e-4 if of.startswith("grad") else 1e-5, rtol=0)
    torch.testing.assert_close(method.queue[:, 16:24], golden["after__queue_cols16_24"], atol=1e-6, rtol=0)
    assert method.queue_position == 24


def golden_step(shared, name):
    names = np.load(shared / "golden" / f"aimclr_{name}.npz")["grad_names"]
    return load(shared, f"aimclr_{name}.npz") | {"names": [str(name) for name in names]}


@pytest.mark.parametrize(("name", "mine"), [("plain_nodropout", False), ("nnm1_nodropout", True)])
def test_one_step_equals_the_reference(shared, reference_state, name, mine):
    views = load(shared, "aimclr_plain_nodropout.npz")
    # The losses are near 6: 5e-7 of that is one unit in the last place, and three sums are taken in another order.
    one_step_is(golden_step(shared, name), views, reference_state(0.0), mine, loss_tolerance=5e-7)


def test_one_step_with_dropout_equals_the_reference(shared, reference_state, dropout_as_torch_draws_it):
    views = load(shared, "aimclr_plain_nodropout.npz")
    method = reference_state(0.5)
    torch.manual_seed(123)
    one_step_is(golden_step(shared, "plain_dropout_seed123"), views, method, mine=False, loss_tolerance=2e-6)


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
