"""Who is who: ids for people that a pose model finds anew in every picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.pose import PersonPose

Array = npt.NDArray[np.float64]

KEPT_S = 1.0
"""How long somebody out of sight keeps the id."""

_REACH = 0.35  # how far off somebody may be found again, in body sizes,
_REACH_PER_S = 0.5  # and how much farther after a time out of sight
_SAME = 0.12  # two findings so alike, in body sizes, are one person
_VELOCITY_MEMORY_S = 0.15


@dataclass(frozen=True, eq=False)
class _Known:
    """A person when last seen beyond doubt: landmarks (33, 2), how sure each is (33,), velocity (2,) in the picture.

    `seen_s` is when somebody who may be that person was last seen.
    """

    points_px: Array
    visibility: Array
    velocity_px_s: Array
    time_s: float
    seen_s: float

    def size_px(self) -> float:
        """The diagonal of the box around the landmarks."""
        return max(float(np.linalg.norm(np.ptp(self.points_px, axis=0))), 1.0)


class PeopleTracker:
    """Gives everybody an id, and the same id for as long as they can be followed.

    People are matched with those of the last pictures so that the sum of all distances is least. A distance is the mean over
    the landmarks, by visibility, in body sizes (the diagonal of the box around them), so place, size and posture count all
    together. Those known are expected to have gone on at the speed they had, or to have stayed, which costs the way they
    would have gone. Where one is found and another, who could be the same, is missing, nothing is learned of either until
    they part again or one is forgotten: a pose model's findings jump between two people when one hides the other.

    Somebody who is out of sight for longer than `KEPT_S`, or is found too far away, gets a new id; ids count from 0 and are
    never given to another. A jump in time by more than that, forwards or backwards, makes everybody new. Two findings of one
    person, which happens while one covers another, are reduced to the more visible.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._given = 0

    def __call__(self, people: Sequence[PersonPose], time_s: float) -> dict[int, PersonPose]:
        """The people of the picture at `time_s` by their ids, lowest first."""
        self._known = {i: k for i, k in self._known.items() if abs(time_s - k.seen_s) <= KEPT_S}
        people = _distinct(people)
        ids = list(self._known)
        costs = [[_cost(person, self._known[i], time_s) for i in ids] for person in people]
        matches = _assign(costs)
        found: dict[int, PersonPose] = {}
        for person, match, row in zip(people, matches, costs):
            if match is None:
                identity, before = self._given, None
                self._given += 1
            else:
                identity, before = ids[match], self._known[ids[match]]
            found[identity] = person
            doubtful = any(cost < 1 and other not in matches for other, cost in enumerate(row))
            if before and doubtful:
                self._known[identity] = replace(before, seen_s=time_s)
            else:
                self._known[identity] = _remember(person, before, time_s)
        return dict(sorted(found.items()))


def _distance(points_px: npt.NDArray[Any], other_px: npt.NDArray[Any], weight: npt.NDArray[Any]) -> float:
    return float((weight * np.linalg.norm(points_px - other_px, axis=1)).sum() / (weight.sum() + 1e-9))


def _cost(person: PersonPose, known: _Known, time_s: float) -> float:
    """How far somebody is from where a known person is expected; 1 = at the limit of reach."""
    away_s = max(time_s - known.time_s, 0.0)
    weight = person.visibility * known.visibility + 1e-3
    walked_px = known.velocity_px_s * away_s
    gone_on = _distance(person.image_px, known.points_px + walked_px, weight)
    stayed = _distance(person.image_px, known.points_px, weight) + float(np.linalg.norm(walked_px))
    return min(gone_on, stayed) / known.size_px() / (_REACH + _REACH_PER_S * away_s)


def _assign(costs: list[list[float]]) -> tuple[int | None, ...]:
    """The column of each row, each used once, with the least sum; None costs 1, so no pair above 1 is made.

    An exhaustive search over the pairs within reach: at most a handful of people stand that close together.
    """

    @cache
    def best(row: int, taken: frozenset[int]) -> tuple[float, tuple[int | None, ...]]:
        if row == len(costs):
            return 0.0, ()
        options: list[tuple[float, int | None]] = [(1.0, None)]
        options += [(cost, column) for column, cost in enumerate(costs[row]) if cost < 1 and column not in taken]
        totals = []
        for cost, column in options:
            rest, chosen = best(row + 1, taken if column is None else taken | {column})
            totals.append((cost + rest, (column, *chosen)))
        return min(totals, key=lambda option: option[0])

    return best(0, frozenset())[1]


def _remember(person: PersonPose, before: _Known | None, time_s: float) -> _Known:
    points, visibility = person.image_px.astype(np.float64), person.visibility.astype(np.float64)
    velocity = np.zeros(2)
    if before is not None:
        velocity = before.velocity_px_s
        step_s = time_s - before.time_s
        if step_s > 0:
            weight = (visibility * before.visibility + 1e-3)[:, None]
            moved = (weight * (points - before.points_px)).sum(axis=0) / weight.sum() / step_s
            velocity = velocity + (1 - np.exp(-step_s / _VELOCITY_MEMORY_S)) * (moved - velocity)
    return _Known(points, visibility, velocity, time_s, time_s)


def _distinct(people: Sequence[PersonPose]) -> list[PersonPose]:
    kept: list[PersonPose] = []
    for person in sorted(people, key=lambda p: -float(p.visibility.sum())):
        known = [_remember(other, None, 0.0) for other in kept]
        if all(_distance(person.image_px, other.points_px, other.visibility) > _SAME * other.size_px() for other in known):
            kept.append(person)
    return kept
