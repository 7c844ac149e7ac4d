import json
import sys
from pathlib import Path

import pytest

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
        (["prepare", "synthetic", "--seed", "-1", "--out", "x"], "--seed must be between 0 and 4294967295, not -1"),
    ],
)
def test_bad_input_is_one_line_and_code_2(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith(f"error: {message}")
    assert err.count("\n") == 1


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


def test_much_left_out_is_not_all_said(run, miniature, tmp_path):
    raw = miniature("nw-ucla")
    for number in range(30):
        (raw / f"a03_s01_e{number:02d}_v01.json").write_text("{}")
    _, _, err = run("prepare", "nw-ucla", "--raw", raw, "--out", tmp_path / "out")
    assert err.count("\n") == 21
    assert err.endswith("and 10 more, see meta.json\n")


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
