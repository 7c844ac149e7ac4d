"""A network as one ONNX file that carries its card."""

import logging
import warnings
from pathlib import Path

import onnx
import torch

from skel.export.deployable import Deployable
from skel.models.bundle import METADATA_KEY, Bundle
from skel.models.statistics import METADATA_KEY as STATISTICS_KEY
from skel.models.statistics import EmbeddingStatistics
from skel.skeleton.clip import ClipConfig

OPSET = 20


def write_graph(network: Deployable, clip: ClipConfig, path: Path) -> None:
    """Write the network: `clips` (batch, 3, T, V, bodies) to `logits` and `embedding`; batch and bodies are free."""
    # Two of each, so that neither is taken for a constant 1.
    example = torch.randn(2, 3, clip.frames, len(clip.skeleton_layout()), 2)
    # The exporter warns of its own internals, and logs that a package which is not needed is not there.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (example,),
            path,
            input_names=["clips"],
            output_names=["logits", "embedding"],
            dynamic_shapes=({0: "batch", 4: "bodies"},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def stamp(path: Path, bundle: Bundle, statistics: EmbeddingStatistics | None = None) -> None:
    """Put the card, and the statistics where there are some, into the file, in place of what it had, and check the file."""
    model = onnx.load(path)
    # The exporter notes for every node and value from which line of whose folder it comes.
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, model.graph):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    beside = {} if statistics is None else {STATISTICS_KEY: statistics.to_json()}
    onnx.helper.set_model_props(model, {METADATA_KEY: bundle.to_json(), **beside})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
