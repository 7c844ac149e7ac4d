"""What `skel-app` can be told, checked, and the sensor and model that follow from it."""

import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from skel.models.runtime import Device
from skel.sensors.base import Sensor
from skel.sensors.registry import create_sensor, sensor_names
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording

if TYPE_CHECKING:
    from skel.models.runtime import OnnxModel


def _shown_as(metavar: str) -> object:
    """An option that may be left out; what happens then is for its help text to say."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


_File = Annotated[Path | None, _shown_as("FILE")]
_Flag = Annotated[bool, _shown_as("")]
_Integer = Annotated[int | None, _shown_as("N")]
_Float = Annotated[float | None, _shown_as("X")]


@dataclass(frozen=True)
class Options:
    """Name what people do, from their skeletons: in a window, or without one.

    Without a recording or a sensor the synthetic actor performs; --demo plays the recording that comes with the program.
    """

    recording: Annotated[Path | None, tyro.conf.Positional, _shown_as("[RECORDING.npy]")] = None
    """Recording to play; short for --source."""
    sensor: Annotated[str | None, _shown_as("|".join(sensor_names()))] = None
    """Where skeletons come from; replay if there is a recording, else synthetic."""
    source: _File = None
    """What the sensor plays: a recording, .npy."""
    model: _File = None
    """Exported model, .onnx; the one that comes with the program if left out."""
    device: Device = "auto"
    """Where the model runs; auto is CUDA where it works, else the CPU."""
    headless: _Flag = False
    """No window: print the recognised segments, or every prediction with --json."""
    json: Annotated[str | None, _shown_as("FILE|-")] = None
    """With --headless: write one JSON object a line for each prediction into a file, or to standard output (-)."""
    demo: _Flag = False
    """Play the recording that comes with the program."""
    screenshot: _File = None
    """Write a picture of the window that plays the recording into this file, .png, and end."""
    speed: _Float = None
    """Play a recording at this multiple of real time; 1 in the window, as fast as possible with --headless."""
    fps: _Float = None
    """Frames a second of a bare .npy without time stamps; 30 if left out."""
    loop: _Flag = False
    """Play a recording again and again."""
    seed: _Integer = None
    """Chooses what the synthetic actors do; 0 if left out."""
    persons: _Integer = None
    """How many synthetic actors; 1 if left out."""

    def resolved(self) -> "Options":
        """With `sensor`, `source` and `speed` filled in; `UserError` where the options contradict one another."""
        options = self._with_source()
        options = replace(options, sensor=options.sensor or ("replay" if options.source else "synthetic"))
        if options.sensor not in sensor_names():
            raise UserError(f"unknown sensor {options.sensor!r}: known are {', '.join(sensor_names())}")
        options._check()
        if options.sensor == "replay" and options.speed is None:
            options = replace(options, speed=math.inf if options.headless else 1.0)
        return options

    def _with_source(self) -> "Options":
        given = [name for name in ("recording", "source", "sensor") if getattr(self, name) is not None]
        if self.demo:
            if given:
                raise UserError("--demo plays its own recording: leave out the sensor and the source")
            from skel.models.pretrained import DEMO_RECORDING

            return replace(self, source=DEMO_RECORDING)
        if self.recording is not None and self.source is not None:
            raise UserError(f"two recordings, {self.recording} and {self.source}: give one")
        return replace(self, source=self.recording or self.source, recording=None)

    def _check(self) -> None:
        replays, acts = self.sensor == "replay", self.sensor == "synthetic"
        if replays and self.source is None:
            raise UserError("which recording? Try: skel-app RECORDING.npy, or --demo")
        if not replays:
            self._refuse("source", "screenshot", "speed", "fps", "loop", reason="a recording is played")
        if not acts:
            self._refuse("seed", "persons", reason="the sensor is synthetic")
        if not self.headless:
            self._refuse("json", reason="there is no window: add --headless")
        if self.speed is not None and not self.speed > 0:
            raise UserError(f"--speed {self.speed:g}: must be above 0, for example 0.5 for half the real speed")
        if self.persons is not None and self.persons < 1:
            raise UserError(f"--persons {self.persons}: must be at least 1")
        if self.seed is not None and self.seed < 0:
            raise UserError(f"--seed {self.seed}: must not be negative")

    def _refuse(self, *names: str, reason: str) -> None:
        for name in names:
            if getattr(self, name) not in (None, False):
                raise UserError(f"--{name} makes sense only where {reason}")

    def sensor_options(self) -> dict[str, Any]:
        """What `create_sensor` needs beside the sensor's name; `self` must be resolved."""
        given: dict[str, Any] = {"seed": self.seed, "persons": self.persons}
        if self.sensor == "replay":
            given = {"source": self.source, "speed": self.speed, "fps": self.fps, "loop": self.loop}
        return {name: value for name, value in given.items() if value is not None}

    def make_sensor(self) -> Sensor:
        """The sensor, not yet open; says on standard error what had to be assumed. `self` must be resolved."""
        sensor = create_sensor(str(self.sensor), **self.sensor_options())
        recording: Recording | None = getattr(sensor, "recording", None)
        if recording is not None and recording.assumed:
            print(f"assumed: {recording.assumed}", file=sys.stderr)
        return sensor

    @property
    def model_path(self) -> Path:
        """The model's file."""
        from skel.models.pretrained import DEFAULT_MODEL

        return self.model or DEFAULT_MODEL

    def make_model(self) -> "OnnxModel":
        """The model, loaded and ready."""
        from skel.models.runtime import OnnxModel

        return OnnxModel(self.model_path, device=self.device)
