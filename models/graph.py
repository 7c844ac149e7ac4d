"""The skeleton as a graph: the three-part adjacency of ST-GCN."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from skel.skeleton.layouts import SkeletonLayout

EmptyBodies = Literal["skip", "keep"]
"""What an absent body of a clip does to the mean over bodies: nothing, or count like any other (as published)."""


def spatial_adjacency(layout: SkeletonLayout) -> npt.NDArray[np.float32]:
    """The adjacency (K=3, V, V) of ST-GCN's "spatial configuration"; y[:, w] sums x[:, v] · A[k, v, w] over v.

    Partition 0 holds the self loops, 1 the edges v → w where v is at least as far from the centre joint as w, 2 the rest.
    Every column of the sum over k is normalised by the number of w's neighbours.

    As in the field's implementations (Yan et al., AAAI 2018; kept by AimCLR) distances count only up to one hop: joints
    further away are all "infinitely" far, and equally so.
    """
    joints = len(layout)
    neighbours = np.eye(joints)
    for child, parent in layout.bones:
        neighbours[child, parent] = neighbours[parent, child] = 1
    normalised = neighbours / neighbours.sum(axis=0)

    hops = np.where(neighbours[layout.centre] > 0, 1.0, np.inf)
    hops[layout.centre] = 0.0
    itself = np.eye(joints, dtype=bool)
    inwards = (hops[:, None] >= hops[None, :]) & ~itself
    parts = [itself, inwards, ~itself & ~inwards]
    return np.asarray([np.where(part, normalised, 0.0) for part in parts], dtype=np.float32)
