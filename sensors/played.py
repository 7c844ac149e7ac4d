"""What recorded sources have in common: when a frame is due, and the controls of a player."""

import math
import threading
import time
from abc import abstractmethod
from typing import Generic, TypeVar

from skel.sensors.base import EndOfStream, SensorContext, SensorTimeout
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame

Item = TypeVar("Item")


class PlayedSensor(SensorContext, Generic[Item]):
    """A recorded source that gives its frames out when they are due: `Sensor` without its description, and `Playable`.

    A frame is due at a moment computed from its time stamp, counted from the first read after `open`, a seek, a pause or a
    change of speed, so nothing adds up to a drift; a late reader gets the frames that it missed at once, none is skipped.
    When looping, each round comes one frame interval after the one before, with `duration_s` added to its time stamps, which
    go on increasing. `index` counts the frames given out since `open`, whatever is sought or looped.

    A subclass knows its items (rows of a recording, pictures of a video) and moves about among them. Its methods are called
    with the lock held, except `_frame`: work that takes its time there never holds up the controls.

    Attributes:
        duration_s: from the first frame to one frame interval after the last.
        loop: whether it starts over at the end; may be changed at any time.
    """

    duration_s: float

    def __init__(self, speed: float, loop: bool) -> None:
        """`speed`: times real time; `math.inf` = as fast as frames are read. `UserError` where it is not positive."""
        self.loop = loop
        self._speed = _checked_speed(speed)
        self._changed = threading.Condition()
        self._open = self._paused = False
        self._given = self._rounds = self._steps = 0
        self._anchor: tuple[float, float] | None = None  # a monotonic time, and the position due then

    @abstractmethod
    def _start(self) -> None:
        """Get what is needed and go to the beginning; `SensorError` where that fails."""

    @abstractmethod
    def _stop(self) -> None:
        """Release it; called once for each `_start`."""

    @abstractmethod
    def _at_end(self) -> bool:
        """Whether no item is left."""

    @abstractmethod
    def _take(self) -> tuple[Item, float]:
        """The next item, and its time stamp; there is one."""

    @abstractmethod
    def _go_to(self, position_s: float) -> None:
        """Continue with the item nearest to that position (clamped); 0 is the first."""

    @abstractmethod
    def _go_back(self, items: int) -> None:
        """Continue that many items before the one that was taken last (clamped)."""

    @abstractmethod
    def _frame(self, item: Item, index: int, time_s: float) -> SkeletonFrame:
        """What an item shows; may take its time."""

    @property
    @abstractmethod
    def position_s(self) -> float:
        """Where the next frame stands, in seconds from the first; `duration_s` at the end."""

    def open(self) -> None:
        """Begin at the start; does nothing when open."""
        with self._changed:
            if not self._open:
                self._start()
                self._open = True
                self._given = self._rounds = self._steps = 0
                self._anchor = None

    def close(self) -> None:
        """Stop; a read that waits in another thread ends with `EndOfStream`."""
        with self._changed:
            if self._open:
                self._open = False
                self._stop()
            self._changed.notify_all()

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame; `EndOfStream` past the last one (a seek or a step back makes it readable again)."""
        give_up_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if not self._open:
                    raise EndOfStream("it is closed")
                ended = self._at_end()
                if ended and not self.loop:
                    raise EndOfStream("it has ended")
                now_s = time.monotonic()
                due_s = self._due_s(now_s)
                if due_s <= now_s:
                    break
                if now_s >= give_up_s:
                    raise SensorTimeout(f"no frame within {timeout_s:g} s")
                self._changed.wait(min(due_s, give_up_s) - now_s)
            if ended:
                self._go_to(0.0)
                self._rounds += 1
                if self._anchor is not None:
                    self._anchor = (self._anchor[0], self._anchor[1] - self.duration_s)
            item, stamp_s = self._take()
            index, time_s = self._given, stamp_s + self._rounds * self.duration_s
            self._given, self._steps = index + 1, max(self._steps - 1, 0)
        frame = self._frame(item, index, time_s)
        if not self._open:
            raise EndOfStream("it was closed")
        return frame

    def _due_s(self, now_s: float) -> float:
        if self._paused:
            return now_s if self._steps else math.inf
        if self._speed == math.inf:
            return now_s
        if self._anchor is None:
            self._anchor = (now_s, self.position_s)
        return self._anchor[0] + (self.position_s - self._anchor[1]) / self._speed

    @property
    def paused(self) -> bool:
        """Whether `read` holds frames back (it then raises `SensorTimeout`); kept when closed and opened."""
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        with self._changed:
            if value != self._paused:
                self._paused, self._steps = value, 0
                self._restart_clock()

    @property
    def speed(self) -> float:
        """Times real time."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        with self._changed:
            now_s, old = time.monotonic(), self._speed
            self._speed = _checked_speed(value)
            if self._anchor is None or old == math.inf:
                self._restart_clock()
            else:  # the part of the interval that has passed counts: no frame comes early by turning the knob
                self._anchor = (now_s, self._anchor[1] + (now_s - self._anchor[0]) * old)
                self._changed.notify_all()

    def seek(self, time_s: float) -> None:
        """Continue with the frame nearest to that time from the start (clamped); `open` begins at the start all the same."""
        with self._changed:
            if self._open:
                self._go_to(time_s)
                self._steps = 0
                self._restart_clock()

    def step(self, frames: int = 1) -> None:
        """While paused: give out that many frames more; negative: go back that many and give that one out."""
        with self._changed:
            if self._open and self._paused:
                if frames < 0:
                    self._go_back(-frames)
                    self._steps = 1
                else:
                    self._steps += frames
                self._changed.notify_all()

    def _restart_clock(self) -> None:
        """Make the next frame due at once."""
        self._anchor = None
        self._changed.notify_all()


def _checked_speed(speed: float) -> float:
    if not speed > 0:
        raise UserError(f"the replay's speed must be above 0 (1 = real time, inf = as fast as it is read), not {speed}")
    return speed
