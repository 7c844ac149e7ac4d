"""The program as it is started from a desktop, in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from websockets.sync.client import connect

from skel.app import desktop
from skel.app.options import Options
from skel.sensors.synthetic import perform
from skel.skeleton.recording import load_recording, save_recording

# Runs the command; what happens in the window is driven by a timer.
PROGRAM = """
import signal
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from skel.app import desktop
from skel.app.options import Options
from skel.app.window import MainWindow
from pathlib import Path

app = desktop.application()

def look():
    window = next((w for w in app.topLevelWidgets() if isinstance(w, MainWindow)), None)
    if window is None or window.space.view.frame is None:
        return
    if window.space.banner.text:
        print("banner:", window.space.banner.text, flush=True)
        {end}
    raise RuntimeError("a slot has failed")

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
sys.exit(desktop.run_window(Options(source=Path(sys.argv[1])).resolved()))
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    save_recording(tmp_path / "take.npy", perform(seed=2, duration_s=6.0))
    return tmp_path / "take.npy"


@pytest.fixture
def start(recording: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts the program, which does that in the end."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(recording.parent / "config")}
    started = []

    def start(end: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", PROGRAM.format(end=end), str(recording)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, text=True, env=environment, cwd=recording.parent, **pipes))
        return started[-1]

    yield start
    for program in started:
        program.kill()
        program.communicate()


def test_an_exception_in_a_slot_is_shown_and_the_program_goes_on_until_it_is_closed(start, recording: Path):
    program = start("window.close(); timer.stop(); return")
    out, err = program.communicate(timeout=100)
    assert program.returncode == 0, err
    assert out == "banner: Something went wrong in the program: RuntimeError: a slot has failed\n"
    assert "RuntimeError: a slot has failed" in err  # with its traceback, for the bug report
    assert (recording.parent / "config" / "skel-action" / "skel-app.conf").is_file()


def test_a_source_that_is_not_there_is_one_line(tmp_path: Path):
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-c", "from skel.app.cli import main; main()", "none.npy"]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (2, "error: no such recording: none.npy\n")


def test_who_connects_before_there_is_a_window_is_told_its_source_first(qapp, settings, recording: Path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told: list[dict] = []

    def listen() -> None:
        with connect(f"ws://127.0.0.1:{port}", open_timeout=60) as client:
            told.append(json.loads(client.recv(timeout=60)))

    listener, model = threading.Thread(target=listen), desktop._model

    def connected_first(*given):
        listener.start()
        listener.join(0.3)  # enough for an answer, which must not come yet
        return model(*given)

    def until_told(app, window) -> int:
        try:
            listener.join(60)
        finally:
            window.end()
            window.deleteLater()
        return 0

    monkeypatch.setattr(desktop, "Settings", lambda: settings)
    monkeypatch.setattr(desktop, "_model", connected_first)
    monkeypatch.setattr(desktop, "_until_closed", until_told)
    desktop.run_window(Options(source=recording, websocket=str(port), device="cpu").resolved())
    assert [state["source"] for state in told] == ["take.npy"]


def test_the_window_knows_how_it_was_started(qapp, settings, tmp_path: Path, monkeypatch, qtbot):
    folder, control = tmp_path / "takes", Qt.KeyboardModifier.ControlModifier
    settings.recordings_folder = tmp_path / "usual"

    def recorded_again(app, window) -> int:
        try:
            window.show()
            qtbot.waitExposed(window)
            for _ in range(2):
                recording = window.session.pipeline.recording
                qtbot.waitUntil(lambda live=recording: live.frames >= 2, timeout=60_000)
                qtbot.keyClick(window, Qt.Key.Key_R, control)
                assert load_recording(recording.path).positions_m.shape[1] == 2
                qtbot.keyClick(window, Qt.Key.Key_R, control)  # once more
            window.opening.source("demo")
            window.opening.source("synthetic")
            qtbot.waitUntil(lambda: len(window.display.people) == 2, timeout=60_000)
        finally:
            window.end()
            window.deleteLater()
        return 0

    monkeypatch.setattr(desktop, "Settings", lambda: settings)
    monkeypatch.setattr(desktop, "_until_closed", recorded_again)
    desktop.run_window(Options(sensor="synthetic", people=2, record=folder, device="cpu").resolved())
    assert len(list(folder.glob("*.npy"))) >= 2
    assert not settings.recordings_folder.exists()


UNSAVED = "review = window.review.review; review.select(review.segments[0]); review.assign(None); timer.stop(); {}; return"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
@pytest.mark.parametrize(
    "end",
    [
        "return",
        UNSAVED.format("pass"),
        UNSAVED.format("window.close()"),  # which asks
        "timer.stop(); window.opening.ask_for_camera(); return",
        "timer.stop(); signal.raise_signal(signal.SIGTERM); window.opening.ask_for_camera(); return",
        "timer.stop(); window.space.header._source.showMenu(); return",
    ],
    ids=[
        "nothing is open",
        "corrections are not saved",
        "a question is open",
        "a dialog is open",
        "a dialog is about to open",
        "a menu is open",
    ],
)
def test_a_signal_closes_the_window(start, end: str):
    program = start(end)
    assert program.stdout is not None
    assert program.stdout.readline().startswith("banner:")
    program.send_signal(signal.SIGTERM)
    _, err = program.communicate(timeout=100)
    assert program.returncode == 0
    assert err.count("Traceback") == 1  # the one that made the banner
