"""Figures that papers report for the encoder and the protocols that are reproduced here: top-1, in percent."""

from typing import Literal

from skel.models.streams import Stream
from skel.training.config import Table

Protocol = Literal["linear", "labels-1", "labels-10", "finetune", "supervised"]
Entry = Stream | Literal["3s"]

TITLES: dict[Protocol, str] = {
    "linear": "linear evaluation",
    "labels-1": "1 % of the labels",
    "labels-10": "10 % of the labels",
    "finetune": "fine-tuned, all labels",
    "supervised": "supervised from scratch",
}

# AimCLR (Guo et al., AAAI 2022), with the linear evaluation of the authors' later, public code; supervised: 3s-ST-GCN as
# given there.
PUBLISHED: dict[Table, dict[Protocol, dict[Entry, float]]] = {
    "ntu60-xsub": {
        "linear": {"joint": 74.34, "motion": 68.68, "bone": 71.87, "3s": 79.18},
        "labels-1": {"3s": 54.8},
        "labels-10": {"3s": 78.2},
        "finetune": {"3s": 86.9},
        "supervised": {"3s": 85.2},
    },
    "ntu60-xview": {
        "linear": {"joint": 79.68, "motion": 71.83, "bone": 77.02, "3s": 84.02},
        "labels-1": {"3s": 54.3},
        "labels-10": {"3s": 81.6},
        "finetune": {"3s": 92.8},
        "supervised": {"3s": 91.4},
    },
    "pku1-xsub": {"linear": {"joint": 83.43, "motion": 72.00, "bone": 82.03, "3s": 87.79}},
}
SETS: dict[Table, tuple[str, str]] = {
    "ntu60-xsub": ("ntu60", "xsub"),
    "ntu60-xview": ("ntu60", "xview"),
    "pku1-xsub": ("pku-mmd", "xsub"),
}
