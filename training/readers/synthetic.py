"""Clips of the synthetic actor: whole actions and pauses, and windows cut anywhere as the live recogniser sees them.

Every recording is another person (size, tempo, heading, place) with another amount of noise; every fifth one validates.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from skel.sensors.synthetic import ACTIONS, IDLE, perform
from skel.skeleton.recording import Recording, Segment
from skel.training.raw import RawClip

SPLIT = "xsub"
CLASSES: tuple[str, ...] = (*ACTIONS, IDLE)
CLIPS_A_RECORDING = 40
VAL_EVERY = 5

_RECORDING_S = 60.0
_ACTIONS_SHARE, _PAUSES_SHARE = 0.4, 0.1  # of clips that are exactly one action or one pause; the others are windows
_WINDOW_S = (1.2, 3.0)
_MOST_JITTER_M, _MOST_OCCLUSION = 0.012, 0.15


def clips_of_recording(seed: int, recording: int, count: int) -> Iterator[RawClip]:
    """`count` clips out of recording number `recording`; the same numbers give the same clips bit for bit."""
    rng = np.random.default_rng([seed, recording])
    take = perform(
        int(rng.integers(2**31)),
        _RECORDING_S,
        jitter_m=rng.uniform(0, _MOST_JITTER_M),
        occlusion=rng.uniform(0, _MOST_OCCLUSION),
    )
    for i in range(count):
        start_s, end_s, label = _draw(rng, take)
        frames = slice(*np.searchsorted(take.times_s - take.times_s[0], (start_s, end_s)))
        yield RawClip(
            name=f"seed{seed}_recording{recording:04d}_clip{i:03d}",
            positions_m=take.positions_m[frames],
            layout=take.layout,
            fps=take.fps,
            label=label,
            subject=recording,
            parts={SPLIT: "val" if recording % VAL_EVERY == VAL_EVERY - 1 else "train"},
        )


def _draw(rng: np.random.Generator, take: Recording) -> tuple[float, float, str]:
    """(start, end, label) of one clip, in seconds from the recording's start."""
    kind = rng.random()
    if kind < _ACTIONS_SHARE:
        segment = take.segments[rng.integers(len(take.segments))]
        return segment.start_s, segment.end_s, segment.label
    if kind < _ACTIONS_SHARE + _PAUSES_SHARE:
        before = rng.integers(len(take.segments) - 1)
        return take.segments[before].end_s, take.segments[before + 1].start_s, IDLE
    while True:
        duration_s = rng.uniform(*_WINDOW_S)
        start_s = rng.uniform(0, take.duration_s - duration_s)
        label = label_of_window(start_s, start_s + duration_s, take.segments)
        if label is not None:
            return start_s, start_s + duration_s, label


def label_of_window(start_s: float, end_s: float, segments: Sequence[Segment]) -> str | None:
    """What a window shows.

    The action that takes most of it, if that fills at least 60 % of the window or at least 75 % of the action lies in the
    window; idle where at least 90 % of it is outside all actions; None where neither is clear.
    """
    shared_s = [max(0.0, min(end_s, s.end_s) - max(start_s, s.start_s)) for s in segments]
    if sum(shared_s) <= 0.1 * (end_s - start_s):
        return IDLE
    longest = int(np.argmax(shared_s))
    segment, share_s = segments[longest], shared_s[longest]
    if share_s >= 0.6 * (end_s - start_s) or share_s >= 0.75 * (segment.end_s - segment.start_s):
        return segment.label
    return None
