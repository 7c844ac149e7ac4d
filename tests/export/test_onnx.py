import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from skel.export import onnx as export
from skel.export.onnx import export_onnx
from skel.models.bundle import METADATA_KEY
from skel.models.runtime import OnnxModel
from skel.models.stgcn import STGCN
from skel.skeleton.clip import AIMCLR, ClipConfig
from skel.skeleton.errors import UserError
from skel.training.checkpoint import ModelCard, load_model, save_model

CLASSES = ("wave", "clap", "idle")


def make_run(folder, empty_bodies="skip", clip=None, classes=CLASSES):
    torch.manual_seed(0)
    network = STGCN(channels=4, classes=len(classes), empty_bodies=empty_bodies)
    with torch.no_grad():  # as after training: no statistic is at its initial value
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    card = ModelCard(
        4, empty_bodies, "joint", classes, clip or ClipConfig(), {"top1": {"value": 0.5, "protocol": "none"}}, {"data": ["none"]}
    )
    save_model(folder, network.eval(), card)
    return folder


@pytest.fixture(scope="module", params=["skip", "keep"])
def exported(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    run = make_run(folder / "run", request.param)
    parity = export_onnx(run, folder / "out.onnx", (1.0, 2.0))
    return run, folder / "out.onnx", parity


def test_equals_torch_at_any_batch_and_number_of_people(exported):
    run, path, parity = exported
    assert max(parity.logits, parity.embedding) < 1e-5
    assert parity.same_top1 == 1
    network, model = load_model(run)[0], OnnxModel(path, "cpu")
    random = np.random.default_rng(1)
    for count, bodies in ((1, 1), (1, 2), (3, 1), (5, 2)):
        clips = random.normal(0, 0.4, (count, 3, 50, 25, 2)).astype(np.float32)
        clips[..., bodies:] = 0
        logits, embedding = model(clips)
        with torch.no_grad():
            expected = network(torch.from_numpy(clips))
        # float32 sums in another order
        np.testing.assert_allclose(logits, expected.logits, atol=1e-5)
        np.testing.assert_allclose(embedding, expected.embedding, atol=1e-5)


def test_carries_all_that_is_needed_to_feed_it(exported):
    _, path, _ = exported
    bundle = OnnxModel(path, "cpu").bundle
    assert bundle.labels == CLASSES
    assert bundle.clip == ClipConfig()
    assert bundle.window_durations_s == (1.0, 2.0)
    assert bundle.idle_label == "idle"
    assert bundle.metrics["top1"]["value"] == 0.5
    assert len(bundle.provenance["weights_sha256"]) == 64
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert not [t for t in model.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL]
    assert not [node for node in model.graph.node if node.op_type == "Einsum"]


def test_names_no_folder_of_the_machine_that_made_it(exported):
    content = exported[1].read_bytes()
    assert str(Path(export.__file__).parent).encode() not in content
    assert b".py" not in content


def test_a_graph_that_differs_leaves_no_file(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run")
    monkeypatch.setattr(export, "TOLERANCE", 0.0)
    with pytest.raises(UserError, match=r"would differ from .* not written"):
        export_onnx(run, tmp_path / "out.onnx", (2.0,))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_encoder_without_classes_is_refused(tmp_path):
    run = make_run(tmp_path / "run", classes=())
    with pytest.raises(UserError, match="fine-tune it first"):
        export_onnx(run, tmp_path / "out.onnx", (2.0,))


def test_wrong_shapes_are_refused(exported):
    model = OnnxModel(exported[1], "cpu")
    with pytest.raises(ValueError, match=r"takes clips \(N, 3, 50, 25, 2\), not \(1, 3, 50, 20, 2\)"):
        model(np.zeros((1, 3, 50, 20, 2), np.float32))


def rewritten(source, target, change):
    """A copy of an exported file with another card."""
    model = onnx.load(source)
    card = json.loads(next(p.value for p in model.metadata_props if p.key == METADATA_KEY))
    change(card)
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(card)} if card else {})
    onnx.save(model, target)
    return target


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.clear(), "ONNX file without our card: make it with skel-export"),
        (lambda card: card.pop("labels"), "its card lacks labels"),
        (lambda card: card.update(schema=99), "its card has schema 99"),
        (lambda card: card.update(colour="red"), "its card has unknown fields colour"),
        (lambda card: card["clip"].pop("yaw"), "missing or unknown fields: yaw"),
        (lambda card: card["clip"].update(frames=40), "does not take the clips that its card describes"),
    ],
)
def test_a_wrong_card_gets_one_line(exported, tmp_path, change, message):
    path = rewritten(exported[1], tmp_path / "wrong.onnx", change)
    with pytest.raises(UserError, match=message) as caught:
        OnnxModel(path, "cpu")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_models_get_one_line(exported, tmp_path):
    with pytest.raises(UserError, match="no model at"):
        OnnxModel(tmp_path / "none.onnx")
    damaged = tmp_path / "damaged.onnx"
    for content in (b"hello", exported[1].read_bytes()[:5000]):
        damaged.write_bytes(content)
        with pytest.raises(UserError, match="cannot be loaded on cpu") as caught:
            OnnxModel(damaged, "cpu")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="unknown device 'tpu'"):
        OnnxModel(exported[1], "tpu")
    with pytest.raises(UserError, match="cannot run on cuda here"):
        OnnxModel(exported[1], "cuda")


def test_auto_runs_on_what_is_there(exported):
    assert OnnxModel(exported[1]).device == "cpu"


def test_the_published_clip_is_exported_as_well(tmp_path):
    run = make_run(tmp_path / "run", clip=AIMCLR)
    export_onnx(run, tmp_path / "out.onnx", (2.0,))
    assert OnnxModel(tmp_path / "out.onnx", "cpu").bundle.clip == AIMCLR
