"""From skeletons of any length and rate to the fixed clip that the model reads: the one path for training and live."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import SkeletonLayout, layout_named

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClipConfig:
    """How a clip is made; stored in every prepared set and every bundle, so that live frames are treated as training's.

    Attributes:
        frames: T, the clip's length; any span of time is resized to it.
        layout: the name of the joints' layout.
        max_bodies: M; a missing body is all zero.
        gaps: untracked joints are filled by linear `interpolate` over time (held at the ends), or are `zero`, that is at the
            body's centre.
        centring: the centre joint becomes the origin in every `frame` of every body, or once for the whole `clip` (the mean
            over time of the first body's centre, for all bodies: movement through the room is kept).
        yaw: turn the shoulders parallel to x in every `frame` of every body, or the whole `clip` by the first body's mean
            direction, or not at all (`none`).
    """

    frames: int = 50
    layout: str = "NTU25"
    max_bodies: int = 2
    gaps: Literal["interpolate", "zero"] = "interpolate"
    centring: Literal["frame", "clip"] = "clip"
    yaw: Literal["frame", "clip", "none"] = "clip"

    def skeleton_layout(self) -> SkeletonLayout:
        """The layout that `layout` names."""
        return layout_named(self.layout)

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json`; `UserError` for a missing or unknown field."""
        known = set(cls.__dataclass_fields__)
        if set(fields) != known:
            odd = sorted(known ^ set(fields))
            raise UserError(f"clip configuration with missing or unknown fields: {', '.join(odd)}")
        return cls(**fields)


AIMCLR = ClipConfig(gaps="zero", centring="frame", yaw="frame")
"""The published preprocessing ("frame50" of AimCLR, Guo et al., AAAI 2022; public implementation at commit 6cd7376)."""


def make_clip(
    positions_m: npt.NDArray[np.floating[Any]],
    times_s: npt.NDArray[np.floating[Any]] | None,
    config: ClipConfig,
    span_s: tuple[float, float] | None = None,
) -> npt.NDArray[np.float32]:
    """Make one clip.

    Args:
        positions_m: (T, M, V, 3) in the configuration's layout and canonical space, NaN = not tracked. Bodies over
            `max_bodies` are left out, the first is the person that the clip is about.
        times_s: (T,) strictly increasing; None = frames at an even rate.
        config: how.
        span_s: (start, end) of the part to use; None = everything. Frames outside have no influence, except that the one
            before the start is used to interpolate from.

    Returns:
        (3, frames, V, max_bodies) float32, finite.

    The span is first shortened to the frames in which the first body is tracked; `frames` instants are then spread over it
    evenly (each at the middle of its share) and positions are interpolated linearly in time, so neither dropped frames nor
    another frame rate leave a trace. One frame → that pose throughout. A joint that is never tracked lies at the body's
    centre; a centre that is never tracked is replaced by the mean of the body's joints. No tracked frame (or no frame at
    all) → all zero.
    """
    layout = config.skeleton_layout()
    positions = np.asarray(positions_m)
    if positions.ndim != 4 or positions.shape[2:] != (len(layout), 3):
        raise ValueError(f"a clip in {layout.name} needs positions (T, M, {len(layout)}, 3), not {positions.shape}")
    times = np.arange(len(positions), dtype=np.float64) if times_s is None else np.asarray(times_s, np.float64)

    clip = np.zeros((3, config.frames, len(layout), config.max_bodies), np.float32)
    bodies = min(positions.shape[1], config.max_bodies)
    cut = _cut(positions[:, :1], times, span_s)
    if bodies == 0 or cut is None:
        return clip
    frames, (start_s, end_s) = cut
    instants = start_s + (np.arange(config.frames) + 0.5) * ((end_s - start_s) / config.frames)
    x, times = positions[frames, :bodies].astype(np.float64), times[frames]
    if config.gaps == "interpolate":
        x = fill_gaps(x, times)

    x = _centred(x, times, instants, layout, config)
    x = resample(np.nan_to_num(x), times, instants)
    x = _yaw_aligned(x, layout, config)
    clip[..., :bodies] = x.transpose(3, 0, 2, 1)
    return clip


def _cut(
    first_body: npt.NDArray[np.floating[Any]], times_s: Array, span_s: tuple[float, float] | None
) -> tuple[slice, tuple[float, float]] | None:
    """The frames to use and the span they stand for, or None where the first body is never tracked.

    Without a span every frame stands for one frame interval around it: L frames at an even rate span L intervals.
    """
    first, last = 0, len(times_s)
    if span_s is not None:
        first = max(int(np.searchsorted(times_s, span_s[0], side="right")) - 1, 0)
        last = int(np.searchsorted(times_s, span_s[1], side="right"))
    tracked = np.flatnonzero(~np.isnan(first_body[first:last]).all(axis=(1, 2, 3)))
    if not len(tracked):
        return None
    frames = slice(first + int(tracked[0]), first + int(tracked[-1]) + 1)
    begin, end = float(times_s[frames.start]), float(times_s[frames.stop - 1])
    if span_s is not None:
        return (frames, (max(begin, span_s[0]), end)) if end >= span_s[0] else None
    half_interval = 0.5 * (end - begin) / max(frames.stop - frames.start - 1, 1)
    return frames, (begin - half_interval, end + half_interval)


def fill_gaps(positions: Array, times_s: Array) -> Array:
    """Replace NaN in (T, …, 3) by linear interpolation over time, held at the ends; a joint never tracked stays NaN."""
    missing = np.isnan(positions).any(axis=-1)  # (T, …)
    if not missing.any():
        return positions
    shape = (-1,) + (1,) * (missing.ndim - 1)
    index = np.broadcast_to(np.arange(len(positions)).reshape(shape), missing.shape)
    before = np.maximum.accumulate(np.where(missing, -1, index), axis=0)
    after = np.minimum.accumulate(np.where(missing, len(positions), index)[::-1], axis=0)[::-1]
    never = after[:1] == len(positions)
    before, after = np.where(before < 0, after, before), np.where(after == len(positions), before, after)
    before, after = np.where(never, 0, before), np.where(never, 0, after)
    span = times_s[after] - times_s[before]
    share = np.divide(times_s[index] - times_s[before], span, out=np.zeros(span.shape), where=span > 0)[..., None]
    left = np.take_along_axis(positions, before[..., None], axis=0)
    right = np.take_along_axis(positions, after[..., None], axis=0)
    return np.asarray(left + share * (right - left))


def resample(positions: Array, times_s: Array, instants_s: Array) -> Array:
    """Linear interpolation of (T, …) at other instants, clamped at the ends."""
    if len(times_s) == 1:
        return np.repeat(positions, len(instants_s), axis=0)
    right = np.clip(np.searchsorted(times_s, instants_s, side="right"), 1, len(times_s) - 1)
    left = right - 1
    share = np.clip((instants_s - times_s[left]) / (times_s[right] - times_s[left]), 0.0, 1.0)
    share = share.reshape(-1, *(1,) * (positions.ndim - 1))
    return np.asarray(positions[left] * (1 - share) + positions[right] * share)


def _centred(x: Array, times_s: Array, instants_s: Array, layout: SkeletonLayout, config: ClipConfig) -> Array:
    """(T, M, V, 3) about the centre joint; untracked joints lie at their body's centre, an absent body stays NaN."""
    centre = x[:, :, layout.centre]  # (T, M, 3)
    untracked = np.isnan(centre).any(axis=-1)
    if untracked.any():
        centre = np.where(untracked[..., None], mean_of_tracked_joints(x), centre)
    x = np.where(np.isnan(x).any(axis=-1, keepdims=True), centre[:, :, None], x)
    if config.centring == "frame":
        return np.asarray(x - centre[:, :, None])
    # The mean over the clip's instants, not over the frames: those may be dropped or lie before the start.
    return np.asarray(x - resample(fill_gaps(centre[:, 0], times_s), times_s, instants_s).mean(axis=0))


def mean_of_tracked_joints(positions: npt.NDArray[np.floating[Any]]) -> Array:
    """(…, V, 3) → (…, 3); NaN where no joint is tracked (as `np.nanmean`, without its warning)."""
    known = ~np.isnan(positions)
    total, count = np.where(known, positions, 0.0).sum(axis=-2), known.sum(axis=-2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _yaw_aligned(x: Array, layout: SkeletonLayout, config: ClipConfig) -> Array:
    """(T, M, V, 3) turned about y so that the line from the left to the right shoulder points along +x."""
    if config.yaw == "none":
        return x
    across = x[:, :, layout.index("RightShoulder")] - x[:, :, layout.index("LeftShoulder")]  # (T, M, 3)
    across[..., 1] = 0.0
    if config.yaw == "clip":
        mean = across[:, 0].mean(axis=0)
        length = np.hypot(mean[0], mean[2])
        cos, sin = (mean[0] / length, -mean[2] / length) if length > 1e-6 else (1.0, 0.0)
        cos, sin = np.asarray(cos), np.asarray(sin)
    else:
        # The reference's form: one sign for the whole sequence, from the summed direction.
        theta = np.arccos(across[..., 0] / (np.linalg.norm(across, axis=-1) + 1e-4))  # (T, M)
        theta = np.where(across[..., 2].sum(axis=0) >= 0, -theta, theta)[..., None]
        cos, sin = np.cos(theta), np.sin(theta)
    turned = x.copy()
    turned[..., 0] = x[..., 0] * cos - x[..., 2] * sin
    turned[..., 2] = x[..., 0] * sin + x[..., 2] * cos
    return turned
