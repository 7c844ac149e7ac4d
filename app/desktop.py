"""Starts the window, and draws a picture of it without a screen."""

import signal
import sys
import traceback
from contextlib import nullcontext
from dataclasses import replace
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from skel.app import texts
from skel.app.events import ActionEvents
from skel.app.options import Options
from skel.app.session import Source
from skel.app.settings import Settings
from skel.app.theme import fonts_are_missing
from skel.app.window import MainWindow
from skel.models.runtime import OnnxModel
from skel.sensors.pose_model import Confirm
from skel.skeleton.errors import UserError


def application() -> QApplication:
    """The one QApplication of this process."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(texts.APP)
    app.setApplicationDisplayName(texts.APP)
    if fonts_are_missing():
        print(f"warning: {texts.NO_FONTS}", file=sys.stderr)  # the one message that the window cannot show
    return app


def run_window(options: Options) -> int:
    """Show the window until it is closed; the exit code. `UserError` where the (resolved) options cannot be met."""
    app = application()
    server, settings = options.make_event_server(), Settings()
    model, problem = _model(options, settings)
    window = MainWindow(model, settings, options.device, options.taught)
    window.opening.options = options
    window.session.events = ActionEvents(server.publish) if server else None
    try:
        window.session.compare_with(options.compare)
        window.open_source(_source(options, window.consent))
        if options.record is not None:
            window.recorder.start(options.record, options.record_video)
    except UserError:
        window.end()  # its threads must not outlive it
        raise
    if problem:
        window.space.banner.say(problem)
    if options.fullscreen:
        window.exhibit.enter()
    with server or nullcontext():  # whoever has connected is answered now that there is a state to tell
        return _until_closed(app, window)


def _until_closed(app: QApplication, window: MainWindow) -> int:
    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)  # for the bug report; the user sees the banner
        window.report(error)

    def end(*_: object) -> None:
        window.end()
        app.quit()
        again.start(100)  # milliseconds; a dialog that was about to open does so only now

    sys.excepthook = report
    again = QTimer()
    again.timeout.connect(end)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)  # runs with the next tick of a timer
    window.show()
    return app.exec()


def _model(options: Options, settings: Settings) -> tuple[OnnxModel, str]:
    """The model that was asked for, else the one used last; and why that one is not used this time, where that is so.

    It stays the one used last: its drive may not be mounted today.
    """
    remembered = settings.model
    if options.model is None and remembered is not None:
        try:
            return OnnxModel(remembered, options.device), ""
        except UserError as error:
            return options.make_model(), str(error)
    return options.make_model(), ""


def _source(options: Options, confirm: Confirm) -> Source:
    if options.demo:
        options = replace(options, loop=True)
    return Source(_title(options), lambda: options.make_sensor(confirm))


def _title(options: Options) -> str:
    if options.demo:
        return texts.DEMO_RECORDING
    if options.plays_a_file and options.source is not None:
        return options.source.name
    number = int(str(options.source or 0))
    titles = {"webcam": texts.camera(number), "kinect": texts.KINECT, "synthetic": texts.SYNTHETIC_ACTOR}
    return titles.get(str(options.sensor), texts.CONNECTED_SENSOR)
