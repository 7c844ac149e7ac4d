"""PRECOG 2016: 72 continuous recordings = 12 subjects × 6 sequences of 5 actions, Kinect v1 at 30 frames a second.

`SeqQ_S.csv`, sequence Q by subject S: a header with the Kinect v1 SDK's joint names, then one row a frame, joints as
"x y z" in metres between semicolons, and last the label: 0 = nothing, 1 to 8 the actions. Axes are ours (checked: the left
shoulder's x is below the right's). The files do not name the actions, kinds of punches and kicks: they are called action 1
to 8.

Jardim: PRECOG Dataset 2016 (MIT licence, its README). The set has no protocol: ours trains on subjects 1 to 8.
"""

import re
from collections.abc import Iterable

import numpy as np

from skel.skeleton.layouts import KINECT20
from skel.skeleton.recording import Recording
from skel.training.dataset import Part
from skel.training.raw import BadRecording, Found, Opened, Options, RawFiles, Reader, Untrimmed, numbers
from skel.training.segments import cut, pauses, runs

_ACTIONS = tuple(f"action {number}" for number in range(1, 9))
_FILES = re.compile(r"(Seq\d_(?P<subject>\d\d?))\.csv")
_FPS = 30.0
_TRAIN_SUBJECTS = range(1, 9)


def _open(files: RawFiles, options: Options) -> Opened:
    matches = files.matching(_FILES)

    def read(name: str) -> Iterable[Found]:
        match, subject = matches[name], int(matches[name]["subject"])
        recording = parse(files.read(name))
        parts: dict[str, Part] = {"xsub": "train" if subject in _TRAIN_SUBJECTS else "val"}
        yield Untrimmed(match[1], recording, parts)
        segments = (*recording.segments, *(pauses(recording) if options.pauses else ()))
        yield from cut(match[1], recording, segments, subject, parts)

    return Opened(list(matches), read)


def parse(content: bytes) -> Recording:
    """One file; `BadRecording` where it is empty or something else."""
    header, _, rows = content.partition(b"\n")
    joints = [_ours(name.strip()) for name in header.decode("utf-8-sig", "replace").split(";")]
    if sorted(joints) != sorted(KINECT20.joints):
        raise BadRecording("does not begin with the names of Kinect v1's 20 joints")
    values, columns = numbers(rows.replace(b";", b" ")), 3 * len(joints) + 1
    if not rows.strip() or len(values) % columns:
        raise BadRecording(f"is not rows of {len(joints)} joints and a label" if rows.strip() else "has no frame")
    values = values.reshape(-1, columns)
    labels = values[:, -1].astype(np.int64)
    if not np.isin(values[:, -1], range(len(_ACTIONS) + 1)).all():
        raise BadRecording(f"has labels outside 0 to {len(_ACTIONS)}")
    positions_m = values[:, :-1].reshape(-1, 1, len(joints), 3)[:, :, [joints.index(joint) for joint in KINECT20.joints]]
    # Nothing can be at distance 0 from the sensor.
    positions_m[positions_m[..., 2] == 0] = np.nan
    times_s = np.arange(len(values)) / _FPS
    return Recording(positions_m.astype(np.float32), times_s, KINECT20, _FPS, "Kinect v1", runs(labels, _FPS, _ACTIONS))


def _ours(joint: str) -> str:
    """ShoulderLeft → LeftShoulder."""
    side = re.fullmatch(r"(\w+)(Left|Right)", joint)
    return side[2] + side[1] if side else joint


READER = Reader(("xsub",), _ACTIONS, _FILES, "Seq1_1.csv", _open)
