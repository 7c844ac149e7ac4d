"""What a model makes of taught examples, remembered on disk: each window goes through each model once."""

import hashlib
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from skel.models.examples import example_clips
from skel.models.recognizer import Model, softmax
from skel.models.statistics import EmbeddingStatistics
from skel.skeleton.errors import UserError
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
    """One example at w moments, as a model sees it: means over the window durations, as the recogniser takes them."""

    probabilities: Array  # (w, K)
    embeddings: Array  # (w, F)


class EmbeddingCache:
    """Embeddings by model and recording, in `folder`, from which anything may be deleted; a damaged file is made anew.

    Where nothing can be written (the folder is somebody else's, the disk is full) nothing is remembered.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def embedded(self, path: Path, start_s: float, end_s: float, model: TeachableModel) -> Embedded:
        """Of the movement in the recording at `path`; `UserError` where that cannot be read."""
        span = f"{start_s!r} {end_s!r}".encode()
        try:
            name = hashlib.sha256(path.read_bytes() + span).hexdigest()[:32]
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}") from error
        stored = self._of_model(model) / f"{name}.npz"
        embedded = _read(stored)
        if embedded is None:
            clips = example_clips(load_recording(path), start_s, end_s, model.bundle)
            moments, durations = clips.shape[:2]
            logits, features = model(clips.reshape(-1, *clips.shape[2:]))
            probabilities = softmax(logits / model.bundle.temperature)
            means = (x.reshape(moments, durations, -1).mean(axis=1) for x in (probabilities, features))
            embedded = Embedded(*(mean.astype(np.float32) for mean in means))
            with suppress(UserError, OSError), atomic_path(stored) as temporary, temporary.open("wb") as file:
                np.savez(file, probabilities=embedded.probabilities, embeddings=embedded.embeddings)
        return embedded

    def _of_model(self, model: TeachableModel) -> Path:
        """By the card, which names the weights' hash, the precision, the clip and the windows."""
        return self._folder / hashlib.sha256(model.bundle.to_json().encode()).hexdigest()[:16]


def _read(path: Path) -> Embedded | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return Embedded(file["probabilities"], file["embeddings"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
