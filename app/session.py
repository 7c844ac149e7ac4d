"""The source and the model that are in use, and the pipeline between them. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skel.app.pipeline import Pipeline
from skel.app.recognizer import Recognizer
from skel.models.runtime import Device, OnnxModel
from skel.sensors.base import Playable, Sensor
from skel.sensors.registry import create_sensor
from skel.sensors.replay import ReplaySensor
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording


@dataclass(frozen=True)
class Source:
    """What to call a source on the screen, and how to make its sensor; `make` raises `UserError` where it cannot."""

    title: str
    make: Callable[[], Sensor]


def recording_source(path: Path | str, title: str = "", *, loop: bool = False) -> Source:
    """A recording on disk."""
    return Source(title or Path(path).name, lambda: create_sensor("replay", source=Path(path), loop=loop))


class Session:
    """Runs one source through one model at a time; `on_change` is the pipeline's, called on its threads.

    One thread at a time (the GUI's). What fails leaves everything as it was.
    """

    def __init__(self, model: OnnxModel, on_change: Callable[[], None], device: Device = "auto") -> None:
        self._device = device
        self._on_change = on_change
        self.model = model
        self.source: Source | None = None
        self.sensor: Sensor | None = None
        self.pipeline: Pipeline | None = None

    @property
    def playable(self) -> Playable | None:
        """The sensor's controls, where it has any."""
        return self.pipeline.playable if self.pipeline else None

    @property
    def recording(self) -> Recording | None:
        """What is played, where the source is a recording."""
        return self.sensor.recording if isinstance(self.sensor, ReplaySensor) else None

    def open_source(self, source: Source) -> None:
        """Change to another source; `UserError` where it cannot be made."""
        sensor = source.make()
        self._stop()
        self.source, self.sensor = source, sensor
        self.pipeline = self._new_pipeline(sensor)
        self.pipeline.start()

    def open_model(self, path: Path | str) -> None:
        """Change to another model; a recording goes on where it was. `UserError` where it is not one of ours."""
        self.model = OnnxModel(path, self._device)
        if self.sensor is None:
            return
        position_s = self.playable.position_s if self.playable else None
        self._stop()
        self.pipeline = self._new_pipeline(self.sensor)
        if position_s is not None:
            self.sensor.open()  # now, or the pipeline would open it at its start
            self.seek(position_s)
        self.pipeline.start()

    def seek(self, position_s: float) -> None:
        """Go to a place of the recording, and show it even while paused."""
        if self.playable is not None:
            self.playable.seek(position_s)
            if self.playable.paused:
                self.playable.step(1)

    def position_s(self, time_s: float) -> float:
        """Where a frame with that time stamp stands in the recording, from its start; 0 without a recording."""
        if self.recording is None:
            return 0.0
        since_s = time_s - float(self.recording.times_s[0])
        rounds = (since_s + 1e-6) // self.recording.duration_s  # each time it started over counts on
        return since_s - rounds * self.recording.duration_s

    def close(self) -> None:
        """Stop and release the source; without effect the second time."""
        self._stop()
        self.source = self.sensor = None

    def _new_pipeline(self, sensor: Sensor) -> Pipeline:
        return Pipeline(sensor, Recognizer(self.model), self._on_change)

    def _stop(self) -> None:
        if self.pipeline is not None:
            self.pipeline.stop()
            self.pipeline = None


def kind_of_file(path: Path) -> str:
    """'recording' or 'model', by the file's name; `UserError` for anything else."""
    kinds = {".npy": "recording", ".onnx": "model"}
    if path.suffix.lower() not in kinds:
        raise UserError(f"{path.name} is neither a recording (.npy) nor a model (.onnx)")
    return kinds[path.suffix.lower()]
