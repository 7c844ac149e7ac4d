"""Recognition without a window, as fast as the sensor gives frames."""

import json
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from skel.app.acquisition import OVER, Acquisition, State
from skel.app.disk import changing
from skel.app.events import ActionEvents, as_json
from skel.app.pipeline import Snapshot, predicted
from skel.app.recording import LiveRecording
from skel.models.recognizer import Recognizer
from skel.models.segments import RecognisedSegment, Segmenter, shares_right
from skel.sensors.base import Sensor
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment

_LOOK_S = 0.2  # for the end, for Ctrl-C and for losses, where no frames come
_RELEASE_S = 1.0  # for the sensor to be closed


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def results_of(
    sensor: Sensor,
    recognizer: Recognizer,
    recording: LiveRecording | None = None,
    rival: Recognizer | None = None,
    events: ActionEvents | None = None,
    tell: Callable[[str], None] = _to_stderr,
) -> Generator[Snapshot, None, None]:
    """Read the sensor until its end, on a thread of its own, and name what is done in each frame.

    A source that can wait (a recording or video played as fast as possible) has every frame predicted. A live one is never
    kept waiting: every frame goes into the window (and the recording), but only the newest of those that have come is
    predicted. A device that goes away is looked for until it is back; once for each loss, and when it is back, one line
    goes to `tell`, as does a problem of the recording. A `rival` recognises the same frames.
    `events` are told of every result, and of breaks. Whoever stops before the end closes the generator, which closes the
    sensor.

    Raises:
        UserError: the sensor cannot be opened.
    """
    source = Acquisition(sensor)
    source.recording = recording
    source.start()
    told = _Told(source, recording, tell)
    try:
        while True:
            ended = source.state in (State.ENDED, State.FAILED)  # asked first: what came before the end still waits
            frames = source.queue.take(everything=not source.is_patient, timeout_s=_LOOK_S)
            if frames:
                ours, theirs = predicted(recognizer, frames), predicted(rival, frames)
                if events is not None:
                    events.update(frames[-1].time_s, ours)
                yield Snapshot(frames[-1], ours, time.monotonic(), theirs)
            elif events is not None and source.state in OVER:
                events.end_all()
            told.look()
            if ended and not frames:
                break
    finally:
        source.stop()
        source.join(_RELEASE_S)
        told.look()
        if events is not None:
            events.end_all()
    if source.error is not None:
        raise source.error


class _Told:
    """Says each thing that goes wrong once."""

    def __init__(self, source: Acquisition, recording: LiveRecording | None, tell: Callable[[str], None]) -> None:
        self._source, self._recording, self._tell = source, recording, tell
        self._losses, self._away, self._problem = 0, False, ""

    def look(self) -> None:
        source = self._source
        if source.losses > self._losses and source.state == State.RECONNECTING:
            self._losses, self._away = source.losses, True
            self._tell(f"{source.message} (Ctrl-C ends)")
        elif self._away and not source.message:
            self._away = False
            self._tell("connected again")
        problem = self._recording.problem if self._recording else ""
        if problem and not self._problem:
            self._tell(problem)
        self._problem = problem


def write_json(results: Iterable[Snapshot], target: str) -> int:
    """Write one JSON object a line for each prediction, as it is made, to a file or standard output ("-").

    Returns how many. The lines are `{"time_s", "person", "action", "partner", "confidence", "top": [[label, p], …],
    "latency_ms"}`, ASCII. Every line is complete on disk before the next frame, so that Ctrl-C loses nothing.
    """
    count = 0
    with _opened(target) as lines:
        for prediction in (prediction for result in results for prediction in result.predictions):
            line = json.dumps(as_json(prediction))
            try:
                print(line, file=lines, flush=True)
            except BrokenPipeError:
                raise  # the reader has seen enough
            except OSError as error:
                raise UserError(f"cannot write {target}: {error.strerror or error}") from error
            count += 1
    return count


@contextmanager
def _opened(target: str) -> Iterator[TextIO]:
    """The file, or standard output."""
    if target == "-":
        yield sys.stdout
        return
    with changing(Path(target)):
        lines = Path(target).open("w", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below
    try:
        yield lines
    finally:
        with suppress(OSError):  # of a line that could not be written, which has been said
            lines.close()


def print_segments(results: Iterable[Snapshot], recognizer: Recognizer, played: Recording | None, console: Console) -> None:
    """Print the recognised segments as a table; then, where the segments of what is played are known, how much was right.

    Times count from the first frame of what is played, or that comes. A run that is stopped with Ctrl-C prints what it has.
    """
    segmenter = Segmenter(recognizer.live)
    truth = played.segments if played is not None else ()
    beginning = Beginning(played)
    stopped: KeyboardInterrupt | None = None
    try:
        for prediction in (prediction for result in beginning.of(results) for prediction in result.predictions):
            segmenter.push(prediction)
    except KeyboardInterrupt as stop:
        stopped = stop
    console.print(segment_table(segmenter.segments, beginning.time_s))
    if truth:
        console.print(truth_table(truth, [shares_right(segmenter.segments, truth, beginning.time_s)]))
    if stopped is not None:
        raise stopped


class Beginning:
    """When it began: at the first frame of the recording, or (None) at the first one that came, whatever its clock says.

    Attributes:
        time_s: on the sensor's clock; 0 before anything came.
    """

    def __init__(self, played: Recording | None) -> None:
        self._is_known = played is not None
        self.time_s = float(played.times_s[0]) if played is not None else 0.0

    def of(self, results: Iterable[Snapshot]) -> Iterator[Snapshot]:
        """The same results, looked at as they pass."""
        for result in results:
            if not self._is_known:
                self._is_known, self.time_s = True, result.frame.time_s
            yield result


def segment_table(segments: list[RecognisedSegment], start_s: float = 0.0, title: str = "Recognised actions") -> Table:
    """Start, end, action and mean confidence; where there are several people also who, and with whom.

    Labels and names are the user's and stay as they are, also those that Rich would take for markup: "kick [left]".
    """
    together = any(segment.partner is not None for segment in segments)
    several = together or len({segment.person for segment in segments}) > 1
    table = Table(title=Text(title, "table.title"), caption=None if segments else "none")
    shown = {"start s": True, "end s": True, "person": several, "partner": together, "confidence": True}
    for heading in (heading for heading, is_shown in shown.items() if is_shown):
        table.add_column(heading, justify="right")
    table.add_column("action")
    for segment in sorted(segments, key=lambda segment: (segment.start_s, segment.person)):
        person = (str(segment.person),) if several else ()
        partner = ("" if segment.partner is None else str(segment.partner),) if together else ()
        times = (f"{segment.start_s - start_s:.1f}", f"{segment.end_s - start_s:.1f}")
        table.add_row(*times, *person, *partner, f"{segment.confidence:.0%}", Text(segment.action))
    return table


def truth_table(
    truth: Sequence[Segment], shares: Sequence[Sequence[float]], models: Sequence[str] = ("named right",)
) -> Table:
    """The recording's own segments, each with the share of its duration that every model's segments name right."""
    table = Table(title="What truly happened")
    for heading in ("start s", "end s", *models):
        table.add_column(Text(heading), justify="right")
    table.add_column("action")
    for segment, *named in zip(truth, *shares):
        shown = (f"{share:.0%}" for share in named)
        table.add_row(f"{segment.start_s:.1f}", f"{segment.end_s:.1f}", *shown, Text(segment.label))
    return table
