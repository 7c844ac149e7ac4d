"""What the network looks at: the joints as they are, the bones between them, or their movement from frame to frame.

Shi et al., "Two-Stream Adaptive Graph Convolutional Networks for Skeleton-Based Action Recognition", CVPR 2019, and the
joint/bone/motion ensemble of AimCLR (Guo et al., AAAI 2022). Free of torch: the functions take any array or tensor.
"""

from typing import Any, Literal, TypeVar, get_args

from skel.skeleton.layouts import SkeletonLayout

Stream = Literal["joint", "bone", "motion"]
STREAMS: tuple[Stream, ...] = get_args(Stream)

PUBLISHED_WEIGHTS: dict[Stream, float] = {"joint": 0.6, "bone": 0.6, "motion": 0.4}
"""Of the streams' logits in the sum (AimCLR, "3s")."""

Array = TypeVar("Array", bound=Any)


def bone_parents(layout: SkeletonLayout) -> tuple[int, ...]:
    """For each joint the one at the other end of its bone; a joint without parent has itself, so its bone is zero.

    For NTU25 these are the pairs that the field's implementations list.
    """
    parents = dict(layout.bones)
    return tuple(parents.get(joint, joint) for joint in range(len(layout)))


def bones(x: Array, layout: SkeletonLayout) -> Array:
    """(N, 3, T, V, …) → the vector from its parent to each joint, of the same shape."""
    vectors: Array = x - x[:, :, :, list(bone_parents(layout))]
    return vectors


def motion(x: Array) -> Array:
    """(N, 3, T, V, …) → how far each joint moves until the next frame, of the same shape; zero for the last frame."""
    following = [*range(1, x.shape[2]), x.shape[2] - 1]
    steps: Array = x[:, :, following] - x
    return steps


def stream_of(x: Array, stream: Stream, layout: SkeletonLayout) -> Array:
    """(N, 3, T, V, …) → what `stream` makes of it; absent (all-zero) bodies stay zero in each."""
    if stream == "bone":
        return bones(x, layout)
    return motion(x) if stream == "motion" else x
