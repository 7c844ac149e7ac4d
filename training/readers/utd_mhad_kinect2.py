"""UTD-MHAD, the Kinect v2 part: 300 clips = 10 actions × 6 subjects × 5 trials, 30 frames a second.

`aI_sJ_tK_skel_K2.mat` holds `S_K2.world` (25, 3, T) in metres. Joints and axes are those of Kinect v2, which are ours
(checked on all 300 files: the left shoulder's x is below the right's, the head is above the hips, and every action named
after the right hand moves that hand more than the left).

Chen, Jafari, Kehtarnavaz: UTD-MHAD, a multimodal dataset for human action recognition, ICIP 2015. Protocol: odd subjects
train, even subjects validate.
"""

import re

from skel.skeleton.layouts import NTU25
from skel.training.raw import RawClip, Reader, each_file
from skel.training.readers.matlab import load_positions

_CLASSES: tuple[str, ...] = (
    "right hand high wave",
    "right hand catch",
    "right hand high throw",
    "right hand draw X",
    "right hand draw tick",
    "right hand draw circle",
    "right hand horizontal wave",
    "right hand forward punch",
    "right hand hammer",
    "hand clap",
)
_FILES = re.compile(r"(a(?P<action>10|[1-9])_s(?P<subject>\d+)_t\d+)_skel_K2\.mat")


def read(name: re.Match[str], content: bytes) -> RawClip:
    """One clip of one body."""
    subject = int(name["subject"])
    return RawClip(
        name=name[1],
        positions_m=load_positions(content, "S_K2", len(NTU25), field="world")[:, None],
        layout=NTU25,
        fps=30.0,
        label=_CLASSES[int(name["action"]) - 1],
        subject=subject,
        parts={"xsub": "train" if subject % 2 else "val"},
    )


READER = Reader(("xsub",), _CLASSES, _FILES, "a1_s1_t1_skel_K2.mat", each_file(_FILES, read))
