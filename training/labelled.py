"""The labelled clips of a run: those that it learns from, those held out, and those that it is judged by."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from skel.skeleton.errors import UserError
from skel.training.config import LabelledConfig
from skel.training.dataset import ClipSet
from skel.training.join import load_joined
from skel.training.known_labels import Known, inherited
from skel.training.splits import few_labels, hold_out, named, read_names, unique_names, write_names

LABELLED_FILE, HELD_OUT_FILE = "labelled.json", "held_out.json"


@dataclass(frozen=True, eq=False)
class LabelledData:
    """What a run's options choose; `held_out` and `test` have the classes of `train`.

    Clips of `train` and `held_out` have `unique_names`.

    Attributes:
        budget: how many labels that took, in words.
        known: what the run will know.
    """

    train: ClipSet
    held_out: ClipSet
    test: ClipSet
    budget: str
    known: Known

    def write_names(self, run: Path) -> None:
        """Write into the run's folder which clips it learns from, which are held out if any are, and what it will know."""
        write_names(run / LABELLED_FILE, self.train.names)
        self.known.write(run)
        if len(self.held_out):
            write_names(run / HELD_OUT_FILE, self.held_out.names)


def load_labelled(config: LabelledConfig) -> LabelledData:
    """Read the sets; `UserError` for everything that can be wrong with them or with the options that choose from them."""
    if config.select == "held-out" and not config.held_out:
        raise UserError("--select held-out needs clips to select on: give --held-out, e.g. 0.2")
    everything = load_joined(config.data, "train", config.classes)
    everything = replace(everything, names=unique_names(everything))  # of a part of the clips they would be others
    chosen, budget = choose_labels(everything, config.labels, config.seed)
    train, held_out = hold_out(chosen, config.held_out, config.held_out_by, config.seed)
    test = load_joined(config.data, "val", config.classes, known=train.classes)
    runs = (*([config.init] if config.init else ()), *(getattr(config, "teachers", None) or ()))
    known = inherited(runs, train, held_out, everything, test, config.select)
    if len(held_out):
        who = f" of {len(np.unique(held_out.subjects))} people" if config.held_out_by == "people" else ""
        budget += f", {len(held_out)} of those clips{who} held out"
    return LabelledData(train, held_out, test, budget, known)


def choose_labels(clips: ClipSet, labels: float | Path, seed: int) -> tuple[ClipSet, str]:
    """(The clips whose labels may be used, how many that are in words), by a share of each class or a list of names.

    `UserError` where there are none.
    """
    if not len(clips):
        raise UserError(f"the training part of {clips.dataset} {clips.split} has no clip of the classes asked for")
    if isinstance(labels, Path):
        chosen = named(clips, read_names(labels), labels)
        return chosen, f"{len(chosen)} of {len(clips)} training clips labelled, listed in {labels.name}"
    chosen = few_labels(clips, labels, seed)
    count = f" ({len(chosen)} of {len(clips)} clips)" if labels < 1 else ""
    return chosen, f"{100 * labels:.3g}% of the training labels{count}"
