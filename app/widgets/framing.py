"""Where a camera should look so that everybody stays in the picture, without following every movement."""

from typing import Any

import numpy as np
import numpy.typing as npt

_EASING = 0.2  # share of the way taken each frame: one stray joint hardly moves the picture
_DEAD_ZONE_M = 0.04
_FORGOTTEN_FRAMES = 45
_LABEL_M = 0.3
_LEAST_M = np.array([1.2, 1.7, 0.6])  # a person who has only begun to move still needs room for the arms


class Framing:
    """The box that everybody has been seen in; it grows with them and starts anew when all have been away."""

    def __init__(self) -> None:
        self._low_m = self._high_m = np.zeros(3)
        self._empty_frames = _FORGOTTEN_FRAMES

    @property
    def floor_m(self) -> float:
        """The height of the lowest joint."""
        return float(self._low_m[1])

    @property
    def centre_m(self) -> npt.NDArray[np.float64]:
        """(3,): the middle of what `extent_m` describes."""
        return np.asarray(0.5 * (self._low_m + self._high_m + np.array([0.0, _LABEL_M, 0.0])))

    @property
    def extent_m(self) -> npt.NDArray[np.float64]:
        """(3,): the size of the box, with room for the arms and for a label above the head."""
        return np.asarray(np.maximum(self._high_m - self._low_m, _LEAST_M) + np.array([0.2, _LABEL_M, 0.0]))

    def clear(self) -> None:
        """Start anew with the next frame that shows anybody."""
        self._empty_frames = _FORGOTTEN_FRAMES

    def update(self, positions_m: npt.NDArray[np.floating[Any]]) -> bool:
        """Take in a frame's joints (M, V, 3); whether the box has changed."""
        joints = positions_m.reshape(-1, 3)
        joints = joints[np.isfinite(joints).all(axis=1)]
        if not len(joints):
            self._empty_frames += 1
            return False
        low, high = joints.min(axis=0).astype(np.float64), joints.max(axis=0).astype(np.float64)
        if self._empty_frames >= _FORGOTTEN_FRAMES:
            self._low_m, self._high_m = low, high
            self._empty_frames = 0
            return True
        self._empty_frames = 0
        lower, higher = low < self._low_m - _DEAD_ZONE_M, high > self._high_m + _DEAD_ZONE_M
        self._low_m = np.where(lower, self._low_m + _EASING * (low - self._low_m), self._low_m)
        self._high_m = np.where(higher, self._high_m + _EASING * (high - self._high_m), self._high_m)
        return bool((lower | higher).any())
