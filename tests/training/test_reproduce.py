"""A published table from end to end, on a miniature of the set in its authors' format."""

import json

import pytest

from skel.skeleton.clip import AIMCLR
from skel.skeleton.errors import UserError
from skel.training import reproduce as module
from skel.training.checkpoint import load_model
from skel.training.config import EvaluateConfig, ReproduceConfig
from skel.training.dataset import load_meta
from skel.training.evaluate import evaluate
from skel.training.prepare import prepare
from skel.training.raw import Options
from skel.training.reproduce import reproduce
from skel.training.sources import Recorded

KINDS = ["linear", "labels-1", "labels-10", "finetune", "supervised"]


def short(table, data, out, **options):
    few = {"pretrain_epochs": 1, "linear_epochs": 2, "finetune_epochs": 1, "batch_size": 4, "channels": 2, "device": "cpu"}
    return ReproduceConfig(table, data, out, **{**few, **options})


@pytest.fixture
def ntu60(miniature, tmp_path):
    source = Recorded("ntu60", [miniature("ntu60")], Options(people="reference"))
    prepare(source, tmp_path / "ntu60", AIMCLR, {})
    return tmp_path / "ntu60"


def test_all_streams_of_ntu60_stop_and_go_on_to_a_table(ntu60, tmp_path, monkeypatch, capsys):
    config = short("ntu60-xsub", ntu60, tmp_path / "out")
    tuned = module.finetune

    def stop_at_bones(options):
        if options.stream == "bone":
            raise KeyboardInterrupt
        return tuned(options)

    monkeypatch.setattr(module, "finetune", stop_at_bones)
    with pytest.raises(KeyboardInterrupt):
        reproduce(config)
    monkeypatch.undo()
    so_far = json.loads((tmp_path / "out" / "table.json").read_text())["rows"]
    assert [row["top1"] is not None for row in so_far if row["protocol"] == "linear"] == [True, False, True, False]
    written = (tmp_path / "out" / "joint" / "finetune" / "model.safetensors").stat().st_mtime_ns
    (tmp_path / "out" / "joint" / "linear" / "metrics.json").unlink()  # killed between its last two files

    table = reproduce(config)
    assert (tmp_path / "out" / "joint" / "finetune" / "model.safetensors").stat().st_mtime_ns == written
    rows = json.loads((tmp_path / "out" / "table.json").read_text())["rows"]
    assert [(row["protocol"], row["stream"]) for row in rows] == [
        (kind, stream) for kind in KINDS for stream in ("joint", "motion", "bone", "3s")
    ]
    assert all(0 <= row["top1"] <= 100 for row in rows)
    assert rows[3]["published"] == 79.18
    together = json.loads((tmp_path / "out" / "3s" / "finetune" / "metrics.json").read_text())
    runs = tuple(tmp_path / "out" / stream / "finetune" for stream in ("joint", "bone", "motion"))
    assert together == evaluate(EvaluateConfig(runs, (ntu60 / "xsub",), device="cpu")).to_json()
    assert (together["calibration"]["own"], together["seen"]["count"]) == (together["calibration"]["raw"], 0)
    text = table.read_text()
    assert f"| linear evaluation | 3s | 79.18 | {rows[3]['top1']:.2f} |" in text
    assert "ntu60 xsub, 4 training and 4 test clips" in text
    assert "last epoch" in text
    assert text in capsys.readouterr().out
    _, card = load_model(tmp_path / "out" / "motion" / "labels-10")
    assert (card.stream, card.empty_bodies) == ("motion", "keep")
    config = card.provenance["config"]
    assert (config["labels"], config["clip_gradients"], config["evaluation_mode"]) == (0.1, 2.0, True)


def test_one_stream_and_the_best_test_epoch_which_the_table_names(ntu60, tmp_path, capsys):
    table = reproduce(short("ntu60-xview", ntu60, tmp_path / "out", stream="joint", select="test")).read_text()
    assert "| linear evaluation | joint | 79.68 |" in table
    assert "the test set chose the epoch" in table
    assert "3s |" not in table
    measured = json.loads((tmp_path / "out" / "joint" / "linear" / "metrics.json").read_text())
    assert "best epoch on the validation part itself" in measured["protocol"]
    with pytest.raises(UserError, match="holds a run with another epochs"):
        reproduce(short("ntu60-xview", ntu60, tmp_path / "out", stream="joint", select="test", pretrain_epochs=2))
    capsys.readouterr()


def test_a_faster_precision_is_that_of_all_that_learns_and_the_table_says_so(ntu60, tmp_path, capsys):
    fast = short("ntu60-xsub", ntu60, tmp_path / "out", stream="joint", precision="bf16")
    assert "learned in bf16, measured in float32" in reproduce(fast).read_text()
    made = {kind: load_model(tmp_path / "out" / "joint" / kind)[1].provenance["config"] for kind in ("pretrain", *KINDS)}
    assert {kind for kind, config in made.items() if config.get("precision") == "bf16"} == {"pretrain", *KINDS} - {"linear"}
    capsys.readouterr()


def test_pku(miniature, tmp_path, capsys):
    source = Recorded("pku-mmd", [miniature("pku-mmd")], Options(people="reference"), keep_recordings=False)
    prepare(source, tmp_path / "pku", AIMCLR, {})
    table = reproduce(short("pku1-xsub", tmp_path / "pku", tmp_path / "out", stream="joint")).read_text()
    assert "# pku1-xsub: AimCLR, top-1 in %" in table
    assert "| linear evaluation | joint | 83.43 |" in table
    assert "| fine-tuned, all labels | joint | – |" in table
    assert "pku-mmd xsub, 12 training and 12 test clips" in table
    assert "people in the clips" not in table
    capsys.readouterr()


@pytest.mark.parametrize("people", ["tracked", "unknown"])
def test_a_table_of_other_people_than_the_published_says_so(miniature, tmp_path, people):
    out = tmp_path / "ntu60"
    prepare(Recorded("ntu60", [miniature("ntu60")]), out, AIMCLR, {}, ["xsub"])
    meta = load_meta(out / "xsub")
    if people == "unknown":  # prepared before this was written
        del meta["people"]
        (out / "xsub" / "meta.json").write_text(json.dumps(meta))
    config = short("ntu60-xsub", out, tmp_path / "out")
    assert f"- people in the clips: {people} (published: reference" in module._write(config, out, meta).read_text()


def test_another_set_is_refused(prepared, tmp_path):
    with pytest.raises(UserError, match="holds limbs xsub, pku1-xsub needs pku-mmd xsub"):
        reproduce(short("pku1-xsub", prepared, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
