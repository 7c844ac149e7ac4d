"""Whatever is connected; and what is said where nothing is, or not what was expected."""

import subprocess
import sys

import pytest

from skel.sensors.auto import AutoSensor
from skel.sensors.base import EndOfStream, SensorError
from skel.sensors.registry import create_sensor
from skel.sensors.synthetic import SyntheticSensor


class Kinect(SyntheticSensor):
    name = "kinect"
    mode = "body tracking"


def absent(reason: str):
    def make():
        raise SensorError(reason)

    return make


def test_the_first_that_opens_is_used():
    sensor = AutoSensor({"kinect": Kinect, "webcam": absent("must not be tried")})
    assert (sensor.name, sensor.mode) == ("auto", "")
    with sensor:
        assert (sensor.name, sensor.mode) == ("kinect", "body tracking")
        assert sensor.read(5.0).layout == sensor.layout


def test_the_next_one_where_the_first_is_missing():
    with AutoSensor({"kinect": absent("no Kinect"), "webcam": lambda: SyntheticSensor(fps=50.0)}) as sensor:
        assert (sensor.name, sensor.nominal_fps) == ("synthetic", 50.0)


def test_a_kinect_that_fails_is_told_once(caplog):
    with AutoSensor({"kinect": absent("Kinect 0 cannot be opened: no access"), "webcam": SyntheticSensor}) as sensor:
        pass
    sensor.open()
    sensor.close()
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == "kinect: Kinect 0 cannot be opened: no access: the webcam is used"


@pytest.mark.parametrize("installed", [True, False])
def test_a_kinect_that_is_not_there_is_no_news(monkeypatch, caplog, installed: bool):
    if not installed:
        monkeypatch.setitem(sys.modules, "pyk4a", None)
    elif pytest.importorskip("pyk4a").connected_device_count():
        pytest.skip("a Kinect is connected")
    with AutoSensor({"kinect": lambda: create_sensor("kinect"), "webcam": SyntheticSensor}) as sensor:
        assert sensor.name == "synthetic"
    assert caplog.records == []


def test_what_is_told_reaches_the_terminal():
    """Nothing of ours sets Python's logging up: its last resort writes warnings to standard error."""
    code = (
        "from skel.sensors.auto import AutoSensor; from skel.sensors.synthetic import SyntheticSensor\n"
        "from skel.sensors.kinect import KinectSensor\n"
        "AutoSensor({'kinect': lambda: KinectSensor('absent.mkv'), 'webcam': SyntheticSensor}).open()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.startswith("kinect: ")
    assert ended.stderr.endswith(": the webcam is used\n")


def test_nothing_is_one_line_that_says_what_was_tried():
    class Busy(SyntheticSensor):
        def open(self):
            raise SensorError("the camera is in use by another program")

    sensor = AutoSensor({"kinect": absent("no Kinect is connected"), "webcam": Busy})
    with pytest.raises(SensorError) as caught:
        sensor.open()
    said = str(caught.value)
    assert "kinect: no Kinect is connected; webcam: the camera is in use by another program" in said
    assert "--demo" in said
    assert "\n" not in said
    with pytest.raises(EndOfStream):
        sensor.read(0.0)
    sensor.close()


def test_opened_again_it_is_the_same_kind():
    """After a loss nobody should find themselves before another camera, in another layout."""
    plugged = True

    class Cable(Kinect):
        def open(self):
            if not plugged:
                raise SensorError("no Kinect is connected")
            super().open()

    sensor = AutoSensor({"kinect": Cable, "webcam": SyntheticSensor})
    with sensor:
        sensor.read(5.0)
    plugged = False
    with pytest.raises(SensorError, match=r"^no Kinect is connected$"):
        sensor.open()
    plugged = True
    with sensor:
        assert sensor.name == "kinect"


def test_each_kind_gets_the_options_that_it_knows(monkeypatch):
    made = {}

    def create(name, **options):
        made[name] = options
        raise SensorError("not here")

    monkeypatch.setattr("skel.sensors.auto.create_sensor", create)
    with pytest.raises(SensorError):
        AutoSensor(people=2, tracker="mediapipe", field_of_view_deg=70.0).open()
    assert made == {"kinect": {"people": 2, "tracker": "mediapipe"}, "webcam": {"people": 2, "field_of_view_deg": 70.0}}
    with pytest.raises(TypeError, match="unknown options: colour"):
        AutoSensor(colour=True)
