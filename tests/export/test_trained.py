"""Exports of runs that really were fine-tuned, on the sets that they name."""

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest

from skel.export import verify
from skel.export.options import ExportOptions
from skel.export.pipeline import _weights, export
from skel.export.runs import DataSource, load_runs
from skel.models.runtime import OnnxModel
from skel.skeleton.errors import UserError
from skel.training.config import FinetuneConfig, VariationConfig
from skel.training.dataset import load_split
from skel.training.finetune import finetune


def tuned(data, out, stream="joint", **options):
    still = VariationConfig(turn_deg=0, shear=0, scale=0, joint_offset_m=0)
    options = {
        "channels": 4,
        "epochs": 20,
        "batch_size": 8,
        "learning_rate": 0.02,
        "dropout": 0.0,
        "variation": still,
        **options,
    }
    return finetune(FinetuneConfig((data,), out, stream=stream, device="cpu", **options))


def test_the_temperature_of_a_run_goes_into_the_card(prepared, tmp_path):
    """Alone as it is; of several the weighted sum."""
    runs = [
        tuned(prepared, tmp_path / stream, stream, held_out=0.25, held_out_by="clips", epochs=2)
        for stream in ("joint", "bone")
    ]
    joint, bone = (run.card.temperature for run in load_runs(runs))
    assert 1 not in (joint, bone)
    alone, together = (_weights(("published",), load_runs(folders), DataSource())[1] for folders in (runs[:1], runs))
    assert alone == joint
    assert together == pytest.approx(0.6 * joint + 0.6 * bone)


def test_int8_is_calibrated_on_the_training_set_and_checked_on_the_validation_set(prepared, tmp_path):
    run = tuned(prepared, tmp_path / "run")
    verification = export(ExportOptions((run,), tmp_path / "out.onnx", int8=True))
    torch_row, float_row, int8_row = verification.rows
    assert verification.sample.description == "all 12 validation clips of limbs xsub"
    assert torch_row.accuracy == float_row.accuracy >= 0.9
    assert int8_row.accuracy >= torch_row.accuracy - 1 / 12
    assert int8_row.logit_max > 1e-4 > float_row.logit_max
    whole, small = (OnnxModel(tmp_path / name, "cpu").bundle for name in ("out.onnx", "out.int8.onnx"))
    assert small.metrics["exported_top1"]["value"] == int8_row.accuracy
    assert replace(small, precision="float32", metrics=whole.metrics) == whole
    kinds = [node.op_type for node in onnx.load(tmp_path / "out.int8.onnx").graph.node]
    assert "QuantizeLinear" in kinds
    clips = load_split(prepared, "val").clips
    for path in ("out.onnx", "out.int8.onnx"):  # a second person may come
        assert OnnxModel(tmp_path / path, "cpu")(np.concatenate([clips[:1, ..., :1]] * 2, axis=4))[0].shape == (1, 3)


def test_int8_that_differs_too_much_leaves_no_file(prepared, tmp_path, monkeypatch):
    run = tuned(prepared, tmp_path / "run", epochs=1)
    monkeypatch.setattr(verify, "LEAST_SAME_TOP1", 1.1)
    with pytest.raises(
        UserError, match=r"out.int8.onnx would .* on all 12 validation clips of limbs xsub: nothing was written"
    ):
        export(ExportOptions((run,), tmp_path / "out.onnx", int8=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["limbs", "run"]


def test_weights_are_fitted_on_clips_that_were_held_out(prepared, tmp_path):
    streams = ("joint", "motion")
    folders = [
        tuned(prepared, tmp_path / stream, stream, held_out=0.25, held_out_by="clips", epochs=2, seed=i)
        for i, stream in enumerate(streams)
    ]
    clips, labels = DataSource().held_out(load_runs(folders))
    train = load_split(prepared, "train")
    places = [int(np.flatnonzero((train.clips == clip).all(axis=(1, 2, 3, 4)))[0]) for clip in clips]
    learned, kept = (
        [set(json.loads((folder / f"{name}.json").read_text())) for folder in folders] for name in ("labelled", "held_out")
    )
    names = {train.names[place] for place in places}
    assert names == (kept[0] | kept[1]) - learned[0] - learned[1] != set()
    assert train.labels[places].tolist() == labels.tolist()
    verification = export(ExportOptions(tuple(folders), tmp_path / "out.onnx", weights=("fitted",)))
    card = OnnxModel(tmp_path / "out.onnx", "cpu").bundle
    assert card.stream_weights != (0.6, 0.4)
    assert min(card.stream_weights) > 0
    assert card.temperature == 1
    assert card.provenance["export"]["stream_weights"] == f"fitted on {len(places)} clips that were held out"
    assert card.metrics["exported_top1"]["value"] == verification.rows[1].accuracy


def test_runs_that_learned_from_everything_leave_nothing_to_fit_on(prepared, tmp_path):
    folders = [tuned(prepared, tmp_path / stream, stream, epochs=1) for stream in ("joint", "bone")]
    with pytest.raises(UserError, match=r"fine-tune each with --held-out 0.1 and one --seed, or give --weights published"):
        export(ExportOptions(tuple(folders), tmp_path / "out.onnx", weights=("fitted",)))


def test_other_sets_than_those_of_the_training_are_not_fitted_on(prepared, tmp_path):
    run = tuned(prepared, tmp_path / "run", held_out=0.25, held_out_by="clips", epochs=1)
    shutil.copytree(prepared, tmp_path / "others")
    both = DataSource((prepared, tmp_path / "others"))
    with pytest.raises(UserError, match="does not have, or has no label of: t0, t1"):
        both.held_out(load_runs([run]))
