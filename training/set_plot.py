"""A picture of a prepared set: how many clips of each class, how long, what people look like, what is missing."""

from pathlib import Path
from typing import Any

import numpy as np

from skel.skeleton.errors import UserError, how_to_install
from skel.skeleton.files import atomic_path
from skel.training.dataset import PARTS, load_split
from skel.training.set_report import first_bodies

_MOST_POSES = 200
_COLOURS = {"train": "#3b6ea5", "val": "#e08a3c"}
_SIDES = {"left": "#c0392b", "right": "#2471a3", "middle": "#444444"}


def draw(folder: Path, report: dict[str, Any], path: Path) -> None:
    """Draw `describe`'s report of the set in `folder` into a picture; the ending of `path` chooses its format.

    `UserError` where matplotlib is not installed or does not know the format.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError(f"drawing needs matplotlib: {how_to_install('cpu', 'train')}") from error
    figure = Figure(figsize=(14, 9), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplot_mosaic(
        [["classes", "lengths", "front", "side"], ["classes", "bones", "missing", "missing"]], width_ratios=(1.5, 1, 1, 0.8)
    )
    figure.suptitle(f"{report['dataset']} {report['split']}")
    parts = {part: load_split(folder, part, in_memory=False) for part in PARTS}
    _classes(axes["classes"], report)
    _lengths(axes["lengths"], {part: clips.durations_s for part, clips in parts.items()})
    _poses(axes["front"], axes["side"], parts["train"])
    _bones(axes["bones"], report["bones_cm"])
    _missing(axes["missing"], report["parts"])
    with atomic_path(path) as temporary:
        try:
            figure.savefig(temporary, dpi=100, format=path.suffix.removeprefix(".") or "png")
        except ValueError as error:
            raise UserError(f"cannot draw {path} ({error}): give a name that ends in .png, .svg or .pdf") from error


def _classes(axis: Any, report: dict[str, Any]) -> None:
    rows = report["classes"]
    place = np.arange(len(rows))
    for shift, part in zip((-0.2, 0.2), PARTS):
        axis.barh(place + shift, [row[part] for row in rows], 0.4, label=part, color=_COLOURS[part])
    size = 8 if len(rows) <= 60 else 4
    axis.set(yticks=place, title="clips a class", ylim=(len(rows) - 0.5, -0.5))
    axis.set_yticklabels([row["name"] for row in rows], fontsize=size)
    axis.legend()


def _lengths(axis: Any, durations_s: dict[Any, Any]) -> None:
    known = {part: lengths[~np.isnan(lengths)] for part, lengths in durations_s.items()}
    if all(len(lengths) for lengths in known.values()):
        edges = np.histogram_bin_edges(np.concatenate(list(known.values())), 30)
        for part, lengths in known.items():
            axis.hist(lengths, edges, label=part, color=_COLOURS[part], alpha=0.6)
        axis.legend()
    else:
        axis.text(0.5, 0.5, "unknown", ha="center", transform=axis.transAxes)
    axis.set(title="length of the clips", xlabel="s")


def _poses(front: Any, side: Any, clips: Any) -> None:
    """The mean pose of some clips, and their joints as dots."""
    layout = clips.clip.skeleton_layout()
    bodies = first_bodies(clips, _MOST_POSES)
    bodies = bodies[bodies.any(axis=(1, 2, 3))]
    if not len(bodies):
        return
    middle = bodies[:, bodies.shape[1] // 2]  # (n, V, 3)
    mean = np.median(bodies, axis=(0, 1))
    for axis, across, title in ((front, 0, "as the sensor sees it (x, y)"), (side, 2, "from the side (z, y)")):
        for child, parent in layout.bones:
            pair = [child, parent]
            axis.plot(mean[pair, across], mean[pair, 1], color=_SIDES[layout.side(child)], linewidth=2.5)
        axis.plot(middle[..., across].ravel(), middle[..., 1].ravel(), ".", color="#999999", markersize=1, zorder=0)
        axis.set(title=title, aspect="equal", xlabel="m")
    front.invert_xaxis()  # x grows to the sensor's left
    front.text(0.02, 0.02, "left side red, right side blue", transform=front.transAxes, fontsize=8)


def _bones(axis: Any, bones_cm: dict[str, float]) -> None:
    pairs = {name.replace("Left", ""): name for name in bones_cm if name.startswith("Left")}
    place = np.arange(len(pairs))
    for shift, side, colour in ((-0.2, "Left", "left"), (0.2, "Right", "right")):
        lengths = [bones_cm.get(name.replace("Left", side), 0) for name in pairs.values()]
        axis.barh(place + shift, lengths, 0.4, color=_SIDES[colour], label=colour)
    axis.set(yticks=place, title="median bone, cm", ylim=(len(pairs) - 0.5, -0.5))
    axis.set_yticklabels(pairs, fontsize=7)
    axis.legend(fontsize=8)


def _missing(axis: Any, parts: dict[str, Any]) -> None:
    for shift, part in zip((-0.2, 0.2), PARTS):
        shares = parts[part]["missing_joints"]
        axis.bar(np.arange(len(shares)) + shift, [100 * share for share in shares.values()], 0.4, color=_COLOURS[part])
        if shares:
            axis.set_xticks(np.arange(len(shares)), list(shares), rotation=90, fontsize=7)
    if not any(share for part in PARTS for share in parts[part]["missing_joints"].values()):
        known = all(parts[part]["missing_joints"] for part in PARTS)
        axis.text(0.5, 0.5, "none" if known else "unknown", ha="center", transform=axis.transAxes)
    axis.set(title="untracked joints of the first person, % of frames", ylabel="%")
    axis.set_ylim(0, max(1.0, axis.get_ylim()[1]))
