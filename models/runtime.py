"""Runs an exported recogniser with ONNX Runtime. No torch, no Qt."""

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.skeleton.errors import UserError

Device = Literal["auto", "cpu", "cuda"]
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxModel:
    """One exported file, loaded and ready.

    Args:
        path: the .onnx file that skel-export wrote.
        device: `auto` is the GPU where one works, else the CPU.
        threads: on the CPU; more than two gain nothing for one person's clip.

    Attributes:
        bundle: how to feed it and what it knows.
        device: `cpu` or `cuda`, what it really runs on.
        path: where it came from.
        threads: as given.

    `UserError`, one line, where the file is missing, not ONNX, another model's, or cannot run on that device.
    """

    def __init__(self, path: Path | str, device: Device = "auto", threads: int = 1) -> None:
        self.path, self.threads = Path(path), threads
        if device not in get_args(Device):
            raise UserError(f"unknown device {device!r}: give one of {', '.join(get_args(Device))}")
        if not self.path.is_file():
            raise UserError(f"no model at {self.path}: make one with skel-export")
        self._session, self.device = _session(self.path, device, threads)
        self.bundle = Bundle.from_metadata(self._session.get_modelmeta().custom_metadata_map, str(self.path))
        inputs, outputs = self._session.get_inputs(), [output.name for output in self._session.get_outputs()]
        clip = self.bundle.clip
        expected = [3, clip.frames, len(clip.skeleton_layout())]
        if len(inputs) != 1 or inputs[0].shape[1:4] != expected or outputs != ["logits", "embedding"]:
            raise UserError(f"{self.path} does not take the clips that its card describes: export the model again")
        self._input = inputs[0].name
        self._any_bodies = not isinstance(inputs[0].shape[4], int)
        # The first run lays out memory: nobody in front of the camera should wait for it.
        self(np.ones((1, 3, clip.frames, len(clip.skeleton_layout()), clip.max_bodies), np.float32))

    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Clips (N, 3, T, V, M) to logits (N, K) and embeddings (N, features); `ValueError` for another shape.

        Bodies that are absent (all zero) from every clip are not computed where the model gives them no weight.
        """
        shape = (3, self.bundle.clip.frames, len(self.bundle.clip.skeleton_layout()), self.bundle.clip.max_bodies)
        if clips.ndim != 5 or clips.shape[1:] != shape:
            raise ValueError(f"the model takes clips (N, {', '.join(map(str, shape))}), not {clips.shape}")
        if self._any_bodies:
            used = int(clips.any(axis=(0, 1, 2, 3)).sum())
            clips = clips[..., : max(used, 1)]
        logits, embedding = self._session.run(None, {self._input: np.ascontiguousarray(clips, np.float32)})
        return logits, embedding


def _session(path: Path, device: Device, threads: int) -> tuple[Any, str]:
    """An inference session and the device that it runs on."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise UserError("ONNX Runtime is missing: pip install 'skel-action[cpu]', or [gpu] with an NVIDIA GPU") from error
    ort.set_default_logger_severity(3)
    if device != "cpu" and hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Spinning threads would take the processor from acquisition and drawing between two frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wanted = ["cuda", "cpu"] if device == "auto" else [device]
    known = ort.get_available_providers()
    for name in wanted:
        if _PROVIDERS[name] not in known:
            continue
        try:
            session = ort.InferenceSession(path, options, providers=[_PROVIDERS[name]])
        except Exception as error:
            # ONNX Runtime raises a private type for everything, a damaged file and a missing library alike.
            if name == "cuda" and device == "auto":
                continue
            reason = str(error).splitlines()[0]
            raise UserError(f"{path} cannot be loaded on {name} ({reason}): is it a whole file of skel-export?") from error
        # A provider that fails to start is silently replaced: only what is active counts.
        if session.get_providers()[0] == _PROVIDERS[name]:
            return session, name
    raise UserError(f"cannot run on {device} here: give --device cpu, or pip install 'skel-action[gpu]' with an NVIDIA GPU")
