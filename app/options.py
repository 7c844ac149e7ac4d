"""What `skel-app` can be told, checked, and the sensor and model that follow from it."""

import math
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import tyro

from skel.app.disk import protected
from skel.models.providers import Device
from skel.sensors.base import Sensor
from skel.sensors.k4abt import ProcessingMode
from skel.sensors.kinect import Tracker
from skel.sensors.pose_model import Confirm, PoseVariant
from skel.sensors.registry import create_sensor, sensor_names
from skel.sensors.sources import sensor_for
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording

if TYPE_CHECKING:
    from skel.app.event_server import EventServer
    from skel.models.runtime import OnnxModel

_POSE = ("people", "pose_model", "pose", "download", "record", "record_video")
_KINECT = ("tracker", "tracker_model", "processing_mode")
_TAKES = {
    "auto": (*_POSE, "field_of_view_deg", *_KINECT),
    "kinect": (*_POSE, "source", "speed", *_KINECT),
    "webcam": (*_POSE, "source", "field_of_view_deg"),
    "video": (*_POSE, "source", "speed", "loop", "field_of_view_deg"),
    "replay": ("source", "speed", "loop", "fps", "screenshot"),
    "synthetic": ("seed", "people", "record"),
}
"""The options that belong to some sensors only, and to which; all others belong to every sensor."""

_OF_THE_CAMERA = ("people", "pose", "pose_model", "download", "field_of_view_deg", "seed", *_KINECT)
"""Those that hold for whatever source is opened later, where it takes them."""

_NOT_FOR_THE_CLASS = ("download", "record", "record_video", "screenshot")


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

    Without a source or a sensor, a Kinect is used if one is connected, else a webcam; --demo plays the recording that comes
    with the program.
    """

    play: Annotated[Path | None, tyro.conf.Positional, _shown_as("[SOURCE]")] = None
    """Recording (.npy), video or Kinect recording (.mkv) to play, or a camera's number; short for --source."""
    sensor: Annotated[str | None, _shown_as("|".join(sensor_names()))] = None
    """Where skeletons come from; follows from the source, and is auto without one."""
    source: Annotated[Path | None, _shown_as("FILE|N")] = None
    """What the sensor plays: a recording, a video, an .mkv of a Kinect; or the number of the camera or Kinect."""
    model: _File = None
    """Exported model, .onnx; the one that comes with the program if left out."""
    compare: _File = None
    """Another exported model, which recognises the same frames, for comparison."""
    taught: Annotated[Path | None, _shown_as("DIR")] = None
    """Folder of the actions that you have taught; your own in the user's data if left out."""
    device: Device = "auto"
    """Where the model runs; auto is CUDA where it works, else the CPU."""
    headless: _Flag = False
    """No window: print the recognised segments, or every prediction with --json."""
    json: Annotated[str | None, _shown_as("FILE|-")] = None
    """With --headless: write one JSON object a line for each prediction into a file, or to standard output (-)."""
    websocket: Annotated[str | None, _shown_as("[HOST:]PORT")] = None
    """Tell other programs through a WebSocket when somebody begins and ends an action (docs/events.md); only those on this
    machine, unless a host is given."""
    fullscreen: _Flag = False
    """Start on the whole screen, with nothing but people and what they do; Esc leaves that."""
    demo: _Flag = False
    """Play the recording that comes with the program."""
    screenshot: _File = None
    """Write a picture of the window that plays the recording into this file, .png, and end."""
    record: Annotated[Path | None, _shown_as("DIR|FILE.npy")] = None
    """Record the skeletons: into this folder, named by date and time, or into this recording, which is continued if it is
    there."""
    record_video: _Flag = False
    """With --record: keep the colour pictures as well, as a video beside the recording."""
    people: _Integer = None
    """How many people to look for, or how many synthetic actors; 1 if left out. A Kinect's body tracking sees all."""
    pose: Annotated[PoseVariant | None, _shown_as("|".join(get_args(PoseVariant)))] = None
    """MediaPipe's pose model, quick or more precise; lite if left out."""
    pose_model: _File = None
    """The pose model's file, .task; otherwise SKEL_POSE_MODEL, the user's cache, or a download if you agree."""
    download: _Flag = False
    """Agree to the download of the pose model without being asked."""
    field_of_view_deg: _Float = None
    """How wide the camera sees along the picture's longer side, in degrees, from which follows where people are in the room;
    60 is assumed if left out."""
    tracker: Annotated[Tracker | None, _shown_as("|".join(get_args(Tracker)))] = None
    """How a Kinect finds people; auto is its Body Tracking SDK where that is installed, else MediaPipe and depth."""
    tracker_model: _File = None
    """The Body Tracking SDK's network, .onnx; its own choice if left out."""
    processing_mode: Annotated[ProcessingMode | None, _shown_as("|".join(get_args(ProcessingMode)))] = None
    """Where the Body Tracking SDK runs; gpu if left out."""
    speed: _Float = None
    """Play a file at this multiple of real time; 1 in the window, as fast as possible with --headless."""
    fps: _Float = None
    """Frames a second of a bare .npy without time stamps; 30 if left out."""
    loop: _Flag = False
    """Play a file again and again."""
    seed: _Integer = None
    """Chooses what the synthetic actors do; 0 if left out."""

    def resolved(self) -> "Options":
        """With `sensor`, `source` and `speed` filled in; `UserError` where the options contradict one another."""
        options = self._with_source()
        sensor = options.sensor or (sensor_for(options.source) if options.source else "auto")
        if sensor not in sensor_names():
            raise UserError(f"unknown sensor {sensor!r}: known are {', '.join(sensor_names())}")
        options = replace(options, sensor=sensor)
        options._check()
        if options.plays_a_file and options.speed is None:
            options = replace(options, speed=math.inf if options.headless else 1.0)
        return options

    def _with_source(self) -> "Options":
        given = [name for name in ("play", "source", "sensor") if getattr(self, name) is not None]
        if self.demo:
            if given:
                raise UserError("--demo plays its own recording: leave out the sensor and the source")
            from skel.models.pretrained import DEMO_RECORDING

            return replace(self, source=DEMO_RECORDING)
        if self.play is not None and self.source is not None:
            raise UserError(f"two sources, {self.play} and {self.source}: give one")
        return replace(self, source=self.play or self.source, play=None)

    @property
    def plays_a_file(self) -> bool:
        """Whether the source has a beginning and an end; `self` must be resolved."""
        return self.source is not None and not _is_number(self.source)

    def _check(self) -> None:
        if self.sensor in ("replay", "video") and not self.plays_a_file:
            kind = "recording" if self.sensor == "replay" else "video"
            raise UserError(f"which {kind}? Try: skel-app FILE, or --demo")
        if self.sensor == "webcam" and self.plays_a_file:
            raise UserError(f"--source {self.source}: a webcam is a number, 0 is the first; a file needs --sensor video")
        for option in _given(self):
            takers = [sensor for sensor, options in _TAKES.items() if option in options]
            if takers and self.sensor not in takers:
                only = " or ".join(takers)
                raise UserError(f"{_typed(option)} makes sense only with --sensor {only}, not with {self.sensor}")
        if self.speed is not None and not self.plays_a_file:
            raise UserError("--speed makes sense only where a file is played")
        if self.json is not None and not self.headless:
            raise UserError("--json makes sense only where there is no window: add --headless")
        if self.compare is not None and (self.json is not None or self.screenshot is not None):
            raise UserError("--compare shows two models in the window, or prints tables: leave out --json and --screenshot")
        if self.fullscreen and (self.headless or self.screenshot is not None):
            raise UserError("--fullscreen makes sense only where there is a window")
        if self.websocket is not None and self.screenshot is not None and not self.headless:
            raise UserError("--websocket makes sense only with a window or --headless, not with --screenshot")
        if self.record_video and self.record is None:
            raise UserError("--record-video makes sense only with --record DIR")
        if self.screenshot is not None and self.screenshot.suffix.lower() != ".png":
            raise UserError(f"--screenshot {self.screenshot}: the picture's name must end in .png")
        self._check_json()
        self._check_taught()
        self._check_numbers()

    def _check_json(self) -> None:
        if self.json is not None and self.json != "-":
            played = self.source if self.plays_a_file else None
            recordings = (played if self.sensor == "replay" else None, self.record)
            why_not = protected(Path(self.json), (played, self.model_path, self.compare, self.record), recordings)
            if why_not:
                raise UserError(f"--json {self.json}: {why_not}: choose another name")

    def _check_taught(self) -> None:
        if self.taught is None:
            return
        if self.taught.exists() and not self.taught.is_dir():
            raise UserError(f"--taught {self.taught}: is no folder")
        if self.headless and not self.taught.exists():
            raise UserError(f"--taught {self.taught}: no such folder; actions are taught in the window, into such a one")
        if self.screenshot is not None and not self.headless:
            raise UserError("--taught makes sense only with a window or --headless, not with --screenshot")

    def _check_numbers(self) -> None:
        if self.speed is not None and not self.speed > 0:
            raise UserError(f"--speed {self.speed:g}: must be above 0, for example 0.5 for half the real speed")
        if self.people is not None and self.people < 1:
            raise UserError(f"--people {self.people}: must be at least 1")
        if self.seed is not None and self.seed < 0:
            raise UserError(f"--seed {self.seed}: must not be negative")
        view_deg = self.field_of_view_deg
        if view_deg is not None and not 0 < view_deg < 180:
            raise UserError(f"--field-of-view-deg {view_deg:g}: must be between 0 and 180; webcams have 50 to 90")

    def for_source(self, sensor: str, source: Path | None = None) -> "Options":
        """For another source in the same session: what was said of the camera, as far as that sensor takes it; resolved."""
        alike = (self.sensor == "synthetic") == (sensor == "synthetic")  # people to look for are no actors
        kept = {name: getattr(self, name) for name in _OF_THE_CAMERA if alike and name in _TAKES[sensor]}
        return Options(sensor=sensor, source=source, **kept)

    def sensor_options(self, confirm: Confirm | None = None) -> dict[str, Any]:
        """What `create_sensor` needs beside the sensor's name; `self` must be resolved. For `confirm` see `make_sensor`."""
        takes = _TAKES[str(self.sensor)]
        called = {"pose": "variant", "people": "persons" if self.sensor == "synthetic" else "people"}
        given = {name: value for name, value in _given(self).items() if name in takes and name not in _NOT_FOR_THE_CLASS}
        keywords = {called.get(name, name): value for name, value in given.items()}
        if self.source is not None and not self.plays_a_file:
            keywords["source"] = int(str(self.source))
        if "download" in takes:
            at_a_terminal = sys.stdin is not None and sys.stdin.isatty()
            keywords["confirm"] = _agree if self.download else confirm or (ask if at_a_terminal else None)
        return keywords

    def make_sensor(self, confirm: Confirm | None = None) -> Sensor:
        """The sensor, not yet open; says on standard error what had to be assumed. `self` must be resolved.

        Args:
            confirm: asks the user whether something may be downloaded, unless --download has said so; if left out, the
                question is put in the terminal, if there is one.
        """
        sensor = create_sensor(str(self.sensor), **self.sensor_options(confirm))
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

    def make_rival(self) -> "OnnxModel | None":
        """The model to compare with, if there is one."""
        from skel.models.runtime import OnnxModel

        return OnnxModel(self.compare, device=self.device) if self.compare else None

    def make_event_server(self) -> "EventServer | None":
        """What tells other programs, listening, if that is wanted; says on standard error where, and who can listen."""
        if self.websocket is None:
            return None
        from skel.app.event_server import EventServer, parse_address

        server = EventServer(*parse_address(self.websocket))
        print(f"events: {server.address}", file=sys.stderr)
        if server.is_public:
            print("warning: anybody who can reach this machine can see what people do here", file=sys.stderr)
        return server

    @property
    def title(self) -> str:
        """What the source is called among programs."""
        return str(self.source) if self.source is not None else str(self.sensor)


def _agree(question: str) -> bool:
    return True


def ask(question: str) -> bool:
    """Put a question to whoever sits at the terminal; anything but yes is no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _given(options: Options) -> dict[str, Any]:
    """The options that were given."""
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def _typed(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _is_number(source: Path) -> bool:
    return str(source).isdecimal()
