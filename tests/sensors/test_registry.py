"""Sensors by name."""

import subprocess
import sys

import pytest

from skel.sensors.registry import SENSORS, create_sensor, sensor_names
from skel.skeleton.errors import UserError


def test_every_entry_leads_to_a_class_of_that_name_with_a_description():
    for name in sensor_names():
        module, _, kind = SENSORS[name].target.partition(":")
        assert module.startswith("skel.sensors.")
        assert kind.endswith("Sensor")
        assert SENSORS[name].description


def test_creates_a_sensor_with_its_options():
    sensor = create_sensor("synthetic", seed=2, fps=50.0)
    assert sensor.name == "synthetic"
    assert sensor.nominal_fps == 50.0


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match=r"unknown sensor 'lidar': known are auto, "):
        create_sensor("lidar")


@pytest.mark.parametrize("source", [0, "any.mp4"], ids=["webcam", "video"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"people": 0}, "at least one person must be looked for, not 0"),
        ({"field_of_view_deg": 0.0}, "between 0 and 180 degrees wide .*, not 0"),
        ({"field_of_view_deg": 180.0}, "not 180"),
        ({"field_of_view_deg": float("nan")}, "not nan"),
    ],
)
def test_options_out_of_range_are_refused_before_anything_is_opened(source, options, message):
    with pytest.raises(UserError, match=message):
        create_sensor("webcam" if source == 0 else "video", source=source, **options)


def test_importing_the_registry_imports_no_sensor_and_nothing_heavy():
    code = """
import sys
import skel.sensors.registry
sensors = {name for name in sys.modules if name.startswith("skel.sensors.")}
assert sensors == {"skel.sensors.base", "skel.sensors.registry"}, sensors
assert not {"torch", "PySide6", "onnxruntime", "cv2", "pyk4a", "mediapipe"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
