"""The command `skel-app`."""

import os
import signal
import sys
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

from skel.app.options import Options
from skel.app.recording import LiveRecording
from skel.skeleton.errors import UserError, run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skel.app.pipeline import Snapshot
    from skel.app.taught import TaughtActions
    from skel.models.recognizer import Recognizer
    from skel.models.runtime import OnnxModel
    from skel.sensors.base import Sensor

DEMO_PICTURE = Path("skel-demo.png")


def main() -> None:
    """Read the command line and do what it says."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is recorded is finished
    run_command(lambda: run(tyro.cli(Options, prog="skel-app", config=(tyro.conf.FlagCreatePairsOff,))))


def run(options: Options) -> None:
    """Open the window, or run without one; `UserError` for anything that the user can mend."""
    if options.demo and not options.headless and not has_display():
        options = replace(options, headless=True, screenshot=options.screenshot or DEMO_PICTURE)
    options = options.resolved()
    if options.headless:
        _run_headless(options)
    if options.screenshot is not None:
        _write_picture(options)
    elif not options.headless:
        _open_window(options)


def has_display() -> bool:
    """Whether a window can be shown (or has been sent elsewhere through QT_QPA_PLATFORM)."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _run_headless(options: Options) -> None:
    from skel.app.events import ActionEvents
    from skel.app.headless import results_of
    from skel.app.taught import TaughtActions
    from skel.models.recognizer import Recognizer

    sensor, model, other = options.make_sensor(), options.make_model(), options.make_rival()
    recognizer, actions = Recognizer(model), TaughtActions(options.taught)
    recognizer.taught = actions.classifier(model)
    for problem in actions.problems:
        print(f"warning: {problem}", file=sys.stderr)
    if options.taught is not None and not actions.labels:
        print(f"warning: there is no taught action in {options.taught}", file=sys.stderr)
    rival = _rival(other, actions) if other else None
    recording = None
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        print(line, file=sys.stderr, flush=True)

    if options.record is not None:
        recording = LiveRecording(options.record, sensor, video=options.record_video)
    try:
        server = options.make_event_server()
        events = ActionEvents(server.publish) if server else None
        if events is not None:  # before anybody can connect
            events.begin(options.title, options.model_path.name, recognizer)
        results = results_of(sensor, recognizer, recording, rival, events, tell)
        with server or nullcontext(), closing(results):
            _give_out(options, sensor, results, recognizer, rival)
    finally:
        if recording is not None:
            _finish(recording, told)


def _rival(model: "OnnxModel", actions: "TaughtActions") -> "Recognizer":
    from skel.app.texts_teach import rival_untaught
    from skel.models.recognizer import Recognizer

    rival = Recognizer(model)
    try:
        rival.taught = actions.classifier(model)
    except UserError as error:
        print(f"warning: {rival_untaught(model.path.name, str(error))}", file=sys.stderr)
    return rival


def _give_out(
    options: Options, sensor: "Sensor", results: "Iterator[Snapshot]", recognizer: "Recognizer", rival: "Recognizer | None"
) -> None:
    from rich.console import Console

    from skel.app.comparison import names_of, print_comparison
    from skel.app.headless import print_segments, write_json

    played = None if options.loop else getattr(sensor, "recording", None)
    if options.json is not None:
        count = write_json(results, options.json)
        if options.json != "-":
            print(f"{count} predictions in {options.json}", file=sys.stderr)
    elif rival is not None and options.compare is not None:
        names = names_of(options.model_path, options.compare)
        print_comparison(results, (recognizer, rival), names, played, Console())
    else:
        print_segments(results, recognizer, played, Console())


def _finish(recording: LiveRecording, told: list[str]) -> None:
    """End the recording and say where it is; its problem, too, where that is not `told` or has grown since."""
    path = recording.stop()
    if path:
        print(f"{recording.frames} frames recorded in {path}", file=sys.stderr)
    elif not recording.problem and not isinstance(sys.exception(), UserError):  # whose own line says why
        print("nothing was recorded", file=sys.stderr)
    if recording.problem and recording.problem not in told:
        print(f"warning: {recording.problem}", file=sys.stderr)


def _write_picture(options: Options) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # a picture needs no display, and must not flash up on one
    from skel.app.picture import render_demo_picture

    assert options.screenshot is not None  # `run` sees to it
    assert options.source is not None  # and `resolved` to this
    render_demo_picture(options.screenshot, options.source, options.model_path, fps=options.fps)
    print(f"picture of the window: {options.screenshot}", file=sys.stderr if options.json == "-" else sys.stdout)


def _open_window(options: Options) -> None:
    if not has_display():
        raise UserError("there is no display to open a window on: add --headless, or start it from a desktop")
    from skel.app.desktop import run_window

    sys.exit(run_window(options))
