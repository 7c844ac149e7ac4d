"""How often networks are right about NW-UCLA's third view without the clips in it that are copies of the second. JSON.

    python benchmarks/without_copies.py --sets SETS --work RUNS

SETS and RUNS as for `few_labels.py`. In the files that are passed round two actions of the third view are those of the
second clip by clip: a network that learned with all labels has seen their answers.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import tyro
from few_labels import FOLDERS, jobs

from skel.training.checkpoint import load_model
from skel.training.dataset import fingerprints, load_split
from skel.training.evaluate import score
from skel.training.known_labels import Known


@dataclass(frozen=True)
class Config:
    """What to measure."""

    sets: Path
    work: Path


def measure(config: Config) -> dict[str, Any]:
    train, test = (load_split(config.sets / FOLDERS["nw"], part) for part in ("train", "val"))
    copies = Known(given=frozenset(fingerprints(train))).gave(test)
    top1: dict[str, dict[str, list[float]]] = {}
    for folder in sorted({job.folder for job in jobs() if job.folder.startswith("nw/finetune")}):
        if not (config.work / folder / "metrics.json").is_file() or "three-streams" in folder:
            continue
        network, _ = load_model(config.work / folder)
        report = score(network, test, torch.device("cpu"), seen=copies)
        ways = top1.setdefault(folder.rsplit("-", 1)[0], {"all": [], "copies": [], "others": []})
        ways["all"].append(report.top1)
        ways["copies"].append(report.seen_right / report.seen)
        ways["others"].append(report.top1_of_others or 0.0)
    figures = {
        run: {"seeds": len(ways["all"]), **{way: round(100 * float(np.mean(of)), 1) for way, of in ways.items()}}
        for run, ways in top1.items()
    }
    named = sorted({test.classes[label] for label in test.labels[copies]})
    return {"clips": {"all": len(test), "copies": int(copies.sum()), "of": named}, "top1_percent": figures}


def main() -> None:
    found = measure(tyro.cli(Config, description=__doc__))
    command = "python benchmarks/without_copies.py --sets SETS --work RUNS"
    print(json.dumps({"command": command, **found, "load": round(psutil.getloadavg()[0], 1)}, indent=1))


if __name__ == "__main__":
    main()
