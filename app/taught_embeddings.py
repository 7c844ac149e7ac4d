"""What a model makes of taught examples, remembered on disk: each window goes through each model once."""

import hashlib
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from skel.models.examples import example_clips
from skel.models.recognizer import Model, softmax
from skel.models.statistics import EmbeddingStatistics
from skel.skeleton.files import atomic_path
from skel.skeleton.recording import load_recording

Array = npt.NDArray[np.float32]


class TeachableModel(Model, Protocol):
    """A model beside whose classes new actions can stand; `skel.models.runtime.OnnxModel` is one."""

    @property
    def statistics(self) -> EmbeddingStatistics | None:
        """Of its own classes, where its file has them."""
        ...


class Embedded(NamedTuple):
    """The windows of one example, as a model sees them."""

    probabilities: npt.NDArray[np.float64]  # (w, K)
    embeddings: Array  # (w, F)


class EmbeddingCache:
    """Embeddings by model and recording, in `folder`; a file that is damaged is made anew, one of an old recording goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def embedded(self, path: Path, start_s: float, end_s: float, model: TeachableModel) -> Embedded:
        """Of the movement in the recording at `path`; `UserError` where that cannot be read."""
        span = f"{start_s!r} {end_s!r}".encode()
        name = hashlib.sha256(path.read_bytes() + span).hexdigest()[:32]
        stored = self._of_model(model) / f"{name}.npz"
        outputs = _read(stored)
        if outputs is None:
            clips = example_clips(load_recording(path), start_s, end_s, model.bundle)
            outputs = model(clips)
            with atomic_path(stored) as temporary, temporary.open("wb") as file:
                np.savez(file, logits=outputs[0], embeddings=outputs[1])
        logits, embeddings = outputs
        return Embedded(softmax(logits / model.bundle.temperature), embeddings)

    def _of_model(self, model: TeachableModel) -> Path:
        """By the card, which names the weights' hash, the precision, the clip and the windows."""
        return self._folder / hashlib.sha256(model.bundle.to_json().encode()).hexdigest()[:16]


def _read(path: Path) -> tuple[Array, Array] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["logits"], file["embeddings"]
    except (OSError, ValueError, KeyError, EOFError):
        return None
