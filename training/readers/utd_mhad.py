"""UTD-MHAD: 861 clips, 27 actions, 8 subjects, Kinect v1 at 30 frames a second.

`aI_sJ_tK_skeleton.mat` holds `d_skel` (20, 3, T) in metres, in a joint order of its own. Axes are ours (checked on all
files: the left shoulder's x is below the right's, the head is above the hips, "swipe right" moves the right hand to +x, the
actor's own right, and clockwise circles turn clockwise as the actor sees them).

Chen, Jafari, Kehtarnavaz: UTD-MHAD, a multimodal dataset for human action recognition, ICIP 2015. Protocol of the paper: odd
subjects train, even subjects validate.
"""

import re

from skel.skeleton.layouts import KINECT20
from skel.training.raw import RawClip, Reader, each_file
from skel.training.readers.matlab import load_positions

_CLASSES: tuple[str, ...] = (
    "swipe left",
    "swipe right",
    "wave",
    "clap",
    "throw",
    "arms cross",
    "basketball shoot",
    "draw X",
    "draw circle clockwise",
    "draw circle counter-clockwise",
    "draw triangle",
    "bowling",
    "boxing",
    "baseball swing",
    "tennis swing",
    "arm curl",
    "tennis serve",
    "push",
    "knock",
    "catch",
    "pick up and throw",
    "jog",
    "walk",
    "sit to stand",
    "stand to sit",
    "lunge",
    "squat",
)
_FILES = re.compile(r"(a(?P<action>1\d|2[0-7]|[1-9])_s(?P<subject>\d+)_t\d+)_skeleton\.mat")

# Skeleton_joint_order.txt of the data set: the spine comes from the top down, the limbs as in the Kinect v1 SDK.
_SPINE = ("Head", "ShoulderCenter", "Spine", "HipCenter")
_ORDER = _SPINE + KINECT20.joints[4:]
_TO_KINECT20 = [_ORDER.index(joint) for joint in KINECT20.joints]


def read(name: re.Match[str], content: bytes) -> RawClip:
    """One clip of one body."""
    subject = int(name["subject"])
    positions_m = load_positions(content, "d_skel", len(KINECT20))
    return RawClip(
        name=name[1],
        positions_m=positions_m[:, None, _TO_KINECT20],
        layout=KINECT20,
        fps=30.0,
        label=_CLASSES[int(name["action"]) - 1],
        subject=subject,
        parts={"xsub": "train" if subject % 2 else "val"},
    )


READER = Reader(("xsub",), _CLASSES, _FILES, "a1_s1_t1_skeleton.mat", each_file(_FILES, read))
