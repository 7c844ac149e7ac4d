"""The desktop window: shows what the session finds and does what the user asks."""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QMainWindow, QToolButton

from skel.app import texts
from skel.app.display import Display
from skel.app.pipeline import Pipeline, State
from skel.app.player import Player
from skel.app.session import Session, Source, kind_of_file, recording_source
from skel.app.settings import Settings
from skel.app.shortcuts import Shortcut, for_help, register
from skel.app.theme import DARK, LIGHT, THEMES, Theme, apply_theme, system_theme
from skel.app.timing import LastSecond
from skel.app.wake import Wake
from skel.app.widgets.shortcuts_dialog import ShortcutsDialog
from skel.app.widgets.status_line import Figures
from skel.app.widgets.workspace import Workspace
from skel.models.pretrained import DEFAULT_MODEL, DEMO_RECORDING
from skel.models.runtime import Device, OnnxModel
from skel.sensors.registry import create_sensor
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame

_FIGURES_MS = 500
_LATENCY_SAMPLES = 4096
_USUAL_SIZE = QSize(1280, 800)


class MainWindow(QMainWindow):
    """The whole window; `open_source` sets it going.

    Attributes:
        painted_latency_ms: from a frame's arrival to the end of the paint that first showed it, of the last frames.
    """

    def __init__(self, model: OnnxModel, settings: Settings, device: Device = "auto") -> None:
        super().__init__()
        self._settings = settings
        self._theme = self._wanted_theme()
        self.session = Session(model, Wake(self._on_change, self), device)
        self.player = Player(self.session)
        self.space = Workspace(self._theme, {"synthetic": texts.SYNTHETIC_ACTOR})
        self.display = Display(self.session, self.player, self.space, self)
        self.painted_latency_ms: deque[float] = deque(maxlen=_LATENCY_SAMPLES)
        self._screen_ms = LastSecond()
        self._failed: Pipeline | None = None  # whose failure has been told
        self._help: ShortcutsDialog | None = None
        self._figures_timer = QTimer(self)
        self._figures_timer.setInterval(_FIGURES_MS)
        self._figures_timer.timeout.connect(self._show_figures)
        self.setCentralWidget(self.space)
        self.setWindowTitle(texts.APP)
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        if settings.geometry is None or not self.restoreGeometry(settings.geometry):
            self.resize(_USUAL_SIZE.boundedTo(self.screen().availableSize()))
        self._connect()
        self.shortcuts = self._shortcut_table()
        register(self.shortcuts, self)
        self._dress()
        self.space.header.show_source(texts.NO_SOURCE)
        self._show_model()
        self._show_mirrored()
        self.space.view.setFocus()
        self.display.start_over()
        self._show_figures()
        self._figures_timer.start()

    @property
    def theme(self) -> Theme:
        """The look in use."""
        return self._theme

    def _connect(self) -> None:
        header, transport, player = self.space.header, self.space.transport, self.player
        self.space.view.painted.connect(self._on_painted)
        self.space.view.person_clicked.connect(self.display.select)
        self.space.panel.person_chosen.connect(self.display.select)
        self.space.timeline.seek_requested.connect(self.display.seek_to_time)
        header.recording_wanted.connect(self.ask_for_recording)
        header.source_chosen.connect(self.choose_source)
        header.model_wanted.connect(self.ask_for_model)
        header.built_in_model_chosen.connect(lambda: self.open_model(DEFAULT_MODEL))
        header.view_reset.connect(self.space.view.reset_view)
        header.mirror_toggled.connect(self.toggle_mirror)
        header.theme_toggled.connect(self.toggle_theme)
        header.help_wanted.connect(self.show_help)
        transport.play_toggled.connect(lambda: self._control(player.toggle_play))
        transport.stepped.connect(lambda frames: self._control(lambda: player.step(frames)))
        transport.sought.connect(player.seek)
        transport.speed_chosen.connect(lambda speed: self._control(lambda: player.set_speed(speed)))
        transport.loop_toggled.connect(lambda: self._control(player.toggle_loop))
        QApplication.styleHints().colorSchemeChanged.connect(self._dress)

    def _shortcut_table(self) -> list[Shortcut]:
        player, select = self.player, self.display.select_number
        return [
            Shortcut(["Space"], texts.PLAY_OR_PAUSE, self._space_pressed),
            Shortcut(["Left"], texts.STEP_BACK, lambda: self._control(lambda: player.step(-1))),
            Shortcut(["Right"], texts.STEP_FORWARD, lambda: self._control(lambda: player.step(1))),
            Shortcut(["Shift+Left"], texts.SECOND_BACK, lambda: player.seek_by(-1.0)),
            Shortcut(["Shift+Right"], texts.SECOND_FORWARD, lambda: player.seek_by(1.0)),
            Shortcut(["+", "="], texts.FASTER, lambda: self._control(lambda: player.change_speed(1))),
            Shortcut(["-"], texts.SLOWER, lambda: self._control(lambda: player.change_speed(-1))),
            Shortcut(["L"], texts.LOOP_OR_NOT, lambda: self._control(player.toggle_loop)),
            *(Shortcut([str(n)], texts.SELECT_PERSON, partial(select, n), shown="1 – 9") for n in range(1, 10)),
            Shortcut(["R"], texts.RESET_VIEW, self.space.view.reset_view),
            Shortcut(["M"], texts.MIRROR_OR_NOT, self.toggle_mirror),
            Shortcut(["T"], texts.THEME_SWITCH, self.toggle_theme),
            Shortcut(["F", "F11"], texts.FULLSCREEN, self.toggle_fullscreen),
            Shortcut(["Ctrl+O"], texts.OPEN_A_RECORDING, self.ask_for_recording),
            Shortcut(["Ctrl+M"], texts.OPEN_A_MODEL, self.ask_for_model),
            Shortcut(["?", "F1"], texts.SHOW_HELP, self.show_help),
            Shortcut(["Ctrl+Q"], texts.QUIT, self.close),
        ]

    # What the pipeline brings

    def _on_change(self) -> None:
        self.display.refresh()
        if self.space.view.frame is None:
            self._show_figures()  # an empty view says at once why it is empty

    def _on_painted(self, frame: SkeletonFrame) -> None:
        latency_ms = 1e3 * (time.monotonic() - frame.host_time_s)
        self.painted_latency_ms.append(latency_ms)
        self._screen_ms.add(latency_ms)

    def _show_figures(self) -> None:
        pipeline, model = self.session.pipeline, self.session.model
        device = texts.DEVICES.get(model.device, model.device)
        if pipeline is None:
            self.display.show_state(State.STOPPED)
            self.space.status.show_figures(Figures(State.STOPPED, device=device))
            return
        stats, recording = pipeline.stats(), self.session.recording
        self.display.show_state(stats.state)
        self.space.status.show_figures(
            Figures(
                stats.state,
                stats.sensor_fps,
                stats.inference_ms,
                self._screen_ms.median(),
                stats.drops,
                device,
                recording.assumed if recording else "",
            )
        )
        if stats.state == State.FAILED and self._failed is not pipeline:
            self._failed = pipeline
            self.space.banner.say(stats.message)

    def refresh(self) -> None:
        """Bring everything up to date at once."""
        self.display.refresh()
        self.display.refresh_timeline()
        self._show_figures()

    # What the user asks for

    def open_source(self, source: Source) -> None:
        """Change to another source; `UserError` where it cannot be opened, and the one in use goes on."""
        self.session.open_source(source)
        self.space.banner.hide()
        self.space.header.show_source(source.title)
        self.setWindowTitle(texts.window_title(source.title))
        self.display.start_over()
        self._show_figures()

    def open_recording(self, path: Path) -> None:
        """Play a recording; what is wrong with it is said in the window."""
        self._settings.folder = str(path.parent)
        self._try(lambda: self.open_source(recording_source(path)))

    def open_model(self, path: Path) -> None:
        """Change to another model; what is wrong with it is said in the window."""
        self._try(lambda: self._change_model(path))

    def choose_source(self, name: str) -> None:
        """The demo recording, or a sensor of the registry."""
        demo = recording_source(DEMO_RECORDING, texts.DEMO_RECORDING, loop=True)
        synthetic = Source(texts.SYNTHETIC_ACTOR, lambda: create_sensor(name))
        self._try(lambda: self.open_source(demo if name == "demo" else synthetic))

    def ask_for_recording(self) -> None:
        """Let the user choose a recording."""
        name, _ = QFileDialog.getOpenFileName(self, texts.OPEN_RECORDING, self._settings.folder, texts.RECORDINGS_FILTER)
        if name:
            self.open_recording(Path(name))

    def ask_for_model(self) -> None:
        """Let the user choose a model."""
        name, _ = QFileDialog.getOpenFileName(self, texts.OPEN_MODEL, self._settings.folder, texts.MODELS_FILTER)
        if name:
            self._settings.folder = str(Path(name).parent)
            self.open_model(Path(name))

    def toggle_mirror(self) -> None:
        """Show people as in a mirror, or as the sensor sees them."""
        self._settings.mirrored = not self._settings.mirrored
        self._show_mirrored()

    def toggle_theme(self) -> None:
        """Dark or light; where the desktop has the same, follow the desktop from now on."""
        wanted = LIGHT if self._theme.is_dark else DARK
        self._settings.theme = "" if wanted is system_theme() else wanted.name
        self._dress()

    def toggle_fullscreen(self) -> None:
        """The whole screen, or a window."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def show_help(self) -> None:
        """List the keys and what the mouse does."""
        if self._help is None:
            self._help = ShortcutsDialog(for_help(self.shortcuts), texts.MOUSE, self)
        self._help.open()

    def report(self, error: BaseException) -> None:
        """Say in the window that something went wrong, where nobody else has caught it."""
        expected = isinstance(error, UserError)
        self.space.banner.say(str(error) if expected else f"{texts.OUR_FAULT}: {type(error).__name__}: {error}")

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except UserError as error:
            self.space.banner.say(str(error))

    def _control(self, action: Callable[[], None]) -> None:
        action()
        self.display.show_player()

    def _space_pressed(self) -> None:
        """A button that was reached with the keyboard is pressed; otherwise the recording is paused or goes on."""
        focused = QApplication.focusWidget()
        if isinstance(focused, QToolButton) and focused.menu() is not None:
            focused.showMenu()
        elif isinstance(focused, QAbstractButton):
            focused.click()
        else:
            self._control(self.player.toggle_play)

    def _change_model(self, path: Path) -> None:
        self.session.open_model(path)
        self.space.banner.hide()
        self._show_model()
        self.display.start_over()

    def _show_model(self) -> None:
        model = self.session.model
        title = texts.BUILT_IN_MODEL if model.path == DEFAULT_MODEL else model.path.name
        device = texts.DEVICES.get(model.device, model.device)
        self.space.header.show_model(title, texts.model_card(str(model.path), model.bundle.labels, device))

    def _show_mirrored(self) -> None:
        self.space.view.set_mirrored(self._settings.mirrored)
        self.space.header.show_mirrored(self._settings.mirrored)

    def _wanted_theme(self) -> Theme:
        return THEMES.get(self._settings.theme) or system_theme()

    def _dress(self) -> None:
        self._theme = self._wanted_theme()
        apply_theme(self._theme)
        self.space.set_theme(self._theme)
        self.display.redraw()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the first file as what it is."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self._try(lambda: self._open_file(paths[0]))

    def _open_file(self, path: Path) -> None:
        open_it = {"recording": self.open_recording, "model": self.open_model}[kind_of_file(path)]
        open_it(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the pipeline, release the source, remember the window's place."""
        if not self.isFullScreen():
            self._settings.geometry = self.saveGeometry()
        self._figures_timer.stop()
        self.session.close()
        super().closeEvent(event)
