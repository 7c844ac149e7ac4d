"""Options of measuring on continuous recordings, and of choosing live settings by it; free of torch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

TunedOn = Literal["held-out", "train", "val"]


@dataclass(frozen=True)
class StreamOptions:
    """How recordings are shown to the recogniser, and how clips are joined to recordings where a set has none."""

    every: int = 3
    """The recogniser says something at every so-many-th frame; it takes in all of them."""
    join: bool = False
    """Join the clips even where the set has continuous recordings."""
    pause_s: tuple[float, float] = (1.0, 3.0)
    """Joined clips: shortest and longest pause before, between and after them."""
    noise_m: float = 0.003
    """Joined clips: standard deviation of the noise on every coordinate, in movements and pauses alike."""
    seed: int = 0
    """Joined clips: order, pauses and noise."""


@dataclass(frozen=True)
class TuneConfig:
    """Choose how a recogniser is used on live frames, by measuring on continuous recordings; write the settings to a file.

    Every combination of durations, smoothing, hysteresis and lags is measured with every rejection threshold. Of those that
    name no more segments in vain than --false-alarms-per-minute, the one with the highest segment F1 is taken: the mean over
    tIoU .1, .3, .5, and over segments as they are named live and as they are laid by the lags afterwards.
    """

    checkpoint: tuple[Path, ...]
    """Folder of the run, or an exported .onnx file; several runs make an ensemble."""
    data: tuple[Path, ...]
    """Folders made by skel-data prepare."""
    out: Path
    """JSON file of the settings, for skel-export --live and skel-train evaluate --stream --live."""
    on: TunedOn = "held-out"
    """Whose recordings: those of the people that the run held out (finetune --held-out), of the whole training part, or of
    the validation part, which then is no test any more. The file says which."""
    false_alarms_per_minute: float = 1.0
    """Segments named where nobody does that, a minute of recording; at most so many."""
    window_durations_s: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0)
    """Spans of time to choose from, in seconds."""
    most_durations: int = 2
    """At most so many spans together: each costs a run of the model at every frame."""
    smoothing_s: tuple[float, ...] = (0.0, 0.2, 0.4, 0.8)
    """Time constants to choose from."""
    hysteresis: tuple[float, ...] = (0.0, 0.1, 0.2)
    """Values to choose from: by how much a class must be more probable than the named one to be named in its place."""
    lag_s: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)
    """Seconds to choose from, by which segments' starts are laid before their naming, and, by no more, their ends."""
    weights: tuple[float, ...] = ()
    """What each run's logits count; by default as published: joint .6, bone .6, motion .4."""
    classes: Path | None = None
    """The JSON file of classes that the run was fine-tuned with."""
    streams: StreamOptions = field(default_factory=StreamOptions)
    device: str = "auto"
    """auto, cpu, or a torch device such as cuda:1."""
