"""What one person does at one instant, as the recogniser says it."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

UNKNOWN = "unknown"
"""The action of a person of whom no class is probable enough to be named; see `hysteresis.named_class`."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one person does at one instant.

    Attributes:
        person: the body's id in the frame.
        time_s: the frame's time stamp (the sensor's clock).
        action: the class that is named, or `UNKNOWN`.
        confidence: its probability; where it is `UNKNOWN`, that of the most probable class.
        probabilities: (K,) float32, in the order of `labels`; they sum to 1.
        top: the five (or K, where there are fewer) most probable classes and their probability, best first. With hysteresis
            the first may for a while be another than `action`.
        latency_ms: the time that window and model took for this frame, all people together.
        partner: the body id of the other person, where `action` is a class of two people and somebody is near.
        labels: the names of the K classes: the model's, then those that were taught.
        embedding: (F,) float32, the model's features of the person alone, the mean over the windows.
        window_ms: the part of `latency_ms` in which frames were taken in and clips made.
        model_ms: the part of `latency_ms` in which the model ran.
        since_s: since when the person has been in view, by the same clock; -inf where that is not known.
    """

    person: int
    time_s: float
    action: str
    confidence: float
    probabilities: npt.NDArray[np.float32] = field(repr=False)
    top: tuple[tuple[str, float], ...]
    latency_ms: float
    partner: int | None = None
    labels: tuple[str, ...] = field(default=(), repr=False)
    embedding: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    window_ms: float = 0.0
    model_ms: float = 0.0
    since_s: float = -math.inf
