"""Ours against torch's own, and against float64 where torch's own is not precise."""

import copy
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from skel.models import batch_norm, stgcn
from skel.models.batch_norm import BatchNorm1d, BatchNorm2d, Dropout, norm_relu
from skel.models.stgcn import STGCN


@pytest.fixture(autouse=True)
def several_parts(monkeypatch):
    monkeypatch.setattr(batch_norm, "_PART", 500)


def channels_last(*shape):
    return torch.randn(shape).to(memory_format=torch.channels_last).mul_(2).add_(3).requires_grad_()


def made(kind, channels):
    norm = kind(channels).train()
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.normal_()
    return norm


def same(a, b):
    torch.testing.assert_close(a, b, atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("with_residual", [False, True])
def test_norm_and_what_follows_equal_torchs_own(with_residual):
    torch.manual_seed(0)
    ours, x = made(BatchNorm2d, 16), channels_last(3, 16, 10, 7)
    residual = channels_last(3, 16, 10, 7) if with_residual else None
    theirs = nn.BatchNorm2d(16).train()
    theirs.load_state_dict(ours.state_dict())
    y = norm_relu(ours, x, None, residual)
    towards = torch.randn_like(y)
    y.backward(towards)
    x2 = x.detach().clone().requires_grad_()
    residual2 = residual.detach().clone().requires_grad_() if with_residual else torch.zeros(())
    expected = torch.relu(theirs(x2) + residual2)
    expected.backward(towards)
    same(y, expected)
    same(x.grad, x2.grad)
    same(ours.weight.grad, theirs.weight.grad)
    same(ours.bias.grad, theirs.bias.grad)
    same(ours.running_mean, theirs.running_mean)
    same(ours.running_var, theirs.running_var)
    assert ours.num_batches_tracked == 1
    if with_residual:
        same(residual.grad, residual2.grad)
    same(ours.eval()(x), theirs.eval()(x2))


def test_one_dimension_equals_torchs_own():
    ours, theirs, x = made(BatchNorm1d, 12), nn.BatchNorm1d(12).train(), torch.randn(5, 12, 9)
    theirs.load_state_dict(ours.state_dict())
    same(ours(x), theirs(x))


def test_dropout_and_its_gradient_are_those_of_the_bytes_drawn(monkeypatch):
    torch.manual_seed(0)
    norm, dropout, x = made(BatchNorm2d, 16), Dropout(0.25).train(), channels_last(3, 16, 10, 7)
    drawn = torch.randint(0, 256, (3 * 10 * 7, 16), dtype=torch.uint8)
    monkeypatch.setattr(dropout, "draw", lambda _: drawn)
    y = norm_relu(norm, x, dropout)
    y.square().sum().backward()
    x2, theirs = x.detach().clone().requires_grad_(), copy.deepcopy(norm)
    theirs.zero_grad()
    kept = (drawn.view(3, 10, 7, 16).permute(0, 3, 1, 2) >= 64) * (256 / 192)
    expected = torch.relu(nn.functional.batch_norm(x2, None, None, theirs.weight, theirs.bias, training=True) * kept)
    expected.square().sum().backward()
    torch.testing.assert_close(y, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(x.grad, x2.grad, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(norm.weight.grad, theirs.weight.grad, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(norm.bias.grad, theirs.bias.grad, atol=1e-3, rtol=1e-4)


def test_statistics_of_many_rows_are_precise():
    torch.manual_seed(0)
    norm, x = BatchNorm2d(4).train(), torch.randn(64, 4, 50, 25).to(memory_format=torch.channels_last) + 3
    norm.momentum = 1.0
    norm(x)
    mean, var = x.double().mean(dim=(0, 2, 3)), x.double().var(dim=(0, 2, 3))
    torch.testing.assert_close(norm.running_mean.double(), mean, rtol=2e-7, atol=0)
    torch.testing.assert_close(norm.running_var.double(), var, rtol=1e-6, atol=0)


def test_bfloat16_stays_bfloat16():
    x = channels_last(2, 8, 4, 5).detach().bfloat16().requires_grad_()
    y = norm_relu(BatchNorm2d(8).train(), x, Dropout(0.5).train(), x.detach())
    y.float().sum().backward()
    assert y.dtype == x.grad.dtype == torch.bfloat16
    assert torch.isfinite(x.grad).all()


class Ranks:
    """Two threads in the place of two processes: what one adds up it adds up with the other."""

    def __init__(self):
        self.here = threading.local()
        self._given, self._barrier = [None, None], threading.Barrier(2, timeout=60)

    def summed(self, values):
        self._given[self.here.rank] = values.clone()
        self._barrier.wait()
        values.copy_(self._given[0] + self._given[1])
        self._barrier.wait()
        return values


def test_a_process_whose_clips_are_empty_takes_part_in_the_statistics(monkeypatch):
    """Each network of two, of which one sees nobody, learns what a single one does from the other's clips."""
    torch.manual_seed(0)
    network, clips, towards = STGCN(channels=4, dropout=0.0).train(), torch.randn(2, 3, 16, 25, 1), torch.randn(2, 64)
    networks = [copy.deepcopy(network) for _ in range(2)]
    expected = network(clips).embedding
    expected.backward(towards)

    ranks = Ranks()
    monkeypatch.setattr(batch_norm, "summed", ranks.summed)
    for module in (batch_norm, stgcn):
        monkeypatch.setattr(module, "is_shared", lambda: True)

    def step(rank):
        ranks.here.rank = rank
        embedding = networks[rank](clips if rank == 0 else torch.zeros_like(clips)).embedding
        embedding.backward(towards)
        return embedding.detach()

    with ThreadPoolExecutor(2) as threads:
        seen, unseen = threads.map(step, range(2))
    same(seen, expected.detach())
    assert not unseen.any()
    for (name, alone), one, other in zip(network.named_parameters(), *(n.parameters() for n in networks)):
        if alone.grad is not None:
            torch.testing.assert_close(one.grad + other.grad, alone.grad, atol=1e-3, rtol=1e-3, msg=name)
    for alone, one, other in zip(network.buffers(), *(n.buffers() for n in networks)):
        same(one, alone)
        same(other, alone)
