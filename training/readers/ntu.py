"""NTU RGB+D and NTU RGB+D 120: 56,880 and 114,480 clips, 60 and 120 actions, Kinect v2 at 30 frames a second.

`SsssCccrPpppRrrrAaaa.skeleton`: setup, camera, performer, repetition, action. Text: `skeleton_text`.

Shahroudy, Liu, Ng, Wang: NTU RGB+D, CVPR 2016: x-sub trains on 20 of the 40 subjects, x-view on cameras 2 and 3.
Liu, Shahroudy, Perez, Wang, Duan, Kot: NTU RGB+D 120, TPAMI 42(10), 2020, section 3.2: x-sub trains on 53 of
the 106 subjects, x-set on the setups with an even number.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from skel.skeleton.layouts import NTU25
from skel.training.dataset import Part
from skel.training.people import main_people
from skel.training.raw import Found, Opened, Options, RawClip, RawFiles, Reader
from skel.training.readers.ntu_classes import NTU60_CLASSES, NTU120_CLASSES
from skel.training.readers.skeleton_text import first_listed, parse, tracks
from skel.training.reference import reference_positions

# fmt: off
_SUBJECTS_60 = frozenset({1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38})
_SUBJECTS_120 = _SUBJECTS_60 | {
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97,
    98, 100, 103,
}
# fmt: on
_FILES_60 = re.compile(
    r"(S(?P<setup>00[1-9]|01[0-7])C(?P<camera>00[1-3])P(?P<subject>\d{3})R\d{3}A(?P<action>0[0-5]\d|060))\.skeleton"
)
_FILES_120 = re.compile(
    r"(S(?P<setup>0[0-2]\d|03[0-2])C(?P<camera>00[1-3])P(?P<subject>\d{3})R\d{3}A(?P<action>0\d\d|1[01]\d|120))\.skeleton"
)
_FPS = 30.0


def _open(
    pattern: re.Pattern[str],
    classes: tuple[str, ...],
    parts: Callable[[re.Match[str]], dict[str, Part]],
    files: RawFiles,
    options: Options,
) -> Opened:
    matches = files.matching(pattern)

    def read(name: str) -> Iterable[Found]:
        match, listed = matches[name], parse(files.read(name))
        if options.people == "reference":
            positions_m = reference_positions(first_listed(listed))
        else:
            positions_m = main_people(tracks(listed))
        return [
            RawClip(
                name=match[1],
                positions_m=positions_m if positions_m.shape[1] else np.full((1, 1, len(NTU25), 3), np.nan),
                layout=NTU25,
                fps=_FPS,
                label=classes[int(match["action"]) - 1],
                subject=int(match["subject"]),
                parts=parts(match),
            )
        ]

    return Opened(list(matches), read)


def _parts_60(match: re.Match[str]) -> dict[str, Part]:
    return {
        "xsub": "train" if int(match["subject"]) in _SUBJECTS_60 else "val",
        "xview": "val" if match["camera"] == "001" else "train",
    }


def _parts_120(match: re.Match[str]) -> dict[str, Part]:
    return {
        "xsub": "train" if int(match["subject"]) in _SUBJECTS_120 else "val",
        "xset": "val" if int(match["setup"]) % 2 else "train",
    }


_EXAMPLE = "S001C001P001R001A001.skeleton"
NTU60 = Reader(
    ("xsub", "xview"),
    NTU60_CLASSES,
    _FILES_60,
    _EXAMPLE,
    partial(_open, _FILES_60, NTU60_CLASSES, _parts_60),
    several_people=True,
)
NTU120 = Reader(
    ("xsub", "xset"),
    NTU120_CLASSES,
    _FILES_120,
    _EXAMPLE,
    partial(_open, _FILES_120, NTU120_CLASSES, _parts_120),
    several_people=True,
)
