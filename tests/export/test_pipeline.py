import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from skel.export import pipeline
from skel.export.options import ExportOptions
from skel.export.pipeline import export
from skel.models.bundle import METADATA_KEY
from skel.models.live import LiveSettings
from skel.models.runtime import OnnxModel
from skel.models.streams import STREAMS
from skel.skeleton.clip import AIMCLR, ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.layouts import KINECT20
from skel.training.checkpoint import load_model
from skel.training.live_file import ChosenSettings, save_live

CLASSES = ("wave", "clap", "idle")


def exported_from(runs, target, **options):
    return export(ExportOptions(tuple(runs), target, **options))


@pytest.fixture(scope="module", params=["skip", "keep"])
def exported(request, make_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    run = make_run(folder / "run", empty_bodies=request.param)
    return run, folder / "out.onnx", exported_from([run], folder / "out.onnx", window_durations_s=(1.0, 2.0))


def test_equals_torch_at_any_batch_and_number_of_people(exported, clips):
    run, path, _ = exported
    network, model = load_model(run)[0], OnnxModel(path, "cpu")
    for chosen in (clips[:1], clips[8:9], clips[:5], clips[6:]):
        logits, embedding = model(chosen)
        with torch.no_grad():
            expected = network(torch.from_numpy(chosen))
        # float32 sums in another order
        np.testing.assert_allclose(logits, expected.logits, atol=1e-5)
        np.testing.assert_allclose(embedding, expected.embedding, atol=1e-5)


def test_one_body_may_be_given_alone(exported, clips):
    """What the graph computes of one body equals what it computes of that one and an absent one."""
    session = OnnxModel(exported[1], "cpu")._session
    one, two = (session.run(None, {"clips": np.ascontiguousarray(clips[:8, ..., :bodies])}) for bodies in (1, 2))
    for part, whole in zip(one, two):
        np.testing.assert_allclose(part, whole, atol=1e-5)


def test_carries_all_that_is_needed_to_feed_it(exported):
    bundle = OnnxModel(exported[1], "cpu").bundle
    assert bundle.labels == CLASSES
    assert bundle.clip == ClipConfig()
    assert (bundle.streams, bundle.stream_weights, bundle.temperature) == (("joint",), (1.0,), 1.0)
    assert bundle.live.window_durations_s == (1.0, 2.0)
    assert bundle.live.idle_label == "idle"
    assert bundle.precision == "float32"
    assert bundle.metrics["top1"]["value"] == 0.5
    assert bundle.provenance["runs"][0]["data"] == ["none"]
    assert len(bundle.provenance["runs"][0]["weights_sha256"]) == 64
    assert bundle.provenance["export"]["versions"]["torch"]


def test_the_graph_is_lean(exported):
    model = onnx.load(exported[1])
    onnx.checker.check_model(model, full_check=True)
    assert [entry.version for entry in model.opset_import if not entry.domain] == [20]
    assert not [tensor for tensor in model.graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]
    kinds = [node.op_type for node in model.graph.node]
    assert not {"Einsum", "BatchNormalization", "Dropout"} & set(kinds)
    assert kinds.count("Conv") == 10 + 9 + 3  # joints, time but for the last, and the residuals that change shape


def test_names_no_folder_of_the_machine_that_made_it(exported):
    content = exported[1].read_bytes()
    assert str(Path(pipeline.__file__).parent).encode() not in content
    assert str(exported[0].parent).encode() not in content
    assert b".py" not in onnx.load(exported[1]).graph.SerializeToString()


def test_three_runs_become_one_graph(make_run, tmp_path, clips):
    runs = [make_run(tmp_path / stream, stream) for stream in STREAMS]
    exported_from(runs, tmp_path / "out.onnx")
    model = OnnxModel(tmp_path / "out.onnx", "cpu")
    assert model.bundle.streams == STREAMS
    assert model.bundle.stream_weights == (0.6, 0.6, 0.4)
    assert model.bundle.temperature == pytest.approx(1.6)
    assert set(model.bundle.metrics) == {"joint_top1", "bone_top1", "motion_top1"}
    logits, embedding = model(clips)
    with torch.no_grad():
        single = [load_model(run)[0](torch.from_numpy(clips)) for run in runs]
    np.testing.assert_allclose(logits, sum(w * out.logits for w, out in zip((0.6, 0.6, 0.4), single)), atol=1e-5)
    np.testing.assert_allclose(embedding, np.concatenate([out.embedding for out in single], axis=1), atol=1e-5)


def test_other_clips_are_exported_as_well(make_run, tmp_path):
    clip = replace(AIMCLR, layout="KINECT20", frames=30, max_bodies=1)
    run = make_run(tmp_path / "run", "bone", clip=clip)
    exported_from([run], tmp_path / "out.onnx")
    model = OnnxModel(tmp_path / "out.onnx", "cpu")
    assert model.bundle.clip == clip
    assert model(np.ones((1, 3, 30, 20, 1), np.float32))[0].shape == (1, 3)


@pytest.mark.parametrize(("most", "pairs"), [(2, ("hugging other person", "handshaking", "high-five")), (1, ())])
def test_classes_of_two_people_are_marked_where_a_clip_holds_two(make_run, tmp_path, most, pairs):
    classes = ("hand waving", "hugging other person", "clapping", "handshaking", "high-five")
    run = make_run(tmp_path / "run", classes=classes, clip=ClipConfig(max_bodies=most))
    exported_from([run], tmp_path / "out.onnx")
    assert OnnxModel(tmp_path / "out.onnx", "cpu").bundle.live.pair_labels == pairs


def test_tuned_settings_go_into_the_card(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    live = LiveSettings((0.8, 1.6), smoothing_s=0.4, hysteresis=0.1, rejection_threshold=0.35, start_lag_s=0.6)
    figures = {"mean_f1": 0.7, "delay_s": None, "false_alarms_per_minute": 0.9}
    made = {"command": "skel-train tune …"}
    save_live(tmp_path / "live.json", ChosenSettings(live, "held-out people", figures, made))
    exported_from([run], tmp_path / "out.onnx", live=tmp_path / "live.json")
    card = OnnxModel(tmp_path / "out.onnx", "cpu").bundle
    assert card.live == replace(live, idle_label="idle"), "what classes mean is the run's"
    assert card.metrics["stream_f1"] == {"value": 0.7, "protocol": "held-out people"}
    assert card.metrics["stream_false_alarms_per_minute"]["value"] == 0.9
    assert "stream_delay_s" not in card.metrics
    assert card.provenance["live"]["command"] == "skel-train tune …"
    save_live(tmp_path / "other.json", ChosenSettings(replace(live, idle_label="rest"), "", {}, {}))
    with pytest.raises(UserError, match="is for a model that knows the class 'rest'"):
        exported_from([run], tmp_path / "out.onnx", live=tmp_path / "other.json")
    with pytest.raises(UserError, match="is no file of live settings"):
        exported_from([run], tmp_path / "out.onnx", live=tmp_path / "nowhere.json")


def test_runs_that_do_not_go_together_get_one_line(make_run, tmp_path):
    first = make_run(tmp_path / "first")
    kinect = ClipConfig(layout=KINECT20.name)
    others = {
        "takes KINECT20, .*first NTU25": {"stream": "bone", "clip": kinect},
        "other classes than": {"stream": "bone", "classes": ("a", "b", "c")},
        "other clip than": {"stream": "bone", "clip": AIMCLR},
        "other empty_bodies than": {"stream": "bone", "empty_bodies": "keep"},
        "are both of the joint stream": {},
        "without classes: fine-tune it first": {"classes": ()},
    }
    for number, (message, options) in enumerate(others.items()):
        other = make_run(tmp_path / str(number), **options)
        with pytest.raises(UserError, match=message) as caught:
            exported_from([first, other], tmp_path / "out.onnx")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="no trained model at"):
        exported_from([tmp_path / "nothing"], tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_graph_that_differs_leaves_no_file(make_run, tmp_path, monkeypatch, exported):
    run = make_run(tmp_path / "run", "bone")
    monkeypatch.setattr(pipeline, "write_graph", lambda network, clip, path: path.write_bytes(exported[1].read_bytes()))
    with pytest.raises(UserError, match=r"out.onnx would differ from the run by .* nothing was written"):
        exported_from([run], tmp_path / "out.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def engine_of(change):
    """What builds an "engine" that is the ONNX file again, changed, with a description beside it."""

    def build(source, engine, fp16):
        engine.write_bytes(change.read_bytes() if change else source.read_bytes())
        engine.with_name(f"{engine.name}.json").write_text(json.dumps({"fp16": fp16}))

    return build


@pytest.fixture
def tensorrt(monkeypatch):
    """No machine here has one: the places where the export calls it."""
    monkeypatch.setattr(pipeline, "tensorrt_package", lambda: None)
    monkeypatch.setattr("skel.export.tensorrt.Engine", lambda path: OnnxModel(path, "cpu"))
    monkeypatch.setattr("skel.export.tensorrt.build_engine", engine_of(None))


def test_an_engine_is_compared_as_well(make_run, tmp_path, tensorrt):
    run, engine = make_run(tmp_path / "run"), tmp_path / "new" / "out.engine"
    verification = exported_from([run], tmp_path / "out.onnx", tensorrt=engine, fp16=True)
    assert [(row.name, row.arithmetic) for row in verification.rows[1:]] == [
        ("out.onnx", "float32"),
        ("out.engine", "float16"),
    ]
    assert sorted(path.name for path in engine.parent.iterdir()) == ["out.engine", "out.engine.json"]


def test_an_engine_that_differs_leaves_no_file(make_run, tmp_path, tensorrt, monkeypatch, exported):
    monkeypatch.setattr("skel.export.tensorrt.build_engine", engine_of(exported[1]))
    run = make_run(tmp_path / "run", "bone")
    with pytest.raises(UserError, match=r"out.engine would agree with the run in .*: nothing was written"):
        exported_from([run], tmp_path / "out.onnx", tensorrt=tmp_path / "out.engine")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


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
        (lambda card: card.update(schema=1), "its card has schema 1, this version reads 4"),
        (lambda card: card.update(colour="red"), "its card has unknown fields colour"),
        (lambda card: card["clip"].pop("yaw"), "missing or unknown fields: yaw"),
        (lambda card: card["clip"].update(frames=40), "does not take the clips that its card describes"),
        (lambda card: card.update(labels=3), "its card contradicts itself"),
        (lambda card: card.update(labels=[]), "labels are not names"),
        (lambda card: card.update(streams=["joint", "bone"]), "streams are"),
        (lambda card: card.update(streams=["colour"]), "streams are"),
        (lambda card: card.update(temperature=0), "temperature is 0"),
        (lambda card: card["live"].update(window_durations_s=[]), "window_durations_s are"),
        (lambda card: card["live"].update(hysteresis=2), "hysteresis is 2"),
        (lambda card: card["live"].update(start_lag_s=-1), "start_lag_s is -1"),
        (lambda card: card["live"].update(start_lag_s=0.2, end_lag_s=0.4), "end_lag_s 0.4 is more than start_lag_s 0.2"),
        (lambda card: card["live"].update(pair_labels=["hug"]), "'hug' of the live settings is not among the labels"),
        (
            lambda card: card.update(live={**card["live"], "pair_labels": ["wave"]}, clip={**card["clip"], "max_bodies": 1}),
            "it has classes of two people, and clips of one",
        ),
        (lambda card: card["live"].update(idle_label="nothing"), "'nothing' of the live settings is not among the labels"),
    ],
)
def test_a_wrong_card_gets_one_line(exported, tmp_path, change, message):
    path = rewritten(exported[1], tmp_path / "wrong.onnx", change)
    with pytest.raises(UserError, match=message) as caught:
        OnnxModel(path, "cpu")
    assert "\n" not in str(caught.value)


def test_a_card_from_before_segments_were_laid_earlier_is_read_as_it_was_used(exported, tmp_path):
    def older(card):
        card["schema"] = 3
        del card["live"]["start_lag_s"], card["live"]["end_lag_s"]

    live = OnnxModel(exported[1], "cpu").bundle.live
    assert live.start_lag_s == live.end_lag_s == 0.75, "half of windows of 1 and 2 s"
    path = rewritten(exported[1], tmp_path / "older.onnx", older)
    assert OnnxModel(path, "cpu").bundle.live == replace(live, start_lag_s=0.0, end_lag_s=0.0)


def test_files_that_are_no_models_get_one_line(exported, tmp_path):
    damaged = tmp_path / "damaged.onnx"
    for content in (b"hello", exported[1].read_bytes()[:5000]):
        damaged.write_bytes(content)
        with pytest.raises(UserError, match="cannot be loaded on cpu") as caught:
            OnnxModel(damaged, "cpu")
        assert "\n" not in str(caught.value)
