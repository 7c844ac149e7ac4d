"""Which class is named, frame after frame, without flickering between two that are nearly as probable."""

from typing import Any

import numpy as np
import numpy.typing as npt

from skel.models.live import LiveSettings


def named_class(probabilities: npt.NDArray[np.floating[Any]], before: int | None, live: LiveSettings) -> int | None:
    """The class to name now, or None: unknown.

    Args:
        probabilities: (K,), smoothed.
        before: the class that was named last; None = unknown, or nobody was there yet.
        live: its `hysteresis` h and `rejection_threshold` r.

    From unknown, the most probable class is named as soon as its probability reaches r: r alone decides what is named at
    all. A named class stays until another one that reaches r is more probable by more than h, which is then named (the most
    probable, if several); or until it falls below r - h itself, which makes it unknown. So neither two classes side by side
    nor one about the threshold change the name with every frame. With h = 0 the most probable class is named, where it
    reaches r.
    """
    best = int(np.argmax(probabilities))
    if before is None:
        return best if probabilities[best] >= live.rejection_threshold else None
    stays = probabilities[before] >= live.rejection_threshold - live.hysteresis
    if probabilities[best] >= live.rejection_threshold:
        return best if not stays or probabilities[best] > probabilities[before] + live.hysteresis else before
    return before if stays else None
