"""Where a model runs: ONNX Runtime's sessions on the CPU, on CUDA and on TensorRT."""

import contextlib
import io
import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np

from skel.skeleton.errors import UserError, how_to_install

Device = Literal["auto", "cpu", "cuda", "tensorrt"]
"""`auto` is CUDA where it works, else the CPU; never TensorRT, which first builds an engine for minutes."""

LARGEST_BATCH = 32
"""Most clips in one run of a session; a TensorRT engine is built for batches up to it."""

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
_INSTALL_GPU = f"pip uninstall -y onnxruntime, then {how_to_install('gpu')}"
# What ONNX Runtime's provider links is libnvinfer.so.10.
_INSTALL_TENSORRT = "pip install 'tensorrt-cu13>=10.13,<11'"

_log = logging.getLogger(__name__)


def open_session(path: Path, device: Device, threads: int) -> tuple[Any, str]:
    """An `onnxruntime.InferenceSession` of the file, and on which of cpu, cuda, tensorrt it really runs.

    `UserError` for a file that is no whole ONNX model, and for a device that was asked for by name but does not work.
    """
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise UserError(f"ONNX Runtime is missing: {how_to_install('cpu')}, or [gpu] with an NVIDIA GPU") from error
    # Fatal only: what a provider lacks is said below, in one line.
    ort.set_default_logger_severity(4)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    # Spinning threads would take the processor from acquisition and drawing between two frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        # Also where a GPU is wanted: it tells a damaged file from a missing driver, and the shape of the input.
        session = ort.InferenceSession(path, options, providers=[_PROVIDERS["cpu"]])
    except Exception as error:  # ONNX Runtime's own types are private
        reason = _first_line(error)
        raise UserError(f"{path} cannot be loaded on cpu ({reason}): is it a whole file of skel-export?") from error
    if device == "cpu":
        return session, "cpu"

    name = "cuda" if device == "auto" else device
    if _PROVIDERS[name] not in ort.get_available_providers():
        if device == "auto":
            return session, "cpu"
        raise UserError(f"cannot run on {name} here: this ONNX Runtime is for CPUs: {_INSTALL_GPU}")
    if name == "tensorrt":
        tensorrt_package()
    try:
        clips = session.get_inputs()[0]
        gpu = _gpu_session(ort, path, options, name, clips)
        # A GPU that is too old, too new or full lets a session be opened, and fails when it is run.
        gpu.run(None, {clips.name: np.ones(_smallest(clips), np.float32)})
        return gpu, name
    except Exception as error:
        reason = f"cannot run on {name} here ({_first_line(error)})"
        if device == "auto":
            _log.warning("%s: the CPU is used", reason)
            return session, "cpu"
        raise UserError(f"{reason}: is there an NVIDIA GPU with a driver for CUDA 13? Or give --device cpu") from error


def _gpu_session(ort: Any, path: Path, options: Any, name: str, clips: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints each library that it does not find
        ort.preload_dlls()
    # The thorough search for a convolution's algorithm runs again, for seconds, when another number of people comes.
    cuda = (_PROVIDERS["cuda"], {"cudnn_conv_algo_search": "HEURISTIC"})
    providers = [cuda] if name == "cuda" else [(_PROVIDERS["tensorrt"], _tensorrt_options(clips)), cuda]
    session = ort.InferenceSession(path, options, providers=providers, enable_fallback=0)
    # A provider that fails to start is silently left out: only what is active counts.
    if session.get_providers()[0] != _PROVIDERS[name]:
        raise RuntimeError("its libraries do not start")
    return session


def _tensorrt_options(clips: Any) -> dict[str, str]:
    """One engine for all batches and bodies, kept in the user's cache: it is built once a file, GPU and version."""
    folder = tensorrt_cache()
    shapes = {
        "min": _smallest(clips),
        "opt": _smallest(clips),
        "max": [size if isinstance(size, int) else most for size, most in zip(clips.shape, (LARGEST_BATCH, 0, 0, 0, 2))],
    }
    return {
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(folder),
        **{f"trt_profile_{k}_shapes": f"{clips.name}:{'x'.join(map(str, sizes))}" for k, sizes in shapes.items()},
    }


def _smallest(clips: Any) -> list[int]:
    """The shape of a model's input with 1 where any size will do."""
    return [size if isinstance(size, int) else 1 for size in clips.shape]


def tensorrt_cache() -> Path:
    """The folder, made where it is missing, in which TensorRT keeps engines and the timings of its kernels."""
    from platformdirs import user_cache_path

    folder = user_cache_path("skel-action") / "tensorrt"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def tensorrt_package() -> Any:
    """The `tensorrt` package, which also loads libnvinfer for ONNX Runtime; `UserError` where it is missing or another."""
    try:
        import tensorrt
    except (ImportError, OSError) as error:
        raise UserError(f"TensorRT is missing ({_first_line(error)}): {_INSTALL_TENSORRT}") from error
    major, minor = (int(part) for part in tensorrt.__version__.split(".")[:2])
    if not (10, 13) <= (major, minor) < (11, 0):
        raise UserError(f"TensorRT {tensorrt.__version__} is not what ONNX Runtime links: {_INSTALL_TENSORRT}")
    return tensorrt


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
