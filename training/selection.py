"""Which clips to label: typical members of clusters of the embedding.

Hacohen, Dekel & Weinshall, "Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets", ICML 2022
(TypiClust): as many clusters as labels, and of each cluster the clip with the nearest neighbours. Why features are whitened
here is in docs/adaptation.md.
"""

import csv
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.adaptation_config import SelectConfig
from skel.training.checkpoint import load_model
from skel.training.device import pick_device
from skel.training.evaluate import predict
from skel.training.join import load_joined
from skel.training.option_checks import check_seed
from skel.training.splits import unique_names, write_names

_NEIGHBOURS = 20
_DIRECTIONS = 16
_MANY = 2_000_000  # clips × clusters beyond which one start of k-means has to do


@dataclass(frozen=True, eq=False)
class Proposal:
    """Clips to label, those of the largest clusters first.

    Attributes:
        places: (B,) int64, which of the N clips.
        stands_for: (B,) int64, how many clips its cluster has.
    """

    places: npt.NDArray[np.int64]
    stands_for: npt.NDArray[np.int64]


def typical(embeddings: npt.NDArray[np.float32], budget: int, seed: int) -> Proposal:
    """Choose `budget` of N embeddings (N, F): the most typical of each of as many clusters.

    Typicality is the inverse of the mean distance to the 20 nearest neighbours in the cluster. Where equal clips make fewer
    clusters than that, the next typical ones follow. `UserError` unless 1 ≤ budget ≤ N.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    N = len(embeddings)
    if not 1 <= budget <= N:
        raise UserError(f"--budget must lie between 1 and the {N} clips that there are, not {budget}")
    x = whitened(embeddings)
    means = KMeans(budget, n_init=10 if N * budget <= _MANY else 1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different clips than clusters
        cluster = means.fit_predict(x)
    sizes = np.bincount(cluster, minlength=budget)
    rank = np.empty(N, np.int64)  # 0 = its cluster's most typical
    for k in np.flatnonzero(sizes):
        members = np.flatnonzero(cluster == k)
        rank[members[np.argsort(_spread(x[members]), kind="stable")]] = np.arange(len(members))
    order = np.lexsort((np.arange(N), -sizes[cluster], rank))[:budget]
    return Proposal(order, sizes[cluster[order]])


def whitened(embeddings: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(N, F) → (N, D): the up to 16 main directions of the standardised features, each with mean 0 and variance 1."""
    x = embeddings.astype(np.float64)
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    variance, directions = np.linalg.eigh(x.T @ x / len(x))  # rising
    kept = np.flatnonzero(variance > 1e-6 * max(variance[-1], 1))[-_DIRECTIONS:]  # what is constant is no direction
    if not len(kept):
        return x  # all clips are equal
    return np.asarray(x @ directions[:, kept] / np.sqrt(variance[kept]))


def _spread(members: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean distance (n,) of each member (n, F) of a cluster to its nearest neighbours there."""
    from sklearn.neighbors import NearestNeighbors

    count = min(_NEIGHBOURS, len(members) - 1)
    if count == 0:
        return np.zeros(1)
    distances, _ = NearestNeighbors(n_neighbors=count).fit(members).kneighbors()  # without the member itself
    return np.asarray(distances.mean(axis=1))


def select(config: SelectConfig) -> Path:
    """Write the proposed clips as a list of names and, beside it, as a table; returns the list's path."""
    if config.out.suffix != ".json":
        raise UserError(f"--out is a JSON list: give a name that ends in .json, not {config.out.name}")
    check_seed(config.seed)
    network, card = load_model(config.init)
    clips = load_joined(config.data, "train", unlabelled=True)
    if clips.clip != card.clip:
        raise UserError(f"{config.init} was trained on clips made in another way: prepare the data with its --clip")
    proposal = typical(predict(network, clips, pick_device(config.device)).embeddings, config.budget, config.seed)
    names = unique_names(clips)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["rank", "clip", "place in the training part", "stands for clips"])
    for rank, (place, count) in enumerate(zip(proposal.places.tolist(), proposal.stands_for.tolist()), 1):
        rows.writerow([rank, names[place], place, count])
    write_text(config.out.with_suffix(".csv"), table.getvalue())
    write_names(config.out, [names[place] for place in proposal.places])
    return config.out
