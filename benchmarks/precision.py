"""What pre-training in bfloat16 costs in accuracy, and what it saves: AimCLR in each precision, seed by seed. JSON.

    python benchmarks/precision.py --data SETS/utd-mhad/xsub
    python benchmarks/precision.py --data SETS/nw-ucla/xview --device cuda --precision fp32 tf32 bf16

The encoders learn from the set's training part without labels and stay as they are; logistic regression on their
standardised features, with all labels, is measured on the other part. A seed's runs have the same first values, clips and
views in every precision and take turns. A CPU's bfloat16 is the same format as a GPU's, but not the same order of sums, and
what it saves is another thing there.
"""

import json
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import torch
import tyro
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skel.training.checkpoint import load_model
from skel.training.config import Precision, PretrainConfig
from skel.training.dataset import load_split
from skel.training.device import pick_device
from skel.training.evaluate import predict
from skel.training.methods.config import AimCLRConfig, ViewConfig
from skel.training.pretrain import pretrain


@dataclass(frozen=True)
class Config:
    """What to compare."""

    data: Path
    """Folder made by skel-data prepare."""
    precision: tuple[Precision, ...] = ("fp32", "bf16")
    seeds: int = 3
    epochs: int = 36
    batch_size: int = 32
    device: str = "cpu"
    threads: int = 1


def pretrained(config: Config, precision: Precision, seed: int, out: Path) -> float:
    """Pre-train into `out` as for docs/results.md; gives the seconds that it took."""
    method = AimCLRConfig(momentum=0.99, temperature=0.2, initial_values="torch", views=ViewConfig(shear=0.2))
    started_s = time.perf_counter()
    pretrain(
        PretrainConfig(
            (config.data,), out, method, epochs=config.epochs, batch_size=config.batch_size, learning_rate=0.05,
            schedule="cosine", seed=seed, device=config.device, precision=precision,
        )
    )  # fmt: skip
    return time.perf_counter() - started_s


def features(config: Config, encoder: Path) -> list[npt.NDArray[np.float32]]:
    network, _ = load_model(encoder)
    device = pick_device(config.device)
    return [predict(network.to(device), load_split(config.data, part), device).embeddings for part in ("train", "val")]


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    torch.set_num_threads(config.threads)
    train, test = (load_split(config.data, part).labels for part in ("train", "val"))
    found = {precision: {"top1_percent": [], "seconds": []} for precision in config.precision}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(config.seeds):
            for precision in config.precision:
                run = Path(folder) / f"{precision}-{seed}"
                seconds = pretrained(config, precision, seed, run)
                of_train, of_test = features(config, run)
                model = make_pipeline(StandardScaler(), LogisticRegression(C=0.03, max_iter=300)).fit(of_train, train)
                found[precision]["top1_percent"].append(round(100 * float(model.score(of_test, test)), 2))
                found[precision]["seconds"].append(round(seconds, 1))
    summary = {
        precision: {
            **figures,
            "mean_percent": round(float(np.mean(figures["top1_percent"])), 2),
            "deviation_percent": round(float(np.std(figures["top1_percent"], ddof=1)), 2) if config.seeds > 1 else None,
            "median_seconds": round(float(np.median(figures["seconds"])), 1),
        }
        for precision, figures in found.items()
    }
    on = torch.cuda.get_device_name() if config.device.startswith("cuda") else platform.processor() or platform.machine()
    told = {"data": config.data.parent.name, "epochs": config.epochs, "batch_size": config.batch_size}
    machine = {"device": on, "threads": config.threads, "load": psutil.getloadavg()[0], "torch": torch.__version__}
    print(json.dumps({**told, **machine, "precision": summary}, indent=1))


if __name__ == "__main__":
    main()
