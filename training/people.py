"""Who is in a clip: bodies that are no people go, a person found again under another id is one, the most active come first.

Kinect lists furniture and reflections as bodies, and gives a person who was lost a new id. Where several bodies are listed,
one that is wider than 0.8 of its height in 69.754 % of its frames or more is noise, and so is one of 11 frames or fewer. The
ratio of the spreads in X and Y and the choice of the main subject by motion are of Shahroudy et al., NTU RGB+D, CVPR 2016;
the other thresholds of the preparation published with CTR-GCN (Chen et al., ICCV 2021), after Zhang et al., View adaptive
neural networks, TPAMI 2019.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.floating[Any]]

_FEW_FRAMES = 11
_WIDE = 0.8
_WIDE_SHARE = 0.69754
# A person who reappears within this distance of where another track ended, or is about to begin, is taken to be the same.
_SEAM_M = 0.5


def main_people(positions_m: Positions, most: int = 2) -> Positions:
    """The people of (T, M, V, 3) in order of their motion, `most` of them at most, as (T, m, V, 3).

    NaN = not tracked. If every body is noise, the most active one stays: a clip is never emptied.
    """
    seen = ~np.isnan(positions_m).all(axis=(2, 3))  # (T, M)
    bodies = [positions_m[:, m] for m in np.flatnonzero(seen.any(axis=0))]
    if len(bodies) > 1:
        people = [body for body in bodies if not is_noise(body)]
        bodies = _joined(people or [max(bodies, key=motion)])
    bodies = sorted(bodies, key=motion, reverse=True)[:most]
    return np.stack(bodies, axis=1) if bodies else positions_m[:, :0]


def is_noise(body: Positions) -> bool:
    """Whether (T, V, 3) is too short or too often too wide to be a person."""
    frames = body[~np.isnan(body).all(axis=(1, 2))]
    if len(frames) <= _FEW_FRAMES:
        return True
    spread = np.nanmax(frames, axis=1) - np.nanmin(frames, axis=1)  # (T, 3)
    return bool((spread[:, 0] > _WIDE * spread[:, 1]).mean() >= _WIDE_SHARE)


def motion(body: Positions) -> float:
    """How far the joints of (T, V, 3) are from their own means, in m² and on average over joints and all T frames.

    It is the variance of the joints over time, times the share of frames in which they are tracked: who comes late, or is a
    flicker, does not become the main person.
    """
    known = ~np.isnan(body)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, body, 0).sum(axis=0) / count
    return float((np.where(known, body - mean, 0) ** 2).sum(axis=(0, 2)).mean() / len(body))


def _joined(bodies: list[Positions]) -> list[Positions]:
    """Tracks that follow one another in time and place become one."""
    people: list[Positions] = []
    for body in sorted(bodies, key=lambda body: _span(body)[0]):
        start, _ = _span(body)
        place = _centre(body[start])
        before = [p for p in people if _span(p)[1] < start and np.linalg.norm(_centre(p[_span(p)[1]]) - place) < _SEAM_M]
        if before:
            latest = max(before, key=lambda p: _span(p)[1])
            latest[start:] = body[start:]
        else:
            people.append(body.copy())
    return people


def _span(body: Positions) -> tuple[int, int]:
    """First and last frame of a body that is tracked."""
    frames = np.flatnonzero(~np.isnan(body).all(axis=(1, 2)))
    return int(frames[0]), int(frames[-1])


def _centre(pose: Positions) -> Positions:
    return np.asarray(np.nanmean(pose, axis=0))
