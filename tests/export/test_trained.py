"""Exports of runs that really were fine-tuned, on the sets that they name."""

from dataclasses import replace

import numpy as np
import onnx
import pytest

from skel.export import verify
from skel.export.options import ExportOptions
from skel.export.pipeline import export
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


def test_weights_are_fitted_on_training_clips_that_no_run_learned_from(prepared, tmp_path):
    streams = ("joint", "motion")
    folders = [tuned(prepared, tmp_path / stream, stream, labels=0.75, epochs=2, seed=i) for i, stream in enumerate(streams)]
    runs = load_runs(folders)
    clips, labels = DataSource().held_out(runs)
    train = load_split(prepared, "train")
    places = [int(np.flatnonzero((train.clips == clip).all(axis=(1, 2, 3, 4)))[0]) for clip in clips]
    assert 0 < len(places) <= 6  # of 24, of which each run learned from 18
    assert train.labels[places].tolist() == labels.tolist()
    verification = export(ExportOptions(tuple(folders), tmp_path / "out.onnx", weights=("fitted",)))
    card = OnnxModel(tmp_path / "out.onnx", "cpu").bundle
    assert card.stream_weights != (0.6, 0.4)
    assert min(card.stream_weights) > 0
    assert card.temperature == 1
    assert card.provenance["export"]["stream_weights"] == f"fitted on {len(places)} training clips that no run learned from"
    assert card.metrics["exported_top1"]["value"] == verification.rows[1].accuracy


def test_runs_that_learned_from_everything_leave_nothing_to_fit_on(prepared, tmp_path):
    folders = [tuned(prepared, tmp_path / stream, stream, epochs=1) for stream in ("joint", "bone")]
    with pytest.raises(UserError, match=r"fine-tune with --labels 0.9, or give --weights published"):
        export(ExportOptions(tuple(folders), tmp_path / "out.onnx", weights=("fitted",)))


def test_other_sets_than_those_of_the_training_are_not_fitted_on(prepared, tmp_path):
    run = tuned(prepared, tmp_path / "run", labels=0.75, epochs=1)
    both = DataSource((prepared, prepared))
    with pytest.raises(UserError, match="does not have: t0, t1"):
        both.held_out(load_runs([run]))
