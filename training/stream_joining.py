"""Separate clips of one person as one continuous recording, with pauses between them, where a set has no real ones.

A clip keeps its real duration, its movement through the room and its heading as far as clips keep them. It is put on the
floor where the clip before it ended: its feet at height 0, its first pose above the last one's place. In a pause the person
holds the last pose, goes over to the next clip's first pose on the smoothest way (minimum jerk: Flash & Hogan, Journal of
Neuroscience 5(7), 1985), each joint in a straight line, and holds that. Noise of the sensor lies over all of it, so that a
pause is not known by its silence.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import resample
from skel.skeleton.layouts import SkeletonLayout
from skel.skeleton.recording import Recording, Segment
from skel.training.stream_config import StreamOptions

FPS = 30.0
_PLACE_M = (0.0, 0.0, 2.5)  # where the person stands at first, before a sensor at the floor
_FEET = ("LeftFoot", "RightFoot", "LeftAnkle", "RightAnkle")

Poses = npt.NDArray[np.floating[Any]]


def join_clips(
    bodies: npt.NDArray[np.float32],
    durations_s: npt.NDArray[np.float64],
    labels: Sequence[str],
    layout: SkeletonLayout,
    options: StreamOptions,
    rng: np.random.Generator,
) -> Recording:
    """One recording of bodies (N, 3, T, V), in random order: pause, clip, pause, …, pause; each clip is a segment."""
    order = rng.permutation(len(bodies))
    moves = [_in_real_time(bodies[i], float(durations_s[i])) for i in order]
    moves = _one_after_the_other(moves, [layout.index(joint) for joint in _FEET], layout.centre)
    parts, segments = [], []
    frames = 0
    for before, move, i in zip([moves[0][:1], *moves], moves, order):
        parts += [_pause(before[-1], move[0], options, rng), move]
        start = frames + len(parts[-2])
        frames = start + len(move)
        segments.append(Segment(start / FPS, frames / FPS, labels[i]))
    parts.append(_pause(moves[-1][-1], moves[-1][-1], options, rng))
    positions_m = np.concatenate(parts)
    positions_m += options.noise_m * rng.standard_normal(positions_m.shape)
    times_s = np.arange(len(positions_m)) / FPS
    return Recording(positions_m.astype(np.float32)[:, None], times_s, layout, FPS, "joined clips", tuple(segments))


def _in_real_time(body: npt.NDArray[np.float32], duration_s: float) -> Poses:
    """(3, T, V), whose instants lie at the middle of their share of the duration, as (frames, V, 3) at 30 a second."""
    T, frames = body.shape[1], max(round(duration_s * FPS), 2)
    instants_s = (np.arange(T) + 0.5) * duration_s / T
    return resample(body.transpose(1, 2, 0).astype(np.float64), instants_s, (np.arange(frames) + 0.5) * duration_s / frames)


def _one_after_the_other(moves: Sequence[Poses], feet: Sequence[int], centre: int) -> list[Poses]:
    """Each on the floor, beginning where the one before it ended."""
    placed, place = [], np.array(_PLACE_M)
    for move in moves:
        shift = place - move[0, centre]
        shift[1] = -np.median(move[:, feet, 1].min(axis=1))  # the floor: a foot may be lifted, or badly tracked, for a while
        placed.append(move + shift)
        place = placed[-1][-1, centre]
    return placed


def _pause(last: Poses, following: Poses, options: StreamOptions, rng: np.random.Generator) -> Poses:
    """(frames, V, 3): held for a third, on the way for a third, held for a third."""
    frames = max(round(rng.uniform(*options.pause_s) * FPS), 1)
    t = np.clip(3 * (np.arange(frames) + 0.5) / frames - 1, 0, 1)[:, None, None]
    return np.asarray(last + (10 * t**3 - 15 * t**4 + 6 * t**5) * (following - last))
