"""Preparation in blocks: the same for any number of processes, and gone on with after a stop."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from raw_files import listed, people, skeleton_text, write_ntu
from test_prepare import DEFAULT, contents, prepared, recorded

from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.recording import save_recording
from skel.training import blocks
from skel.training.blocks import Item, cut_into_blocks
from skel.training.dataset import PARTS, load_split
from skel.training.prepare import prepare


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """24 files in blocks of 5."""
    monkeypatch.setattr(blocks, "MOST_FILES", 5)
    write_ntu(tmp_path / "raw", (1, 2), frames=8)
    return tmp_path / "raw"


@pytest.fixture
def read(monkeypatch):
    """The names of the files that this process has read."""
    names = []
    make = blocks._make_block

    def spy(reading, source, config, work, number, of_block):
        make(lambda name: names.append(name) or reading(name), source, config, work, number, of_block)

    monkeypatch.setattr(blocks, "_make_block", spy)
    return names


def stop_in_the_fourth_block(raw, out, monkeypatch):
    """Ctrl-C there."""
    make, made = blocks._make_block, []

    def until(*arguments):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(make(*arguments))

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_make_block", until)
        with pytest.raises(KeyboardInterrupt):
            prepared("ntu60", raw, out)


def test_blocks_are_bounded():
    names = [list("ab"), list("c"), list("de")]
    items = [Item(name, size) for name, size in zip("abcde", (10, 20, 70_000_000, 1, 2))]
    assert cut_into_blocks(items) == names
    assert [len(block) for block in cut_into_blocks([Item(str(i), 1) for i in range(150)])] == [64, 64, 22]


def test_processes_do_not_change_the_result(raw, tmp_path):
    for jobs in (1, 2):
        prepared("ntu60", raw, tmp_path / str(jobs), jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(load_split(tmp_path / "2" / "xview", "train")) == 16


def test_what_was_done_is_not_done_again(raw, tmp_path, monkeypatch, read):
    prepared("ntu60", raw, tmp_path / "whole")
    assert len(read) == 24
    stop_in_the_fourth_block(raw, tmp_path / "out", monkeypatch)
    assert not (tmp_path / "out" / "xsub").exists()
    read.clear()
    prepared("ntu60", raw, tmp_path / "out")
    assert len(read) == 24 - 15
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize("what", ["file", "settings"])
def test_what_has_changed_is_done_anew(raw, tmp_path, monkeypatch, read, what):
    stop_in_the_fourth_block(raw, tmp_path / "out", monkeypatch)
    read.clear()
    if what == "file":
        os.utime(next(raw.iterdir()), (0, 0))
        prepared("ntu60", raw, tmp_path / "out")
        assert len(read) == 24
    else:
        prepared("ntu60", raw, tmp_path / "out", exclude=("S001C001P001R001A001",))
        assert len(read) == 24


def test_a_half_written_block_does_not_count(raw, tmp_path, monkeypatch, read):
    stop_in_the_fourth_block(raw, tmp_path / "out", monkeypatch)
    (work,) = (tmp_path / "out").glob(".preparing-*")
    (work / "000001.json").unlink()
    (work / "000001.npy").write_bytes(b"half")
    read.clear()
    prepared("ntu60", raw, tmp_path / "out")
    assert len(read) == 24 - 10


def test_a_kill_at_any_moment_is_gone_on_from(tmp_path):
    """The command itself, with its processes, killed as soon as there is a finished block."""
    write_ntu(tmp_path / "raw", range(1, 14), subjects=(1, 3), actions=(1, 2), frames=20)
    arguments = ["prepare", "ntu60", "--raw", str(tmp_path / "raw"), "--out", str(tmp_path / "out"), "--jobs", "2"]
    command = [sys.executable, "-c", "from skel.training.data_cli import main; main()", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and not list((tmp_path / "out").glob(".preparing-*/0*.json")):
        time.sleep(0.002)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    prepared("ntu60", tmp_path / "raw", tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*")), "nor what kept others out"
    prepared("ntu60", tmp_path / "raw", tmp_path / "whole")
    for split in ("xsub", "xview"):
        for file in ("train_position.npy", "val_position.npy", "train_label.pkl", "val_label.pkl"):
            assert (tmp_path / "out" / split / file).read_bytes() == (tmp_path / "whole" / split / file).read_bytes()


def test_a_worker_that_dies_is_one_line(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "_start_worker", os._exit)
    source = recorded("ntu60", raw)
    with pytest.raises(UserError, match=r"a worker process was killed.*--jobs 1 needs less"):
        blocks.make_blocks(source, source.items(), DEFAULT, tmp_path / "work", "1", jobs=2)


def test_a_second_preparation_into_the_same_folder_is_refused_at_once(raw, tmp_path, monkeypatch):
    make, refused = blocks._make_block, []

    def meanwhile(*arguments):
        if not refused:
            work, done = tmp_path / "out", contents(tmp_path / "out")
            refused.append(work)
            with pytest.raises(UserError, match="out is being prepared by another process: wait for it"):
                prepared("ntu60", raw, work, exclude=("S001C001P001R001A001",))
            assert contents(work) == done
        make(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_make_block", meanwhile)
        prepared("ntu60", raw, tmp_path / "out")
    assert refused
    prepared("ntu60", raw, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def spoil_text(path, before, number):
    """Put another number in the place of the first position, which comes behind such text."""
    content, count = re.subn(rf"({before})-?[\d.]+", rf"\g<1>{number}", path.read_bytes().decode(), count=1)
    assert count == 1
    path.write_bytes(content.encode())


def spoil_matlab(path, number):
    scipy_io = pytest.importorskip("scipy.io")
    world = scipy_io.loadmat(path)["S_K2"]["world"][0, 0]
    world[0, 0, 0] = number
    scipy_io.savemat(path, {"S_K2": {"world": world}})


def spoil_array(path, number):
    positions = np.load(path)
    positions[0, 0, 0] = number
    np.save(path, positions)


@pytest.mark.parametrize(
    ("dataset", "file", "spoil"),
    [
        ("ntu60", "S001C001P001R001A001.skeleton", lambda path: spoil_text(path, r"\n25\r\n", "1e39")),
        ("pku-mmd", "0002-L.txt", lambda path: spoil_text(path, "^", "1e39")),
        ("nw-ucla", "a01_s01_e00_v01.json", lambda path: spoil_text(path, r"\[\[\[", "1e39")),
        ("nw-ucla", "a01_s01_e00_v01.json", lambda path: spoil_text(path, r"\[\[\[", "-Infinity")),
        ("utd-mhad-kinect2", "a1_s1_t1_skel_K2.mat", lambda path: spoil_matlab(path, np.inf)),
        ("utd-mhad-kinect2", "a1_s1_t1_skel_K2.mat", lambda path: spoil_matlab(path, -1e39)),
        ("recordings", "jump 0.npy", lambda path: spoil_array(path, 3e38)),
    ],
)
def test_a_number_that_is_no_position_costs_its_file_alone(dataset, file, spoil, miniature, tmp_path):
    raw = miniature(dataset)
    path = next(path for path in raw.rglob(file) if "Label" not in path.parent.name)
    spoil(path)
    for one in prepared(dataset, raw, tmp_path / "out"):
        meta = json.loads((one.folder / "meta.json").read_text())
        reason = "holds positions that are no metres"
        assert meta["excluded"] == [{"file": path.relative_to(raw).as_posix(), "reason": reason}]
        assert meta["excluded_count"] == 1
        assert all(len(load_split(one.folder, part)) for part in PARTS)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_times_that_no_clip_can_be_made_of_cost_their_file_alone(miniature, tmp_path):
    raw = miniature("recordings")
    save_recording(raw / "jump 9", replace(perform(0, 0.1), times_s=np.array([-1.5e308, 0, 1.5e308])))
    (one,) = prepared("recordings", raw, tmp_path / "out")
    assert [(item.file, item.reason) for item in one.excluded] == [("jump 9.npy", "gives a clip that is not finite")]


def test_missing_joints_are_counted(tmp_path):
    for number, camera in enumerate((1, 2)):
        person = people(number, 20)
        person[:5, 0, 7] = np.nan
        (tmp_path / f"S001C00{camera}P001R001A001.skeleton").write_bytes(skeleton_text(listed(person)))
    (one,) = prepare(recorded("ntu60", tmp_path), tmp_path / "out", DEFAULT, {}, ["xview"])
    shares = dict(one.parts["train"].extra["missing_joints"])
    assert shares.pop("LeftHand") == 0.25
    assert set(shares.values()) == {0}
