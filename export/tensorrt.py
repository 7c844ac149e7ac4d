"""A TensorRT engine of an exported file, for programs that run TensorRT themselves (trtexec, C++). Not verified on hardware.

The app needs none: `--device tensorrt` has ONNX Runtime build and keep its own. Calls as in NVIDIA's Python API of 10.x
(docs.nvidia.com/deeplearning/tensorrt, "Builder", "Network", "Engine").
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch

from skel.models.bundle import Bundle
from skel.models.providers import LARGEST_BATCH, tensorrt_cache, tensorrt_package
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, write_text

_DEVICE = "cuda"
_OUTPUTS = ("logits", "embedding")


def build_engine(source: Path, engine: Path, fp16: bool) -> None:
    """Build `engine` from the float32 ONNX file `source` for the GPU of this machine: minutes, the first time.

    It takes `clips` (1 to `LARGEST_BATCH`, 3, T, V, 1 to max_bodies) and gives `logits` and `embedding`, like the file.
    `ENGINE.json` beside it says for which GPU and TensorRT it is, its largest input, and holds the card. `UserError`, one
    line, without TensorRT, without a GPU, or where TensorRT refuses the file.
    """
    trt = tensorrt_package()
    machine = _machine(trt)
    content = source.read_bytes()
    metadata = {prop.key: prop.value for prop in onnx.load_from_string(content).metadata_props}
    bundle = Bundle.from_metadata(metadata, str(source))
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)  # the batch is explicit in every network of TensorRT 10
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(content):
        raise UserError(f"TensorRT cannot read {source}: {parser.get_error(0).desc()}")
    config = builder.create_builder_config()
    if fp16:
        config.set_flag(trt.BuilderFlag.FP16)

    clips = network.get_input(0)
    most = (LARGEST_BATCH, *clips.shape[1:4], bundle.clip.max_bodies)
    smallest, largest = (tuple(free if size < 0 else size for free, size in zip(f, clips.shape)) for f in ((1,) * 5, most))
    profile = builder.create_optimization_profile()
    profile.set_shape(clips.name, smallest, smallest, largest)  # fastest for one person
    config.add_optimization_profile(profile)

    timings = tensorrt_cache() / f"{machine['tensorrt']}-{machine['compute_capability']}.timings"
    cache = config.create_timing_cache(timings.read_bytes() if timings.is_file() else b"")
    config.set_timing_cache(cache, ignore_mismatch=False)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise UserError(f"TensorRT cannot build an engine of {source} on {machine['gpu']}: its own messages are above")
    with atomic_path(timings) as path:
        path.write_bytes(bytes(cache.serialize()))

    about = {**machine, "fp16": fp16, "largest_input": largest, "source_sha256": hashlib.sha256(content).hexdigest()}
    with atomic_path(engine) as path:
        path.write_bytes(bytes(plan))
        write_text(_card_path(engine), json.dumps({**about, "card": json.loads(bundle.to_json())}, indent=1))


class Engine:
    """A built engine, to compare it with what it was built from; `UserError` on another GPU or with another TensorRT."""

    def __init__(self, path: Path) -> None:
        trt = tensorrt_package()
        machine = _machine(trt)
        try:
            about = json.loads(_card_path(path).read_text(encoding="utf-8"))
            built_for = {name: about[name] for name in machine}
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{_card_path(path)}, which says what the engine is for, is missing or damaged") from error
        if built_for != machine:
            was, here = (f"{m['gpu']} with TensorRT {m['tensorrt']}" for m in (built_for, machine))
            raise UserError(f"{path} was built for {was}, here is {here}: build it again with skel-export --tensorrt")
        self.bundle = Bundle.from_json(json.dumps(about["card"]), str(path))
        engine = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(path.read_bytes())
        if engine is None:
            raise UserError(f"{path} is damaged: build it again with skel-export --tensorrt")
        self._context = engine.create_execution_context()

    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Clips (N, 3, T, V, M) to logits (N, K) and embeddings (N, features)."""
        parts = [self._run(clips[i : i + LARGEST_BATCH]) for i in range(0, len(clips), LARGEST_BATCH)]
        logits, embeddings = (np.concatenate(part) for part in zip(*parts))
        return logits, embeddings

    def _run(self, clips: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        tensors = {"clips": torch.from_numpy(np.ascontiguousarray(clips)).to(_DEVICE)}
        if not self._context.set_input_shape("clips", tuple(clips.shape)):
            raise ValueError(f"the engine was not built for clips {clips.shape}")
        for name in _OUTPUTS:
            tensors[name] = torch.empty(tuple(self._context.get_tensor_shape(name)), device=_DEVICE)
        for name, tensor in tensors.items():
            self._context.set_tensor_address(name, tensor.data_ptr())
        stream = torch.cuda.current_stream()
        if not self._context.execute_async_v3(stream.cuda_stream):
            raise RuntimeError("TensorRT did not run the engine")
        stream.synchronize()
        return [tensors[name].cpu().numpy() for name in _OUTPUTS]


def _machine(trt: Any) -> dict[str, str]:
    """What an engine is tied to."""
    if not torch.cuda.is_available():
        raise UserError("a TensorRT engine needs an NVIDIA GPU here, and torch with CUDA: pip install torch")
    major, minor = torch.cuda.get_device_capability()
    return {"gpu": torch.cuda.get_device_name(), "compute_capability": f"{major}.{minor}", "tensorrt": trt.__version__}


def _card_path(engine: Path) -> Path:
    return engine.with_name(f"{engine.name}.json")
