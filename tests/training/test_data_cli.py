import json
import sys
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.synthetic import perform
from skel.skeleton.recording import save_recording
from skel.training import blocks
from skel.training.data_cli import main
from skel.training.dataset import load_split
from skel.training.sources import READERS


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `skel-data`: its exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["skel-data", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_prepare_then_info(run, miniature, tmp_path):
    raw, out = miniature("nw-ucla"), tmp_path / "out"
    (raw / "a03_s01_e00_v01.json").write_text("{}")
    code, text, err = run("prepare", "nw-ucla", "--raw", raw, "--out", out, "--clip", "aimclr")
    assert code == 0
    assert str(out / "xview") in text
    assert "1 left out" in text
    assert err.startswith("left out a03_s01_e00_v01.json: ")
    assert load_split(out, "train").clip.yaw == "frame"

    code, text, _ = run("info", out, "--json")
    report = json.loads(text)
    assert code == 0
    assert report["dataset"] == "nw-ucla"
    assert report["provenance"]["command"].startswith("skel-data prepare nw-ucla --raw")
    assert report["excluded"][0]["file"] == "a03_s01_e00_v01.json"

    code, text, _ = run("info", out)
    assert code == 0
    assert "NTU25" in text


def test_prepare_synthetic(run, tmp_path):
    code, _, err = run("prepare", "synthetic", "--out", tmp_path, "--clips", 10, "--seed", 3)
    assert (code, err) == (0, "")
    assert len(load_split(tmp_path, "train")) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "nw-ucla", "--raw", "none.zip", "--out", "x"], "no such file or folder: none.zip"),
        (["info", "none"], "no such folder: none"),
        (["prepare", "synthetic", "--jobs", "-3", "--out", "x"], "--jobs must be 0 (one a core) or more, not -3"),
        (["prepare", "nw-ucla", "--raw", ".", "--jobs", "-1", "--out", "x"], "--jobs must be 0 (one a core) or more"),
        (["prepare", "recordings", "--raw", ".", "--fps", "0", "--out", "../x"], "--fps must be positive, not 0"),
        (["prepare", "synthetic", "--seed", "-1", "--out", "x"], "--seed must be between 0 and 4294967295, not -1"),
    ],
)
def test_bad_input_is_one_line_and_code_2(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1


def test_a_recording_in_place_of_its_folder_is_refused_as_what_it_is(run, miniature, tmp_path):
    path = miniature("recordings") / "take_0.npy"
    code, _, err = run("prepare", "recordings", "--raw", path, "--out", tmp_path / "out")
    assert (code, err) == (2, f"error: {path} is neither a folder nor a ZIP archive: give the folder it is in\n")
    code, _, err = run("info", path)
    expected = f"error: {path} is a file: give the folder of a prepared set, as skel-data prepare makes it\n"
    assert (code, err) == (2, expected)


def test_what_is_assumed_and_what_looks_wrong_is_said_once(run, miniature, tmp_path):
    raw, out = miniature("recordings"), tmp_path / "out"
    assumed = "assumed: frames, joints, xyz, NTU25, 30 frames a second, metres (jump 0.npy and 3 more)\n"
    assert run("prepare", "recordings", "--raw", raw, "--out", out)[2] == assumed
    _, text, err = run("prepare", "recordings", "--raw", raw, "--out", tmp_path / "slow", "--fps", 15)
    assert (err, "stay on their side" in text) == (assumed.replace("30 frames", "15 frames"), False)
    assert load_split(tmp_path / "slow", "train").durations_s.min() == pytest.approx(2)

    for path in raw.glob("*.npy"):
        np.save(path, 1000 * np.load(path))
    _, _, err = run("prepare", "recordings", "--raw", raw, "--out", tmp_path / "millimetres")
    assert err == f"{assumed}warning: bones are about 1000 times as long as people's: are the positions in metres?\n"
    for path in raw.glob("*.npy"):
        np.save(path, np.load(path) * (0.001, -0.001, 0.001))  # y is down
    _, _, err = run("prepare", "recordings", "--raw", raw, "--out", tmp_path / "axes")
    assert "warning: head above the hips in only" in err


def test_too_few_own_recordings_get_advice_that_helps(run, tmp_path):
    for name in ("wave", "clap"):
        save_recording(tmp_path / "raw" / name, perform(0, 1))
    (tmp_path / "raw" / "jump.npy").write_bytes(b"")
    two = "of at least one action there must be two recordings, one to learn from and one to be measured with"
    otherwise = "folders called train and val, or another --train-share of skel-data prepare, divide them otherwise"
    left_out = "1 left out, such as jump.npy: is not a .npy file: save it again with numpy.save"
    arguments = ("prepare", "recordings", "--raw", tmp_path / "raw", "--out", tmp_path / "out")
    none = f"error: there is no clip for the {{}} part of recordings own ({left_out}): {two}; {otherwise}\n"
    assert run(*arguments)[2] == none.format("val")
    assert run(*arguments, "--train-share", 0.01)[2] == none.format("train")
    for side, name in (("train", "wave"), ("val", "clap")):
        (tmp_path / "raw" / side).mkdir()
        for ending in (".npy", ".json"):
            (tmp_path / "raw" / f"{name}{ending}").rename(tmp_path / "raw" / side / f"{name}{ending}")
    assert run(*arguments)[0] == 0


def test_out_that_cannot_be_written(run, miniature, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = run("prepare", "nw-ucla", "--raw", miniature("nw-ucla"), "--out", tmp_path / "file")
    assert code == 2
    assert "cannot write" in err


def test_out_among_the_raw_files_is_refused(run, miniature, tmp_path, monkeypatch):
    raw = miniature("recordings")
    before = sorted(raw.rglob("*"))
    monkeypatch.chdir(raw)
    for out in (raw, raw / "out", Path("deep/er"), tmp_path / "elsewhere" / ".." / raw.name / "out"):
        code, _, err = run("prepare", "recordings", "--raw", raw, "--out", out)
        assert (code, err) == (2, f"error: --out {out} lies inside --raw {raw}: give another folder\n")
    assert sorted(raw.rglob("*")) == before


def test_raw_files_where_the_set_would_be_written_are_refused(run, miniature, tmp_path):
    """What a set holds besides is harmless, and so are raw files beside it."""
    kept = tmp_path / "out" / "own" / "recordings"
    miniature("recordings").rename(tmp_path / "kept")
    kept.parent.mkdir(parents=True)
    (tmp_path / "kept").rename(kept)
    before = sorted(kept.rglob("*"))
    for raw in (kept, kept.parent):
        code, _, err = run("prepare", "recordings", "--raw", raw, "--out", tmp_path / "out")
        assert (code, err) == (
            2,
            f"error: --raw {raw} lies where --out {tmp_path / 'out'} is written to: give another folder\n",
        )
    assert sorted(kept.rglob("*")) == before
    kept.rename(tmp_path / "out" / "raw")
    assert run("prepare", "recordings", "--raw", tmp_path / "out" / "raw", "--out", tmp_path / "out")[0] == 0


def test_help_names_the_sets(run):
    code, text, _ = run("prepare", "--help")
    assert code == 0
    for name in (*READERS, "synthetic"):
        assert name in text


def test_published_parsing_and_a_list_to_exclude(run, miniature, tmp_path):
    raw, names = miniature("ntu60"), tmp_path / "missing.txt"
    names.write_text("\n".join(path.stem for path in sorted(raw.rglob("*.skeleton"))[1:3]))
    arguments = ["prepare", "ntu60", "--raw", raw, "--out", tmp_path / "out", "--people", "reference", "--exclude", names]
    code, _, err = run(*arguments)
    assert (code, err) == (
        2,
        "error: --people reference is the published parsing, which needs the published clips: add --clip aimclr\n",
    )
    code, text, err = run(*arguments, "--clip", "aimclr", "--jobs", 1)
    assert code == 0
    assert err.count("the list of --exclude names it") == 2
    assert "2 left out" in text
    assert "xview" in text
    assert text.startswith(f"2 of 2 names of {names} are there\n")
    names.write_text("S001C001P001R001A002,S001C001P001R001A003")
    assert run(*arguments, "--clip", "aimclr", "--jobs", 1)[1].startswith(f"0 of 2 names of {names} are there\n")


def test_much_left_out_is_not_all_said(run, miniature, tmp_path):
    raw = miniature("nw-ucla")
    for number in range(30):
        (raw / f"a03_s01_e{number:02d}_v01.json").write_text("{}")
    _, _, err = run("prepare", "nw-ucla", "--raw", raw, "--out", tmp_path / "out")
    assert err.count("left out") == 20
    assert "\nand 10 more, see meta.json\n" in err


def test_ctrl_c_says_how_to_go_on(run, miniature, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(blocks, "_make_block", stop)
        code, _, err = run("prepare", "nw-ucla", "--raw", miniature("nw-ucla"), "--out", tmp_path / "out")
    assert code == 130
    assert "the same command goes on from here" in err


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_plot(run, miniature, tmp_path, ending):
    pytest.importorskip("matplotlib")
    run("prepare", "nw-ucla", "--raw", miniature("nw-ucla"), "--out", tmp_path / "out")
    code, _, _ = run("info", tmp_path / "out", "--plot", tmp_path / f"set.{ending}")
    assert code == 0
    assert (tmp_path / f"set.{ending}").stat().st_size > 10_000


def test_plot_of_an_unknown_kind(run, miniature, tmp_path):
    pytest.importorskip("matplotlib")
    run("prepare", "nw-ucla", "--raw", miniature("nw-ucla"), "--out", tmp_path / "out")
    code, _, err = run("info", tmp_path / "out", "--plot", tmp_path / "set.xyz")
    assert code == 2
    assert "give a name that ends in .png" in err
