"""The `.skeleton` text of NTU RGB+D: per frame a body count, and per body a header line and one line a joint.

A header line begins with the tracking id; a joint line begins with x y z in metres (Kinect v2 axes, which are ours) and ends
with the tracking state, 0 = not tracked (Shahroudy et al., CVPR 2016, and the code published with the set).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skel.skeleton.layouts import NTU25
from skel.training.raw import BadRecording, check_metres

_JOINTS = len(NTU25)
_COLUMNS = 12  # of a joint line as Kinect v2 writes it


@dataclass(frozen=True, eq=False)
class ListedBodies:
    """What the text lists, body after body.

    Attributes:
        frames: how many frames there are, those without anybody included.
        frame: (B,) the frame of each body listed, not decreasing.
        ids: (B,) its tracking id.
        positions_m: (B, 25, 3) float64, as written.
        untracked: (B, 25) where the file says that a joint is not tracked.
    """

    frames: int
    frame: npt.NDArray[np.int64]
    ids: tuple[int, ...]
    positions_m: npt.NDArray[np.float64]
    untracked: npt.NDArray[np.bool_]


def parse(content: bytes) -> ListedBodies:
    """Read one file; `BadRecording` where it is empty, cut short or something else."""
    lines = content.splitlines()
    if not lines or not content.strip():
        raise BadRecording("is empty")
    frame, ids, joints = [], [], []
    try:
        frames, at = _count(lines[0]), 1
        for number in range(frames):
            bodies = _count(lines[at])
            at += 1
            for _ in range(bodies):
                ids.append(int(lines[at].split(None, 1)[0]))
                if int(lines[at + 1]) != _JOINTS:
                    raise BadRecording(f"line {at + 2} announces {int(lines[at + 1])} joints, not {_JOINTS}")
                frame.append(number)
                joints += lines[at + 2 : at + 2 + _JOINTS]
                at += 2 + _JOINTS
        if at > len(lines):
            raise IndexError
        # Only x y z are converted: nine of the twelve numbers of a line are not needed.
        numbers = np.array([number for line in joints for number in line.split(None, 3)[:3]], np.float64)
        positions_m = numbers.reshape(-1, _JOINTS, 3)
    except IndexError:
        raise BadRecording(f"is cut short: {len(lines)} lines do not hold the {frames} frames it announces") from None
    except ValueError as error:
        raise BadRecording(f"is not skeleton text ({error})") from error
    if not np.isfinite(positions_m).all():
        raise BadRecording("holds joints that are not finite")
    check_metres(positions_m)
    states = [line.endswith(b" 0") and len(line.split()) == _COLUMNS for line in joints]
    untracked = np.array(states, bool).reshape(-1, _JOINTS)
    return ListedBodies(frames, np.array(frame, np.int64), tuple(ids), positions_m, untracked)


def _count(line: bytes) -> int:
    """`ValueError` where it is none."""
    count = int(line)
    if count < 0:
        raise ValueError(f"{count} is no count")
    return count


def tracks(listed: ListedBodies) -> npt.NDArray[np.float64]:
    """(T, M, 25, 3), one column a tracking id in order of appearance; NaN = not tracked."""
    column = {body: i for i, body in enumerate(dict.fromkeys(listed.ids))}
    positions_m = np.full((listed.frames, len(column), _JOINTS, 3), np.nan)
    seen = np.where(listed.untracked[..., None], np.nan, listed.positions_m)
    positions_m[listed.frame, [column[body] for body in listed.ids]] = seen
    return positions_m


def first_listed(listed: ListedBodies, bodies: int = 2) -> npt.NDArray[np.float32]:
    """(T, bodies, 25, 3): the first bodies listed in each frame, 0 where there is none, as the published parsing has it."""
    positions_m = np.zeros((listed.frames, bodies, _JOINTS, 3), np.float32)
    first = np.searchsorted(listed.frame, listed.frame)  # where the frame of each body begins
    place = np.arange(len(listed.frame)) - first
    chosen = place < bodies
    positions_m[listed.frame[chosen], place[chosen]] = listed.positions_m[chosen]
    return positions_m
