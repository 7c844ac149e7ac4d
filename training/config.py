"""Every option of `skel-train`, its unit and default; free of torch, so that --help is there at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from skel.models.graph import EmptyBodies
from skel.models.streams import Stream
from skel.training.dataset import Part
from skel.training.methods.config import AimCLRConfig, MomentumConfig

Schedule = Literal["step", "cosine"]


@dataclass(frozen=True)
class PretrainConfig:
    """Learn movement from unlabelled clips, by --method aimclr (the default), skeletonclr or tranclr.

    Defaults are the published ones of AimCLR.
    """

    data: tuple[Path, ...]
    """Folders made by skel-data prepare; only their training parts are read, and no label."""
    out: Path
    """Folder of the run; giving it again goes on with an interrupted run."""
    method: MomentumConfig = field(default_factory=AimCLRConfig)
    stream: Stream = "joint"
    """What the network sees of a clip: the joints, the bones between them, or their motion from frame to frame."""
    channels: int = 16
    """Base width of the encoder; the embedding has 16 times as many features."""
    empty_bodies: EmptyBodies = "skip"
    """Absent second bodies cost and count nothing (skip), or are computed like any other (keep, as published)."""
    epochs: int = 300
    batch_size: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 1e-4
    schedule: Schedule = "step"
    seed: int = 0
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class VariationConfig:
    """How labelled clips are varied while classes are learned from them; each clip anew in each epoch."""

    shortest_span: float = 0.76
    """Random parts of the clips are used, down to this share of their length: what a live window sees."""
    turn_deg: float = 30.0
    """Turned about the vertical by up to this much."""
    shear: float = 0.15
    """Largest shear coefficient."""
    scale: float = 0.15
    """Made larger or smaller by up to this share."""
    joint_offset_m: float = 0.03
    """Standard deviation of a shift of each joint for the whole clip: sensors place joints differently."""
    noise_m: float = 0.01
    """Standard deviation of the noise on every coordinate."""


@dataclass(frozen=True)
class FinetuneConfig:
    """Learn classes from labelled clips. Without --init: supervised from scratch, the baseline to compare with."""

    data: tuple[Path, ...]
    """Folders made by skel-data prepare; classes of the same name are one."""
    out: Path
    """Folder of the run; giving it again goes on with an interrupted run."""
    init: Path | None = None
    """Run whose encoder to start from."""
    labels: float = 1.0
    """Share of each class's training clips whose labels are used."""
    freeze: bool = False
    """Keep the encoder as it is and learn the last layer only: linear evaluation."""
    classes: Path | None = None
    """JSON file {"class": ["a set's class", …]} that chooses, joins and renames classes."""
    stream: Stream = "joint"
    """What the network sees of a clip: the joints, the bones between them, or their motion from frame to frame."""
    channels: int = 16
    """Base width of the encoder."""
    empty_bodies: EmptyBodies = "skip"
    """Absent second bodies cost and count nothing (skip), or are computed like any other (keep, as published)."""
    epochs: int = 100
    batch_size: int = 32
    optimiser: Literal["adamw", "sgd"] = "adamw"
    """The papers use SGD, with learning rate .1 and weight decay 1e-4."""
    learning_rate: float = 0.005
    weight_decay: float = 0.05
    schedule: Schedule = "cosine"
    dropout: float = 0.5
    label_smoothing: float = 0.1
    variation: VariationConfig = field(default_factory=VariationConfig)
    seed: int = 0
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class EvaluateConfig:
    """Measure a fine-tuned run on a prepared set."""

    checkpoint: Path
    """Folder of the run."""
    data: tuple[Path, ...]
    """Folders made by skel-data prepare."""
    part: Part = "val"
    """Which part to measure on."""
    classes: Path | None = None
    """The JSON file of classes that the run was fine-tuned with."""
    json: str | None = None
    """Write one JSON object to this file (- = standard output) in place of the table."""
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""
