"""Every option of `skel-train`, its unit and default; free of torch, so that --help is there at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from skel.models.graph import EmptyBodies
from skel.models.streams import Stream
from skel.training.dataset import Part
from skel.training.methods.config import AimCLRConfig, MomentumConfig
from skel.training.stream_config import StreamOptions

Schedule = Literal["step", "cosine"]
Precision = Literal["fp32", "tf32", "bf16"]
Optimiser = Literal["adamw", "sgd"]
Select = Literal["last", "held-out", "test"]
HeldOutBy = Literal["people", "clips"]
Table = Literal["ntu60-xsub", "ntu60-xview", "pku1-xsub"]


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
    """auto, cpu, or a torch device such as cuda:1; several processes take one GPU each."""
    precision: Precision = "fp32"
    """Of the encoders' products: float32, TF32 (a GPU's faster float32), or bfloat16; all else stays float32."""
    compile: bool = False
    """Compile the encoders: minutes at the start, less time a step on a GPU."""


@dataclass(frozen=True)
class VariationConfig:
    """How labelled clips are varied while classes are learned from them; each clip anew in each epoch."""

    shortest_span: float = 0.76
    """Random parts of the clips are used, down to this share of their length: what a live window sees."""
    overhang: float = 0.0
    """Windows also begin before a clip or end after it, by up to this share of its length; the person holds the pose."""
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


UNVARIED = VariationConfig(shortest_span=1.0, turn_deg=0.0, shear=0.0, scale=0.0, joint_offset_m=0.0, noise_m=0.0)


@dataclass(frozen=True)
class LabelledConfig:
    """What all ways to learn classes from labelled clips have in common."""

    data: tuple[Path, ...]
    """Folders made by skel-data prepare; classes of the same name are one."""
    out: Path
    """Folder of the run; giving it again goes on with an interrupted run."""
    init: Path | None = None
    """Run whose encoder to start from."""
    labels: float | Path = 1.0
    """Share of each class's training clips whose labels are used, at least one of each, or a JSON list of the clips' names.
    The clips that a seed chooses for a smaller share are among those for a larger one."""
    held_out: float = 0.0
    """Share of the labelled clips that nothing is learned from: the temperature is fitted on them."""
    held_out_by: HeldOutBy = "people"
    """Whole people are held out, which stands for people whom nobody has seen, or clips of each class."""
    select: Select = "last"
    """Whose weights are kept: the last epoch's, or those of the epoch that did best on the held-out clips, or on the
    validation part as some papers report it (the result says so)."""
    classes: Path | None = None
    """JSON file {"class": ["a set's class", …]} that chooses, joins and renames classes."""
    stream: Stream | None = None
    """What the network sees of a clip: the joints, the bones between them, or their motion from frame to frame. Left out,
    what the encoder of --init learned from, or joint; an encoder of joints is a good start for the other two."""
    channels: int | None = None
    """Base width of the encoder. Left out, that of --init, or 16."""
    empty_bodies: EmptyBodies | None = None
    """Absent second bodies cost and count nothing (skip), or are computed like any other (keep, as published). Left out, as
    --init has it, or skip."""
    epochs: int = 100
    batch_size: int = 128
    optimiser: Optimiser = "sgd"
    learning_rate: float = 0.1
    weight_decay: float = 1e-4
    schedule: Schedule = "step"
    step_at: float = 0.8
    """Share of the run after which --schedule step goes down to a tenth."""
    clip_gradients: float | None = None
    """Largest norm of the gradients (2 in the published semi-supervised runs)."""
    label_smoothing: float = 0.0
    seed: int = 0
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class FinetuneConfig(LabelledConfig):
    """Learn classes from labelled clips. Without --init: supervised from scratch, the baseline to compare with."""

    batch_size: int = 32
    optimiser: Optimiser = "adamw"
    """The papers use SGD, with learning rate .1, weight decay 1e-4 and schedule step."""
    learning_rate: float = 0.005
    weight_decay: float = 0.05
    schedule: Schedule = "cosine"
    label_smoothing: float = 0.1
    dropout: float = 0.5
    teachers: tuple[Path, ...] | None = None
    """Runs of the same labels, one or several streams together: what they say of the other training clips is learned, too
    (distillation)."""
    evaluation_mode: bool = False
    """Learn with batch normalisation as pre-training left it and without dropout, as the published code does."""
    variation: VariationConfig = field(default_factory=VariationConfig)
    precision: Precision = "fp32"
    """Of the network's products while it learns, as in pre-training; it is measured in float32."""


@dataclass(frozen=True)
class LinearConfig(LabelledConfig):
    """Linear evaluation: the encoder of --init stays as it is, one layer is learned on its features.

    Defaults are the published ones of AimCLR.
    """

    # The other runs on labels may go without it, so `linear` itself refuses to.
    init: Annotated[Path | None, arg(metavar="PATH", help_behavior_hint="(required)")] = None
    """Run whose encoder to measure."""
    stream: Stream | None = None
    """The stream that the encoder of --init learned from, and no other: an encoder that stays as it is cannot adapt."""
    channels: int | None = None
    """Base width of that encoder. It may be left out."""
    empty_bodies: EmptyBodies | None = None
    """As that encoder was trained, and not otherwise. It may be left out."""
    learning_rate: float = 3.0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class KnnConfig:
    """Nearest neighbours: each validation clip is called like the labelled clips whose features point the same way.

    Nothing is learned, so it measures the encoder alone. One neighbour is usual (Su et al., "Predict & Cluster", CVPR 2020).
    """

    init: Path
    """Run whose encoder to measure."""
    data: tuple[Path, ...]
    """Folders made by skel-data prepare."""
    k: int = 1
    """How many neighbours vote, each with the inverse of its cosine distance."""
    labels: float | Path = 1.0
    """Share of each class's training clips whose labels are used, at least one of each, or a JSON list of
    the clips' names."""
    classes: Path | None = None
    """JSON file {"class": ["a set's class", …]} that chooses, joins and renames classes."""
    plot: Path | None = None
    """Folder for pictures: confusion matrix and embedding."""
    json: str | None = None
    """Write one JSON object to this file (- = standard output) in place of the table."""
    seed: int = 0
    """Chooses the labelled clips."""
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class EvaluateConfig:
    """Measure a fine-tuned run on a prepared set, or several runs whose weighted logits are summed.

    With --stream on continuous recordings, shown to the recogniser frame by frame as they would be live.
    """

    checkpoint: tuple[Path, ...]
    """Folder of the run; several make an ensemble. With --stream also one exported .onnx file."""
    data: tuple[Path, ...]
    """Folders made by skel-data prepare."""
    part: Part = "val"
    """Which part to measure on."""
    weights: tuple[float, ...] = ()
    """What each run's logits count; by default as published: joint .6, bone .6, motion .4."""
    classes: Path | None = None
    """The JSON file of classes that the run was fine-tuned with."""
    plot: Path | None = None
    """Folder for pictures: confusion matrix, embedding, reliability diagram; with --stream timeline and curves."""
    json: str | None = None
    """Write one JSON object to this file (- = standard output) in place of the table."""
    stream: bool = False
    """Measure on the set's continuous recordings, or on its clips joined to such where it has none."""
    live: Path | None = None
    """With --stream: use these settings, a file of skel-train tune, in place of the bundle's or the usual ones."""
    streams: StreamOptions = field(default_factory=StreamOptions)
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class ReproduceConfig:
    """Repeat a published table of AimCLR: pre-training, linear evaluation, 1 % and 10 % of the labels, fine-tuning with all
    of them, supervised from scratch, and the ensemble of the streams. Given again, it goes on where it was.
    """

    table: Positional[Table]
    """Set and protocol."""
    data: Path
    """The prepared set: skel-data prepare --clip aimclr --people reference, or the public ready-made folder."""
    out: Path
    """Folder of the runs and of the table (table.md, table.json)."""
    stream: Literal["all", "joint", "bone", "motion"] = "all"
    """One stream, or all three and their ensemble."""
    pretrain_epochs: int = 300
    linear_epochs: int = 100
    finetune_epochs: int = 100
    """Also of the runs with few labels and from scratch; how many were used is not published."""
    select: Literal["last", "test"] = "last"
    """The last epoch is measured; the published figures are those of the best epoch on the test set (test)."""
    batch_size: int = 128
    channels: int = 16
    """Base width of the encoder."""
    seed: int = 0
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""
    precision: Precision = "fp32"
    """Of pre-training and fine-tuning: float32 as published, TF32 or bfloat16, which take less time on a GPU."""
    compile: bool = False
    """Compile the encoders for pre-training: minutes at the start, less time a step on a GPU."""
