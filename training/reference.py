"""The published parsing of AimCLR (public implementation at commit 6cd7376), for comparison with published figures.

No tracking, no ranking, no filter: what is absent is 0 and counts as a position. Recordings hold 300 frames at most; of
these, as many from the first on are used as have a first body. From there on `make_clip` with the configuration `AIMCLR` is
the published preprocessing.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

MOST_FRAMES = 300


def reference_positions(positions_m: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """Frames (T, M, V, 3), 0 = absent, cropped in their middle to 300 and cut to those that the published code uses.

    The cut is its own: it counts the frames in which joint 0 of body 0 is not 0, and takes that many from the start. None
    left → one frame of NaN, that is nobody.
    """
    start = max(0, len(positions_m) - MOST_FRAMES) // 2
    positions = positions_m[start : start + MOST_FRAMES].astype(np.float32)
    used = int((positions[:, 0, 0] != 0).any(axis=-1).sum())
    return positions[:used] if used else np.full((1, *positions.shape[1:]), np.nan, np.float32)


def reference_array(positions_m: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """The same frames as the published code stores them: (3, 300, V, M), zero from the end of the recording on."""
    start = max(0, len(positions_m) - MOST_FRAMES) // 2
    kept = positions_m[start : start + MOST_FRAMES]
    array = np.zeros((3, MOST_FRAMES, kept.shape[2], kept.shape[1]), np.float32)
    array[:, : len(kept)] = kept.transpose(3, 0, 2, 1)
    return array
