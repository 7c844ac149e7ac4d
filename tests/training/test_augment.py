import json

import numpy as np
import pytest
import torch

from skel.skeleton.layouts import NTU25
from skel.training import augment
from skel.training.augment import Views
from skel.training.config import VariationConfig
from skel.training.methods.config import ViewConfig


@pytest.fixture
def golden(shared):
    return {key: torch.from_numpy(value) for key, value in np.load(shared / "golden" / "augment_components.npz").items()}


def close(got, expected):
    torch.testing.assert_close(got, expected[None], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("start", [0, 5, 8, 16])
def test_crop(golden, start):
    close(augment.crop(golden["x"][None], torch.tensor([start]), 8), golden[f"crop_start{start}"])


def test_shear(golden):
    coefficients = torch.cat([golden["shear_s1"], golden["shear_s2"]])[None].float()
    matrix = augment.shear_matrix(coefficients)
    torch.testing.assert_close(matrix[0], golden["shear_matrix"].float())
    close(augment.linear(golden["x"][None], matrix), golden["shear"])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotation(golden, axis):
    angles = torch.deg2rad(golden[f"rotate_main{axis}_deg_xyz"])[None].float()
    close(augment.linear(golden["x"][None], augment.rotation_matrix(angles)), golden[f"rotate_main{axis}"])


@pytest.mark.parametrize("sigma", ["0.1", "0.7", "2.0"])
def test_blur(golden, sigma):
    close(augment.blur(golden["x"][None], torch.tensor([float(sigma)])), golden[f"blur_sigma{sigma}"])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_axis_mask(golden, axis):
    close(augment.mask_axis(golden["x"][None], torch.tensor([axis])), golden[f"axis_mask{axis}"])


def test_flip_is_the_layouts_mirror(golden):
    close(golden["x"][None][:, :, :, list(NTU25.mirror)], golden["spatial_flip"])


@pytest.fixture
def composite(shared):
    """A function: name of a golden view → it, the clip that it is of, and an iterator over what was drawn."""
    arrays = np.load(shared / "golden" / "augment_composite.npz")
    draws = json.loads((shared / "golden" / "augment_composite_draws.json").read_text())
    return lambda name: (arrays[name], arrays["x"][None], iter([value for _, value in draws[name]]))


@pytest.mark.parametrize("seed", [7, 8, 9, 10])
def test_a_normal_view_from_the_references_own_draws(composite, seed):
    expected, x, draws = composite(f"normal_seed{seed}")
    x = augment.crop(torch.from_numpy(x), torch.tensor([int(next(draws))]), 8)
    close(augment.linear(x, augment.shear_matrix(torch.tensor([list(draws)]))), torch.from_numpy(expected))


class Told(Views):
    """Draws what it is told."""

    def __init__(self, shear, angles_rad, shares, noise):
        super().__init__(NTU25, ViewConfig(), torch.Generator())
        self.shear, self.angles_rad, self.shares, self.noise = shear, angles_rad, iter(shares), noise

    def _shear(self, count):
        return augment.shear_matrix(torch.tensor([self.shear]))

    def _angles_rad(self, count):
        return self.angles_rad

    def _rand(self, *shape):
        return torch.tensor([next(self.shares)])

    def _noise(self, x):
        return self.noise[: len(x)].clone()


@pytest.mark.parametrize("seed", [7, 8, 9, 10])
def test_an_extreme_view_from_the_references_own_draws(composite, seed, monkeypatch):
    expected, x, draws = composite(f"strong_seed{seed}")
    start, *shear = (next(draws) for _ in range(7))
    flip, _, *angles_deg, noise_share = (next(draws) for _ in range(6))  # the main axis shows in the angles
    noise = torch.zeros(x.shape)
    if noise_share < 0.5:  # its values are not among the draws, but follow from the seed
        assert next(draws) is None
        random = np.random.RandomState(seed)
        random.randint(0, 17)
        noise = torch.from_numpy(random.normal(0, 0.01, x.shape)).float()
    sigma, blur_share, mask_share = (next(draws) for _ in range(3))
    whole_numbers = iter([int(start), int(next(draws, 0))])
    low, high = ViewConfig().blur_sigma_frames
    shares = [flip, noise_share, (sigma - low) / (high - low), blur_share, mask_share]
    told = Told(shear, torch.deg2rad(torch.tensor([angles_deg])), shares, noise)
    monkeypatch.setattr(torch, "randint", lambda *_, **__: torch.tensor([next(whole_numbers)]))
    view = told.extreme(torch.from_numpy(x))
    torch.testing.assert_close(view[0], torch.from_numpy(expected), atol=2e-6, rtol=2e-6)
    assert next(draws, "nothing") == "nothing"


def views(seed=0, **options):
    return Views(NTU25, ViewConfig(**options), torch.Generator().manual_seed(seed))


def test_a_seed_repeats_its_views_and_another_does_not():
    clips = torch.randn(4, 3, 50, 25, 1)
    assert torch.equal(views(3).extreme(clips), views(3).extreme(clips))
    assert not torch.equal(views(3).extreme(clips), views(4).extreme(clips))


def test_every_clip_of_a_batch_gets_its_own_draw():
    clips = torch.randn(1, 3, 50, 25, 1).expand(6, -1, -1, -1, -1)
    drawn = views().normal(clips)
    assert len({tuple(view.flatten().tolist()) for view in drawn}) == 6


def test_probabilities_are_those_of_the_configuration():
    """With everything else off, each operation changes about its share of 400 clips (five standard deviations)."""
    clips = torch.randn(400, 3, 12, 25, 1)
    off = dict.fromkeys(("shear", "flip_probability", "noise_probability", "blur_probability"), 0.0)
    off |= {"axis_mask_probability": 0.0, "crop_share": 0.0, "main_angle_deg": 0.0, "other_angle_deg": 0.0}
    assert torch.allclose(views(**off).extreme(clips), clips, atol=1e-6)
    for name in (
        "flip_probability",
        "noise_probability",
        "blur_probability",
        "axis_mask_probability",
        "time_flip_probability",
    ):
        changed = (views(**{**off, name: 0.5}).extreme(clips) - clips).abs().amax(dim=(1, 2, 3, 4)) > 1e-6
        # A blur narrower than .2 frames changes nothing visible: a twentieth of the draws.
        assert changed.float().mean().item() == pytest.approx(0.5, abs=5 * 0.5 / 20 + (0.03 if "blur" in name else 0))


def test_a_random_span_of_everything_is_the_clip_itself():
    clips = torch.randn(3, 3, 50, 25, 1)
    torch.testing.assert_close(augment.random_span(clips, 1.0, torch.Generator().manual_seed(0)), clips)


def test_a_random_span_is_a_stretched_part_in_order():
    ramp = torch.arange(50.0).view(1, 1, 50, 1, 1).expand(64, 3, 50, 25, 1)
    spans = augment.random_span(ramp, 0.5, torch.Generator().manual_seed(0))[:, 0, :, 0, 0]
    steps = spans.diff(dim=1)
    assert (steps >= -1e-5).all()
    assert (spans >= 0).all()
    assert (spans <= 49).all()
    extent = spans[:, -1] - spans[:, 0]
    assert extent.min() >= 0.5 * 50 - 1.01
    assert extent.max() - extent.min() > 15


def test_a_labelled_view_without_variation_is_the_clip_itself():
    none = VariationConfig(shortest_span=1.0, turn_deg=0, shear=0, scale=0, joint_offset_m=0, noise_m=0)
    clips = torch.randn(3, 3, 50, 25, 1)
    torch.testing.assert_close(augment.labelled_view(clips, none, torch.Generator().manual_seed(0)), clips)


def test_a_labelled_view_turns_and_scales_as_configured():
    """Bone lengths change by the scale alone, and heights not at all by the turn."""
    clips = torch.randn(200, 3, 10, 25, 1)
    plain = VariationConfig(shortest_span=1.0, turn_deg=40, shear=0, scale=0.2, joint_offset_m=0, noise_m=0)
    view = augment.labelled_view(clips, plain, torch.Generator().manual_seed(0))
    ratio = view.norm(dim=1) / clips.norm(dim=1)
    scale = ratio[:, 0, 0, 0]
    torch.testing.assert_close(ratio, scale.view(-1, 1, 1, 1).expand_as(ratio))
    assert 0.8 <= scale.min() < 0.82
    assert 1.18 < scale.max() <= 1.2
    torch.testing.assert_close(view[:, 1], clips[:, 1] * scale.view(-1, 1, 1, 1))


def test_a_joint_keeps_its_offset_over_the_clip():
    offset_only = VariationConfig(shortest_span=1.0, turn_deg=0, shear=0, scale=0, joint_offset_m=0.03, noise_m=0)
    clips = torch.randn(100, 3, 10, 25, 1)
    shift = augment.labelled_view(clips, offset_only, torch.Generator().manual_seed(0)) - clips
    torch.testing.assert_close(shift, shift[:, :, :1].expand_as(shift), atol=1e-6, rtol=0)
    assert shift.std().item() == pytest.approx(0.03, rel=0.05)


def plain_random_span(clips, shortest, generator):
    """As it was before windows could hang over."""
    N, T = len(clips), clips.shape[2]
    draw = torch.rand(2, N, 1, generator=generator)
    share = shortest + (1 - shortest) * draw[0]
    position = ((draw[1] * (1 - share) + share * ((torch.arange(T) + 0.5) / T)) * T - 0.5).clamp(0, T - 1)
    left = position.floor().long().clamp(max=T - 2)
    rows = torch.arange(N)[:, None]
    frames = clips.permute(0, 2, 1, 3, 4)
    mixed = torch.lerp(frames[rows, left], frames[rows, left + 1], (position - left).view(N, T, 1, 1, 1))
    return mixed.permute(0, 2, 1, 3, 4)


def test_without_overhang_the_draws_are_what_they_were():
    clips = torch.randn(9, 3, 50, 25, 2)
    got = augment.random_span(clips, 0.6, torch.Generator().manual_seed(3))
    assert torch.equal(got, plain_random_span(clips, 0.6, torch.Generator().manual_seed(3)))


def test_windows_hang_over_by_as_much_as_allowed_and_the_pose_is_held():
    ramp = torch.arange(50.0).view(1, 1, 50, 1, 1).expand(4000, 3, 50, 25, 1)
    spans = augment.random_span(ramp, 0.5, torch.Generator().manual_seed(0), overhang=0.25)[:, 0, :, 0, 0]
    assert (spans.diff(dim=1) >= -1e-5).all()
    held_first = (spans <= 0).sum(dim=1) / 50  # shares of the window
    held_last = (spans >= 49).sum(dim=1) / 50
    assert 0.2 < (held_first > 0.1).float().mean() < 0.7
    assert held_first.max() == pytest.approx(0.25 / 0.5, abs=0.08), "half a clip's length, half of it before the start"
    assert held_last.max() == pytest.approx(0.25 / 0.5, abs=0.08)
    both = (held_first > 0) & (held_last > 0)
    assert both.any(), "the whole action in a longer window"
    step = spans.diff(dim=1).max(dim=1).values
    assert step.max() == pytest.approx(1.25, abs=0.01)
    assert step.min() == pytest.approx(0.5, abs=0.02)
