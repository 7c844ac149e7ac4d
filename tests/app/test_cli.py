"""`skel-app` as it is typed."""

import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pipeline_fakes import FakeModel, FakePlayer, FakeSensor, frames_of, movement

from skel.app import cli
from skel.app.options import Options
from skel.app.recording import LiveRecording
from skel.sensors.base import SensorError
from skel.skeleton.errors import UserError
from skel.skeleton.recording import load_recording


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "walk.npy"
    np.save(path, movement(60))
    return path


@pytest.fixture
def fake_model(monkeypatch):
    monkeypatch.setattr(Options, "make_model", lambda self: FakeModel())


def skel_app(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    keep = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    command = [sys.executable, "-c", "from skel.app.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**keep, **environment}, timeout=100)


def test_help_imports_neither_qt_nor_onnxruntime():
    code = (
        "import sys; sys.argv = ['skel-app', '--help']\n"
        "from skel.app.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'PySide6', 'onnxruntime', 'torch', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "replay|synthetic" in done.stdout
    assert "[SOURCE]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--sensor", "webcan"], "unknown sensor 'webcan': known are auto, "),
        (["missing.npy", "--headless"], "no such recording: missing.npy"),
        (["{recording}", "--headless", "--model", "missing.onnx"], "no model at missing.onnx"),
        (["{recording}", "--headless", "--model", "{recording}"], "walk.npy cannot be loaded"),
        (["{recording}"], "there is no display to open a window on"),
        (["{recording}", "--headless", "--json", "no/such/folder"], "cannot write no/such/folder"),
    ],
)
def test_wrong_use_is_one_line(recording, arguments, words):
    done = skel_app(*(argument.format(recording=recording) for argument in arguments))
    lines = [line for line in done.stderr.splitlines() if not line.startswith("assumed: ")]
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1
    assert words in lines[0]
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(speed=0, demo=True), "--speed 0"),
        (Options(speed=-1, demo=True), "--speed -1"),
        (Options(speed=math.nan, demo=True), "--speed nan"),
        (Options(sensor="replay"), "which recording"),
        (Options(play=Path("a.npy"), source=Path("b.npy")), "two sources, a.npy and b.npy: give one"),
        (Options(play=Path("a.npy"), demo=True), "leave out"),
        (Options(play=Path("a.npy"), json="-"), "add --headless"),
        (Options(play=Path("a.txt")), r"a.txt is neither a recording \(.npy\), a video"),
        (Options(play=Path("a.npy"), seed=1), "--seed makes sense only with --sensor synthetic, not with replay"),
        (Options(play=Path("a.npy"), people=2), "--people makes sense only with"),
        (Options(play=Path("a.npy"), record=Path("b")), "--record makes sense only with"),
        (Options(sensor="synthetic", speed=2), "--speed makes sense only"),
        (Options(sensor="synthetic", source=Path("a.npy")), "--source makes sense only"),
        (Options(loop=True), "--loop makes sense only with --sensor video or replay, not with auto"),
        (Options(sensor="auto", source=Path("0")), "--source makes sense only"),
        (Options(sensor="synthetic", people=0), "--people 0"),
        (Options(taught=Path("typo"), demo=True, headless=True), "--taught typo: no such folder"),
        (Options(taught=Path(__file__), demo=True), "is no folder"),
        (Options(taught=Path(), demo=True, screenshot=Path("a.png")), "--taught makes sense only with a window"),
        (Options(demo=True, screenshot=Path("a.jpg")), "--screenshot a.jpg: the picture's name must end in .png"),
        (Options(demo=True, headless=True, screenshot=Path("a")), "--screenshot a: the picture's name must end in .png"),
        (Options(sensor="synthetic", seed=-1), "--seed -1"),
        (Options(record_video=True), "--record DIR"),
        (Options(sensor="synthetic", record=Path("out"), record_video=True), "--record-video makes sense only with"),
        (Options(field_of_view_deg=180), "--field-of-view-deg 180"),
    ],
)
def test_contradictions(options, words):
    with pytest.raises(UserError, match=words):
        options.resolved()


def test_what_is_filled_in(recording):
    window, headless = Options(play=recording).resolved(), Options(source=recording, headless=True).resolved()
    assert (window.sensor, window.source, window.speed) == ("replay", recording, 1.0)
    assert (headless.sensor, headless.source, headless.speed) == ("replay", recording, math.inf)
    assert Options(play=recording, headless=True, speed=2).resolved().speed == 2
    assert Options().resolved().sensor == "auto"
    assert Options(demo=True).resolved().source.name == "demo.npy"


def test_options_reach_the_sensor(recording, capsys):
    replay = Options(play=recording, fps=10, speed=3).resolved().make_sensor()
    assert (replay.nominal_fps, replay.speed) == (10, 3)
    assert capsys.readouterr().err.startswith("assumed: walk.npy: shape (60, 1, 25, 3)")
    with Options(sensor="synthetic", people=2, seed=3).resolved().make_sensor() as actors:
        assert len(actors.read().body_ids) == 2


@pytest.fixture
def every_sensor(monkeypatch):
    """All names are known, and no sensor is made: what its class would get."""
    names = ("auto", "kinect", "webcam", "video", "replay", "synthetic")
    monkeypatch.setattr("skel.app.options.sensor_names", lambda: names)
    monkeypatch.setattr("skel.app.options.create_sensor", lambda name, **options: (name, options))


@pytest.mark.parametrize(
    ("options", "sensor", "keywords"),
    [
        (Options(), "auto", {"confirm": None}),
        (Options(play=Path("1")), "webcam", {"source": 1, "confirm": None}),
        (Options(sensor="kinect", source=Path("1")), "kinect", {"source": 1, "confirm": None}),
        (Options(play=Path("a.MP4")), "video", {"source": Path("a.MP4"), "speed": 1.0, "confirm": None}),
        (Options(play=Path("a.mkv"), headless=True), "video", {"source": Path("a.mkv"), "speed": math.inf, "confirm": None}),
        (Options(play=Path("a.unfinished")), "replay", {"source": Path("a.unfinished"), "speed": 1.0}),
        (
            Options(sensor="webcam", people=2, pose="full", pose_model=Path("m.task"), field_of_view_deg=70.0),
            "webcam",
            {"people": 2, "variant": "full", "pose_model": Path("m.task"), "field_of_view_deg": 70.0, "confirm": None},
        ),
        (
            Options(play=Path("a.mkv"), sensor="kinect", tracker="mediapipe", processing_mode="cpu", speed=2.0),
            "kinect",
            {"source": Path("a.mkv"), "speed": 2.0, "tracker": "mediapipe", "processing_mode": "cpu", "confirm": None},
        ),
        (
            Options(sensor="auto", tracker="body-tracking", record=Path("out")),
            "auto",
            {"tracker": "body-tracking", "confirm": None},
        ),
    ],
)
def test_every_sensor_gets_its_options(every_sensor, monkeypatch, options, sensor, keywords):
    monkeypatch.setattr(sys, "stdin", None)
    assert options.resolved().make_sensor() == (sensor, keywords)


def test_who_agrees_to_a_download(every_sensor, monkeypatch, capsys):
    def confirm_of(options, **given):
        return options.resolved().make_sensor(**given)[1]["confirm"]

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", None)
    assert confirm_of(Options()) is None
    assert confirm_of(Options(download=True))("5 MB?") is True
    assert confirm_of(Options(), confirm=len) is len
    for answer, agreed in (("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False), ("", False)):
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert confirm_of(Options())("5 MB?") is agreed
    assert capsys.readouterr().err.startswith("5 MB? [y/N] ")


def test_headless_json(recording, tmp_path, fake_model, capsys):
    target = tmp_path / "named.jsonl"
    cli.run(Options(play=recording, headless=True, json=str(target)))
    times = [json.loads(line)["time_s"] for line in target.read_text().splitlines()]
    assert times == pytest.approx([i / 30 for i in range(15, 60)], abs=1e-6)
    assert "45 predictions in" in capsys.readouterr().err


def test_headless_table(recording, fake_model, capsys):
    cli.run(Options(play=recording, headless=True))
    assert "Recognised actions" in capsys.readouterr().out


def test_standard_output_holds_json_only(recording, fake_model, capsys):
    cli.run(Options(play=recording, headless=True, json="-"))
    assert all(json.loads(line)["person"] == 0 for line in capsys.readouterr().out.splitlines())


def test_who_reads_no_further_has_the_sensor_closed_at_once(recording, fake_model, monkeypatch, tmp_path):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    sensor = FakeSensor(frames_of(movement(60)), ends=False)
    monkeypatch.setattr(Options, "make_sensor", lambda self: sensor)
    monkeypatch.setattr(sys, "stdout", Gone())
    with pytest.raises(BrokenPipeError) as caught:
        cli.run(Options(sensor="synthetic", headless=True, json="-"))
    assert sensor.closed
    assert caught.traceback  # which keeps everything alive that it has come through


def test_at_the_end_a_recordings_problem_is_said_as_it_is_then(fake_model, monkeypatch, tmp_path):
    said = threading.Event()

    class Terminal(io.StringIO):
        def write(self, text):
            said.set()
            return super().write(text)

    class Waiting(FakePlayer):
        def read(self, timeout_s=1.0):
            assert self.given < 20 or said.wait(30)
            return super().read(timeout_s)

    def too_slow(self, frame, *, patiently=False):
        self._missing += 1
        self.problem = f"the disk is too slow: {self._missing} frames are missing in the recording"

    monkeypatch.setattr(LiveRecording, "put", too_slow)
    monkeypatch.setattr(Options, "make_sensor", lambda self: Waiting(frames_of(movement(30)), speed=math.inf))
    monkeypatch.setattr(sys, "stderr", Terminal())
    cli.run(Options(sensor="synthetic", headless=True, json=str(tmp_path / "named.jsonl"), record=tmp_path / "take.npy"))
    first, last = (line for line in sys.stderr.getvalue().splitlines() if "too slow" in line)
    assert " 30 frames" not in first
    assert last == "warning: the disk is too slow: 30 frames are missing in the recording"


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_whether_there_is_a_display(monkeypatch, platform, environment, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cli.has_display() is expected


def test_nothing_connected_is_one_line(fake_model, monkeypatch, capsys, tmp_path):
    def missing(name, **options):
        raise SensorError(f"no {name} is connected")

    monkeypatch.setattr("skel.sensors.auto.create_sensor", missing)
    with pytest.raises(UserError, match=r"kinect: no kinect is connected; webcam: no webcam is connected.*skel-app --demo"):
        cli.run(Options(headless=True, record=tmp_path))
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches another process in another way")
def test_ctrl_c_loses_nothing(tmp_path):
    target = tmp_path / "named.jsonl"
    os.mkfifo(target)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may have it ignored
        "from skel.app.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "--sensor", "synthetic", "--headless", "--json", str(target)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process, target.open() as lines:
        first = lines.readline()
        process.send_signal(signal.SIGINT)
        rest = lines.readlines()
        assert process.stderr.read() == "stopped\n"
    assert process.returncode == 130
    assert all({"time_s", "person"} <= set(json.loads(line)) for line in [first, *rest])


@pytest.mark.skipif(sys.platform == "win32", reason="signals reach another process in another way")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_finishes_the_recording(tmp_path, stop):
    """Half of `--json`'s pipe is closed to the test at first, so that frames come before the program is stopped."""
    target = tmp_path / "named.jsonl"
    os.mkfifo(target)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "from pipeline_fakes import FakeModel; from skel.app.options import Options\n"
        "Options.make_model = lambda self: FakeModel()\n"
        "from skel.app.cli import main; main()"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parents[1]), "--sensor", "synthetic", "--headless"]
    command += ["--json", str(target), "--record", str(tmp_path / "take.npy")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process, target.open() as lines:
        lines.readline()
        process.send_signal(stop)
        lines.readlines()
        assert process.stderr.read().splitlines()[-1] == "stopped"
    assert process.returncode == 130
    take = load_recording(tmp_path / "take.npy")
    assert len(take) >= 15
    assert (take.assumed, take.device) == ("", "synthetic")


@pytest.fixture
def demo_drawn(monkeypatch, recording):
    """The demo on another recording, without a display; what was to be drawn is noted, not drawn."""
    drawn = []
    monkeypatch.setattr("skel.models.pretrained.DEMO_RECORDING", recording)
    monkeypatch.setattr(cli, "has_display", lambda: False)
    monkeypatch.setattr(cli, "_write_picture", lambda options: drawn.append((options.screenshot, options.source)))
    return drawn


def test_the_demo_without_a_display(recording, demo_drawn, fake_model, capsys):
    cli.run(Options(demo=True))
    assert demo_drawn == [(cli.DEMO_PICTURE, recording)]
    assert "Recognised actions" in capsys.readouterr().out


def test_the_demo_as_json(recording, demo_drawn, fake_model, capsys):
    cli.run(Options(demo=True, headless=True, json="-"))
    assert demo_drawn == []
    assert len(capsys.readouterr().out.splitlines()) == 45
