"""Lets the user teach an action: in front of the camera, or from segments of a recording."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from skel.app import texts_teach as texts
from skel.app.display import Display
from skel.app.pipeline import Pipeline, State
from skel.app.review_control import ReviewControl
from skel.app.session import Session
from skel.app.taught_control import TaughtControl
from skel.app.teaching import LONGEST_S, Phase, Teaching
from skel.app.texts import shown
from skel.app.theme import Theme
from skel.app.widgets.countdown import Countdown
from skel.app.widgets.question import Button, Question
from skel.app.widgets.workspace import Workspace
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Segment

_TICK_MS = 33
_MOST_FRAMES = round(120 * LONGEST_S)
_LIVE = (State.RUNNING, State.WAITING)


class TeachControl(QObject):
    """Between the panel, the state machine of `teaching` and the session; `refresh` a few times a second.

    Args:
        folder: of the taught actions; None = the user's own.

    Attributes:
        actions: those that were taught.
        teaching: how far the action is that is being taught.
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        display: Display,
        review: ReviewControl,
        space: Workspace,
        folder: Path | None,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._display, self._review = window, session, display, review
        self._space, self._panel, self._form, self._banner = space, space.teach, space.teach.form, space.banner
        self.actions = TaughtControl(window, session, space, folder)
        self.teaching = Teaching()
        self._frames: deque[SkeletonFrame] = deque(maxlen=_MOST_FRAMES)  # from the acquisition thread
        self._watched: Pipeline | None = None
        self.countdown = Countdown(space.theme, space.stage)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        space.header.teach_toggled.connect(self.toggle)
        self._panel.close_wanted.connect(self.toggle)
        self._panel.actions_taught.teaching_wanted.connect(self.teach)
        self._form.begin_wanted.connect(self._begin)
        self._form.stop_wanted.connect(self._stop)
        self._form.discarded.connect(self._discard)
        self._form.done_wanted.connect(self._keep)
        self._form.cancel_wanted.connect(self.may_leave)
        self._form.segment_wanted.connect(self.keep_segments)
        review.examples_wanted.connect(self.keep_segments)
        review.corrections_wanted.connect(self.keep_corrections)

    # What the user asks for

    def toggle(self) -> None:
        """Open the panel, or close it; examples that are not kept yet are asked about."""
        opens = self._panel.isHidden()
        if opens or self.may_leave():
            self._panel.setVisible(opens)
            self._space.panel.set_compact(opens)
            (self._panel.actions_taught.teach if opens else self._space.view).setFocus()
        self._space.header.show_teaching(not self._panel.isHidden())

    def teach(self, label: str = "") -> None:
        """Open the panel for teaching this action, or a new one."""
        if self._panel.isHidden():
            self.toggle()
        if not self._panel.is_teaching:
            self._panel.show_form(label)
        self._show()

    def keep_segments(self) -> None:
        """Keep the chosen segment of the recording as an example of its action; without one, everything corrected."""
        review = self._review.review
        chosen = review.selection if review is not None else None
        if chosen is not None and chosen.known:
            self._keep_examples((chosen.segment,))
        else:
            self.keep_corrections()

    def keep_corrections(self) -> None:
        """Keep everything corrected in the recording as examples of what it is now."""
        if self._review.review is not None:
            self._keep_examples(self._review.review.corrections)

    def _keep_examples(self, segments: Sequence[Segment]) -> None:
        recording = self._session.recording
        if recording is None:
            return
        if not segments:
            self._banner.say(texts.SEGMENT_WANTED)
            return
        store, problems = self.actions.store, []
        known = {example for label in store.labels for example in store.examples(label)}
        kept = set()
        for segment in segments:
            try:
                kept.add(store.add_correction(recording, segment, self._display.chosen))
            except UserError as error:  # of this one; the others are kept
                problems.append(str(error))
        said = texts.added(len(kept - known), segments[0].label if len(segments) == 1 else "") if kept else ""
        self._banner.say(texts.but(said, problems), good=not problems)
        self.actions.learn()

    def refresh(self) -> None:
        """Bring everything up to date."""
        self.actions.refresh()
        if self._panel.is_teaching:
            self._show()

    def may_leave(self) -> bool:
        """Go back to the list; what becomes of examples that are not kept yet is asked. False where the user would stay."""
        self._stop()
        if self.teaching.takes:
            answer = self._asked_about(len(self.teaching.takes))
            if answer == Button.Save:
                return self._keep()
            if answer != Button.Discard:
                return False
        self._leave()
        return True

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.countdown.set_theme(theme)

    def close(self) -> None:
        """The window goes."""
        self._stop()
        self.actions.close()

    def _begin(self) -> None:
        pipeline, sensor = self._session.pipeline, self._session.sensor
        if pipeline is None or sensor is None or not self._is_live() or self.teaching.is_under_way:
            return
        try:
            label = self.actions.store.checked_label(self._form.name.text())
            self.teaching.begin(label, self._form.wanted, sensor.nominal_fps, sensor.name, time.monotonic())
        except UserError as error:
            self.teaching.stop(str(error))
        else:
            self._form.name.setText(label)
            self._form.start.setFocus()
            self._frames.clear()
            self._watched = pipeline
            pipeline.watch(self._take_in)
            self._timer.start()
        self._show()

    def _stop(self, problem: str = "") -> None:
        self._timer.stop()
        if self._watched is not None:
            self._watched.watch(None)
            self._watched = None
        self.teaching.stop(problem)
        self._show()

    def _discard(self, place: int) -> None:
        self.teaching.discard(place)
        self._show()

    def _keep(self) -> bool:
        """Keep the examples under the name that stands there now; whether they are kept."""
        try:
            label = self.actions.store.checked_label(self._form.name.text())
            while self.teaching.takes:  # one by one: what is kept is not kept again after a full disk
                self.actions.store.add_example(label, self.teaching.takes[0])
                self.teaching.discard(0)
        except UserError as error:
            self._banner.say(str(error))
            self._show()
            return False
        known = label.casefold() in {name.casefold() for name in self._session.model.bundle.labels}
        self._banner.say(texts.learned_known(label) if known else texts.learned(label), good=True)
        self._leave()
        self.actions.learn()
        return True

    def _asked_about(self, count: int) -> Button:
        said, buttons = texts.really_leave(count, self._form.name.text()), Button.Save | Button.Discard | Button.Cancel
        return Question(self._window, texts.UNKEPT_TITLE, said, buttons, Button.Save, {Button.Save: texts.KEEP}).ask()

    def _leave(self) -> None:
        self._stop()
        self.teaching.clear()
        self._form.show_takes(())
        self._panel.show_list()

    # What goes on

    def _take_in(self, frame: SkeletonFrame) -> None:
        self._frames.append(replace(frame, image=None))  # the pictures of a minute's teaching would fill a gigabyte

    def _on_tick(self) -> None:
        self.teaching.push([self._frames.popleft() for _ in range(len(self._frames))])
        self.teaching.tick(time.monotonic())
        if self._watched is not self._session.pipeline:
            self._stop(texts.SOURCE_CHANGED)
        elif self._watched is not None and self._watched.stats().state in (State.RECONNECTING, State.FAILED):
            self._stop(texts.SOURCE_GONE)
        elif not self.teaching.is_under_way:
            self._stop(self.teaching.problem)
        self._show()

    def _is_live(self) -> bool:
        pipeline = self._session.pipeline
        return pipeline is not None and self._session.playable is None and pipeline.stats().state in _LIVE

    def _show(self) -> None:
        teaching, played = self.teaching, self._session.recording is not None
        live = self._is_live()
        self._form.show_takes(teaching.takes)
        self._form.show_state(
            teaching.problem or (texts.HOW_TO if live else texts.LIVE_ONLY if played else texts.NO_SOURCE),
            under_way=teaching.is_under_way,
            live=live,
            complete=bool(teaching.takes) and teaching.is_complete,
            segments=played and not teaching.takes,
        )
        if not teaching.is_under_way:
            self.countdown.hide()
            return
        recording, now_s = teaching.phase == Phase.RECORDING, time.monotonic()
        title = f"{shown(teaching.label)} · {texts.example(len(teaching.takes) + 1, teaching.wanted)}"
        large = texts.SHOW_IT if recording else str(teaching.countdown(now_s))
        hint = texts.THEN_STILL if recording else teaching.problem or texts.GET_READY
        self.countdown.show_state(large, title, hint, teaching.progress(now_s), recording=recording)
