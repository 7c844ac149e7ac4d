"""Which clips and labels the weights of a run know: its own, and those of every run that it began from or was taught by.

Clips are told by their coordinates, whatever a set, a folder or a protocol calls them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.files import write_text
from skel.training.dataset import ClipSet, fingerprints

KNOWN_FILE = "known_labels.json"


@dataclass(frozen=True)
class Known:
    """Fingerprints of clips.

    Attributes:
        learned: whose labels were learned.
        judged_by: whose labels chose an epoch although they are of a validation part (`--select test`).
        given: of all clips that the weights, an epoch or the temperature were learned from, labelled or not.
    """

    learned: frozenset[str] = frozenset()
    judged_by: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()

    def given_also(self, clips: ClipSet) -> Self:
        """The same, and these clips were given, too."""
        return replace(self, given=self.given.union(fingerprints(clips)))

    def write(self, run: Path) -> None:
        """Into the run's folder."""
        write_text(run / KNOWN_FILE, json.dumps({name: sorted(of) for name, of in vars(self).items()}, indent=0))

    def gave(self, clips: ClipSet) -> npt.NDArray[np.bool_]:
        """(N,): which clips are copies of some that it was given, and so no test of what it can do with others."""
        return np.array([mark in self.given for mark in fingerprints(clips)], bool)


def known_to(run: Path) -> Known | None:
    """What is written in the run's folder, or beside its model file; None where nothing is."""
    path = (run if run.is_dir() else run.parent) / KNOWN_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        given = found.get("given", found["learned"])  # earlier runs did not say it
        return Known(frozenset(found["learned"]), frozenset(found["judged_by"]), frozenset(given))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} cannot be read ({error}): train {path.parent} again") from error


def inherited(
    runs: Sequence[Path], train: ClipSet, held_out: ClipSet | None, everything: ClipSet, test: ClipSet, select: str
) -> Known:
    """What a run knows that learns from `train`, is tuned on `held_out` and brings along what `runs` know.

    Of a run that does not say what it knows nothing is brought along.

    `UserError` where that is more than it may: the label of a clip of `test`, or of one of `everything` that is not in
    `train`, or weights of an epoch that clips of `test` chose, unless that is how this run's own is chosen.
    """
    own, there, measured = (set(fingerprints(clips)) for clips in (train, everything, test))
    unlabelled = there - own
    given = own.union(fingerprints(held_out)) if held_out is not None else set(own)
    learned, judged_by = set(own), set(measured if select == "test" else ())
    for run in runs:
        known = known_to(run) or Known()
        if count := len(known.learned & measured - own):
            raise UserError(
                f"{run} learned from the labels of {count} clips that this run would be measured on: "
                "begin from one that learned from other clips"
            )
        if count := len(known.learned & unlabelled):
            raise UserError(
                f"{run} learned from the labels of {count} clips that this run does not learn from: "
                "give both the same --labels, --held-out and --seed"
            )
        if select != "test" and known.judged_by & measured:
            raise UserError(
                f"the validation part chose the weights of {run}, so nothing that knows them can be measured on it"
            )
        learned |= known.learned
        judged_by |= known.judged_by
        given |= known.given
    return Known(frozenset(learned), frozenset(judged_by), frozenset(given))
