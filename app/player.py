"""What the user can do with a recording that is played. No Qt; without effect where the source is not a recording."""

from dataclasses import dataclass

from skel.app.pipeline import State
from skel.app.session import Session
from skel.sensors.base import Playable

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class PlayerState:
    """Where a recording stands; `paused` is true as well when it has ended."""

    position_s: float
    duration_s: float
    paused: bool
    speed: float
    loop: bool


class Player:
    """The controls of the session's recording."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.shown_s = 0.0  # the position of the frame on the screen

    @property
    def _playable(self) -> Playable | None:
        return self._session.playable

    @property
    def _has_ended(self) -> bool:
        pipeline = self._session.pipeline
        return pipeline is not None and pipeline.stats().state == State.ENDED

    def state(self) -> PlayerState | None:
        """How things stand; None where nothing can be played."""
        playable = self._playable
        if playable is None:
            return None
        paused = playable.paused or self._has_ended
        return PlayerState(self.shown_s, playable.duration_s, paused, playable.speed, playable.loop)

    def toggle_play(self) -> None:
        """Pause or go on; from the start, where the end was reached."""
        if self._playable is None:
            return
        if self._has_ended:
            self._playable.seek(0.0)
            self._playable.paused = False
        else:
            self._playable.paused = not self._playable.paused

    def step(self, frames: int) -> None:
        """Pause, and go so many frames forward or back."""
        if self._playable is None:
            return
        if not self._playable.paused:
            self._playable.paused = True
        self._playable.step(frames)

    def seek(self, position_s: float) -> None:
        """Go to that place, counted from the recording's start."""
        self._session.seek(position_s)

    def seek_by(self, seconds: float) -> None:
        """Go so many seconds on from what is shown."""
        self._session.seek(self.shown_s + seconds)

    def set_speed(self, speed: float) -> None:
        """Play at that multiple of real time."""
        if self._playable is not None:
            self._playable.speed = speed

    def change_speed(self, steps: int) -> None:
        """The next higher (1) or lower (-1) of the usual speeds."""
        if self._playable is not None:
            now = self._playable.speed
            further = [s for s in SPEEDS if s > now] if steps > 0 else [s for s in reversed(SPEEDS) if s < now]
            self._playable.speed = further[0] if further else now

    def toggle_loop(self) -> None:
        """Start over at the end, or do not."""
        if self._playable is not None:
            self._playable.loop = not self._playable.loop
