"""What `skel-app` can be told, checked, and the sensor and model that follow from it."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from skel.models.providers import Device
from skel.sensors.base import Sensor
from skel.sensors.registry import create_sensor, sensor_names
from skel.sensors.sources import sensor_for
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording

if TYPE_CHECKING:
    from skel.models.runtime import OnnxModel

_FILES, _POSE = ("replay", "video", "kinect"), ("auto", "kinect", "webcam", "video")
_SENSORS_OF = {
    "source": (*_FILES, "webcam"),
    "screenshot": ("replay",),
    "speed": _FILES,
    "loop": ("replay", "video"),
    "fps": ("replay",),
    "seed": ("synthetic",),
    "people": (*_POSE, "synthetic"),
    "pose_model": _POSE,
    "pose": _POSE,
    "download": _POSE,
    "field_of_view_deg": ("auto", "webcam", "video"),
    "tracker": ("auto", "kinect"),
    "tracker_model": ("auto", "kinect"),
    "processing_mode": ("auto", "kinect"),
    "record": (*_POSE, "synthetic"),
}
"""Which sensors an option is for; the options that are not listed are for all."""

_KEYWORDS = {
    "replay": ("source", "speed", "fps", "loop"),
    "video": ("source", "speed", "loop", "people", "pose_model", "pose", "field_of_view_deg"),
    "webcam": ("source", "people", "pose_model", "pose", "field_of_view_deg"),
    "kinect": ("source", "speed", "people", "pose_model", "pose", "tracker", "tracker_model", "processing_mode"),
    "synthetic": ("seed", "people"),
    "auto": ("people", "pose_model", "pose", "field_of_view_deg", "tracker", "tracker_model", "processing_mode"),
}
"""Which options a sensor's class takes."""
