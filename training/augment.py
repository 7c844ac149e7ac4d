"""The views of AimCLR, batched: every clip of a batch gets its own draw, on whatever device the batch is.

AimCLR (Guo et al., AAAI 2022), section "Data Augmentation"; constants of the public implementation (commit 6cd7376).
Shapes: clips (N, 3, T, V, M). What is drawn and what is done with it are apart, so that each operation can be checked alone.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from skel.skeleton.layouts import SkeletonLayout
from skel.training.config import VariationConfig
from skel.training.methods.config import ViewConfig


class Views:
    """Draws normal and extreme views; one generator, so that a seed repeats them."""

    def __init__(self, layout: SkeletonLayout, config: ViewConfig, generator: torch.Generator) -> None:
        self.config, self.generator = config, generator
        self.mirror = torch.tensor(layout.mirror, device=generator.device)

    def normal(self, clips: Tensor) -> Tensor:
        """Crop, then shear."""
        with torch.autocast(clips.device.type, enabled=False):  # coordinates have more digits than bfloat16
            return self._cropped(clips, self._shear(len(clips)))

    def extreme(self, clips: Tensor) -> Tensor:
        """Crop, shear, flip, rotation, noise, blur, axis mask and time flip, each with its probability."""
        N, config = len(clips), self.config
        with torch.autocast(clips.device.type, enabled=False):
            x = self._cropped(clips, rotation_matrix(self._angles_rad(N)) @ self._shear(N))
            x = self._with_probability(config.flip_probability, x, lambda x, _: x[:, :, :, self.mirror])
            x = self._with_probability(config.noise_probability, x, lambda x, _: self._noise(x).add_(x))
            low, high = config.blur_sigma_frames
            sigma = low + (high - low) * self._rand(N)
            x = self._with_probability(config.blur_probability, x, lambda x, at: blur(x, sigma[at]))
            axis = torch.randint(0, 3, (N,), generator=self.generator, device=x.device)
            x = self._with_probability(config.axis_mask_probability, x, lambda x, at: mask_axis(x, axis[at]))
            return self._with_probability(config.time_flip_probability, x, lambda x, _: x.flip(2))

    def _cropped(self, clips: Tensor, matrix: Tensor) -> Tensor:
        """A random crop of each clip; then x' = R x, which does not mind the order of frames and joints."""
        padding = int(clips.shape[2] * self.config.crop_share)
        start = torch.randint(0, 2 * padding + 1, (len(clips),), generator=self.generator, device=clips.device)
        return linear(crop(clips, start, padding), matrix)

    def _with_probability(self, probability: float, x: Tensor, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """`change(clips, their numbers)` of each clip with that probability, possibly in place."""
        if not probability:
            return x
        chosen = self._rand(len(x)) < probability
        if x.device.type == "cpu":  # only those; a GPU would have to wait until their number is known
            at = chosen.nonzero()[:, 0]
            x[at] = change(x[at], at)
            return x
        return torch.where(chosen.view(-1, 1, 1, 1, 1), change(x, torch.arange(len(x), device=x.device)), x)

    def _noise(self, x: Tensor) -> Tensor:
        return torch.randn(x.shape, generator=self.generator, device=x.device).mul_(self.config.noise_m)

    def _shear(self, count: int) -> Tensor:
        return shear_matrix((2 * self._rand(count, 6) - 1) * self.config.shear)

    def _rand(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, device=self.generator.device)

    def _angles_rad(self, count: int) -> Tensor:
        angles = self._rand(count, 3)
        main = torch.randint(0, 3, (count, 1), generator=self.generator, device=self.generator.device)
        limits = torch.full_like(angles, self.config.other_angle_deg).scatter_(1, main, self.config.main_angle_deg)
        return torch.deg2rad(angles * limits)


def crop(clips: Tensor, start: Tensor, padding: int) -> Tensor:
    """Pad both ends with `padding` frames in reverse, and take T frames from `start` (N,) on."""
    N, C, T, V, M = clips.shape
    frames = torch.arange(T, device=clips.device)
    padded = torch.cat([frames[:padding].flip(0), frames, frames[T - padding :].flip(0)])
    chosen = padded[start[:, None] + frames]  # (N, T)
    rows = chosen[:, None] + T * torch.arange(N * C, device=clips.device).view(N, C, 1)  # each a frame of one coordinate
    return clips.reshape(N * C * T, V * M).index_select(0, rows.flatten()).view_as(clips)


def linear(clips: Tensor, matrix: Tensor) -> Tensor:
    """x' = R x for every joint, R (N, 3, 3)."""
    return torch.matmul(matrix, clips.flatten(2)).view_as(clips)


def shear_matrix(coefficients: Tensor) -> Tensor:
    """(N, 6), in the order a1 a2 a3 b1 b2 b3, → [[1, a1, b1], [a2, 1, b2], [a3, b3, 1]]."""
    a1, a2, a3, b1, b2, b3 = coefficients.unbind(1)
    one = torch.ones_like(a1)
    return torch.stack([one, a1, b1, a2, one, b2, a3, b3, one], dim=1).view(-1, 3, 3)


def rotation_matrix(angles_rad: Tensor) -> Tensor:
    """(N, 3) angles about x, y, z → Rz·Ry·Rx in the reference's sense of rotation."""
    (cx, cy, cz), (sx, sy, sz) = angles_rad.cos().unbind(1), angles_rad.sin().unbind(1)
    one, zero = torch.ones_like(cx), torch.zeros_like(cx)
    rx = torch.stack([one, zero, zero, zero, cx, sx, zero, -sx, cx], dim=1).view(-1, 3, 3)
    ry = torch.stack([cy, zero, -sy, zero, one, zero, sy, zero, cy], dim=1).view(-1, 3, 3)
    rz = torch.stack([cz, sz, zero, -sz, cz, zero, zero, zero, one], dim=1).view(-1, 3, 3)
    return rz @ ry @ rx


def blur(clips: Tensor, sigma_frames: Tensor, taps: int = 15) -> Tensor:
    """Sum over `taps` frames with weights exp(−k²/2σ²), σ (N,); not normalised and zero beyond the ends, as published."""
    N, C, T, V, M = clips.shape
    k = torch.arange(taps, device=clips.device) - taps // 2
    weights = torch.exp(-(k**2) / (2 * sigma_frames[:, None] ** 2))  # (N, taps)
    # One banded (T, T) matrix a clip: a batched product is far quicker than N convolutions of one channel.
    frames = torch.arange(T, device=clips.device)
    offset = frames[None, :] - frames[:, None] + taps // 2
    band = weights[:, offset.clamp(0, taps - 1)] * ((offset >= 0) & (offset < taps))  # (N, T, T)
    return torch.matmul(band[:, None], clips.reshape(N, C, T, V * M)).view_as(clips)


def mask_axis(clips: Tensor, axis: Tensor) -> Tensor:
    """Set coordinate `axis` (N,) to zero."""
    kept = torch.arange(3, device=clips.device) != axis[:, None]
    return clips * kept.view(-1, 3, 1, 1, 1)


def random_span(clips: Tensor, shortest: float, generator: torch.Generator, overhang: float = 0.0) -> Tensor:
    """A random window onto each clip, resized to T frames.

    It is what a live window sees: an action that began before it or ends after it, at another speed. Windows are as long as
    a share of the clip between `shortest` and 1 + `overhang`, and lie anywhere between `overhang` of the clip's length
    before its start and as much after its end, where the person holds the first and the last pose.
    """
    N, C, T, V, M = clips.shape
    draw = torch.rand(2, N, 1, generator=generator, device=clips.device)
    share = shortest + (1 + overhang - shortest) * draw[0]
    start = draw[1] * (1 + 2 * overhang - share) - overhang
    middle = (torch.arange(T, device=clips.device) + 0.5) / T
    position = ((start + share * middle) * T - 0.5).clamp(0, T - 1)  # (N, T), in frames
    left = position.floor().long().clamp(max=max(T - 2, 0))
    weight = (position - left)[:, None, :, None]
    x = clips.reshape(N, C, T, V * M)
    before = x.gather(2, left[:, None, :, None].expand(N, C, T, V * M))
    after = x.gather(2, (left + 1).clamp(max=T - 1)[:, None, :, None].expand(N, C, T, V * M))
    return torch.lerp(before, after, weight).view_as(clips)


def labelled_view(clips: Tensor, config: VariationConfig, generator: torch.Generator) -> Tensor:
    """Another take of each clip that keeps its name: later or shorter, seen from elsewhere, by another body and sensor."""
    N, V, device = len(clips), clips.shape[3], clips.device
    present = clips.abs().amax(dim=(1, 2, 3), keepdim=True) > 0  # noise must not call an absent body into being

    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(shape, generator=generator, device=device) - 1

    x = random_span(clips, config.shortest_span, generator, config.overhang)
    angles = torch.zeros(N, 3, device=device)
    angles[:, 1] = math.radians(config.turn_deg) * uniform(N)
    matrix = shear_matrix(config.shear * uniform(N, 6)) @ rotation_matrix(angles)
    x = linear(x, matrix * (1 + config.scale * uniform(N, 1, 1)))
    offset = torch.randn(N, 3, 1, V, 1, generator=generator, device=device) * config.joint_offset_m
    noise = torch.randn(x.shape, generator=generator, device=device) * config.noise_m
    return (x + offset + noise) * present
