"""The actions that a user has taught: a folder of recordings, which is also a data set for skel-train finetune."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.app.capture import Take
from skel.app.disk import changing
from skel.app.taught_embeddings import Embedded, EmbeddingCache, TeachableModel
from skel.app.taught_files import pack, unpack
from skel.models.few_shot import FewShotClassifier, TaughtReport, leave_one_out
from skel.models.recognizer import UNKNOWN
from skel.skeleton.errors import UserError
from skel.skeleton.recorder import make_folder
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording

CONTEXT_S = 4.0
"""Of a correction's recording, kept before and after the segment: what live windows hold beside it."""

_LONGEST_LABEL = 60


def taught_folder() -> Path:
    """Where taught actions are unless another place is given."""
    from platformdirs import user_data_path

    return user_data_path("skel-action") / "taught"


@dataclass(frozen=True)
class Example:
    """One recording of the store.

    Attributes:
        path: its `.npy`, with a `.json` beside it.
        label: the action.
        start_s, end_s: of the movement, in seconds from the recording's first frame.
    """

    path: Path
    label: str
    start_s: float
    end_s: float

    def load(self) -> Recording:
        """The recording, of one person; `UserError` where it has been damaged since."""
        return load_recording(self.path)


class TaughtActions:
    """Labelled examples in `FOLDER/ACTION/ACTION_01.npy` and `.json`; every file is a recording as any other.

    What another program changes in the folder is seen after `reload`. One thread changes it; another one may ask for
    `classifier` and `report` at the same time, which do without what is discarded meanwhile.

    Args:
        folder: where; made when the first example comes. None = the user's own (`taught_folder`).

    Attributes:
        folder: as given.
        problems: one line for each file that cannot be used; it stays where it is and is left out.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or taught_folder()
        self.problems: tuple[str, ...] = ()
        self._examples: tuple[Example, ...] = ()
        self._cache = EmbeddingCache(self.folder / ".embeddings")
        self._is_closed = False
        self.reload()

    def close(self) -> None:
        """Embed nothing any more: on another thread that does, `UserError` is raised before the next example."""
        self._is_closed = True

    def reload(self) -> None:
        """Look at the folder anew."""
        examples, problems = [], []
        for path in sorted(self.folder.glob("*/*.npy")):
            if path.name.startswith("."):
                continue
            try:
                examples.append(_example(path))
            except UserError as error:
                problems.append(f"an example is left out: {error}")
        self._examples, self.problems = tuple(examples), tuple(problems)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of all actions that there are examples of, those that a model knows already included."""
        return tuple(dict.fromkeys(example.label for example in self._examples))

    def examples(self, label: str) -> tuple[Example, ...]:
        """Those of one action, oldest first."""
        return tuple(example for example in self._examples if example.label == label)

    def add_example(self, label: str, take: Take) -> Example:
        """Keep one example; `UserError` for a name that cannot be used or a folder that cannot be written."""
        return self._add(take.labelled(self.checked_label(label)))

    def add_correction(self, recording: Recording, segment: Segment, person: int | None = None) -> Example:
        """Keep what one person (a column) of a recording truly does, as an example of that action; once, however often.

        None = the only one in view. Of a class that the model knows it is an example for fine-tuning only. `UserError` where
        the person is not in view, or where it could be one of several.
        """
        times_s = recording.times_s - recording.times_s[0]
        first, last = np.searchsorted(times_s, (segment.start_s - CONTEXT_S, segment.end_s + CONTEXT_S))
        inside = (times_s >= segment.start_s) & (times_s <= segment.end_s)
        column = _who(recording.positions_m[inside], person, f"from {segment.start_s:.1f} to {segment.end_s:.1f} s")
        positions_m = recording.positions_m[first:last, [column]]
        label = self.checked_label(segment.label)
        moved = Segment(segment.start_s - float(times_s[first]), segment.end_s - float(times_s[first]), label)
        kept = replace(recording, positions_m=positions_m, times_s=recording.times_s[first:last], segments=(moved,))
        return next((example for example in self.examples(label) if _is_same(example, kept)), None) or self._add(kept)

    def discard(self, example: Example) -> None:
        """Delete one example; `UserError` where that is impossible."""
        before = self._examples
        self._examples = tuple(kept for kept in before if kept != example)  # first: another thread may be embedding it
        try:
            with changing(example.path):
                example.path.unlink(missing_ok=True)
                example.path.with_suffix(".json").unlink(missing_ok=True)
        except UserError:
            self._examples = before
            raise

    def rename(self, label: str, new: str) -> None:
        """Give an action another name; `UserError` where there is one of that name already."""
        new = _checked(new)
        if new == label:
            return
        if new.casefold() != label.casefold() and self.checked_label(new) in self.labels:
            raise UserError(f"there is already an action {new!r}: choose another name")
        for example in self.examples(label):
            # In this order, so that an interruption leaves an example twice rather than never.
            self._add(_relabelled(example.load(), new))
            self.discard(example)

    def remove(self, label: str) -> None:
        """Delete an action with all its examples; `UserError` where that is impossible."""
        for example in self.examples(label):
            self.discard(example)

    def export(self, target: Path, labels: Iterable[str] | None = None) -> None:
        """Write these actions, or all, to one `.zip`; `UserError` where there is none or it cannot be written."""
        chosen = [e.path for e in self._examples if labels is None or e.label in set(labels)]
        if not chosen:
            raise UserError("there is no taught action to export")
        with changing(target):
            pack(target, chosen)

    def import_(self, source: Path) -> tuple[str, ...]:
        """Add what `export` wrote, less what is here already; the names of the actions in it.

        `UserError`, one line, for any other file; then nothing is added.
        """
        recordings = [_relabelled(one, self.checked_label(one.segments[0].label)) for one in unpack(source)]
        for recording in recordings:
            if not any(_is_same(example, recording) for example in self.examples(recording.segments[0].label)):
                self._add(recording)
        return tuple(dict.fromkeys(one.segments[0].label for one in recordings))

    def checked_label(self, label: str) -> str:
        """The name as it is kept, in the spelling that is there already; `UserError` where it cannot be one."""
        label = _checked(label)
        return next((known for known in self.labels if known.casefold() == label.casefold()), label)

    def classifier(self, model: TeachableModel) -> FewShotClassifier | None:
        """What names the actions that the model itself does not know; None where there is none.

        Examples that this model has not seen before go through it, in about 0.2 s each.
        """
        embedded = self._embedded(model)
        if not embedded:
            return None
        return FewShotClassifier.fit(_column(embedded, "embeddings"), model.statistics)

    def report(self, model: TeachableModel) -> tuple[TaughtReport, ...]:
        """How well each of them is told from everything else; for the order, `classifier(model).labels`."""
        embedded = self._embedded(model)
        found, said = _column(embedded, "embeddings"), _column(embedded, "probabilities")
        return leave_one_out(found, said, model.bundle.labels, model.statistics)

    def _embedded(self, model: TeachableModel) -> dict[str, list[Embedded]]:
        known = {label.casefold() for label in model.bundle.labels}
        found: dict[str, list[Embedded]] = {}
        for example in self._examples:
            if self._is_closed:
                raise UserError("the program ends")
            if example.label.casefold() in known:
                continue
            try:
                one = self._cache.embedded(example.path, example.start_s, example.end_s, model)
            except UserError:
                if example in self._examples:
                    raise
            else:
                found.setdefault(example.label, []).append(one)
        return found

    def _add(self, recording: Recording) -> Example:
        label = recording.segments[0].label
        folder = self.folder / _file_name(label)
        make_folder(folder)
        taken = {path.stem for path in folder.glob("*.*")}
        stem = next(stem for n in itertools.count(1) if (stem := f"{folder.name}_{n:02d}") not in taken)
        path = folder / f"{stem}.npy"
        with changing(path):
            save_recording(path, recording)
        example = _example(path)
        self._examples = tuple(sorted((*self._examples, example), key=lambda one: one.path))
        return example


def _example(path: Path) -> Example:
    if not path.with_suffix(".json").is_file():
        raise UserError(f"{path} has lost its {path.with_suffix('.json').name}")
    recording = load_recording(path)
    if recording.positions_m.shape[1] != 1 or len(recording.segments) != 1:
        raise UserError(f"{path} is not one person's recording of one action")
    (segment,) = recording.segments
    return Example(path, segment.label, segment.start_s, segment.end_s)


def _who(positions_m: npt.NDArray[Any], person: int | None, when: str) -> int:
    """The person who is meant, in view at some of these moments (T, M, V, 3); `UserError` where that is not clear."""
    (there,) = np.isfinite(positions_m).any(axis=(0, 2, 3)).nonzero()
    if not len(there):
        raise UserError(f"nobody is in view {when}: choose another part")
    if person is None and len(there) > 1:
        raise UserError(f"several people are in view {when}: click the person first")
    if person is not None and person not in there:
        raise UserError(f"who was chosen is not in view {when}: click another person, or choose another part")
    return int(there[0]) if person is None else person


def _is_same(example: Example, recording: Recording) -> bool:
    """Whether the recording shows the example's movement."""
    (segment,) = recording.segments
    if (example.start_s, example.end_s) != (segment.start_s, segment.end_s):
        return False
    return np.array_equal(example.load().positions_m, recording.positions_m, equal_nan=True)


def _relabelled(recording: Recording, label: str) -> Recording:
    (segment,) = recording.segments
    return replace(recording, segments=(replace(segment, label=label),))


def _checked(label: str) -> str:
    label = " ".join(label.split())
    if not label or len(label) > _LONGEST_LABEL or not label.isprintable():
        raise UserError(f"{label!r} cannot be the name of an action: give 1 to {_LONGEST_LABEL} letters")
    if label.casefold() == UNKNOWN:
        raise UserError(f"{label!r} is what people are called whose action is not known: choose another name")
    return label


def _file_name(label: str) -> str:
    """Fit for any file system; a data set's folders `train` and `val` mean something else."""
    name = re.sub(r"[^\w-]+", "_", label.casefold()).strip("_") or "action"
    return f"{name}_action" if name in ("train", "val") else name


def _column(embedded: dict[str, list[Embedded]], name: str) -> dict[str, list[npt.NDArray[Any]]]:
    return {label: [getattr(one, name) for one in those] for label, those in embedded.items()}
