"""How a body's bones compare with one another, whatever its height."""

from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.anatomy import bone_lengths_m
from skel.skeleton.layouts import NTU25

Array = npt.NDArray[np.float64]

BONES = tuple(NTU25.joints[child] for child, _ in NTU25.bones)
TRUNK = [BONES.index(bone) for bone in ("SpineBase", "SpineMid")]
HEIGHT = [BONES.index(bone) for bone in ("SpineBase", "SpineMid", "Neck", "Head", "LeftKnee", "LeftAnkle")]


def median_lengths_m(positions_m: npt.NDArray[Any]) -> Array:
    """(T, 25, 3) → (24,), both sides of the body alike."""
    lengths_m = np.nanmedian(bone_lengths_m(positions_m, NTU25), axis=0)
    other_side = [BONES.index(NTU25.joints[NTU25.mirror[child]]) for child, _ in NTU25.bones]
    return np.asarray((lengths_m + lengths_m[other_side]) / 2)


def distance(lengths_m: Array, other_m: Array) -> float:
    """By how much bones (24,) differ as shares of the way from head to ankle, on average over all: 0.1 = 10 %."""
    ratio = (lengths_m / lengths_m[HEIGHT].sum()) / (other_m / other_m[HEIGHT].sum())
    return float(np.exp(np.abs(np.log(ratio)).mean()) - 1)
