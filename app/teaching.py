"""Showing an action a few times: countdown, recording until the person stands still, trimming; once more. No Qt.

The clock is whoever calls; times are `time.monotonic()`'s.
"""

from collections.abc import Sequence
from enum import StrEnum

from skel.app.capture import NoMovement, Take, recorded, trimmed
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame

FEWEST, USUAL, MOST = 3, 5, 10
"""Examples of one action: what the user is offered."""

COUNTDOWN_S = 3.0
LONGEST_S = 6.0
"""Of one recording, where the person does not stand still before."""
STILL_S = 1.0
"""How long the person must stand still for a movement to count as over."""

_LOOK_EVERY_S = 0.2
_MOST_FAILURES = 3  # in a row; then nobody is there, or something is wrong with the camera


class Phase(StrEnum):
    """What is going on."""

    IDLE = "idle"
    COUNTDOWN = "countdown"
    RECORDING = "recording"


class Teaching:
    """Collects the examples of one action; nothing is kept on disk here.

    `begin`, then `push` every frame and `tick` many times a second: each example is counted down, recorded and trimmed,
    until there are as many as wanted. Where nothing was seen to move, the same example is asked for again.

    Attributes:
        phase: what is going on.
        label: the action that is shown.
        wanted: how many examples.
        takes: the examples so far.
        problem: why the last recording gave none; empty where it did.
    """

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.label = ""
        self.wanted = USUAL
        self.takes: list[Take] = []
        self.problem = ""
        self._frames: list[SkeletonFrame] = []
        self._fps, self._device = 30.0, ""
        self._since_s = self._looked_s = 0.0
        self._failures = 0

    @property
    def is_under_way(self) -> bool:
        """Whether an example is counted down or recorded."""
        return self.phase != Phase.IDLE

    @property
    def is_complete(self) -> bool:
        """Whether there are as many examples as wanted."""
        return len(self.takes) >= self.wanted

    def begin(self, label: str, wanted: int, fps: float, device: str, now_s: float) -> None:
        """Go on until there are as many examples as wanted, of what is called so now; `UserError` where it has no name.

        The examples so far stay: what was changed is the name, or how many are wanted. `clear` comes before another action.
        """
        if not label.strip():
            raise UserError("give the action a name first")
        self.label, self.wanted, self._fps, self._device = label, wanted, fps, device
        self.problem, self._failures = "", 0
        if not self.is_complete:
            self._enter(Phase.COUNTDOWN, now_s)

    def stop(self, problem: str = "") -> None:
        """Record no more; what there is stays."""
        self.phase, self.problem = Phase.IDLE, problem
        self._frames = []

    def clear(self) -> None:
        """Forget the action."""
        self.stop()
        self.label, self.takes = "", []

    def discard(self, place: int) -> None:
        """Forget one example."""
        del self.takes[place]

    def push(self, frames: Sequence[SkeletonFrame]) -> None:
        """Take in what the sensor has given since the last call."""
        if self.phase == Phase.RECORDING:
            self._frames.extend(frames)

    def tick(self, now_s: float) -> None:
        """Go on to what is due by now."""
        passed_s = now_s - self._since_s
        if self.phase == Phase.COUNTDOWN and passed_s >= COUNTDOWN_S:
            self._enter(Phase.RECORDING, now_s)
        elif self.phase == Phase.RECORDING and passed_s >= LONGEST_S:
            self._take(now_s, at_last=True)
        elif self.phase == Phase.RECORDING and now_s - self._looked_s >= _LOOK_EVERY_S:
            self._looked_s = now_s
            self._take(now_s, at_last=False)

    def countdown(self, now_s: float) -> int:
        """3, 2, 1; 0 where nothing is counted down."""
        if self.phase != Phase.COUNTDOWN:
            return 0
        return max(1, int(COUNTDOWN_S - (now_s - self._since_s)) + 1) if now_s > self._since_s else int(COUNTDOWN_S)

    def progress(self, now_s: float) -> float:
        """The share of the countdown, or of the longest recording, that has passed; 0..1."""
        whole_s = {Phase.COUNTDOWN: COUNTDOWN_S, Phase.RECORDING: LONGEST_S}.get(self.phase)
        return 0.0 if whole_s is None else min(max((now_s - self._since_s) / whole_s, 0.0), 1.0)

    def _take(self, now_s: float, at_last: bool) -> None:
        """Make an example of what was recorded, where the movement in it is over or it must end."""
        try:
            recording = recorded(self._frames, self._fps, self._device)
            take = trimmed(recording)
        except NoMovement as error:
            if at_last:
                self._fail(str(error), now_s)
            return
        if not at_last and recording.duration_s - take.end_s < STILL_S:
            return
        self.takes.append(take)
        self.problem, self._failures = "", 0
        if self.is_complete:
            self.stop()
        else:
            self._enter(Phase.COUNTDOWN, now_s)

    def _fail(self, problem: str, now_s: float) -> None:
        self._failures += 1
        if self._failures >= _MOST_FAILURES:
            self.stop(problem)
        else:
            self._enter(Phase.COUNTDOWN, now_s)
            self.problem = problem

    def _enter(self, phase: Phase, now_s: float) -> None:
        self.phase, self._since_s, self._looked_s = phase, now_s, now_s
        self._frames = []
