"""What a pre-trained encoder knows as it is: logistic regression on its frozen features, by the share of labels. JSON.

    python benchmarks/frozen_features.py --sets SETS --encoders RUNS/pretrain/utd+nw+k2-aimclr-joint …

SETS as for `few_labels.py`, whose encoders these are. Features are standardised; each share below all labels is drawn five
times, the same clips of a seed for every encoder. Nothing is chosen: the regression's strength is fixed.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
import tyro
from few_labels import FOLDERS, SEEDS
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skel.training.checkpoint import load_model
from skel.training.dataset import load_split
from skel.training.evaluate import predict
from skel.training.splits import few_labels

STRENGTH = 0.03
"""Scikit-learn's C."""


@dataclass(frozen=True)
class Config:
    """What to measure."""

    sets: Path
    encoders: tuple[Path, ...]
    targets: tuple[str, ...] = ("utd", "nw")
    shares: tuple[float, ...] = (0.05, 0.1, 1.0)


def top1(encoder: Path, config: Config, target: str) -> dict[str, float]:
    network, _ = load_model(encoder)
    network.eval()
    train, test = (load_split(config.sets / FOLDERS[target], part) for part in ("train", "val"))
    features, of_test = (predict(network, part, torch.device("cpu")).embeddings for part in (train, test))
    place = {name: i for i, name in enumerate(train.names)}
    figures = {}
    for share in config.shares:
        right = []
        for seed in range(SEEDS if share < 1 else 1):
            chosen = [place[name] for name in few_labels(train, share, seed).names]
            model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=300))
            model.fit(features[chosen], train.labels[chosen])
            right.append(model.score(of_test, test.labels))
        figures[f"{share:g}"] = round(100 * float(np.mean(right)), 1)
    return figures


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    warnings.filterwarnings("ignore", message="The number of unique classes")  # one clip of each: so it is meant
    found = {
        encoder.name: {target: top1(encoder, config, target) for target in config.targets} for encoder in config.encoders
    }
    print(json.dumps({"top1_percent": found, "load": psutil.getloadavg()[0]}, indent=1))


if __name__ == "__main__":
    main()
