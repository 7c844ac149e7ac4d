"""Runs an exported recogniser with ONNX Runtime. No torch, no Qt."""

import logging
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.models.providers import LARGEST_BATCH, Device, open_session
from skel.models.statistics import EmbeddingStatistics
from skel.skeleton.errors import UserError

__all__ = ["Device", "OnnxModel"]

Outputs = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

_log = logging.getLogger(__name__)


class OnnxModel:
    """One exported file, loaded, warm and ready.

    Args:
        path: the .onnx file that skel-export wrote.
        device: `auto` is CUDA where it works, else the CPU. `tensorrt` only by name: its engine takes minutes to build at
            the first start, and is then found in the user's cache folder.
        threads: on the CPU; more than one gain nothing for one person's clip.

    Attributes:
        bundle: how to feed it and what it knows.
        statistics: of the embeddings of its own classes, to compare taught actions with; None where the file has none.
        device: `cpu`, `cuda` or `tensorrt`: what it really runs on. Also logged, once.
        path: where it came from.
        threads: as given.

    `UserError`, one line, where the file is missing, damaged or another model's, or cannot run on that device.
    """

    def __init__(self, path: Path | str, device: Device = "auto", threads: int = 1) -> None:
        self.path, self.threads = Path(path), threads
        if device not in get_args(Device):
            raise UserError(f"unknown device {device!r}: give one of {', '.join(get_args(Device))}")
        if threads < 1:
            raise UserError(f"{threads} threads: give at least 1")
        if self.path.is_dir():
            raise UserError(
                f"{self.path} is a folder, not an exported model: give an .onnx file; "
                "of a run's folder skel-export --checkpoint RUN --onnx OUT.onnx makes one"
            )
        if not self.path.is_file():
            raise UserError(f"no model at {self.path}: make one with skel-export")
        self._session, self.device = open_session(self.path, device, threads)
        try:
            metadata = self._session.get_modelmeta().custom_metadata_map
        except UnicodeDecodeError as error:
            raise UserError(f"{self.path}: its card is damaged: export the model again") from error
        self.bundle = Bundle.from_metadata(metadata, str(self.path))
        self.statistics = EmbeddingStatistics.from_metadata(metadata, str(self.path), len(self.bundle.labels))
        clip = self.bundle.clip
        self._shape = (3, clip.frames, len(clip.skeleton_layout()), clip.max_bodies)
        inputs, outputs = self._session.get_inputs(), [output.name for output in self._session.get_outputs()]
        if len(inputs) != 1 or tuple(inputs[0].shape[1:4]) != self._shape[:3] or outputs != ["logits", "embedding"]:
            raise UserError(f"{self.path} does not take the clips that its card describes: export the model again")
        self._input = inputs[0].name
        self._any_bodies = not isinstance(inputs[0].shape[4], int)
        # The first run of a shape lays out memory and, on a GPU, compiles: nobody in front of the camera should wait for it.
        for people in (1, 4):
            self(np.ones((people, *self._shape), np.float32) * (np.arange(clip.max_bodies) == 0))
        _log.info("%s runs on %s", self.path, self.device)

    def __call__(self, clips: npt.NDArray[np.float32]) -> Outputs:
        """Clips (N, 3, T, V, M) to logits (N, K) and embeddings (N, features).

        Absent (all zero) bodies are not computed: each clip costs as many bodies as are in it. `ValueError` for another
        shape, for what are not floating-point numbers, and for NaN or infinity.
        """
        if clips.ndim != 5 or not len(clips) or clips.shape[1:] != self._shape:
            raise ValueError(f"the model takes clips (N, {', '.join(map(str, self._shape))}), not {clips.shape}")
        if not np.issubdtype(clips.dtype, np.floating):
            raise ValueError(f"the model takes clips of float32, not {clips.dtype}")
        bodies = np.ascontiguousarray(np.moveaxis(clips, 4, 1), np.float32)  # (N, M, 3, T, V): quick to look through
        if not np.isfinite(bodies).all():
            raise ValueError("the clips hold NaN or infinity: make_clip fills untracked joints")
        if not self._any_bodies:
            return self._run(bodies)
        present = bodies.reshape(*bodies.shape[:2], -1).any(axis=2)  # (N, M)
        if (present == present[0]).all():
            return self._run(bodies[:, _some(present[0])])
        patterns = np.unique(present, axis=0)
        groups = [np.flatnonzero((present == pattern).all(axis=1)) for pattern in patterns]
        parts = [self._run(bodies[group][:, _some(pattern)]) for group, pattern in zip(groups, patterns)]
        order = np.argsort(np.concatenate(groups))
        logits, embeddings = (np.concatenate(part)[order] for part in zip(*parts))
        return logits, embeddings

    def _run(self, bodies: npt.NDArray[np.float32]) -> Outputs:
        clips = np.ascontiguousarray(np.moveaxis(bodies, 1, 4))
        starts = range(0, len(clips), LARGEST_BATCH)
        parts = [self._session.run(None, {self._input: clips[i : i + LARGEST_BATCH]}) for i in starts]
        if len(parts) == 1:
            return parts[0][0], parts[0][1]
        logits, embeddings = (np.concatenate(part) for part in zip(*parts))
        return logits, embeddings


def _some(pattern: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which bodies to compute; the first where there are none, since a graph needs one."""
    return pattern if pattern.any() else np.arange(len(pattern)) == 0
