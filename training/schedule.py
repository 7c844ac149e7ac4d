"""Learning rate over a run."""

import math

from skel.training.config import Schedule


def learning_rate(peak: float, progress: float, schedule: Schedule, step_at: float = 5 / 6) -> float:
    """The rate at a point of the run, `progress` from 0 to 1.

    `step`: the peak, and a tenth of it from `step_at` on (AimCLR: after 250 of 300 epochs, after 80 of 100 of linear
    evaluation). `cosine`: up over the first twentieth, then down to zero along half a cosine.
    """
    if schedule == "step":
        return peak if progress < step_at else 0.1 * peak
    warm = 0.05
    if progress < warm:
        return peak * progress / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm)))
