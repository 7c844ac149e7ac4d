"""Pictures of a measurement: the confusion matrix, the embedding, and how far the recogniser can be believed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError, how_to_install
from skel.skeleton.files import atomic_path
from skel.training.calibration import BINS, Calibration
from skel.training.report import Report

_MOST_POINTS = 2000
_MOST_NUMBERS = 30  # classes up to which the cells of a confusion matrix can hold text
_INK = "#3b6ea5"


@contextmanager
def picture(path: Path, width_in: float, height_in: float) -> Iterator[Any]:
    """A figure that is written to `path` when the block ends; `UserError` where matplotlib is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(f"drawing needs matplotlib: {how_to_install('cpu', 'train')}") from error
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    yield figure
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120, format=path.suffix.removeprefix("."))


def draw_confusion(report: Report, path: Path) -> None:
    """Rows: what it is; columns: what it was called; shades: the share of the row."""
    shares = report.confusion / np.maximum(report.confusion.sum(axis=1, keepdims=True), 1)
    K = len(report.classes)
    size = max(4.0, 0.42 * K) if K <= _MOST_NUMBERS else 0.42 * _MOST_NUMBERS + 0.2 * (K - _MOST_NUMBERS)
    with picture(path, size + 2.8, size + 2.2) as figure:
        axis = figure.add_subplot()
        image = axis.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
        figure.colorbar(image, label="% of the class", shrink=0.6, pad=0.01)
        small = 9 if K <= _MOST_NUMBERS else 8
        axis.set_xticks(range(K), report.classes, rotation=45, ha="right", rotation_mode="anchor", fontsize=small)
        axis.set_yticks(range(K), report.classes, fontsize=small)
        axis.set(xlabel="called", ylabel="is", title=f"{report.count} clips, top-1 {report.top1:.1%}")
        axis.set_xticks(np.arange(K + 1) - 0.5, minor=True)
        axis.set_yticks(np.arange(K + 1) - 0.5, minor=True)
        axis.grid(which="minor", color="#e4e4e4", linewidth=0.6)
        axis.tick_params(which="minor", length=0)
        if K <= _MOST_NUMBERS:
            for i, j in zip(*np.nonzero(report.confusion)):
                shade = "white" if shares[i, j] > 0.5 else "#222222"
                axis.text(j, i, report.confusion[i, j], ha="center", va="center", fontsize=8, color=shade)


def draw_reliability(report: Report, path: Path) -> None:
    """How often the recogniser is right where it is so sure, with temperature 1 and with its own if that was fitted."""
    panels = [report.raw, *([report.calibrated] if report.calibrated.temperature != 1 else [])]
    with picture(path, 4.6 * len(panels) + 0.4, 5.6) as figure:
        grid = figure.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False, height_ratios=(4, 1))
        for (upper, lower), measured in zip(grid.T, panels):
            _reliability(upper, lower, measured)
        grid[0, 0].set(ylabel="share that is right")
        grid[1, 0].set(ylabel="clips")
        grid[0, 0].legend(loc="upper left", frameon=False)


def _reliability(upper: Any, lower: Any, measured: Calibration) -> None:
    edges = np.arange(BINS) / BINS
    filled = measured.counts > 0
    where, wide = edges[filled], {"width": 1 / BINS, "align": "edge"}
    accuracy, confidence = measured.accuracy[filled], measured.confidence[filled]
    upper.bar(where, accuracy, color=_INK, edgecolor="white", label="right", **wide)
    gap = confidence - accuracy
    upper.bar(where, gap, bottom=accuracy, facecolor="none", edgecolor="#c0392b", hatch="////", label="gap", **wide)
    upper.plot([0, 1], [0, 1], "--", color="#555555", linewidth=1)
    upper.set(xlim=(0, 1), ylim=(0, 1), title=f"temperature {measured.temperature:.3g}: ECE {measured.ece:.1%}")
    lower.bar(edges, measured.counts, color="#999999", edgecolor="white", **wide)
    lower.set(xlabel="top probability")


def draw_embedding(
    embeddings: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], classes: Sequence[str], path: Path
) -> None:
    """The features (N, F) in a plane: their two main directions, and t-SNE; at most 2,000 clips, chosen at random."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    chosen = np.random.default_rng(0).permutation(len(labels))[:_MOST_POINTS]  # whatever order the clips are in
    points, named = embeddings[chosen], labels[chosen]
    if len(points) < 3:
        raise UserError(f"{len(points)} clips are too few to draw their embedding")
    planes = PCA(2).fit(points)
    explained = planes.explained_variance_ratio_.sum()
    near = TSNE(perplexity=min(30, (len(points) - 1) / 3), metric="cosine", init="pca", random_state=0).fit_transform(points)
    present = [k for k in range(len(classes)) if (named == k).any()]
    columns, size = -(-len(present) // 30), 16 if len(points) > 500 else 40
    with picture(path, 13 + 2.2 * (columns - 1), 6) as figure:
        axes = figure.subplots(1, 2)
        for axis, xy, title in (
            (axes[0], planes.transform(points), f"two main directions ({explained:.0%} of the variance)"),
            (axes[1], near, "t-SNE: neighbours stay neighbours, distances mean little"),
        ):
            for place, k in enumerate(present):
                member = named == k
                style = {"color": _colour(place, len(present)), "marker": "osD^vP*X"[place % 8]}
                axis.scatter(*xy[member].T, s=size, linewidths=0, alpha=0.85, label=classes[k], **style)
            axis.set(title=title, xticks=[], yticks=[])
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right center", fontsize=8, frameon=False, ncols=columns)


def _colour(place: int, count: int) -> tuple[float, ...]:
    """Colours around the circle of hues; neighbours also differ in marker and lightness."""
    from matplotlib.colors import hsv_to_rgb

    return tuple(hsv_to_rgb((place / count, 0.85, 0.9 if place % 2 else 0.65)))
