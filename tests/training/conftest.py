"""Miniature raw data sets in their authors' formats, so that the readers are tested whole without the real ones."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # raw_files

from raw_files import write_ntu, write_pku

from skel.sensors.synthetic import perform
from skel.skeleton.layouts import KINECT20, NTU25
from skel.skeleton.recording import save_recording
from skel.training.dataset import load_split, save_split

AS_NTU25 = {"HipCenter": "SpineBase", "Spine": "SpineMid", "ShoulderCenter": "SpineShoulder"}
UTD_MHAD_ORDER = ("Head", "ShoulderCenter", "Spine", "HipCenter", *KINECT20.joints[4:])


def movement(number: int, frames: int) -> np.ndarray:
    """(frames, 25, 3) of a person who differs with the number."""
    return perform(number, frames / 30).positions_m[:, 0].astype(np.float64)


def movement_kinect20(number: int, frames: int) -> np.ndarray:
    """The same as a Kinect v1 would see it, in its SDK's order."""
    columns = [NTU25.index(AS_NTU25.get(joint, joint)) for joint in KINECT20.joints]
    return movement(number, frames)[:, columns]


def utd_mhad_kinect2(folder: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    for number, (action, subject) in enumerate([(1, 1), (10, 1), (1, 2), (10, 2)]):
        joints = movement(number, 12 + number)
        body = {"world": joints.transpose(1, 2, 0), "screen": joints[..., :2].transpose(1, 2, 0)}
        scipy_io.savemat(folder / f"a{action}_s{subject}_t1_skel_K2.mat", {"S_K2": body}, do_compression=True)


def utd_mhad(folder: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    (folder / "Skeleton").mkdir()
    (folder / "Skeleton" / "Skeleton_joint_order.txt").write_text("1. head;")
    for number, (action, subject) in enumerate([(1, 1), (27, 3), (1, 2), (27, 8)]):
        joints = movement_kinect20(number, 12 + number)
        joints = joints[:, [KINECT20.index(joint) for joint in UTD_MHAD_ORDER]]
        name = f"a{action}_s{subject}_t4_skeleton.mat"
        scipy_io.savemat(folder / "Skeleton" / name, {"d_skel": joints.transpose(1, 2, 0)}, do_compression=True)


def nw_ucla(folder: Path) -> None:
    (folder / "all_sqe").mkdir()
    for number, (action, view) in enumerate([("01", 1), ("12", 2), ("01", 3), ("12", 3)]):
        joints = movement_kinect20(number, 12 + number).round(6)
        joints[3, 7] = 0  # not tracked
        name = f"a{action}_s01_e00_v{view:02d}"
        content = {"file_name": name, "skeletons": joints.tolist(), "label": int(action)}
        (folder / "all_sqe" / f"{name}.json").write_text(json.dumps(content))


def ntu(folder: Path, setups: tuple[int, ...] = (1,)) -> None:
    write_ntu(folder / "nturgb+d_skeletons", setups, cameras=(1, 2), subjects=(1, 3))


def precog(folder: Path) -> None:
    names = [
        f"{j[5:]}Right" if j.startswith("Right") else f"{j[4:]}Left" if j.startswith("Left") else j for j in KINECT20.joints
    ]
    for number, subject in enumerate((1, 9)):
        joints, labels = movement_kinect20(number, 120), np.repeat([0, 3, 0, 8], (40, 30, 20, 30))
        rows = [";".join(" ".join(f"{v:.6f}" for v in joint) for joint in frame) for frame in joints]
        lines = ["; ".join(names), *(f"{row};{label}" for row, label in zip(rows, labels))]
        (folder / f"Seq1_{subject}.csv").write_text("\n".join(lines) + "\n")


def recordings(folder: Path) -> None:
    for number in range(4):
        save_recording(folder / f"take_{number}", perform(number, 12, script=("wave", "clap")))
    for number in range(4):
        np.save(folder / f"jump {number}.npy", movement(number, 30))


WRITERS = {
    "ntu60": ntu,
    "ntu120": lambda folder: ntu(folder, (1, 18)),
    "pku-mmd": write_pku,
    "pku-mmd-2": lambda folder: write_pku(folder, part=2),
    "precog": precog,
    "recordings": recordings,
    "utd-mhad-kinect2": utd_mhad_kinect2,
    "utd-mhad": utd_mhad,
    "nw-ucla": nw_ucla,
}


@pytest.fixture
def miniature(tmp_path):
    """A function: data set's name → folder with a few recordings of both parts in its raw format."""

    def write(dataset: str) -> Path:
        folder = tmp_path / f"raw-{dataset}"
        folder.mkdir()
        WRITERS[dataset](folder)
        return folder

    return write


@pytest.fixture
def acted(prepared, tmp_path):
    """The same clips, by four people."""
    parts = {part: load_split(prepared, part) for part in ("train", "val")}
    parts = {part: replace(clips, subjects=np.arange(len(clips)) // 3 % 4) for part, clips in parts.items()}
    save_split(tmp_path / "acted", parts, [], {})
    return tmp_path / "acted"
