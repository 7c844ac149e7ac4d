"""Anchors lie between their two clips as far as they say, and the loss is the plainly written one."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skel.models.stgcn import STGCN
from skel.skeleton.layouts import AZURE32, KINECT20, MEDIAPIPE33, NTU25
from skel.training.methods import tranclr
from skel.training.methods.config import TranCLRConfig
from skel.training.methods.tranclr import TranCLR, body_parts, kinship_share, mix, place


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("layout", [NTU25, KINECT20, AZURE32, MEDIAPIPE33], ids=lambda layout: layout.name)
def test_every_joint_is_in_one_of_five_parts(layout):
    parts = body_parts(layout)
    assert parts.shape == (5, len(layout))
    assert torch.equal(parts.sum(dim=0), torch.ones(len(layout)))
    assert (parts.sum(dim=1) >= 3).all()
    left_arm, right_arm, left_leg, right_leg, rest = parts
    assert torch.equal(left_arm[list(layout.mirror)], right_arm)
    assert torch.equal(left_leg[list(layout.mirror)], right_leg)
    assert torch.equal(rest[list(layout.mirror)], rest)


def test_a_mix_lies_between_and_keeps_a_body_that_only_one_has():
    x, y = torch.randn(2, 3, 3, 6, 25, 2)
    y[..., 1] = 0
    mixed, share = mix(x, y, torch.tensor([0.0, 0.25, 1.0]))
    torch.testing.assert_close(mixed[1, ..., 0], 0.25 * x[1, ..., 0] + 0.75 * y[1, ..., 0])
    assert torch.equal(mixed[..., 1], x[..., 1])
    assert torch.equal(mixed[0, ..., 0], y[0, ..., 0])
    assert share.tolist() == [0.0, 0.25, 1.0]


def test_a_placed_anchor_is_the_other_clip_but_for_some_parts_over_some_frames():
    x, y = torch.ones(64, 3, 50, 25, 1), torch.zeros(64, 3, 50, 25, 1)
    parts = body_parts(NTU25)
    anchor, share = place(x, y + 2, parts, TranCLRConfig(), generator(), torch.arange(64))
    taken = anchor[:, 0, :, :, 0] == 1
    torch.testing.assert_close(share, taken.float().mean(dim=(1, 2)))
    for clip in taken:
        frames, joints = clip.any(dim=1), clip.any(dim=0)
        assert torch.equal(clip, frames[:, None] & joints[None])
        assert 16 <= frames.sum() <= 24
        assert frames.int().diff().abs().sum() <= 2  # one run of frames
        touched = [int((part.bool() & joints).sum()) for part in parts]
        assert sum(count > 0 for count in touched) in (2, 3)
        assert all(count in (0, int(part.sum())) for count, part in zip(touched, parts))


def test_what_is_placed_is_resized_in_order():
    """Frames numbered 0..49 come out rising, in steps between half a frame and two."""
    x = torch.arange(50.0).view(1, 1, 50, 1, 1).expand(32, 3, 50, 25, 1)
    anchor, _ = place(x, torch.full_like(x, -1), body_parts(NTU25), TranCLRConfig(), generator(3), torch.arange(32))
    for clip in anchor[:, 0, :, :, 0]:
        values = clip.max(dim=1).values
        steps = np.array([float(b - a) for a, b in pairwise(values[values >= 0])])
        inner = steps[2:-2]  # at the clip's ends the position is clamped
        assert (steps >= 0).all()
        assert (inner <= 2 + 1e-4).all()
        assert np.median(inner) >= 0.5 - 1e-4


def test_a_placed_anchor_keeps_a_body_that_only_one_has_whole():
    x, y = torch.randn(2, 16, 3, 50, 25, 2)
    y[:8, ..., 1] = 0
    x[8:, ..., 1] = 0
    anchor, _ = place(x, y, body_parts(NTU25), TranCLRConfig(), generator(), torch.arange(16))
    assert torch.equal(anchor[:8, ..., 1], x[:8, ..., 1])
    assert torch.equal(anchor[8:, ..., 1], y[8:, ..., 1])
    assert not torch.equal(anchor[..., 0], y[..., 0])


@given(st.floats(0, 1), st.floats(0, 1))
def test_kinship_is_a_share_and_crosses_with_its_argument(a, b):
    share = kinship_share(torch.tensor([a]), torch.tensor([b])).item()
    crossed = kinship_share(torch.tensor([a]), torch.tensor([1 - b])).item()
    assert 0 <= share <= 1
    assert share + crossed == pytest.approx(1, abs=1e-5)
    assert kinship_share(torch.tensor([1.0]), torch.tensor([1.0])).item() == 1


def method(**options):
    torch.manual_seed(0)
    config = TranCLRConfig(queue_size=12, initial_values="torch", **options)
    return TranCLR(STGCN(channels=2, dropout=0.0), config, 12, 4).train()


def test_alignment_is_the_plainly_written_divergence():
    ours = method(neighbours=5)
    q, target = (torch.nn.functional.normalize(torch.randn(3, 128), dim=1) for _ in range(2))
    expected = 0.0
    for i in range(3):
        wanted = sorted(((float(target[i] @ ours.queue[:, j]), j) for j in range(12)), reverse=True)[:5]
        p = np.exp([s / 0.05 for s, _ in wanted])
        r = np.exp([float(q[i] @ ours.queue[:, j]) / 0.1 for _, j in wanted])
        p, r = p / p.sum(), r / r.sum()
        expected += float((p * np.log(p / r)).sum()) / 3
    assert ours._alignment(q, target).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("global_share", [0.0, 1.0])
@pytest.mark.parametrize("count", [4, 5])
def test_the_anchors_of_a_pair_have_of_both_clips_what_their_kinship_says(monkeypatch, global_share, count):
    """Of clip i, which is i everywhere, the second anchor of row i has as much as that of row N − 1 − i has of its own."""
    ours, made = method(global_share=global_share), []

    def seen(*told):
        made.append((told, TranCLR._anchor(ours, *told)))
        return made[-1][1]

    monkeypatch.setattr(ours, "_anchor", seen)
    kinship = []
    monkeypatch.setattr(tranclr, "kinship_share", lambda *shares: kinship.append(shares) or kinship_share(*shares))
    ours.losses(torch.randn(count, 3, 50, 25, 1), 0, generator())
    ((share_1, share_2),) = kinship
    assert torch.equal(share_1, made[2][1][1])
    assert torch.equal(share_2, share_2.flip(0))
    assert len(share_2[: count // 2].unique()) == count // 2  # but pairs differ
    (_, _, drawn, pair), _ = made[3]
    places = torch.arange(1.0, count + 1).view(-1, 1, 1, 1, 1).expand(count, 3, 50, 25, 1)
    anchor, share = TranCLR._anchor(ours, places, places.flip(0), drawn, pair)
    expected = share * torch.arange(1.0, count + 1) + (1 - share) * torch.arange(count, 0, -1.0)
    torch.testing.assert_close(anchor.mean(dim=(1, 2, 3, 4)), expected)
    torch.testing.assert_close(anchor + anchor.flip(0), torch.full_like(anchor, count + 1.0))


def test_a_step_moves_the_queue_and_leaves_the_key_encoder_without_gradient():
    ours = method(momentum=0.9)
    before = ours.queue.clone()
    losses = ours.losses(torch.randn(4, 3, 50, 25, 1) * 0.4, 0, generator())
    losses["loss"].backward()
    terms = [losses[name].item() for name in ("intra", "inter", "cross", "contrast")]
    assert losses["loss"].item() == pytest.approx(sum(terms), rel=1e-6)
    assert ours.queue_position == 4
    assert not torch.equal(ours.queue[:, :4], before[:, :4])
    assert torch.equal(ours.queue[:, 4:], before[:, 4:])
    assert all(parameter.grad is None for parameter in ours.key.parameters())
    assert all(parameter.grad is not None for parameter in ours.query.parameters())


def test_the_loss_of_one_batch_falls():
    """The same draws at every step, towards a key encoder that stands still."""
    ours = method(momentum=1.0)
    optimiser = torch.optim.SGD(ours.query.parameters(), 0.05, momentum=0.9)
    clips, values = torch.randn(4, 3, 20, 25, 1) * 0.4, []
    for _ in range(20):
        losses = ours.losses(clips, 0, generator())
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
        values.append(losses["loss"].item())
    assert values[-1] < values[6] - 0.03  # the keys fill the queue first, and stay in it as negatives
