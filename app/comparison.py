"""Two models on the same frames: where they agree, and how much of what truly happened each of them names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from skel.app.events import no_actions
from skel.app.headless import Beginning, segment_table, truth_table
from skel.app.pipeline import Snapshot
from skel.models.recognizer import Recognizer
from skel.models.segments import Segmenter, shares_right
from skel.skeleton.recording import Recording, Segment


@dataclass
class Agreement:
    """How often two models name the same, each person at each frame counting once."""

    nothing: tuple[Sequence[str], Sequence[str]]
    same: int = 0
    count: int = 0

    def push(self, snapshot: Snapshot) -> None:
        """Take in the next frame; whom only one model has watched for long enough does not count."""
        theirs = {p.person: p.action for p in snapshot.rival_predictions}
        for ours in snapshot.predictions:
            if ours.person in theirs:
                one, other = self._named(ours.action, 0), self._named(theirs[ours.person], 1)
                self.count += 1
                self.same += one == other

    @property
    def share(self) -> float | None:
        """0..1; None before anything was compared."""
        return self.same / self.count if self.count else None

    def _named(self, action: str, model: int) -> str:
        """All that means "no action" is the same."""
        return "" if action in self.nothing[model] else action


def names_of(one: Path, other: Path) -> tuple[str, str]:
    """What to call two models: their files' names, with the folder where these are the same."""
    if one.stem != other.stem:
        return one.stem, other.stem
    return f"{one.resolve().parent.name}/{one.stem}", f"{other.resolve().parent.name}/{other.stem}"


def accuracy(shares: Sequence[float], truth: Sequence[Segment]) -> float:
    """The share of the true segments' time that was named right; `shares` = that of each segment."""
    durations_s = [segment.end_s - segment.start_s for segment in truth]
    return sum(share * duration_s for share, duration_s in zip(shares, durations_s)) / max(sum(durations_s), 1e-9)


def print_comparison(
    results: Iterable[Snapshot],
    recognizers: tuple[Recognizer, Recognizer],
    names: tuple[str, str],
    played: Recording | None,
    console: Console,
) -> None:
    """Print what each model recognised, how far they agree, and where the truth is known how much of it each named."""
    segmenters = [Segmenter(recognizer.live) for recognizer in recognizers]
    agreement = Agreement((no_actions(recognizers[0]), no_actions(recognizers[1])))
    beginning = Beginning(played)
    stopped: KeyboardInterrupt | None = None
    try:
        for snapshot in beginning.of(results):
            agreement.push(snapshot)
            for m, found in enumerate((snapshot.predictions, snapshot.rival_predictions)):
                for prediction in found:
                    segmenters[m].push(prediction)
    except KeyboardInterrupt as stop:
        stopped = stop
    for segmenter, name in zip(segmenters, names):
        console.print(segment_table(segmenter.segments, beginning.time_s, title=f"Recognised actions: {name}"))
    if agreement.share is not None:
        console.print(f"same action named in {agreement.share:.1%} of {agreement.count} predictions")
    if played is not None and played.segments:
        shares = [shares_right(segmenter.segments, played.segments, beginning.time_s) for segmenter in segmenters]
        _print_truth(played.segments, shares, names, console)
    if stopped is not None:
        raise stopped


def _print_truth(truth: Sequence[Segment], shares: list[list[float]], names: tuple[str, str], console: Console) -> None:
    console.print(truth_table(truth, shares, names))
    for name, share in zip(names, shares):
        console.print(f"{name}: {accuracy(share, truth):.1%} of the actions' time named right", markup=False, emoji=False)
