"""How good an encoder's features are without changing it: linear evaluation, and nearest neighbours."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from skel.skeleton.errors import UserError
from skel.training.checkpoint import load_model
from skel.training.config import KnnConfig, LinearConfig
from skel.training.dataset import ClipSet, digest
from skel.training.device import pick_device
from skel.training.evaluate import predict, show
from skel.training.finetune import deciding_clips, finish, start
from skel.training.join import load_joined
from skel.training.known_labels import inherited
from skel.training.labelled import choose_labels, load_labelled
from skel.training.option_checks import check_options, check_seed
from skel.training.report import Report
from skel.training.run import Run
from skel.training.run_config import with_whole_paths
from skel.training.supervised import learn


def linear(config: LinearConfig) -> Path:
    """Learn one layer on the features of a frozen encoder, write both as a run; returns its folder.

    The features are constant, so each clip is encoded once.
    """
    if not config.init:
        raise UserError("linear evaluation needs an encoder: say with --init which")
    check_options(config)
    encoder = load_model(config.init)[1]
    if config.stream not in (None, encoder.stream):
        raise UserError(
            f"{config.init} learned from the {encoder.stream} stream and stays as it is: leave out --stream {config.stream}"
        )
    if config.empty_bodies not in (None, encoder.empty_bodies):
        raise UserError(
            f"{config.init} was trained to {encoder.empty_bodies} absent bodies and stays as it is: "
            f"leave out --empty-bodies {config.empty_bodies}"
        )
    config = with_whole_paths(config)
    device = pick_device(config.device)
    data = load_labelled(config)
    network = start(config, data, dropout=0.0).to(device)
    run = Run(config.out, config, config.seed, digest(data.train, data.held_out, data.test))
    data.write_names(run.folder)

    def features_of(clips: ClipSet) -> Tensor:
        return torch.from_numpy(predict(network, clips, device).embeddings).to(device)

    def logits_of(chosen: Tensor, _: torch.Generator) -> Tensor:
        logits: Tensor = network.head(features[chosen])
        return logits

    features, labels = features_of(data.train), torch.from_numpy(data.train.labels).to(device)
    judge: Callable[[], Report] | None = None
    if (deciding := deciding_clips(config, data)) is not None:
        of_deciding = features_of(deciding)

        @torch.no_grad()
        def judge() -> Report:
            return Report.of(network.head(of_deciding).cpu().numpy(), deciding.labels, deciding.classes)

    epoch = learn(run, config, network.head, labels, logits_of, judge, "linear evaluation")
    finish(run, config, network, data, epoch, device)
    return run.folder


def knn(config: KnnConfig) -> Report:
    """Measure an encoder by nearest neighbours; draw, and print a table or write JSON.

    Of the report top-1 and confusions count: most classes get no vote, and one neighbour is always sure.
    """
    check_seed(config.seed)
    network, card = load_model(config.init)
    everything = load_joined(config.data, "train", config.classes)
    if everything.clip != card.clip:
        raise UserError(f"{config.init} was trained on clips made in another way: prepare the data with its --clip")
    train, budget = choose_labels(everything, config.labels, config.seed)
    test = load_joined(config.data, "val", config.classes, known=train.classes)
    seen = inherited([config.init], train, None, everything, test, "last").gave(test)
    device = pick_device(config.device)
    features, asked = (predict(network, part, device).embeddings for part in (train, test))
    votes = neighbour_logits(features, train.labels, asked, config.k, len(train.classes))
    report = Report.of(votes, test.labels, test.classes, seen=seen)
    if config.plot:
        from skel.training.plots import draw_confusion, draw_embedding

        draw_confusion(report, config.plot / "confusion.png")
        draw_embedding(asked, test.labels, test.classes, config.plot / "embedding.png")
    source = {"init": str(config.init), "data": [str(path) for path in config.data], "k": config.k, "labels": budget}
    show(report, config.json, source, likely=False)
    return report


def neighbour_logits(
    known: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    asked: npt.NDArray[np.float32],
    k: int,
    classes: int,
) -> npt.NDArray[np.float64]:
    """Logarithms of the votes (N, classes) of the k of `known` (n, F) that are nearest to each of `asked` (N, F).

    Near is a small cosine distance, whose inverse is a neighbour's vote. `UserError` unless 1 ≤ k ≤ n.
    """
    from sklearn.neighbors import KNeighborsClassifier

    if not 1 <= k <= len(known):
        raise UserError(f"--k must lie between 1 and the {len(known)} labelled clips, not {k}")
    neighbours = KNeighborsClassifier(k, weights="distance", metric="cosine", algorithm="brute").fit(known, labels)
    votes = np.zeros((len(asked), classes))
    votes[:, neighbours.classes_] = neighbours.predict_proba(asked)
    return np.log(np.maximum(votes, 1e-9))
