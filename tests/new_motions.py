"""Movements that no model has been trained on, for the synthetic actor to perform: what a user might teach."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from skel.sensors.actor_body import Pose
from skel.sensors.actor_motions import MOTIONS, Motion
from skel.sensors.synthetic import perform
from skel.skeleton.recording import Recording

_UP = (10, 150, 0, 10)
NEW_MOTIONS = {
    "arms up": Motion(
        start=((0.5, Pose(right_arm=_UP, left_arm=_UP)), (0.3, Pose(right_arm=_UP, left_arm=_UP))), settle_s=0.6
    ),
    "kick": Motion(
        start=(
            (0.3, Pose(right_leg=(-20, 3, 50, 0), support=0)),
            (0.25, Pose(trunk=(-10, 0, 5), right_leg=(75, 3, 10, -5), left_arm=(40, 20, 20, 30), support=0)),
        ),
        end=((0.4, Pose(right_leg=(10, 3, 40, 0), support=0)),),
        settle_s=0.4,
    ),
}


@contextmanager
def new_motions() -> Iterator[None]:
    """The actor knows them within."""
    MOTIONS.update(NEW_MOTIONS)
    try:
        yield
    finally:
        for name in NEW_MOTIONS:
            del MOTIONS[name]


def shown(action: str, seed: int, around_s: float = 1.0) -> Recording:
    """One performance of one action, with the standing before and after it; nothing is labelled."""
    with new_motions():
        whole = perform(seed, 8.0, script=[action], jitter_m=0.003)
    span = whole.segments[0]
    chosen = (whole.times_s >= span.start_s - around_s) & (whole.times_s <= span.end_s + around_s)
    return replace(whole, positions_m=whole.positions_m[chosen], times_s=whole.times_s[chosen], segments=())
