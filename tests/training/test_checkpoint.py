import pytest

from skel.models.pretrained import DEFAULT_MODEL
from skel.skeleton.errors import UserError
from skel.training.adaptation_config import SelectConfig
from skel.training.checkpoint import load_model
from skel.training.config import EvaluateConfig, FinetuneConfig, KnnConfig, LinearConfig
from skel.training.evaluate import clips_or_streams
from skel.training.finetune import finetune
from skel.training.probes import knn, linear
from skel.training.selection import select


@pytest.mark.parametrize(
    "use",
    [
        lambda data, out: clips_or_streams(EvaluateConfig((DEFAULT_MODEL,), (data,), device="cpu")),
        lambda data, out: finetune(FinetuneConfig((data,), out, DEFAULT_MODEL, device="cpu")),
        lambda data, out: finetune(FinetuneConfig((data,), out, teachers=(DEFAULT_MODEL,), labels=0.5, device="cpu")),
        lambda data, out: linear(LinearConfig((data,), out, DEFAULT_MODEL, device="cpu")),
        lambda data, out: knn(KnnConfig(DEFAULT_MODEL, (data,), device="cpu")),
        lambda data, out: select(SelectConfig((data,), DEFAULT_MODEL, 3, out / "chosen.json", device="cpu")),
    ],
    ids=["evaluate", "finetune", "teachers", "linear", "knn", "select"],
)
def test_an_exported_file_is_no_run(prepared, tmp_path, use):
    with pytest.raises(UserError, match=r"default.onnx is an exported file, not a run: give the folder") as caught:
        use(prepared, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_exported_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"no trained model at .*gone.onnx: give the folder"):
        load_model(tmp_path / "gone.onnx")
