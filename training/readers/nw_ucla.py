"""Northwestern-UCLA Multiview Action 3D: 1,484 clips, 10 actions, 10 subjects, 3 views at once, Kinect v1.

`aAA_sSS_eEE_vVV.json` holds `skeletons` (T, 20, 3) in metres, in the Kinect v1 SDK's joint order and axes, which are ours
(checked: in that order bone lengths are human and alike on both sides, the left shoulder's x is below the right's in 98.6 %
of frames, and right × up points away from the toes). All three cameras look down by 10° to 18°. That is left as it is, since
a live camera is tilted too. Two clips have joints at (0, 0, 0) in one frame: not tracked. Two clips have a single frame.

In the files in circulation view 3 of a02 and a03 is a copy of view 2 (95 of the 464 validation clips), so any accuracy by
this protocol is flattered. They are kept, for comparison with what others publish.

Wang, Nie, Xia, Wu, Zhu: Cross-view action modeling, learning and recognition, CVPR 2014. Protocol of the paper: views 1 and
2 train, view 3 validates.
"""

import json
import re

import numpy as np

from skel.skeleton.layouts import KINECT20
from skel.training.raw import BadRecording, RawClip, Reader, each_file

_ACTIONS = {
    "01": "pick up with one hand",
    "02": "pick up with two hands",
    "03": "drop trash",
    "04": "walk around",
    "05": "sit down",
    "06": "stand up",
    "08": "donning",
    "09": "doffing",
    "11": "throw",
    "12": "carry",
}
_CLASSES: tuple[str, ...] = tuple(_ACTIONS.values())
_FILES = re.compile(rf"(a(?P<action>{'|'.join(_ACTIONS)})_s(?P<subject>\d+)_e\d+_v0?(?P<view>[123]))\.json")


def read(name: re.Match[str], content: bytes) -> RawClip:
    """One clip of one body."""
    try:
        positions_m = np.array(json.loads(content)["skeletons"], np.float64)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BadRecording(f"is not a JSON object with skeletons ({error})") from error
    if positions_m.ndim != 3 or positions_m.shape[1:] != (len(KINECT20), 3):
        raise BadRecording(f"holds {positions_m.shape}, expected (T, {len(KINECT20)}, 3)")
    # Nothing can be at distance 0 from the sensor.
    positions_m[positions_m[..., 2] == 0] = np.nan
    return RawClip(
        name=name[1],
        positions_m=positions_m[:, None],
        layout=KINECT20,
        fps=30.0,
        label=_ACTIONS[name["action"]],
        subject=int(name["subject"]),
        parts={"xview": "val" if name["view"] == "3" else "train"},
    )


READER = Reader(("xview",), _CLASSES, _FILES, "a01_s01_e00_v01.json", each_file(_FILES, read))
