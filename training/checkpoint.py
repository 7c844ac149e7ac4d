"""A trained network on disk: `model.safetensors` in the run's folder, with a card that says what it is."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from skel.models.graph import EmptyBodies
from skel.models.stgcn import STGCN
from skel.models.streams import Stream
from skel.skeleton.clip import ClipConfig
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path
from skel.skeleton.layouts import layout_named

MODEL_FILE = "model.safetensors"
SCHEMA = 3


@dataclass(frozen=True)
class ModelCard:
    """What a saved network is and where it comes from.

    Attributes:
        channels, empty_bodies, stream: arguments of `STGCN`; the layout is that of `clip`.
        classes: names of its K classes; empty for a pre-trained encoder.
        clip: how the clips were made that it learned from.
        metrics: measured figures by name, each {"value": …, "protocol": …}.
        provenance: data sets, command, seed, versions.
        temperature: logits are divided by it before softmax; 1 = not calibrated.
    """

    channels: int
    empty_bodies: EmptyBodies
    stream: Stream
    classes: tuple[str, ...]
    clip: ClipConfig
    metrics: dict[str, Any]
    provenance: dict[str, Any]
    temperature: float = 1.0


def save_model(folder: Path, network: STGCN, card: ModelCard) -> Path:
    """Write the network and its card into the run's folder, atomically."""
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    text = json.dumps({"schema": SCHEMA, **dataclasses.asdict(card)}, ensure_ascii=False)
    with atomic_path(folder / MODEL_FILE) as path:
        save_file(weights, path, {"card": text})
    return folder / MODEL_FILE


def load_model(run: Path) -> tuple[STGCN, ModelCard]:
    """Read the network of a run (its folder or the file in it) in evaluation mode; `UserError` where there is none."""
    path = run / MODEL_FILE if run.is_dir() else run
    if not path.is_file():
        raise UserError(f"no trained model at {path}: give the folder of a finished skel-train run")
    if path.suffix == ".onnx":
        raise UserError(
            f"{path} is an exported file, not a run: give the folder of the run that it was exported from "
            "(only skel-train evaluate --stream and tune take .onnx files)"
        )
    try:
        with safe_open(path, "pt") as file:
            fields = json.loads((file.metadata() or {}).get("card", "null"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, ValueError, OSError) as error:
        raise UserError(f"{path} is not a trained model or is cut short ({error}): train it again") from error
    schema = fields.pop("schema", None) if isinstance(fields, dict) else None
    if schema == 1:  # written before the stream could be chosen
        fields, schema = {**fields, "stream": "joint"}, 2
    if schema == 2:  # written before temperatures were fitted
        fields, schema = {**fields, "temperature": 1.0}, SCHEMA
    if schema != SCHEMA:
        raise UserError(f"{path} has a card of schema {schema}, this version reads {SCHEMA}: train it again")
    if sorted(fields) != sorted(field.name for field in dataclasses.fields(ModelCard)):
        raise UserError(f"{path} has an incomplete card: train it again")
    fields["clip"], fields["classes"] = ClipConfig.from_json(fields["clip"]), tuple(fields["classes"])
    card = ModelCard(**fields)
    network = STGCN(
        layout_named(card.clip.layout), card.channels, len(card.classes), empty_bodies=card.empty_bodies, stream=card.stream
    )
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise UserError(f"{path} does not fit the network that its card describes: train it again") from error
    for name, value in weights.items():
        if not value.isfinite().all():
            raise UserError(f"{path} holds NaN or infinity in {name}: train it again with a lower --learning-rate")
    return network.eval(), card


def weights_digest(network: STGCN) -> str:
    """SHA-256 of the trained numbers, whatever file they are in."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


def load_encoder(run: Path, into: STGCN, clip: ClipConfig) -> None:
    """Start `into` from the encoder of another run, of any head and stream; `UserError` where shapes or clips differ."""
    network, card = load_model(run)
    if card.clip != clip:
        raise UserError(f"{run} was trained on clips made in another way ({card.clip}) than this data ({clip})")
    if card.channels != into.channels:
        raise UserError(f"{run} has {card.channels} channels, this network {into.channels}: leave --channels out")
    weights = {name: value for name, value in network.state_dict().items() if not name.startswith("head.")}
    into.load_state_dict(weights, strict=False)
