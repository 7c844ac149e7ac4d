"""Options of `skel-train compare` and `select`; free of torch, so that --help is there at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tyro.conf import Suppress

from skel.models.graph import EmptyBodies
from skel.models.streams import Stream
from skel.training.config import FinetuneConfig, HeldOutBy, LinearConfig, PretrainConfig, Select

Start = Literal["source", "source+target", "target", "scratch"]
Selection = Literal["balanced", "random", "typical"]
Protocol = Literal["finetune", "linear"]


@dataclass(frozen=True)
class PretrainOptions(PretrainConfig):
    """What of a pre-training is the user's choice; the comparison sets the rest."""

    data: Suppress[tuple[Path, ...]] = ()
    out: Suppress[Path] = Path()
    device: Suppress[str] = "auto"


@dataclass(frozen=True)
class _SetByComparison:
    """The options of runs on labels that are not the user's choice."""

    data: Suppress[tuple[Path, ...]] = ()
    out: Suppress[Path] = Path()
    init: Suppress[Path | None] = None
    labels: Suppress[float | Path] = 1.0
    held_out: Suppress[float] = 0.0
    held_out_by: Suppress[HeldOutBy] = "people"
    select: Suppress[Select] = "last"
    classes: Suppress[Path | None] = None
    stream: Suppress[Stream | None] = None
    channels: Suppress[int | None] = None
    empty_bodies: Suppress[EmptyBodies | None] = None
    seed: Suppress[int] = 0
    device: Suppress[str] = "auto"


@dataclass(frozen=True)
class FinetuneOptions(_SetByComparison, FinetuneConfig):
    """What of a fine-tuning is the user's choice; the comparison sets the rest."""

    teachers: Suppress[tuple[Path, ...] | None] = None


@dataclass(frozen=True)
class LinearOptions(_SetByComparison, LinearConfig):
    """What of a linear evaluation is the user's choice; the comparison sets the rest."""


@dataclass(frozen=True)
class CompareConfig:
    """How few labels of a target set are enough, pre-trained on an unlabelled source set or not (Tian & Payeur, Eng. Proc.
    2023, 58(1), 25). Given again it goes on where it was stopped; more labels, seeds, starts or selections may be added.

    --method chooses the pre-training's method: aimclr (the default), skeletonclr or tranclr.
    """

    source: tuple[Path, ...]
    """Prepared sets to pre-train on; no label of theirs is read."""
    target: Path
    """Prepared set whose classes are learned, and whose validation part is measured on."""
    out: Path
    """Folder of all runs, and of comparison.md, .json and .png."""
    labels: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
    """Shares of the target's training labels. From scratch, all labels are measured in any case."""
    seeds: int = 5
    """Each choice of labels is drawn and learned from this many times; encoders are pre-trained once."""
    starts: tuple[Start, ...] = ("source", "source+target", "target", "scratch")
    """Pre-trained on the source, on both (the target unlabelled), on the target alone, or supervised from scratch."""
    selection: tuple[Selection, ...] = ("balanced",)
    """Which clips are labelled: the same share of each class (the literature's protocol, which needs to know the classes
    beforehand), as many at random, or as many that skel-train select proposes (only where there is an encoder)."""
    protocol: tuple[Protocol, ...] = ("finetune",)
    """Everything is learned, or one layer on features of the frozen encoder."""
    longer: float = 4.0
    """Runs with a share p of the labels take 1/p times as many epochs, up to this many times: few clips make few steps."""
    pretrain: PretrainOptions = field(default_factory=PretrainOptions)
    finetune: FinetuneOptions = field(default_factory=FinetuneOptions)
    linear: LinearOptions = field(default_factory=LinearOptions)
    jobs: int = 1
    """Runs that go side by side, each with one thread; small networks do not gain from more."""
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""


@dataclass(frozen=True)
class SelectConfig:
    """Propose the clips whose labels teach most: typical members of clusters of an encoder's embedding."""

    data: tuple[Path, ...]
    """Prepared sets; the training part is chosen from, and no label is read."""
    init: Path
    """Run whose encoder embeds the clips: best one pre-trained on these very sets."""
    budget: int
    """How many clips."""
    out: Path
    """JSON list of the clips' names, the most telling first, as finetune --labels takes it; a table is written beside it,
    with the ending .csv."""
    seed: int = 0
    """Where clustering starts."""
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""
