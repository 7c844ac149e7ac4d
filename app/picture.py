"""A picture of the real window in use, drawn without a display."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings

from skel.app import texts
from skel.app.acquisition import SPAN_S as LATENCY_SPAN_S
from skel.app.desktop import application
from skel.app.pipeline import State
from skel.app.session import Source
from skel.app.settings import Settings
from skel.app.widgets.timeline import SPAN_S
from skel.app.window import MainWindow
from skel.models.pretrained import DEFAULT_MODEL, DEMO_RECORDING
from skel.models.recognizer import UNKNOWN, Recognizer
from skel.models.runtime import OnnxModel
from skel.sensors.base import EndOfStream
from skel.sensors.replay import ReplaySensor
from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path
from skel.skeleton.recording import Recording, load_recording

_SIZE = (1280, 800)
_LOOK_EVERY_S = 0.2
_FILLED_S = 10.0  # the timeline should have something to show
_PLAYED_S = LATENCY_SPAN_S + 0.5  # in real time before the picture, so that the figures in it are true
_LIMIT_S = 300.0


def render_demo_picture(
    path: Path | str,
    recording_path: Path | str,
    model_path: Path | str | None = None,
    theme: str = "dark",
    fps: float | None = None,
) -> None:
    """Play a recording in the window up to a well recognised moment and write what the window looks like then.

    Args:
        path: the PNG file to write, 1280 × 800.
        recording_path: what is played.
        model_path: an exported model; None = the one that comes with the program.
        theme: 'dark' or 'light'.
        fps: frame rate of a bare .npy.

    Where no display is to be used, set QT_QPA_PLATFORM=offscreen beforehand.
    `UserError` where a file cannot be read or written.
    """
    recording = load_recording(recording_path, fps)
    model = OnnxModel(model_path or DEFAULT_MODEL)
    moment_s = good_moment_s(recording, model)
    application()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat))
        settings.theme, settings.hint_seen = theme, True
        settings.taught_folder = Path(folder) / "taught"  # the model's own actions only
        window = MainWindow(model, settings)
        try:
            window.resize(*_SIZE)
            window.show()
            title = texts.DEMO_RECORDING if Path(recording_path) == DEMO_RECORDING else Path(recording_path).name
            _play_until(window, recording, title, moment_s)
            window.refresh()
            with atomic_path(path) as temporary:
                if not window.grab().save(str(temporary), "PNG"):
                    raise UserError(f"cannot write the picture {path}")
        finally:
            window.close()
            window.deleteLater()


def good_moment_s(recording: Recording, model: OnnxModel) -> float:
    """When the recording's true action is named most surely, in seconds from its start; where none is known, any action.

    Late enough for the timeline to be filled, where there is a choice. Looks at five instants a second.
    """
    sensor, recognizer = ReplaySensor(recording, speed=float("inf")), Recognizer(model)
    nothing, start_s = (UNKNOWN, model.bundle.live.idle_label), float(recording.times_s[0])
    found: list[tuple[bool, bool, float, float]] = []  # late enough, right, confidence, when
    next_s = start_s + _LOOK_EVERY_S
    with sensor:
        while True:
            try:
                frame = sensor.read()
            except EndOfStream:
                break
            recognizer.observe(frame)
            if frame.time_s < next_s:
                continue
            next_s = frame.time_s + _LOOK_EVERY_S
            at_s = frame.time_s - start_s
            true = {segment.label for segment in recording.segments if segment.start_s <= at_s <= segment.end_s}
            for prediction in recognizer.predict()[:1]:
                right = prediction.action in true if recording.segments else prediction.action not in nothing
                found.append((at_s >= min(_FILLED_S, 0.5 * recording.duration_s), right, prediction.confidence, at_s))
    best = max(found, key=lambda item: (item[1], *item[:1], item[2]), default=None)
    return best[3] if best else min(0.5 * recording.duration_s, float(recording.times_s[-1]) - start_s)


def _play_until(window: MainWindow, recording: Recording, title: str, moment_s: float) -> None:
    """Play what the timeline will show; of that only the last seconds in their real time."""
    sensor = ReplaySensor(recording, speed=float("inf"))
    sensor.paused = True
    sensor.open()  # now, or the pipeline would open it at its start
    sensor.seek(moment_s - SPAN_S)
    window.open_source(Source(title, lambda: sensor))
    times_s = recording.times_s - recording.times_s[0]
    first, last = np.searchsorted(times_s, (sensor.position_s, moment_s - _PLAYED_S))
    if last > first:
        sensor.step(int(last - first))
        _wait_for(window, lambda: window.player.shown_s >= times_s[last - 1] - 1e-6)
    sensor.speed, sensor.paused = 1.0, False
    _wait_for(window, lambda: window.display.shown is not None and window.player.shown_s >= moment_s - 1e-6)


def _wait_for(window: MainWindow, reached: Callable[[], bool]) -> None:
    loop, give_up_s = QEventLoop(), time.monotonic() + _LIMIT_S
    while not reached():
        pipeline = window.session.pipeline
        stats = pipeline.stats() if pipeline else None
        if stats is not None and stats.state == State.FAILED:
            raise UserError(stats.message)
        if time.monotonic() > give_up_s:
            raise UserError(f"the recording could not be played within {_LIMIT_S:g} s on this machine")
        loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
