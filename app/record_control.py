"""Starts and stops recording for the user, shows how far it is and says where it went."""

import time
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from skel.app import texts
from skel.app.opening import Opening
from skel.app.pipeline import State
from skel.app.recording import LiveRecording
from skel.app.session import Session
from skel.app.settings import Settings
from skel.app.widgets.banner import Banner, Offer
from skel.app.widgets.record_controls import RecordControls
from skel.skeleton.errors import UserError

_RECORDABLE = (State.RUNNING, State.WAITING, State.RECONNECTING)


class RecordControl:
    """Between the session, which records, and the widgets; `refresh` is to be called a few times a second."""

    def __init__(
        self, session: Session, settings: Settings, controls: RecordControls, banner: Banner, opening: Opening
    ) -> None:
        self._session, self._settings, self._opening = session, settings, opening
        self._controls, self._banner = controls, banner
        self._recording: LiveRecording | None = None  # whose end has not been told yet
        self._target: Path | None = None  # of this session's last recording; None = none yet, as the settings say
        self._video: bool | None = None
        self._began_s = 0.0
        self._told = ""  # of its problems
        controls.record_toggled.connect(self.toggle)
        controls.picture_toggled.connect(self._record_picture)
        controls.folder_wanted.connect(self.ask_for_folder)
        self._show_options()

    def toggle(self) -> None:
        """Start, or stop and say where the recording is; without effect where nothing can be recorded."""
        if self._session.recording_to is not None:
            self._stop()
        elif self._is_available():
            try:
                self.start(self._where, self._with_picture)
            except UserError as error:
                self._banner.say(str(error))
        self.refresh()

    def start(self, target: Path, video: bool) -> None:
        """Start (see `Session.start_recording`); `UserError` where that is impossible.

        All recordings of this session are made in the same way until the user chooses another one; the settings stay.
        """
        self._recording = self._session.start_recording(target, video)
        self._target, self._video = target, video
        self._began_s, self._told = time.monotonic(), ""
        self._show_options()

    def ask_for_folder(self) -> None:
        """Let the user choose where recordings are put."""
        parent: QWidget = self._controls
        folder = QFileDialog.getExistingDirectory(parent, texts.RECORDINGS_FOLDER, str(self._where))
        if folder:
            self._settings.recordings_folder = self._target = Path(folder)
            self._show_options()

    def refresh(self) -> None:
        """Show how things stand."""
        if self._session.recording_to is None:
            self._stop()  # the disk was full, or there is another source now
        recording = self._recording
        if recording is None:
            self._controls.show_idle(self._is_available())
            return
        self._controls.show_recording(time.monotonic() - self._began_s, recording.frames)
        if recording.problem and not self._told:
            self._banner.say(texts.recording_trouble(recording.problem))
            self._told = recording.problem

    def _stop(self) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        path = self._session.stop_recording() or recording.path
        if not path.is_file():
            problem = recording.problem
            self._banner.say(texts.recording_trouble(problem) if problem else texts.NOTHING_RECORDED)
            return
        play = Offer(texts.PLAY_IT, lambda: self._opening.recording(path))
        said = texts.recording_saved(str(path), recording.frames, recording.problem)
        self._banner.say(said, play, good=not recording.problem)

    def _is_available(self) -> bool:
        pipeline = self._session.pipeline
        return pipeline is not None and self._session.recording is None and pipeline.stats().state in _RECORDABLE

    def _record_picture(self, wanted: bool) -> None:
        self._settings.records_picture = self._video = wanted

    @property
    def _where(self) -> Path:
        return self._settings.recordings_folder if self._target is None else self._target

    @property
    def _with_picture(self) -> bool:
        return self._settings.records_picture if self._video is None else self._video

    def _show_options(self) -> None:
        self._controls.show_options(str(self._where), self._with_picture)
