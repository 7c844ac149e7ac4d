"""What needs no network: logistic regression and the nearest neighbour on joints as they are, by the share of labels. JSON.

    python benchmarks/joint_baselines.py --sets SETS

SETS as for `few_labels.py`. A clip's joints, of the first person, are one vector: 32 of its 50 frames for the regression,
which standardises them, all for the neighbour. Each share below all labels is drawn five times, as for the networks. Nothing
is chosen: the regression's strength is that of `frozen_features.py`.
"""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tyro
from few_labels import FOLDERS, SEEDS, SHARES
from frozen_features import STRENGTH
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skel.training.dataset import ClipSet, load_split
from skel.training.splits import few_labels

FRAMES = 32


@dataclass(frozen=True)
class Config:
    """What to measure."""

    sets: Path


def vectors(clips: ClipSet, frames: int) -> npt.NDArray[np.float32]:
    """(N, 3 · frames · V), of frames at even distances."""
    chosen = np.linspace(0, clips.clips.shape[2] - 1, frames).round().astype(int)
    return clips.clips[..., 0][:, :, chosen].reshape(len(clips), -1)


def regression() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=3000))


def neighbour() -> Any:
    return KNeighborsClassifier(1)


def top1_percent(train: ClipSet, test: ClipSet, make: Callable[[], Any], frames: int) -> dict[str, float]:
    asked, found = vectors(test, frames), {}
    for share in SHARES:
        right = []
        for seed in range(SEEDS if share < 1 else 1):
            chosen = few_labels(train, share, seed)
            right.append(make().fit(vectors(chosen, frames), chosen.labels).score(asked, test.labels))
        found[f"{share:g}"] = round(100 * float(np.mean(right)), 1)
    return found


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    warnings.filterwarnings("ignore", message="The number of unique classes")  # one clip of each: so it is meant
    found = {}
    for target, folder in FOLDERS.items():
        train, test = (load_split(config.sets / folder, part) for part in ("train", "val"))
        found[target] = {
            "logistic regression": top1_percent(train, test, regression, FRAMES),
            "nearest neighbour": top1_percent(train, test, neighbour, train.clips.shape[2]),
        }
    print(json.dumps({"command": "python benchmarks/joint_baselines.py --sets SETS", "top1_percent": found}, indent=1))


if __name__ == "__main__":
    main()
