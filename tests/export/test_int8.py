import numpy as np
import onnx
import pytest

from skel.export.deployable import Deployable
from skel.export.int8 import _Batches, quantise
from skel.export.onnx import write_graph
from skel.training.checkpoint import load_model


@pytest.mark.parametrize(
    ("count", "batches"),
    [
        (7, [7]),
        (24, [24]),
        (32, [32]),
        (48, [24, 24]),
        (64, [32, 32]),
        (80, [20, 20, 20, 20]),
        (97, [1] * 97),
        (128, [32, 32, 32, 32]),
    ],
)
def test_every_clip_counts_once_in_batches_of_one_size(count, batches):
    clips = np.arange(1, count + 1, dtype=np.float32).reshape(-1, 1, 1, 1, 1)
    calibration = _Batches("clips", clips)
    given = [batch["clips"] for batch in iter(calibration.get_next, None)]
    assert [len(batch) for batch in given] == batches
    np.testing.assert_array_equal(np.concatenate(given), clips)


def test_a_number_of_clips_that_no_full_batches_make_up(make_run, clips, tmp_path):
    network, card = load_model(make_run(tmp_path / "run"))
    write_graph(Deployable([network], [1.0], card.clip.frames, card.clip.max_bodies), card.clip, tmp_path / "plain.onnx")
    quantise(tmp_path / "plain.onnx", tmp_path / "int8.onnx", np.concatenate([clips] * 4))
    assert "QuantizeLinear" in [node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node]
