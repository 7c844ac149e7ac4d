"""Keeps the widgets in step with the pipeline: takes the newest snapshot and shows everything that belongs to it."""

from PySide6.QtCore import QObject, QTimer

from skel.app import texts
from skel.app.history import History
from skel.app.people import People
from skel.app.pipeline import Snapshot, State
from skel.app.player import Player
from skel.app.presenter import PersonState, describe
from skel.app.review import Review
from skel.app.rival import Rival
from skel.app.session import Session
from skel.app.widgets.skeleton_painter import Tag
from skel.app.widgets.workspace import Workspace
from skel.models.live import LiveSettings

_TIMELINE_EVERY = 3  # frames: the curves are the dearest part of the window
_SETTLE_MS = 120  # the last frame before a pause gets its timeline after this


class Display(QObject):
    """Skeletons and predictions follow every frame, timeline and transport every third.

    Attributes:
        shown: what is on the screen.
        review: what happens in the recording that is played, as corrected; None for any other source.
        chosen: the body that the user has chosen, in view or not; None = nobody yet.
    """

    def __init__(self, session: Session, player: Player, space: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._player = session, player
        self._stage, self._panel, self._timeline, self._transport = space.stage, space.panel, space.timeline, space.transport
        self._space, self._colours = space, space.colours
        self._people = People()
        self.review: Review | None = None
        self.shown: Snapshot | None = None
        self._rival = Rival(session)
        self._history = History((), LiveSettings())
        self._states: list[PersonState] = []
        self.chosen: int | None = None
        self._now_s = 0.0
        self._since_timeline = 0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.refresh_timeline)

    @property
    def people(self) -> list[PersonState]:
        """Everybody in the frame that is shown, in the order of their numbers."""
        return self._states

    @property
    def selected(self) -> int | None:
        """The body shown in large: the one that was chosen, or else the first in view."""
        bodies = [state.body for state in self._states]
        return self.chosen if self.chosen in bodies else next(iter(bodies), None)

    def start_over(self) -> None:
        """Forget everything that was shown: another source or model."""
        bundle = self._session.model.bundle
        self._history = History(bundle.labels, bundle.live)
        self._rival.start_over()
        self.shown = None
        self._colours.neutral = bundle.live.idle_label
        self._people.clear()
        self._states, self.chosen, self._now_s, self._player.shown_s = [], None, 0.0, 0.0
        self._stage.clear()
        self._panel.show_people([], None)
        self._transport.setVisible(self._session.playable is not None)
        self.refresh_timeline()

    def select(self, body: int) -> None:
        """Show this person in large."""
        self.chosen = body
        self._show_people()
        self.refresh_timeline()

    def select_number(self, number: int) -> None:
        """Show the person with this number in large, if in view."""
        body = self._people.body(number)
        if body in [state.body for state in self._states] and body is not None:
            self.select(body)

    def refresh(self) -> None:
        """Take what the pipeline has found since the last call."""
        pipeline = self._session.pipeline
        if pipeline is None:
            return
        snapshot = pipeline.take_snapshot()
        for prediction in pipeline.drain():
            self._history.push(prediction)
        self._rival.take(pipeline)
        if snapshot is not None:
            self._show(snapshot)

    def show_state(self, state: State) -> None:
        """Say in the empty view why it is empty; where the source is gone, nobody is in view."""
        recording = self._session.playable is not None
        bare = self._space.is_bare
        failed = (texts.FAILED_TITLE, texts.FAILED_HINT_BARE if bare else texts.FAILED_HINT)
        if self._stage.view.frame is None:
            failed = (texts.NOT_OPENED_TITLE, texts.NOT_OPENED_HINT)
        if state in (State.RECONNECTING, State.FAILED) and self._states:
            self._states = []
            self._stage.hold()
            self._panel.show_people([], None)
        self._stage.show_message(
            *{
                State.OPENING: (texts.OPENING_TITLE, texts.OPENING_HINT),
                State.RECONNECTING: (texts.RECONNECTING_TITLE, texts.RECONNECTING_HINT),
                State.FAILED: failed,
                State.STOPPED: (texts.NO_SOURCE_TITLE, texts.NO_SOURCE_HINT_BARE if bare else texts.NO_SOURCE_HINT),
            }.get(state, (texts.NOBODY_TITLE, texts.NOBODY_HINT_RECORDING if recording else texts.NOBODY_HINT))
        )

    def refresh_timeline(self) -> None:
        """Draw timeline and transport as things stand."""
        self._since_timeline = 0
        self._settle.stop()
        origin_s = self._now_s - self._player.shown_s
        review = self.review
        truth = None if review is None else review.segments
        names = self._rival.names
        self._panel.set_names(names)
        rival = (names, self._rival.history) if names else None
        number = None
        if len(self._states) > 1 and self.selected is not None:
            number = self._people.number(self.selected)
        self._timeline.refresh(self._history, self.selected, self._now_s, truth, origin_s, rival, number)
        chosen = review.selection if review is not None else None
        recognised = chosen is not None and bool(chosen.segment.label) and not chosen.known
        self._timeline.lanes.show_selected(review.selected if review is not None else None, recognised=recognised)
        self.show_player()

    def show_player(self) -> None:
        """Show in the transport how things stand."""
        state = self._player.state()
        if state is not None:
            self._transport.show_state(state)

    def redraw(self) -> None:
        """Show the same once more: the colours are others."""
        self._show_people()
        self.refresh_timeline()

    def likely(self, start_s: float, end_s: float, most: int) -> list[str]:
        """What the selected person was most probably seen to do in that part of the recording."""
        origin_s = self._now_s - self._player.shown_s
        body = -1 if self.selected is None else self.selected
        return self._history.curves(body, start_s + origin_s, end_s + origin_s, most)[2]

    def seek_to_time(self, time_s: float) -> None:
        """Go to a time stamp of the timeline."""
        self._player.seek(time_s - self._now_s + self._player.shown_s)

    def _show(self, snapshot: Snapshot) -> None:
        frame, self.shown = snapshot.frame, snapshot
        bodies = [int(body) for body in frame.body_ids]
        numbers = dict(zip(bodies, self._people.update(bodies, frame.time_s)))
        self._states = describe(numbers, snapshot.predictions, self._session.model.bundle.live.idle_label)
        self._rival.show(numbers, snapshot)
        self._now_s = frame.time_s
        self._player.shown_s = self._session.position_s(frame.time_s)
        self._stage.show_frame(frame, self._tags())
        self._panel.show_people(self._states, self.selected, self._rival.people)
        playable = self._session.playable
        self._since_timeline += 1
        if self._since_timeline >= _TIMELINE_EVERY or (playable is not None and playable.paused):
            self.refresh_timeline()
        else:
            self._settle.start()

    def _show_people(self) -> None:
        if self._stage.view.frame is not None:
            self._stage.show_tags(self._tags())
        self._panel.show_people(self._states, self.selected, self._rival.people)

    def _tags(self) -> dict[int, Tag]:
        several = len(self._states) > 1
        return {s.body: Tag(s.number, s.headline, s.muted, several and s.body == self.selected) for s in self._states}
