import json
import logging
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from skel.models import providers
from skel.models.bundle import Bundle
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.skeleton.errors import UserError


@pytest.fixture(scope="module")
def model():
    return OnnxModel(DEFAULT_MODEL, "cpu")


def random_clips(bodies):
    """One clip for each entry: the bodies that are in it, as places."""
    random = np.random.default_rng(0)
    clips = np.zeros((len(bodies), 3, 50, 25, 2), np.float32)
    for clip, places in zip(clips, bodies):
        clip[..., places] = random.normal(0, 0.4, (3, 50, 25, len(places)))
    return clips


@pytest.fixture
def computed(model, monkeypatch):
    """The (clips, bodies) of every run of the session."""
    runs, session = [], model._session

    def run(outputs, inputs):
        (clips,) = inputs.values()
        runs.append((len(clips), clips.shape[4]))
        return session.run(outputs, inputs)

    monkeypatch.setattr(model, "_session", SimpleNamespace(run=run))
    return runs


MIXED = [[0], [0, 1], [1], [], [0], [0, 1]]


def test_every_clip_costs_the_bodies_that_are_in_it(model, computed):
    model(random_clips(MIXED))
    assert sum(clips * bodies for clips, bodies in computed) == 7 + 1  # the clip of nobody costs one


def test_a_mixed_batch_equals_its_clips_one_by_one_with_all_bodies(model):
    clips = random_clips(MIXED)
    logits, embeddings = model(clips)
    whole = [model._session.run(None, {"clips": clip[None]}) for clip in clips]
    np.testing.assert_allclose(logits, np.concatenate([out[0] for out in whole]), atol=1e-5)
    np.testing.assert_allclose(embeddings, np.concatenate([out[1] for out in whole]), atol=1e-5)


def test_people_and_durations_go_through_in_one_run(model, computed):
    model(random_clips([[0]] * 6))
    assert computed == [(6, 1)]


def test_a_large_batch_goes_through_in_bounded_parts(model, computed):
    clips = random_clips([[0]] * (providers.LARGEST_BATCH + 3))
    logits, embeddings = model(clips)
    assert computed == [(providers.LARGEST_BATCH, 1), (3, 1)]
    np.testing.assert_allclose(logits[-1:], model(clips[-1:])[0], atol=1e-5)
    assert len(embeddings) == len(clips)


def test_other_memory_orders_and_floats_are_taken(model):
    clips = random_clips([[0], [0, 1]])
    expected = model(clips)[0]
    np.testing.assert_array_equal(model(np.asfortranarray(clips))[0], expected)
    np.testing.assert_array_equal(model(clips.astype(np.float64))[0], expected)


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (np.zeros((1, 3, 50, 20, 2), np.float32), r"takes clips \(N, 3, 50, 25, 2\), not \(1, 3, 50, 20, 2\)"),
        (np.zeros((3, 50, 25, 2), np.float32), r"not \(3, 50, 25, 2\)"),
        (np.zeros((0, 3, 50, 25, 2), np.float32), r"not \(0, 3, 50, 25, 2\)"),
        (np.zeros((1, 3, 50, 25, 2), np.int64), "takes clips of float32, not int64"),
        (np.full((1, 3, 50, 25, 2), np.nan, np.float32), "NaN or infinity"),
        (np.full((1, 3, 50, 25, 2), np.inf, np.float32), "NaN or infinity"),
    ],
)
def test_clips_that_the_model_cannot_take_are_refused(model, clips, message):
    with pytest.raises(ValueError, match=message):
        model(clips)


@pytest.mark.parametrize(("wrong", "named"), [({"pitch": "none"}, "pitch"), ({"layout": "NTU26"}, "NTU26")])
def test_a_wrong_clip_configuration_names_the_file(model, wrong, named):
    card = json.loads(model.bundle.to_json())
    card["clip"].update(wrong)
    with pytest.raises(UserError, match=rf"^a\.onnx: its card contradicts itself \(.*{named}"):
        Bundle.from_json(json.dumps(card), "a.onnx")


def test_says_once_what_it_runs_on(caplog, capfd):
    with caplog.at_level(logging.INFO, "skel"):
        model = OnnxModel(DEFAULT_MODEL)
        model(random_clips([[0]]))
    assert model.device == "cpu"
    assert [record.getMessage() for record in caplog.records] == [f"{DEFAULT_MODEL} runs on cpu"]
    assert capfd.readouterr() == ("", "")


def test_no_threads_are_refused():
    with pytest.raises(UserError, match="0 threads: give at least 1"):
        OnnxModel(DEFAULT_MODEL, threads=0)


def test_a_folder_is_refused_as_such(tmp_path):
    with pytest.raises(UserError, match="is a folder, not an exported model"):
        OnnxModel(tmp_path)


class FakeGpu:
    """An ONNX Runtime with GPU providers, of which those in `working` start; notes what sessions were asked for."""

    def __init__(self, monkeypatch, working=(), failure=None):
        self.asked, self.working, self.failure = [], working, failure
        self._session = onnxruntime.InferenceSession
        known = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("Failed to load libcudart.so"))
        monkeypatch.setattr(onnxruntime, "InferenceSession", self.session)

    def session(self, path, options, providers, **named):
        real = self._session(path, options, providers=["CPUExecutionProvider"])
        if providers == ["CPUExecutionProvider"]:
            return real
        self.asked.append(dict(providers))
        if self.failure:
            raise RuntimeError(self.failure)
        active = [name for name, _ in providers if name in self.working] + ["CPUExecutionProvider"]
        parts = ("run", "get_inputs", "get_outputs", "get_modelmeta")
        return SimpleNamespace(get_providers=lambda: active, **{part: getattr(real, part) for part in parts})


@pytest.fixture
def tensorrt(monkeypatch, tmp_path):
    """A `tensorrt` package that can be imported, and a cache folder of its own."""
    package = ModuleType("tensorrt")
    package.__version__ = "10.14.1.48"
    monkeypatch.setitem(sys.modules, "tensorrt", package)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    return package


def test_auto_takes_cuda_where_it_works_and_never_tensorrt(monkeypatch, tensorrt):
    gpu = FakeGpu(monkeypatch, working=("TensorrtExecutionProvider", "CUDAExecutionProvider"))
    assert OnnxModel(DEFAULT_MODEL).device == "cuda"
    assert [list(providers) for providers in gpu.asked] == [["CUDAExecutionProvider"]]


@pytest.mark.parametrize("failure", [None, "CUDA failure 100: no CUDA-capable device is detected\nmore lines"])
def test_auto_falls_back_to_the_cpu_and_says_why(monkeypatch, caplog, capfd, failure):
    FakeGpu(monkeypatch, failure=failure)
    assert OnnxModel(DEFAULT_MODEL).device == "cpu"
    (record,) = caplog.records
    assert "cannot run on cuda here" in record.getMessage()
    assert record.getMessage().endswith("the CPU is used")
    assert capfd.readouterr() == ("", "")


class FailsToRun:
    """A session that opens on a GPU, whose memory is full or which has no code for that GPU."""

    def __init__(self, *given):
        pass

    def run(self, outputs, inputs):
        raise RuntimeError("CUDA error cudaErrorNoKernelImageForDevice: no kernel image is available\nmore lines")


def test_auto_falls_back_to_the_cpu_where_the_first_run_fails(monkeypatch, caplog):
    FakeGpu(monkeypatch)
    monkeypatch.setattr(providers, "_gpu_session", FailsToRun)
    model = OnnxModel(DEFAULT_MODEL)
    assert model.device == "cpu"
    assert model(random_clips([[0]]))[0].shape[0] == 1
    (record,) = caplog.records
    reason = "CUDA error cudaErrorNoKernelImageForDevice: no kernel image is available"
    assert record.getMessage() == f"cannot run on cuda here ({reason}): the CPU is used"


def test_a_gpu_asked_for_by_name_must_run(monkeypatch, tensorrt):
    FakeGpu(monkeypatch)
    monkeypatch.setattr(providers, "_gpu_session", FailsToRun)
    for device in ("cuda", "tensorrt"):
        with pytest.raises(UserError, match=rf"cannot run on {device} here \(CUDA error .*available\): .* --device cpu$"):
            OnnxModel(DEFAULT_MODEL, device)


def test_the_gpu_runs_once_in_the_models_own_shape_before_it_is_taken(monkeypatch):
    """Dimensions that are free are 1 there."""
    seen = []

    class Runs(FailsToRun):
        def run(self, outputs, inputs):
            seen.extend((name, clips.shape, clips.dtype) for name, clips in inputs.items())

    FakeGpu(monkeypatch)
    monkeypatch.setattr(providers, "_gpu_session", Runs)
    session, device = providers.open_session(DEFAULT_MODEL, "auto", 1)
    assert (type(session), device) == (Runs, "cuda")
    assert seen == [("clips", (1, 3, 50, 25, 1), np.float32)]


def test_a_damaged_card_is_told_in_one_line(tmp_path):
    """The graph is whole, so that ONNX Runtime loads it; its metadata are no longer UTF-8."""
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(DEFAULT_MODEL.read_bytes().replace(b'"layout"', b'"\xff\xfeyout"'))
    with pytest.raises(UserError) as caught:
        OnnxModel(damaged)
    assert str(caught.value) == f"{damaged}: its card is damaged: export the model again"


def test_a_gpu_asked_for_by_name_must_work(monkeypatch, tensorrt):
    FakeGpu(monkeypatch)
    for device in ("cuda", "tensorrt"):
        with pytest.raises(UserError, match=rf"cannot run on {device} here .* NVIDIA GPU with a driver") as caught:
            OnnxModel(DEFAULT_MODEL, device)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
def test_a_runtime_for_cpus_says_what_to_install(device):
    with pytest.raises(UserError, match=rf"cannot run on {device} here: .* pip install -c constraints.txt \"\.\[gpu\]\""):
        OnnxModel(DEFAULT_MODEL, device)


def test_tensorrt_keeps_its_engine_in_the_users_cache(monkeypatch, tensorrt, tmp_path):
    gpu = FakeGpu(monkeypatch, working=("TensorrtExecutionProvider", "CUDAExecutionProvider"))
    assert OnnxModel(DEFAULT_MODEL, "tensorrt").device == "tensorrt"
    (asked,) = gpu.asked
    assert list(asked) == ["TensorrtExecutionProvider", "CUDAExecutionProvider"]  # the second for what the first cannot
    options = asked["TensorrtExecutionProvider"]
    assert options["trt_engine_cache_path"] == options["trt_timing_cache_path"] == str(tmp_path / "skel-action" / "tensorrt")
    assert (tmp_path / "skel-action" / "tensorrt").is_dir()
    shapes = [options[f"trt_profile_{part}_shapes"] for part in ("min", "opt", "max")]
    assert shapes == ["clips:1x3x50x25x1", "clips:1x3x50x25x1", "clips:32x3x50x25x2"]


@pytest.mark.parametrize("version", ["8.6.1", "10.12.0.36", "11.0.0.1"])
def test_another_tensorrt_is_refused(monkeypatch, tensorrt, version):
    FakeGpu(monkeypatch)
    tensorrt.__version__ = version
    with pytest.raises(UserError, match=rf"TensorRT {version} is not .*: pip install 'tensorrt-cu13>=10.13,<11'"):
        OnnxModel(DEFAULT_MODEL, "tensorrt")


def test_a_missing_tensorrt_says_what_to_install(monkeypatch):
    FakeGpu(monkeypatch)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(UserError, match=r"TensorRT is missing .*: pip install 'tensorrt-cu13>=10.13,<11'"):
        OnnxModel(DEFAULT_MODEL, "tensorrt")
