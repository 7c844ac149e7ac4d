"""No machine at hand runs TensorRT: a stand-in that notes the calls stands for the package."""

import ctypes
import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from skel.export import tensorrt as export
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.skeleton.errors import UserError

SHAPES = {"logits": (1, 32), "embedding": (1, 256)}


class Package(ModuleType):
    """What `skel.export.tensorrt` uses of NVIDIA's package; `done` holds what was asked of it."""

    __version__ = "10.14.1.48"
    Logger = SimpleNamespace
    BuilderFlag = SimpleNamespace(FP16="fp16")

    def __init__(self):
        super().__init__("tensorrt")
        self.done, self.plan, self.refusal = {}, b"plan", None
        note = self.done.__setitem__
        cache = SimpleNamespace(serialize=lambda: b"timings")
        config = SimpleNamespace(
            set_flag=lambda flag: note("flag", flag),
            add_optimization_profile=lambda profile: note("profiles", 1),
            create_timing_cache=lambda content: note("timings", content) or cache,
            set_timing_cache=lambda given, ignore_mismatch: note("mismatch", ignore_mismatch),
        )
        self.Builder = lambda logger: SimpleNamespace(
            create_network=lambda flags: SimpleNamespace(
                get_input=lambda index: SimpleNamespace(name="clips", shape=(-1, 3, 50, 25, -1))
            ),
            create_builder_config=lambda: config,
            create_optimization_profile=lambda: SimpleNamespace(set_shape=lambda *shapes: note("shapes", shapes)),
            build_serialized_network=lambda network, given: self.plan,
        )
        self.OnnxParser = lambda network, logger: SimpleNamespace(
            parse=lambda content: self.refusal is None,
            get_error=lambda index: SimpleNamespace(desc=lambda: self.refusal),
        )
        self.Logger = lambda severity: None
        self.Logger.ERROR = 1
        engine = SimpleNamespace(create_execution_context=lambda: Context())
        self.Runtime = lambda logger: SimpleNamespace(
            deserialize_cuda_engine=lambda content: engine if content == b"plan" else None
        )


class Context:
    """Writes 1 into the first output of each kind."""

    def __init__(self):
        self.addresses = {}
        self.get_tensor_shape = SHAPES.get
        self.set_tensor_address = self.addresses.__setitem__

    def set_input_shape(self, name, shape):
        return name == "clips" and shape[0] <= 32 and shape[1:4] == (3, 50, 25)

    def execute_async_v3(self, stream):
        assert set(self.addresses) == {"clips", "logits", "embedding"}
        for name in SHAPES:
            ctypes.c_float.from_address(self.addresses[name]).value = 1.0
        return True


@pytest.fixture
def package(monkeypatch, tmp_path):
    package = Package()
    monkeypatch.setitem(sys.modules, "tensorrt", package)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA L4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 9))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: SimpleNamespace(cuda_stream=0, synchronize=lambda: None))
    monkeypatch.setattr(export, "_DEVICE", "cpu")
    return package


@pytest.fixture
def built(package, tmp_path):
    path = tmp_path / "out.engine"
    export.build_engine(DEFAULT_MODEL, path, fp16=True)
    return path


def test_builds_for_all_batches_and_bodies_and_keeps_the_timings(package, built, tmp_path):
    assert built.read_bytes() == b"plan"
    assert package.done == {
        "flag": "fp16",
        "shapes": ("clips", (1, 3, 50, 25, 1), (1, 3, 50, 25, 1), (32, 3, 50, 25, 2)),
        "profiles": 1,
        "timings": b"",
        "mismatch": False,
    }
    export.build_engine(DEFAULT_MODEL, built, fp16=True)
    assert package.done["timings"] == b"timings"


def test_full_precision_sets_no_flag(package, tmp_path):
    export.build_engine(DEFAULT_MODEL, tmp_path / "out.engine", fp16=False)
    assert "flag" not in package.done


def test_says_beside_the_engine_what_it_is_for(built):
    about = json.loads(built.with_name("out.engine.json").read_text())
    assert (about["gpu"], about["compute_capability"], about["tensorrt"]) == ("NVIDIA L4", "8.9", "10.14.1.48")
    assert about["fp16"] is True
    assert about["largest_input"] == [32, 3, 50, 25, 2]
    assert export.Engine(built).bundle == OnnxModel(DEFAULT_MODEL, "cpu").bundle


def test_an_engine_takes_clips_and_gives_logits_and_embeddings(built):
    engine = export.Engine(built)
    logits, embedding = engine(np.zeros((1, 3, 50, 25, 1), np.float32))
    assert (logits.shape, embedding.shape) == ((1, 32), (1, 256))
    assert logits[0, 0] == embedding[0, 0] == 1
    assert len(engine(np.zeros((65, 3, 50, 25, 1), np.float32))[0]) == 3  # the stand-in gives a row a run: 32, 32 and 1
    with pytest.raises(ValueError, match=r"not built for clips \(1, 3, 40, 25, 1\)"):
        engine(np.zeros((1, 3, 40, 25, 1), np.float32))


@pytest.mark.parametrize(("what", "value"), [("gpu", "NVIDIA H100"), ("tensorrt", "10.13.3"), ("compute_capability", "9.0")])
def test_an_engine_of_another_machine_is_refused(built, what, value):
    path = built.with_name("out.engine.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), what: value}))
    with pytest.raises(UserError, match=r"was built for .* here is NVIDIA L4 with TensorRT 10.14.1.48: build it again"):
        export.Engine(built)


def test_damaged_engines_and_cards_get_one_line(built):
    built.write_bytes(b"pla")
    with pytest.raises(UserError, match="is damaged: build it again"):
        export.Engine(built)
    for content in ("{", "{}"):
        built.with_name("out.engine.json").write_text(content)
        with pytest.raises(UserError, match=r"out\.engine\.json, which says what the engine is for, is missing or damaged"):
            export.Engine(built)


def test_what_tensorrt_refuses_leaves_no_file(package, tmp_path):
    path = tmp_path / "out.engine"
    package.plan = None
    with pytest.raises(UserError, match=r"cannot build an engine of .* on NVIDIA L4"):
        export.build_engine(DEFAULT_MODEL, path, fp16=False)
    package.refusal = "unsupported operator"
    with pytest.raises(UserError, match=r"TensorRT cannot read .*: unsupported operator"):
        export.build_engine(DEFAULT_MODEL, path, fp16=False)
    assert not list(tmp_path.glob("out*"))


def test_without_tensorrt_or_a_gpu_it_says_what_to_install(package, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="needs an NVIDIA GPU here, and torch with CUDA"):
        export.build_engine(DEFAULT_MODEL, tmp_path / "out.engine", fp16=False)
    package.__version__ = "9.3.0"
    with pytest.raises(UserError, match=r"pip install 'tensorrt-cu13>=10.13,<11'"):
        export.build_engine(DEFAULT_MODEL, tmp_path / "out.engine", fp16=False)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(UserError, match=r"TensorRT is missing .*: pip install 'tensorrt-cu13>=10.13,<11'"):
        export.build_engine(DEFAULT_MODEL, tmp_path / "out.engine", fp16=False)
