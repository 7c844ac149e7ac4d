"""From continuous recordings with labelled segments to clips."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from skel.sensors.actor_motions import IDLE
from skel.skeleton.recording import Recording, Segment
from skel.training.dataset import Part
from skel.training.raw import Excluded, RawClip

_CLIP_OF_RECORDING = re.compile(r"(.+?)(?:(?:_idle)?_\d+|C\d{3}L\d{3})")  # the last: PKU-MMD's own names
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 3.0  # of an idle clip; what is longer is cut into equal pieces


def runs(labels: npt.NDArray[np.int64], fps: float, names: Sequence[str]) -> tuple[Segment, ...]:
    """Labels (T,) of single frames as segments: 0 is nothing, k is `names[k - 1]`; equal neighbours are one segment."""
    edges = np.flatnonzero(np.diff(labels)) + 1
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [len(labels)]])
    return tuple(
        Segment(int(start) / fps, int(end) / fps, names[labels[start] - 1])
        for start, end in zip(starts, ends)
        if labels[start]
    )


def pauses(recording: Recording) -> tuple[Segment, ...]:
    """The time that no segment covers, in pieces of 1 to 3 seconds, labelled idle."""
    found, free_from_s = [], 0.0
    for segment in (*sorted(recording.segments, key=lambda s: s.start_s), Segment(recording.duration_s, np.inf, "")):
        length_s = segment.start_s - free_from_s
        if length_s >= _SHORTEST_PAUSE_S:
            count = int(np.ceil(length_s / _LONGEST_PAUSE_S))
            edges = np.linspace(free_from_s, segment.start_s, count + 1)
            found += [Segment(float(start), float(end), IDLE) for start, end in pairwise(edges)]
        free_from_s = max(free_from_s, segment.end_s)
    return tuple(found)


def cut(
    name: str, recording: Recording, segments: Sequence[Segment], subject: int, parts: Mapping[str, Part]
) -> Iterator[RawClip | Excluded]:
    """One clip a segment, called `name` and its number; a segment without a frame is left out."""
    times_s = recording.times_s - recording.times_s[0]
    for number, segment in enumerate(segments):
        frames = slice(*np.searchsorted(times_s, (segment.start_s - 1e-6, segment.end_s - 1e-6)))
        clip = f"{name}_{number:03d}"
        if frames.start >= frames.stop:
            yield Excluded(clip, f"no frame lies between {segment.start_s:g} and {segment.end_s:g} s")
            continue
        yield RawClip(
            name=clip,
            positions_m=recording.positions_m[frames],
            layout=recording.layout,
            fps=recording.fps,
            label=segment.label,
            subject=subject,
            parts=parts,
            times_s=recording.times_s[frames],
        )


def recording_of(clip: str) -> str:
    """The name of the recording that a clip of this name was cut from; of a clip that was not cut, its own."""
    match = _CLIP_OF_RECORDING.fullmatch(clip)
    return match[1] if match else clip
