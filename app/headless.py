"""Recognition without a window: every frame, one thread, as fast as the sensor gives frames."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from skel.app.recognizer import UNKNOWN, Prediction, Recognizer
from skel.app.segments import RecognisedSegment, Segmenter, shares_right
from skel.sensors.base import EndOfStream, Sensor, SensorLost, SensorTimeout
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment


def predictions_of(sensor: Sensor, recognizer: Recognizer) -> Iterator[Prediction]:
    """Open the sensor, push every frame, and close it at the end; `UserError` if the device goes away."""
    with sensor:
        while True:
            try:
                frame = sensor.read()
            except SensorTimeout:
                continue
            except EndOfStream:
                return
            except SensorLost as error:
                raise UserError(f"{sensor.name} was lost ({error}): connect it and start again") from error
            yield from recognizer.push(frame)


def write_json(sensor: Sensor, recognizer: Recognizer, target: str) -> int:
    """Write one JSON object a line for each prediction, as it is made, to a file or standard output ("-").

    Returns how many. The lines are `{"time_s", "person", "action", "confidence", "top": [[label, p], …], "latency_ms"}`,
    ASCII. Every line is complete on disk before the next frame, so that Ctrl-C loses nothing.
    """
    count = 0
    try:
        with nullcontext(sys.stdout) if target == "-" else Path(target).open("w", encoding="utf-8", newline="\n") as lines:
            for prediction in predictions_of(sensor, recognizer):
                print(json_line(prediction), file=lines, flush=True)
                count += 1
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror or error}") from error
    return count


def json_line(prediction: Prediction) -> str:
    """One prediction as one line of JSON."""
    return json.dumps(
        {
            "time_s": round(prediction.time_s, 6),
            "person": prediction.person,
            "action": prediction.action,
            "confidence": round(prediction.confidence, 6),
            "top": [[label, round(probability, 6)] for label, probability in prediction.top],
            "latency_ms": round(prediction.latency_ms, 3),
        }
    )


def print_segments(sensor: Sensor, recognizer: Recognizer, recording: Recording | None, console: Console) -> None:
    """Print the recognised segments as a table; then, where the recording's own segments are known, how much was right.

    Times count from the recording's first frame. A run that is stopped with Ctrl-C prints what it has.
    """
    segmenter = Segmenter(nothing=(UNKNOWN, recognizer.bundle.idle_label or UNKNOWN))
    truth = recording.segments if recording is not None else ()
    start_s = float(recording.times_s[0]) if recording is not None else 0.0
    predictions: list[Prediction] = []  # only where they are compared with the truth: a camera never ends
    try:
        for prediction in predictions_of(sensor, recognizer):
            segmenter.push(prediction)
            if truth:
                predictions.append(prediction)
    finally:
        console.print(segment_table(segmenter.segments, start_s))
        if truth:
            console.print(truth_table(truth, shares_right(predictions, truth, start_s)))


def segment_table(segments: list[RecognisedSegment], start_s: float = 0.0) -> Table:
    """Start, end, action and mean confidence; the person too, where there are several."""
    several = len({segment.person for segment in segments}) > 1
    table = Table(title="Recognised actions", caption=None if segments else "none")
    for heading in ("start s", "end s", "person", "confidence") if several else ("start s", "end s", "confidence"):
        table.add_column(heading, justify="right")
    table.add_column("action")
    for segment in sorted(segments, key=lambda segment: (segment.start_s, segment.person)):
        person = (str(segment.person),) if several else ()
        times = (f"{segment.start_s - start_s:.1f}", f"{segment.end_s - start_s:.1f}")
        table.add_row(*times, *person, f"{segment.confidence:.0%}", segment.action)
    return table


def truth_table(truth: Sequence[Segment], shares: Sequence[float]) -> Table:
    """The recording's own segments, each with the share of its duration in which it was named right."""
    table = Table(title="What truly happened")
    for heading in ("start s", "end s", "named right"):
        table.add_column(heading, justify="right")
    table.add_column("action")
    for segment, share in zip(truth, shares):
        table.add_row(f"{segment.start_s:.1f}", f"{segment.end_s:.1f}", f"{share:.0%}", segment.label)
    return table
