"""The options of each pre-training method; free of torch, so that --help is there at once."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class ViewConfig:
    """What the normal view (crop, shear) and the extreme view (all of it) draw from."""

    crop_share: float = 1 / 6
    """Frames padded at each end before the crop, as a share of the clip."""
    shear: float = 0.5
    """Largest shear coefficient."""
    flip_probability: float = 0.5
    """Left and right joints change places (x is not mirrored)."""
    main_angle_deg: float = 30.0
    """Largest rotation about the randomly chosen main axis."""
    other_angle_deg: float = 1.0
    """Largest rotation about the two other axes."""
    noise_probability: float = 0.5
    noise_m: float = 0.01
    """Standard deviation of the noise on every coordinate."""
    blur_probability: float = 0.5
    blur_sigma_frames: tuple[float, float] = (0.1, 2.0)
    """Range of the blur's width over time."""
    axis_mask_probability: float = 0.5
    """One of x, y, z is set to zero."""
    time_flip_probability: float = 0.0
    """The clip runs backwards (on when the published weights were trained, off in the published code)."""


@dataclass(frozen=True)
class MomentumConfig:
    """What all momentum-contrast methods have; defaults as published for AimCLR."""

    name: Annotated[str, tyro.conf.Suppress]
    views: ViewConfig = field(default_factory=ViewConfig)
    projection: int = 128
    """Size D of what is compared."""
    queue_size: int | None = None
    """Embeddings remembered; None = 32768, or fewer where the set has fewer clips."""
    momentum: float = 0.999
    """The key encoder keeps this share of itself at each step; runs of few steps need less of it."""
    initial_values: Literal["published", "torch"] = "published"
    """Weights start from N(0, .02), or as torch makes them, which takes fewer steps to get going."""


@dataclass(frozen=True)
class SkeletonCLRConfig(MomentumConfig):
    """Two normal views of a clip agree against the queue (the base of CrosSCLR, Li et al., CVPR 2021)."""

    name: Annotated[str, tyro.conf.Suppress] = "skeletonclr"
    temperature: float = 0.07


@dataclass(frozen=True)
class AimCLRConfig(MomentumConfig):
    """Extreme views, attention-guided drop and nearest neighbours (Guo et al., AAAI 2022)."""

    name: Annotated[str, tyro.conf.Suppress] = "aimclr"
    temperature: float = 0.07
    drop_threshold: float = 0.7
    """Attention, below 1, from which on the drop module removes a joint or an element. With 2 it removes nothing, as when
    the published weights were trained."""
    mining_from_epoch: int = 150
    """Nearest neighbours count as positives from this epoch on (counted from 0)."""
    neighbours: int = 1
    """How many nearest neighbours a view contributes (all, where fewer are remembered)."""


@dataclass(frozen=True)
class TranCLRConfig(MomentumConfig):
    """Transitional anchors between clips and between views (Feng et al., CVPR 2026)."""

    name: Annotated[str, tyro.conf.Suppress] = "tranclr"
    temperature: float = 0.1
    """Of the query's similarities."""
    target_temperature: float = 0.05
    """Of the similarities that the query follows."""
    contrast: float = 1.0
    """Weight of telling the anchor between two views apart from the memory."""
    contrast_temperature: float = 0.2
    neighbours: int = 8192
    """The remembered embeddings nearest to the target that are compared (all, where fewer are remembered)."""
    global_share: float = 0.5
    """Anchors that mix whole clips; the others put some body parts of one clip into a part of the other."""
    parts: tuple[int, int] = (2, 3)
    """How many of the five body parts a local anchor takes over."""
    span_share: tuple[float, float] = (0.32, 0.48)
    """Length of what it takes over, as a share of the clip."""
    stretch: tuple[float, float] = (0.5, 2.0)
    """How much longer than that the sequence was that is resized into it."""


METHODS: dict[str, type[MomentumConfig]] = {
    "aimclr": AimCLRConfig,
    "skeletonclr": SkeletonCLRConfig,
    "tranclr": TranCLRConfig,
}
