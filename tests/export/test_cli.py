import json
import sys

import numpy as np
import pytest

from skel.export import cli
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.skeleton.errors import how_to_install


@pytest.fixture
def export(monkeypatch, capsys):
    """A function: arguments → exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["skel-export", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        return code, *capsys.readouterr()

    return run


def test_exports_what_was_fine_tuned(make_run, tmp_path, export):
    run = make_run(tmp_path / "run")
    code, out, err = export("--checkpoint", run, "--onnx", tmp_path / "out.onnx", "--json", tmp_path / "table.json")
    assert code == 0
    assert "no validation clips at hand" in err
    assert "compared on 16 random clips" in out
    first, row = json.loads((tmp_path / "table.json").read_text())["rows"]
    assert (first["name"], row["name"]) == ("torch, as trained", "out.onnx")
    assert row["logit_mean"] <= row["logit_max"] < 1e-5
    assert row["probability_mean"] <= row["probability_max"] < 1e-5
    assert row["same_top1"] == 1
    assert row["accuracy"] is None
    assert row["size_mb"] == pytest.approx((tmp_path / "out.onnx").stat().st_size / 1e6, rel=0.01)
    assert OnnxModel(tmp_path / "out.onnx", "cpu").bundle.live.window_durations_s == (2.0,)


def test_shows_what_the_recogniser_does_with_it(make_run, tmp_path, export, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run = make_run(tmp_path / "run", classes=("clapping", "shaking hands", "idle"))
    export("--checkpoint", run, "--onnx", tmp_path / "out.onnx")
    _, out, _ = export("--show", tmp_path / "out.onnx")
    cells = [[cell.strip() for cell in line.split("│")[1:3]] for line in out.splitlines() if "│" in line]
    rows = dict(row for row in cells if len(row) == 2)
    assert rows["of two people"] == "shaking hands"
    assert rows["idle"] == "idle"
    assert [rows[name] for name in ("windows", "smoothing", "hysteresis", "unknown")] == ["2 s", "0.2 s", "none", "never"]


def test_shows_the_card(export, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    code, out, _ = export("--show", DEFAULT_MODEL)
    assert code == 0
    for part in ("tennis serve", "50 frames", "NTU25", "joint × 1", "float32", "weights sha256: ", "skel-train finetune"):
        assert part in out
    code, out, _ = export("--show", DEFAULT_MODEL, "--json", "-")
    assert json.loads(out) == json.loads(OnnxModel(DEFAULT_MODEL, "cpu").bundle.to_json())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --checkpoint RUN and --onnx OUT.onnx, or --show FILE"),
        (["--checkpoint", "run"], "give --checkpoint RUN and --onnx OUT.onnx"),
        (["--checkpoint", "run", "--onnx", "out.pt"], "must end in .onnx"),
        (["--checkpoint", "run", "--onnx", "out.onnx", "--fp16"], "--fp16 is for the TensorRT engine"),
        (["--checkpoint", "run", "--onnx", "out.onnx", "--weights", "1"], "--weights weighs several runs"),
        (["--checkpoint", "run", "--onnx", "out.onnx", "--window-durations-s", "0"], "between 0 and 60"),
        (
            ["--checkpoint", "run", "--onnx", "out.onnx", "--live", "live.json", "--window-durations-s", "1"],
            "--live FILE says which spans of time to look at",
        ),
        (["--checkpoint", "run", "--onnx", "out.onnx", "--show", "out.onnx"], "--show only prints a card"),
        (["--checkpoint", "run", "--onnx", "out.onnx"], "no trained model at run"),
        (["--show", "nothing.onnx"], "no model at nothing.onnx"),
        (["--checkpoint", DEFAULT_MODEL, "--onnx", "out.onnx"], "default.onnx is an exported file, not a run"),
    ],
)
def test_wrong_use_gets_one_line(tmp_path, monkeypatch, export, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = export(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_run_is_no_exported_model(make_run, tmp_path, export):
    run = make_run(tmp_path / "run")
    code, out, err = export("--show", run)
    assert (code, out) == (2, "")
    assert f"{run} is a folder, not an exported model: give an .onnx file; of a run's folder skel-export --checkpoint" in err
    assert err.count("\n") == 1


def test_int8_without_the_training_set_gets_one_line(make_run, tmp_path, export):
    run = make_run(tmp_path / "run", config={"data": [str(tmp_path / "gone")]})
    code, _, err = export("--checkpoint", run, "--onnx", tmp_path / "out.onnx", "--int8")
    assert code == 2
    assert "--int8 needs the clips that the run learned from: no such folder" in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_tensorrt_where_it_is_missing_gets_one_line(make_run, tmp_path, monkeypatch, export):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    run = make_run(tmp_path / "run")
    code, _, err = export("--checkpoint", run, "--onnx", tmp_path / "out.onnx", "--tensorrt", tmp_path / "out.engine")
    assert code == 2
    assert "pip install 'tensorrt-cu13" in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_missing_package_gets_one_line(tmp_path, monkeypatch, export):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else object())
    code, _, err = export("--checkpoint", tmp_path, "--onnx", tmp_path / "out.onnx")
    assert (code, err) == (2, f"error: exporting needs onnxscript: {how_to_install('train')}\n")


def test_damaged_runs_get_one_line(make_run, tmp_path, export):
    run = make_run(tmp_path / "run")
    whole = (run / "model.safetensors").read_bytes()
    for content in (whole[:-100], b"hello", np.zeros(100).tobytes()):
        (run / "model.safetensors").write_bytes(content)
        code, _, err = export("--checkpoint", run, "--onnx", tmp_path / "out.onnx")
        assert code == 2
        assert err.count("\n") == 1
