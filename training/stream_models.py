"""What `skel-train` trained, or `skel-export` exported, as the recogniser takes it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from skel.models.bundle import Bundle
from skel.models.live import LiveSettings, with_usual_lag
from skel.models.recognizer import Model
from skel.sensors.actor_motions import IDLE
from skel.skeleton.errors import UserError
from skel.training.device import pick_device
from skel.training.divergence import check_said
from skel.training.ensemble import Ensemble, load_ensemble

LARGEST_BATCH = 128


class TorchModel:
    """Trained networks in torch as a `skel.models.recognizer.Model`, with the live settings that a bundle has by default."""

    def __init__(self, ensemble: Ensemble, device: torch.device) -> None:
        self._ensemble, self._device = ensemble, device
        for network in ensemble.networks:
            network.eval().to(device)
        self.bundle = Bundle(
            labels=ensemble.classes,
            clip=ensemble.clip,
            streams=tuple(network.stream for network in ensemble.networks),
            stream_weights=ensemble.weights,
            temperature=ensemble.temperature,
            live=with_usual_lag(LiveSettings(idle_label=IDLE if IDLE in ensemble.classes else None)),
            precision="float32",
            metrics={},
            provenance={},
        )

    @torch.no_grad()
    def __call__(self, clips: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Clips (N, 3, T, V, M) → logits (N, K) and embeddings (N, features of all networks), all finite."""
        used = int(np.count_nonzero(clips.any(axis=(0, 1, 2, 3))))
        logits: list[npt.NDArray[np.float32]] = []
        embeddings: list[npt.NDArray[np.float32]] = []
        for part in torch.from_numpy(clips).split(LARGEST_BATCH):
            said = [
                network((part[..., : max(used, 1)] if network.empty_bodies == "skip" else part).to(self._device))
                for network in self._ensemble.networks
            ]
            logits.append(self._ensemble.sum_of([one.logits.float().cpu().numpy() for one in said]))
            embeddings.append(np.concatenate([one.embedding.float().cpu().numpy() for one in said], axis=1))
        answer = np.concatenate(logits), np.concatenate(embeddings)
        for values in answer:
            check_said(values, "what the networks say of the recordings")
        return answer


def load_for_streams(checkpoint: Sequence[Path], weights: Sequence[float], device: str) -> Model:
    """A run, an ensemble of several, or one exported .onnx file; `UserError` where it is none of them."""
    if any(path.suffix == ".onnx" for path in checkpoint):
        if len(checkpoint) > 1 or weights:
            raise UserError("an .onnx file is measured by itself: leave out other checkpoints and --weights")
        from skel.models.runtime import OnnxModel

        return OnnxModel(checkpoint[0], "cuda" if device.startswith("cuda") else "cpu")
    return TorchModel(load_ensemble(checkpoint, weights), pick_device(device))
