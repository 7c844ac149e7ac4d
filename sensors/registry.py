"""Sensors by name; the module of a sensor is imported when it is first asked for."""

from importlib import import_module
from typing import Any, NamedTuple, cast

from skel.sensors.base import Sensor
from skel.skeleton.errors import UserError


class SensorEntry(NamedTuple):
    """Where a sensor's class is, and what it is in a few words."""

    target: str
    description: str


SENSORS: dict[str, SensorEntry] = {
    "auto": SensorEntry("skel.sensors.auto:AutoSensor", "a Kinect if one is connected, else a webcam"),
    "kinect": SensorEntry("skel.sensors.kinect:KinectSensor", "an Azure Kinect, or a recording of one (.mkv)"),
    "webcam": SensorEntry("skel.sensors.webcam:WebcamSensor", "a camera, people found by MediaPipe Pose"),
    "video": SensorEntry("skel.sensors.video:VideoSensor", "a video file, people found by MediaPipe Pose"),
    "replay": SensorEntry("skel.sensors.replay:ReplaySensor", "a recording (.npy), in real time or at any speed"),
    "synthetic": SensorEntry("skel.sensors.synthetic:SyntheticSensor", "an articulated body that performs known actions"),
}


def sensor_names() -> tuple[str, ...]:
    """All known names."""
    return tuple(SENSORS)


def create_sensor(name: str, **options: Any) -> Sensor:
    """A new sensor, not yet open, with the options of its class; `UserError` for an unknown name or a bad option's value."""
    if name not in SENSORS:
        raise UserError(f"unknown sensor {name!r}: known are {', '.join(SENSORS)}")
    module, _, kind = SENSORS[name].target.partition(":")
    return cast(Sensor, getattr(import_module(module), kind)(**options))
