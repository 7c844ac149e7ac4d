"""Lets the user correct the segments of the recording that is played, save them, and keep them as examples."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from skel.app import texts
from skel.app.disk import changing, with_ending
from skel.app.display import Display
from skel.app.opening import Opening
from skel.app.player import Player
from skel.app.review import Review
from skel.app.session import Session
from skel.app.widgets.banner import Banner, Offer
from skel.app.widgets.label_chooser import LabelChooser
from skel.app.widgets.question import Button, Question
from skel.app.widgets.review_lanes import RECORDING_ROW
from skel.app.widgets.timeline import Timeline
from skel.models.pretrained import DEMO_RECORDING
from skel.skeleton.errors import UserError
from skel.skeleton.recording import Recording, Segment, save_recording, save_segments

_NEW_S = 1.0  # how long a segment is at first that was begun with a key
_SUGGESTIONS = 4


class ReviewControl(QObject):
    """Between the timeline, which asks for edits, and the `Review` that makes them; without effect on a live source."""

    examples_wanted = Signal()  # to be kept of the chosen segment, or of what was corrected
    corrections_wanted = Signal()  # all of them to be kept as examples

    def __init__(
        self,
        window: QWidget,
        session: Session,
        player: Player,
        display: Display,
        timeline: Timeline,
        banner: Banner,
        opening: Opening,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._player, self._display = window, session, player, display
        self._lanes, self._tools, self._banner, self._opening = timeline.lanes, timeline.tools, banner, opening
        self._resumes = False  # what was paused for an edit goes on after it
        self.chooser = LabelChooser(window)
        self.chooser.chosen.connect(self._assign)
        self.chooser.removed.connect(lambda: self._assign(None))
        self.chooser.closed.connect(self._on_chooser_closed)
        self._lanes.segment_clicked.connect(self._on_segment_clicked)
        self._lanes.edge_dragged.connect(self._on_edge_dragged)
        self._lanes.stretch_dragged.connect(self._on_stretch_dragged)
        self._lanes.dropped.connect(self._on_dropped)
        for asked, action in (
            (self._tools.undo_wanted, self.undo),
            (self._tools.redo_wanted, self.redo),
            (self._tools.save_wanted, self.save),
        ):
            asked.connect(action)
        self._tools.teach_wanted.connect(self.examples_wanted)

    @property
    def review(self) -> Review | None:
        """What is being corrected; None for a live source."""
        return self._display.review

    def open(self) -> None:
        """There is another source: begin with its segments."""
        recording = self._session.recording
        self._resumes = False
        self._display.review = None if recording is None else Review(recording.segments, recording.duration_s)
        self._show()

    def may_leave(self) -> bool:
        """Ask what to do with corrections that are not saved; False where the user would rather stay."""
        if self.review is None or not self.review.is_changed:
            return True
        said = texts.unsaved(self._session.source.title if self._session.source else "")
        buttons = Button.Save | Button.Discard | Button.Cancel
        answer = Question(self._window, texts.UNSAVED_TITLE, said, buttons, Button.Save).ask()
        return answer == Button.Discard or (answer == Button.Save and self.save())

    def label(self) -> None:
        """Open the list of labels for the chosen segment."""
        if self.review is not None and self.review.selected is not None:
            self._ask(self._lanes.below(RECORDING_ROW, self.review.selected))

    def remove(self) -> None:
        """Nothing happens in the chosen segment."""
        self._assign(None)

    def start_here(self) -> None:
        """Let the chosen segment begin at the moment that is shown."""
        self._resize(start_s=self._player.shown_s)

    def end_here(self) -> None:
        """Let the chosen segment end at the moment that is shown."""
        self._resize(end_s=self._player.shown_s)

    def begin_here(self) -> None:
        """A new segment from the moment that is shown, and the list of labels for it."""
        if self.review is not None:
            here_s = self._player.shown_s
            self.review.draw(here_s, here_s + _NEW_S)
            self._show()
            self.label()

    def step(self, segments: int) -> None:
        """Choose the segment so many further (1 or -1), and show its beginning."""
        if self.review is not None:
            self.review.select_next(segments, self._player.shown_s)
            if self.review.selected is not None:
                self._player.seek(self.review.selected.start_s)
            self._show()

    def undo(self) -> None:
        """Take back the last edit."""
        if self.review is not None:
            self.review.undo()
            self._show()

    def redo(self) -> None:
        """Make the edit again that was taken back."""
        if self.review is not None:
            self.review.redo()
            self._show()

    def save(self) -> bool:
        """Write the segments beside the recording; or say why not and offer a copy. Whether it is done."""
        recording, path = self._corrected(), self._session.played_path
        if self.review is None or recording is None or not self.review.is_changed:
            return False
        try:
            if path is None or path.resolve() == DEMO_RECORDING.resolve():
                raise UserError(texts.NO_FILE_OF_YOURS)
            with changing(path):
                save_segments(path, recording)
        except UserError as error:
            self._banner.say(str(error), Offer(texts.SAVE_A_COPY, self.save_copy))
            return False
        self._saved(texts.segments_saved(str(path.with_suffix(".json")), len(recording.segments)))
        return True

    def save_copy(self) -> None:
        """Write recording and segments where the user says."""
        recording = self._corrected()
        if self.review is None or recording is None:
            return
        name = self._session.played_path.name if self._session.played_path else texts.RECORDING_NAME
        proposed = self._opening.folder / name
        chosen, _ = QFileDialog.getSaveFileName(self._window, texts.SAVE_A_COPY, str(proposed), texts.RECORDINGS_FILTER)
        if not chosen:
            return
        try:
            path = with_ending(chosen, ".npy")
            with changing(path):
                save_recording(path, recording)
        except UserError as error:
            self._banner.say(str(error), Offer(texts.SAVE_A_COPY, self.save_copy))
            return
        open_it = Offer(texts.PLAY_IT, lambda: self._opening.recording(path))
        self._saved(texts.segments_saved(str(path), len(recording.segments)), open_it)

    def _corrected(self) -> Recording | None:
        recording = self._session.recording
        return None if recording is None or self.review is None else replace(recording, segments=self.review.segments)

    def _saved(self, said: str, *offers: Offer) -> None:
        assert self.review is not None
        self.review.mark_saved()
        if self.review.corrections:
            offers = (*offers, Offer(texts.KEEP_EXAMPLES, self.corrections_wanted.emit))
        self._banner.say(said, *offers, good=True)
        self._show()

    def _assign(self, label: str | None) -> None:
        if self.review is not None:
            self.review.assign(label)
            self._show()

    def _resize(self, start_s: float | None = None, end_s: float | None = None) -> None:
        if self.review is not None and self.review.selected is not None:
            segment = self.review.selected
            self.review.drag(segment.start_s if start_s is None else start_s, segment.end_s if end_s is None else end_s)
            self.review.drop()
            self._show()

    def _ask(self, at: QPoint) -> None:
        assert self.review is not None
        segment = self.review.selected
        if segment is not None:
            self._hold()
            self.chooser.ask(self._labels(segment), segment.label, at)

    def _labels(self, segment: Segment) -> Sequence[str]:
        """The likely ones first, then those of the recording and all others by name."""
        likely = self._display.likely(segment.start_s, segment.end_s, _SUGGESTIONS)
        used = {other.label for other in self.review.segments} if self.review else set()
        known = sorted({*self._session.labels, *used} - {self._session.model.bundle.live.idle_label}, key=str.lower)
        return list(dict.fromkeys([*likely, *known]))

    def _on_segment_clicked(self, segment: Segment, below: QPoint) -> None:
        if self.review is not None:
            self.review.select(segment)
            self._show()
            self._ask(below)

    def _on_edge_dragged(self, segment: Segment, start_s: float, end_s: float) -> None:
        if self.review is not None:
            self._hold()
            if self.review.selection is None or self.review.selection.segment != segment:
                self.review.select(segment)
            self.review.drag(start_s, end_s)
            self._show()

    def _on_stretch_dragged(self, from_s: float, to_s: float) -> None:
        if self.review is not None:
            self._hold()
            self.review.draw(from_s, to_s)
            self._show()

    def _on_dropped(self, below: QPoint) -> None:
        if self.review is None:
            return
        if self.review.selection is not None and not self.review.selection.known:
            self._ask(below)
            return
        self.review.drop()
        self._let_go()
        self._show()

    def _on_chooser_closed(self) -> None:
        if self.review is not None and self.review.selection is not None and not self.review.selection.segment.label:
            self.review.let_go()  # what was drawn and got no label
        self._let_go()
        self._show()

    def _hold(self) -> None:
        """Stand still while an edit is under way."""
        playable = self._session.playable
        if playable is not None and not playable.paused:
            self._resumes, playable.paused = True, True

    def _let_go(self) -> None:
        playable = self._session.playable
        if playable is not None and self._resumes:
            playable.paused = False
        self._resumes = False

    def _show(self) -> None:
        review = self.review
        self._tools.setVisible(review is not None)
        if review is not None:
            examples = bool(review.corrections) or (review.selection is not None and review.selection.known)
            self._tools.show_state(review.is_changed, review.can_undo, review.can_redo, examples)
        self._window.setWindowModified(review is not None and review.is_changed)
        self._display.refresh_timeline()
