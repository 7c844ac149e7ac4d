"""How long it takes until a taught action is known, and until it is said how well, on one thread of one CPU. JSON.

    python benchmarks/teaching.py

Of an action with so many examples: `all new` is what another model, or examples from elsewhere, take; `one more` is
what an example takes that is added to the others, as in the panel for teaching. Milliseconds, medians over rounds.
"""

import json
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import tyro

from skel.app.taught import TaughtActions
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.sensors.synthetic import ACTIONS, perform
from skel.skeleton.recording import Recording, Segment


@dataclass(frozen=True)
class Config:
    """What to run."""

    model: Path = DEFAULT_MODEL
    examples: tuple[int, ...] = (3, 5, 10)
    rounds: int = 7


def performed(count: int) -> tuple[Recording, list[Segment]]:
    """A synthetic actor who does one thing over and over, under a name that no model knows."""
    action = next(iter(ACTIONS))
    recording = perform(seed=3, duration_s=8.0 * count, script=[action])
    return recording, [replace(segment, label="something new") for segment in recording.segments[:count]]


def known_ms(taught: TaughtActions, model: OnnxModel) -> float:
    started_s = time.perf_counter()
    taught.classifier(model)
    taught.report(model)
    return 1e3 * (time.perf_counter() - started_s)


def measure(model: OnnxModel, count: int) -> tuple[float, float]:
    recording, segments = performed(count)
    assert len(segments) == count
    with tempfile.TemporaryDirectory() as folder:
        taught = TaughtActions(Path(folder))
        for segment in segments[:-1]:
            taught.add_correction(recording, segment)
        known_ms(taught, model)
        taught.add_correction(recording, segments[-1])
        one_more_ms = known_ms(taught, model)
    with tempfile.TemporaryDirectory() as folder:
        taught = TaughtActions(Path(folder))
        for segment in segments:
            taught.add_correction(recording, segment)
        return known_ms(taught, model), one_more_ms


def main(config: Config) -> None:
    model = OnnxModel(config.model, "cpu")
    figures = []
    for count in config.examples:
        all_new_ms, one_more_ms = zip(*(measure(model, count) for _ in range(config.rounds)))
        medians = {"all_new_ms": statistics.median(all_new_ms), "one_more_ms": statistics.median(one_more_ms)}
        figures.append({"examples": count, **{name: round(value, 1) for name, value in medians.items()}})
    seconds = [round(segment.end_s - segment.start_s, 2) for segment in performed(max(config.examples))[1]]
    found = {"figures": figures, "median_example_s": statistics.median(seconds), "model": config.model.name}
    print(json.dumps({**found, "cores": psutil.cpu_count(), "load": psutil.getloadavg()[0]}, indent=1))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
