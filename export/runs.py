"""The runs that go into one file, and the prepared sets that they name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.models.stgcn import STGCN
from skel.models.streams import Stream
from skel.skeleton.errors import UserError
from skel.training.checkpoint import ModelCard, load_model
from skel.training.dataset import ClipSet, Part
from skel.training.join import load_joined
from skel.training.labelled import HELD_OUT_FILE, LABELLED_FILE
from skel.training.splits import named, read_names, subset, unique_names


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One fine-tuned network with its card."""

    path: Path
    network: STGCN
    card: ModelCard

    @property
    def stream(self) -> Stream:
        """What it sees of a clip."""
        return self.card.stream

    @property
    def folder(self) -> Path:
        """Of the run, or where its model was put."""
        return self.path if self.path.is_dir() else self.path.parent

    def config(self) -> dict[str, Any]:
        """What it was fine-tuned with: from its folder, or from its card where only the model is there."""
        try:
            return dict(json.loads((self.folder / "config.json").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return dict(self.card.provenance.get("config", {}))

    def learned(self, clips: ClipSet) -> ClipSet:
        """Of training clips those whose labels it was given; no other's label may go into its file.

        All, where it is without its list, or where they are of other sets than its own.
        """
        path = self.folder / LABELLED_FILE
        names = set(read_names(path)) if path.is_file() else set()
        chosen = np.array([i for i, name in enumerate(unique_names(clips)) if name in names], np.int64)
        return subset(clips, chosen) if len(chosen) else clips


def load_runs(paths: Sequence[Path]) -> tuple[TrainedRun, ...]:
    """Read fine-tuned runs that are to become one graph; `UserError` where one has no classes or they do not go together."""
    runs = tuple(TrainedRun(path, *load_model(path)) for path in paths)
    for run in runs:
        if not run.card.classes:
            raise UserError(f"{run.path} is a pre-trained encoder without classes: fine-tune it first")
    first, seen = runs[0], {runs[0].stream: runs[0]}
    for run in runs[1:]:
        if run.card.clip.layout != first.card.clip.layout:
            raise UserError(
                f"{run.path} takes {run.card.clip.layout}, {first.path} {first.card.clip.layout}: one file, one layout"
            )
        for field in ("classes", "clip", "empty_bodies"):
            if getattr(run.card, field) != getattr(first.card, field):
                raise UserError(f"{run.path} was trained with other {field} than {first.path}: one file needs the same")
        if run.stream in seen:
            raise UserError(f"{run.path} and {seen[run.stream].path} are both of the {run.stream} stream: give one of each")
        seen[run.stream] = run
    return runs


@dataclass(frozen=True)
class DataSource:
    """Which prepared sets to calibrate, fit and verify on.

    Attributes:
        folders: of the sets; empty = those that the first run names.
        classes: the file of classes that the runs were fine-tuned with; None = the one that the first run names.
    """

    folders: tuple[Path, ...] = ()
    classes: Path | None = None

    def load(self, run: TrainedRun, part: Part) -> ClipSet:
        """One part in the run's own classes; `UserError` where the sets are not at hand or are not made for this run."""
        config = run.config()
        folders = self.folders or tuple(Path(folder) for folder in config.get("data", ()))
        if not folders:
            raise UserError(f"{run.path} names no data set: give --data")
        classes = self.classes or (Path(config["classes"]) if config.get("classes") else None)
        data = load_joined(folders, part, classes, known=run.card.classes)
        if data.clip != run.card.clip:
            raise UserError(
                f"{run.path} was trained on clips made in another way than those in {folders[0]}: prepare them anew"
            )
        return data

    def held_out(self, runs: Sequence[TrainedRun]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Clips and labels that runs held out (skel-train finetune --held-out) and that none of them learned from.

        Nor may a run have learned from another clip of the same recording. `UserError` where no clip is left.
        """
        data = self.load(runs[0], "train")
        learned: set[str] = set()
        held_out: set[str] = set()
        for run in runs:
            for file, names in ((LABELLED_FILE, learned), (HELD_OUT_FILE, held_out)):
                path = run.folder / file
                if path.is_file():
                    names |= set(named(data, read_names(path), path).names)
        held_out -= learned
        rest = np.array([i for i, name in enumerate(data.names) if name in held_out], np.int64)
        if not len(rest):
            raise UserError(
                "--weights fitted needs clips that no run learned from: "
                "fine-tune each with --held-out 0.1 and one --seed, or give --weights published"
            )
        return data.clips[rest], data.labels[rest]
