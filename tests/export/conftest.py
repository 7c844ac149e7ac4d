"""Runs as fine-tuning leaves them, without the training, and clips of people."""

import json

import numpy as np
import pytest
import torch

from skel.models.pretrained import DEMO_RECORDING
from skel.models.stgcn import STGCN
from skel.skeleton.clip import ClipConfig, make_clip
from skel.skeleton.recording import load_recording
from skel.training.checkpoint import ModelCard, save_model

CLASSES = ("wave", "clap", "idle")


@pytest.fixture(scope="session")
def make_run():
    """A function: folder, stream … → the folder with a network of random weights, none of them at its initial value."""

    def make(folder, stream="joint", empty_bodies="skip", clip=None, classes=CLASSES, channels=4, config=None):
        torch.manual_seed(len(stream))
        clip = clip or ClipConfig()
        network = STGCN(clip.skeleton_layout(), channels, len(classes), empty_bodies=empty_bodies, stream=stream)
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.1)
                    module.running_var.uniform_(0.5, 1.5)
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_(0, 0.2)
            for block in network.blocks:
                block.graph.bias.normal_(0, 0.1)
                block.graph.importance.uniform_(0.5, 1.5)
        metrics = {"top1": {"value": 0.5, "protocol": "none"}}
        save_model(
            folder, network.eval(), ModelCard(channels, empty_bodies, stream, classes, clip, metrics, {"data": ["none"]})
        )
        if config is not None:
            (folder / "config.json").write_text(json.dumps(config))
        return folder

    return make


@pytest.fixture(scope="session")
def clips():
    """(12, 3, 50, 25, 2): twelve spans of the demonstration recording; in the last four somebody else is there, too."""
    recording, config = load_recording(DEMO_RECORDING), ClipConfig()
    spans = [(start, start + 2.5) for start in np.arange(2.0, 50.0, 4.0)]
    made = np.stack([make_clip(recording.positions_m, recording.times_s, config, span) for span in spans])
    made[..., 1] = 0
    made[-4:, ..., 1] = made[:4, ..., 0]
    return made
