"""The source and the model that are in use, and the pipeline between them. No Qt."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skel.app.acquisition import OVER
from skel.app.events import ActionEvents
from skel.app.pipeline import Pipeline, Snapshot, State
from skel.app.recording import LiveRecording
from skel.models.recognizer import Recognizer, TaughtClasses
from skel.models.runtime import Device, OnnxModel
from skel.sensors.base import Playable, Sensor
from skel.sensors.registry import create_sensor
from skel.sensors.replay import ReplaySensor
from skel.sensors.sources import RECORDING_SUFFIXES, VIDEO_SUFFIXES
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

    One thread at a time (the GUI's). What fails leaves everything as it was. A source that is slow to let go of its device
    is never waited for: it ends by itself, and the next source is opened when it has.

    Attributes:
        events: tells other programs what is recognised; None = nobody. To be set before the first source is opened.
        rival: the model that `model` is compared with; None = no other.
        rival_is_untaught: `rival` cannot name what was taught, though `model` may.
    """

    def __init__(self, model: OnnxModel, on_change: Callable[[], None], device: Device = "auto") -> None:
        self._device = device
        self._on_change = on_change
        self._leaving: list[Pipeline] = []  # asked to stop, and perhaps not yet at their end
        self.events: ActionEvents | None = None
        self.model = model
        self._taught: TaughtClasses | None = None
        self.rival: OnnxModel | None = None
        self._rival_taught: TaughtClasses | None = None
        self.rival_is_untaught = False
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

    @property
    def labels(self) -> tuple[str, ...]:
        """Every action that can be named: the model's, then those that were taught."""
        return self.model.bundle.labels + (self._taught.labels if self._taught is not None else ())

    @property
    def played_path(self) -> Path | None:
        """The `.npy` of the recording that is played."""
        path = self.sensor.path if isinstance(self.sensor, ReplaySensor) else None
        return path.with_suffix(".npy") if path else None

    @property
    def recording_to(self) -> Path | None:
        """The `.npy` that is being recorded; None where nothing is, or where recording has ended with a problem."""
        live = self.pipeline.recording if self.pipeline else None
        return None if live is None or live.is_over else live.path

    def open_source(self, source: Source) -> None:
        """Change to another source; `UserError` where it cannot be made. A recording under way is finished."""
        sensor = source.make()
        self._leave()
        self.source, self.sensor = source, sensor
        self._start(sensor)

    def open_model(self, path: Path | str) -> None:
        """Change to another model; source and recording go on. `UserError` where it is not one of ours."""
        self.model, self._taught = OnnxModel(path, self._device), None
        if self.pipeline is None or self.sensor is None:
            return
        if self.pipeline.stats().state == State.FAILED:
            self._leave()
            self._start(self.sensor)
            return
        self.pipeline.recognizer = self._recognizer()
        self._begin_events(self.pipeline)
        self._look_again()

    def teach(self, taught: TaughtClasses | None) -> None:
        """Name these actions beside those of `model`, from the next frame on; None = none. Another model forgets them."""
        before, self._taught = self.labels, taught
        if self.pipeline is not None:
            self.pipeline.recognizer.taught = taught
            if self.labels != before:
                self._begin_events(self.pipeline)

    def compare_with(self, path: Path | str | None) -> None:
        """Let another model recognise the same frames, for comparison; None = no longer. `UserError` as `open_model`."""
        self.rival = OnnxModel(path, self._device) if path is not None else None
        self._rival_taught, self.rival_is_untaught = None, False
        if self.pipeline is not None:
            self.pipeline.rival = self._rival_recognizer()
            self._look_again()

    def teach_rival(self, taught: TaughtClasses | None, *, possible: bool = True) -> None:
        """The same as `teach`, of `rival`; `possible` = False where that model cannot be taught what `model` can."""
        self._rival_taught, self.rival_is_untaught = taught, not possible
        if self.pipeline is not None and self.pipeline.rival is not None:
            self.pipeline.rival.taught = taught

    def end_events_if_over(self) -> None:
        """Tell other programs that nobody is seen any more, where that is so; to be called a few times a second."""
        if self.events is not None and (self.pipeline is None or self.pipeline.stats().state in OVER):
            self.events.end_all()

    def start_recording(self, folder: Path, video: bool = False) -> LiveRecording:
        """Record what the sensor gives from now on, into a new file in that folder.

        Args:
            folder: where to, named by date and time; or the recording's own name (.npy), which is continued if it is there.
            video: keep the colour pictures too.

        Returns:
            what records, which knows how far it is, and at last how it has ended.

        Raises:
            UserError: nothing is running, or what is played is a recording already, or the folder cannot be used.
        """
        if self.pipeline is None or self.sensor is None:
            raise UserError("there is nothing to record: open a sensor first")
        if self.recording is not None:
            raise UserError("this is a recording already: open a sensor to record it")
        recording = LiveRecording(folder, self.sensor, video=video)
        self.stop_recording()
        self.pipeline.recording = recording
        return recording

    def stop_recording(self) -> Path | None:
        """Finish the recording under way; its `.npy`, or None where there is none."""
        live = self.pipeline.recording if self.pipeline else None
        if self.pipeline is None or live is None:
            return None
        self.pipeline.recording = None
        return live.stop()

    def seek(self, position_s: float) -> None:
        """Go to a place of the recording, and show it even while paused."""
        if self.playable is not None:
            self.playable.seek(position_s)
            if self.playable.paused:
                self.playable.step(1)

    def _look_again(self) -> None:
        """Recognise anew what a paused recording shows, from its window on."""
        if self.playable is not None:
            self.seek(self.playable.position_s)

    def position_s(self, time_s: float) -> float:
        """Where a frame with that time stamp stands in what is played, from its start; 0 where nothing is played."""
        if self.playable is None:
            return 0.0
        since_s = time_s - (float(self.recording.times_s[0]) if self.recording else 0.0)
        rounds = (since_s + 1e-6) // self.playable.duration_s  # each time it started over counts on
        return since_s - rounds * self.playable.duration_s

    def close(self) -> None:
        """Stop and release the source, waiting a second at most; without effect the second time."""
        self._leave()
        give_up_s = time.monotonic() + 1.0
        for pipeline in self._leaving:
            pipeline.stop(max(give_up_s - time.monotonic(), 0.0))
        self.source = self.sensor = None

    def _start(self, sensor: Sensor) -> None:
        self.pipeline = Pipeline(sensor, self._recognizer(), self._on_change)
        self.pipeline.rival = self._rival_recognizer()
        self._begin_events(self.pipeline)
        self.pipeline.start(after=self._leaving[-1] if self._leaving else None)

    def _recognizer(self) -> Recognizer:
        recognizer = Recognizer(self.model)
        recognizer.taught = self._taught
        return recognizer

    def _rival_recognizer(self) -> Recognizer | None:
        if self.rival is None:
            return None
        recognizer = Recognizer(self.rival)
        recognizer.taught = self._rival_taught
        return recognizer

    def _begin_events(self, pipeline: Pipeline) -> None:
        if self.events is not None:
            title = self.source.title if self.source else ""
            events, run = self.events, self.events.begin(title, self.model.path.name, pipeline.recognizer)

            def tell(snapshot: Snapshot) -> None:
                events.update(snapshot.frame.time_s, snapshot.predictions, run)

            pipeline.listener = tell

    def _leave(self) -> None:
        self.stop_recording()
        if self.events is not None:
            self.events.stop()
        self._leaving = [pipeline for pipeline in self._leaving if not pipeline.stop(0.0)]
        if self.pipeline is not None:
            self.pipeline.stop(0.0)
            self._leaving.append(self.pipeline)
            self.pipeline = None


def kind_of_file(path: Path) -> str:
    """'recording', 'video', 'model' or 'taught actions', by the file's name; `UserError` for anything else."""
    kinds = {".onnx": "model", ".zip": "taught actions"}
    kinds |= dict.fromkeys(VIDEO_SUFFIXES, "video") | dict.fromkeys(RECORDING_SUFFIXES, "recording")
    if path.suffix.lower() not in kinds:
        videos = ", ".join(VIDEO_SUFFIXES)
        known = f"a recording (.npy), a video ({videos}), a model (.onnx) nor taught actions (.zip)"
        raise UserError(f"{path.name} is neither {known}")
    return kinds[path.suffix.lower()]
