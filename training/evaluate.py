"""How often a trained network is right, and about what."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from skel.models.stgcn import STGCN
from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.checkpoint import load_model
from skel.training.config import EvaluateConfig
from skel.training.dataset import ClipSet
from skel.training.device import clip_tensor, pick_device
from skel.training.join import load_joined

METRICS_FILE = "metrics.json"


@dataclass(frozen=True, eq=False)
class Report:
    """Figures of one measurement; `confusion[i, j]` counts clips of class i that were called j."""

    classes: tuple[str, ...]
    confusion: npt.NDArray[np.int64]
    top5: float

    @property
    def count(self) -> int:
        """Clips measured."""
        return int(self.confusion.sum())

    @property
    def top1(self) -> float:
        """Share of clips called by their right name."""
        return float(np.trace(self.confusion) / max(self.count, 1))

    @property
    def per_class(self) -> dict[str, float | None]:
        """Share of each class's clips called by their right name; None for a class without clips."""
        totals = self.confusion.sum(axis=1)
        hits = np.diag(self.confusion)
        return {name: float(h / n) if n else None for name, h, n in zip(self.classes, hits, totals)}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(tuple(fields["classes"]), np.asarray(fields["confusion"], np.int64), fields["top5"])

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return {
            "count": self.count,
            "top1": self.top1,
            "top5": self.top5,
            "per_class": self.per_class,
            "classes": list(self.classes),
            "confusion": self.confusion.tolist(),
        }


@torch.no_grad()
def score(network: STGCN, data: ClipSet, device: torch.device, batch_size: int = 128) -> Report:
    """Run the network, in evaluation mode, over a set of the same classes."""
    network.eval().to(device)
    clips = clip_tensor(data, network.empty_bodies)
    parts = [network(part.to(device)).logits.cpu() for part in clips.split(batch_size)]
    logits = torch.cat(parts) if parts else torch.zeros(0, len(data.classes))
    labels = torch.from_numpy(data.labels)
    best = logits.topk(min(5, len(data.classes)), dim=1).indices
    confusion = np.zeros((len(data.classes), len(data.classes)), np.int64)
    np.add.at(confusion, (data.labels, best[:, 0].numpy()), 1)
    top5 = (best == labels[:, None]).any(dim=1).float().mean().item() if len(labels) else 0.0
    return Report(data.classes, confusion, top5)


def evaluate(config: EvaluateConfig) -> Report:
    """Measure, and print a table or write JSON."""
    network, card = load_model(config.checkpoint)
    if not card.classes:
        raise UserError(f"{config.checkpoint} is a pre-trained encoder without classes: fine-tune it first")
    data = load_joined(config.data, config.part, config.classes, known=card.classes)
    if data.clip != card.clip:
        raise UserError(f"{config.checkpoint} was trained on clips made in another way: prepare the data with its --clip")
    report = score(network, data, pick_device(config.device))
    source = {"checkpoint": str(config.checkpoint), "data": [str(path) for path in config.data], "part": config.part}
    if config.json == "-":
        print(json.dumps({**source, **report.to_json()}, ensure_ascii=False))
    elif config.json:
        write_text(config.json, json.dumps({**source, **report.to_json()}, ensure_ascii=False, indent=1))
    else:
        print_report(report)
    return report


def report_of(run: Path) -> Report:
    """What fine-tuning measured at its end."""
    return Report.from_json(json.loads((run / METRICS_FILE).read_text(encoding="utf-8")))


def print_report(report: Report) -> None:
    """A table: each class, how often it is right, and what it is mostly mistaken for."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report.count} clips: top-1 {report.top1:.1%}, top-5 {report.top5:.1%}")
    table.add_column("class")
    table.add_column("clips", justify="right")
    table.add_column("right", justify="right")
    table.add_column("mostly mistaken for")
    for i, (name, share) in enumerate(report.per_class.items()):
        row = report.confusion[i].copy()
        total, row[i] = int(row.sum()), 0
        mistaken = f"{report.classes[int(row.argmax())]} ({row.max()})" if row.any() else ""
        table.add_row(name, str(total), "–" if share is None else f"{share:.0%}", mistaken)
    Console().print(table)
