"""The desktop window: shows what the session finds and does what the user asks."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QMainWindow, QToolButton

from skel.app import texts
from skel.app.consent import Consent
from skel.app.display import Display
from skel.app.exhibit import Exhibit
from skel.app.first_steps import FirstSteps
from skel.app.keys import shortcuts_of
from skel.app.latency_control import LatencyControl
from skel.app.model_control import ModelControl
from skel.app.opening import Opening
from skel.app.pipeline import State
from skel.app.player import Player
from skel.app.record_control import RecordControl
from skel.app.review_control import ReviewControl
from skel.app.session import Session, Source
from skel.app.settings import Settings
from skel.app.shortcuts import for_help, register
from skel.app.teach_control import TeachControl
from skel.app.theme import DARK, LIGHT, THEMES, Theme, apply_theme, system_theme
from skel.app.trouble import Trouble, elsewhere
from skel.app.wake import Wake
from skel.app.widgets.shortcuts_dialog import ShortcutsDialog
from skel.app.widgets.stage import Arrangement
from skel.app.widgets.status_line import Figures
from skel.app.widgets.workspace import Workspace
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import Device, OnnxModel
from skel.skeleton.errors import UserError

_FIGURES_MS = 500
_USUAL_SIZE = QSize(1280, 800)


class MainWindow(QMainWindow):
    """The whole window; `open_source` sets it going.

    Attributes:
        opening: opens files, cameras and the like, and tells in the window what is wrong with them.
    """

    def __init__(self, model: OnnxModel, settings: Settings, device: Device = "auto", taught: Path | None = None) -> None:
        super().__init__()
        self.setMinimumSize(960, 600)
        self._settings = settings
        self._theme = self._wanted_theme()
        self.session = Session(model, Wake(self._on_change, self), device)
        self.player = Player(self.session)
        self.space = Workspace(self._theme)
        self.display = Display(self.session, self.player, self.space, self)
        self.consent = Consent(self)
        self.models = ModelControl(self, self.session, settings, self.space, self.display)
        self.opening = Opening(
            self, settings, self.open_source, self.models.change, self.models.compare_with, self._refuse, self.consent
        )
        self.recorder = RecordControl(self.session, settings, self.space.header.record, self.space.banner, self.opening)
        self.review = ReviewControl(
            self, self.session, self.player, self.display, self.space.timeline, self.space.banner, self.opening
        )
        folder = taught or settings.taught_folder
        self.teacher = TeachControl(self, self.session, self.display, self.review, self.space, folder)
        self.opening.import_taught = self.teacher.actions.import_file
        self.latency = LatencyControl(settings, self.space, self.display)
        self.exhibit = Exhibit(self, self.space)
        self.first_steps = FirstSteps(self.space.hint, settings, self.opening, self.teacher.teach, self.show_help)
        self._trouble = Trouble(self.space.banner, self.opening)
        self._help: ShortcutsDialog | None = None
        self._must_end = False
        self._figures_timer = QTimer(self)
        self._figures_timer.setInterval(_FIGURES_MS)
        self._figures_timer.timeout.connect(self._show_figures)
        self.setCentralWidget(self.space)
        self.setWindowTitle(texts.APP)
        self.setAcceptDrops(True)
        if settings.geometry is None or not self.restoreGeometry(settings.geometry):
            self.resize(_USUAL_SIZE.boundedTo(self.screen().availableSize()))
        self._connect()
        self.shortcuts = shortcuts_of(self)
        register(self.shortcuts, self)
        self._dress()
        self.space.header.show_source(texts.NO_SOURCE)
        self.models.show()
        self._show_mirrored()
        if settings.arrangement in list(Arrangement):
            self.space.stage.arrange(Arrangement(settings.arrangement))
        self.space.view.setFocus()
        self.display.start_over()
        self.review.open()
        self._show_figures()
        self._figures_timer.start()

    @property
    def theme(self) -> Theme:
        """The look in use."""
        return self._theme

    def _connect(self) -> None:
        header, stage, transport, player = self.space.header, self.space.stage, self.space.transport, self.player
        stage.person_clicked.connect(self.display.select)
        stage.picture_changed.connect(self._show_arrangement)
        self.space.panel.person_chosen.connect(self.display.select)
        self.space.timeline.seek_requested.connect(self.display.seek_to_time)
        self.consent.agreed.connect(self._trouble.tell_download)
        header.recording_wanted.connect(self.opening.ask_for_recording)
        header.video_wanted.connect(self.opening.ask_for_video)
        header.camera_wanted.connect(self.opening.ask_for_camera)
        header.source_chosen.connect(self.opening.source)
        header.model_wanted.connect(self.opening.ask_for_model)
        header.built_in_model_chosen.connect(lambda: self.opening.model(DEFAULT_MODEL))
        header.card_wanted.connect(self.show_card)
        header.comparison_wanted.connect(self.opening.ask_for_rival)
        header.comparison_ended.connect(lambda: self.models.compare_with(None))
        header.arrangement_chosen.connect(lambda name: self.arrange(Arrangement(name)))
        header.view_reset.connect(self.space.view.reset_view)
        header.mirror_toggled.connect(self.toggle_mirror)
        header.theme_toggled.connect(self.toggle_theme)
        header.help_wanted.connect(self.show_help)
        transport.play_toggled.connect(lambda: self.control(player.toggle_play))
        transport.stepped.connect(lambda frames: self.control(lambda: player.step(frames)))
        transport.sought.connect(player.seek)
        transport.speed_chosen.connect(lambda speed: self.control(lambda: player.set_speed(speed)))
        transport.loop_toggled.connect(lambda: self.control(player.toggle_loop))
        QApplication.styleHints().colorSchemeChanged.connect(self._dress)

    # What the pipeline brings

    def _on_change(self) -> None:
        self.display.refresh()
        if self.space.view.frame is None:
            self._show_figures()  # an empty view says at once why it is empty

    def _show_figures(self) -> None:
        self.recorder.refresh()
        self.session.end_events_if_over()
        self.teacher.refresh()
        pipeline, model = self.session.pipeline, self.session.model
        device = texts.DEVICES.get(model.device, model.device)
        if pipeline is None:
            self.display.show_state(State.STOPPED)
            self.latency.refresh(None)
            self.space.status.show_figures(Figures(State.STOPPED, device=device))
            return
        stats, recording, age = pipeline.stats(), self.session.recording, self.latency.meter.age
        self.latency.refresh(stats)
        self.display.show_state(stats.state)
        if self.session.source is not None:
            self.space.header.show_source(self.session.source.title, stats.mode)
        self.space.status.show_figures(
            Figures(
                stats.state,
                stats.sensor_fps,
                stats.inference_ms,
                age.median if age else 0.0,
                stats.drops,
                device,
                stats.mode,
                recording.assumed if recording else "",
            )
        )
        self._trouble.tell(pipeline)

    def refresh(self) -> None:
        """Bring everything up to date at once."""
        self.display.refresh()
        self.display.refresh_timeline()
        self._show_figures()

    # What the user asks for

    def open_source(self, source: Source) -> None:
        """Change to another source; `UserError` where it cannot be opened, and the one in use goes on.

        So it does where the user would not leave corrections unsaved.
        """
        if not self.review.may_leave():
            return
        self.consent.withdraw()
        self.session.open_source(source)
        self.space.banner.hide()
        self.space.header.show_source(source.title)
        self.setWindowTitle(texts.window_title(source.title))
        self.review.open()
        self.display.start_over()
        self._show_figures()

    def arrange(self, arrangement: Arrangement) -> None:
        """Show the picture, the skeletons in space, or both."""
        self._settings.arrangement = arrangement
        self.space.stage.arrange(arrangement)
        self._show_arrangement()

    def next_arrangement(self) -> None:
        """The next arrangement of picture and 3D view; without effect where there is no picture."""
        if self.space.stage.has_picture:
            self.arrange(self.space.stage.arrangement.next)

    def toggle_mirror(self) -> None:
        """Show people as in a mirror, or as the sensor sees them."""
        self._settings.mirrored = not self._settings.mirrored
        self._show_mirrored()

    def toggle_theme(self) -> None:
        """Dark or light; where the desktop has the same, follow the desktop from now on."""
        wanted = LIGHT if self._theme.is_dark else DARK
        self._settings.theme = "" if wanted is system_theme() else wanted.name
        self._dress()

    def show_help(self) -> None:
        """List the keys and what the mouse does."""
        if self._help is None:
            self._help = ShortcutsDialog(for_help(self.shortcuts), texts.MOUSE, self)
        self._help.open()

    def show_card(self) -> None:
        """Say what is known about the model."""
        self.models.show_card(self._theme)

    def report(self, error: BaseException) -> None:
        """Say in the window that something went wrong, where nobody else has caught it."""
        expected = isinstance(error, UserError)
        self.space.banner.say(str(error) if expected else f"{texts.OUR_FAULT}: {type(error).__name__}: {error}")

    def _refuse(self, why: str) -> None:
        self.space.banner.say(why, *(elsewhere(self.opening) if self.session.pipeline is None else ()))

    def control(self, action: Callable[[], None]) -> None:
        """Do something to the player and show at once how it stands then."""
        action()
        self.display.show_player()

    def press_or_play(self) -> None:
        """Press the button that was reached with the keyboard; without one, pause the recording or go on."""
        focused = QApplication.focusWidget()
        if isinstance(focused, QToolButton) and focused.menu() is not None:
            focused.showMenu()
        elif isinstance(focused, QAbstractButton):
            focused.click()
        else:
            self.control(self.player.toggle_play)

    def end(self) -> None:
        """Close without a question, and without an answer to one that is open: the process was told to end."""
        self._must_end = True
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog) and dialog.isVisible():
                dialog.reject()
        self.close()

    def _show_mirrored(self) -> None:
        self.space.stage.set_mirrored(self._settings.mirrored)
        self.space.header.show_mirrored(self._settings.mirrored)

    def _show_arrangement(self) -> None:
        stage = self.space.stage
        self.space.header.show_arrangement(stage.arrangement, stage.has_picture)

    def _wanted_theme(self) -> Theme:
        return THEMES.get(self._settings.theme) or system_theme()

    def _dress(self) -> None:
        self._theme = self._wanted_theme()
        apply_theme(self._theme)
        self.space.set_theme(self._theme)
        self.teacher.set_theme(self._theme)
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
            self.opening.file(paths[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the pipeline, release the source, remember the window's place; unless the user would rather stay."""
        stays = not self._must_end and not (self.review.may_leave() and self.teacher.may_leave())
        if stays and not self._must_end:  # which it may have become while the user was asked
            event.ignore()
            return
        if not self.isFullScreen():
            self._settings.geometry = self.saveGeometry()
        self._figures_timer.stop()
        self.consent.close()
        self.session.close()  # before the teacher, whose thread can be busy: the device is free again first
        self.teacher.close()
        super().closeEvent(event)
