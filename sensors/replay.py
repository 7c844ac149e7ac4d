"""A recording as a sensor: in real time, faster, step by step, looping, from any place."""

import math
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from skel.sensors.base import EndOfStream, SensorError, SensorTimeout
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Recording, load_recording


class ReplaySensor:
    """Gives a recording's frames out when they are due. The controls of `Playable` may be used from any thread.

    A frame is due at a moment computed from its time stamp, counted from the first read after `open`, a seek, a pause or a
    change of speed, so nothing adds up to a drift; a late reader gets the frames that it missed at once, none is skipped.

    `time_s` is the recording's own stamp. When looping, each round adds `duration_s` to it: it goes on increasing, with one
    frame interval between the rounds. `index` counts the frames given out since `open`, whatever is sought or looped. Body
    ids are the recording's columns; a body that is untracked in a frame is left out of it.

    Attributes:
        recording: what is played, with its segments and what had to be assumed about it.
        loop: whether it starts over at the end; may be changed at any time.
    """

    name = "replay"
    mode = ""

    def __init__(
        self, source: Path | str | Recording, *, fps: float | None = None, speed: float = 1.0, loop: bool = False
    ) -> None:
        """Read the recording.

        Args:
            source: a recording, or the path of its `.npy` (see `load_recording`).
            fps: the frame rate of a bare `.npy`.
            speed: times real time; `math.inf` = as fast as frames are read.
            loop: start over at the end, instead of `EndOfStream`.

        Raises:
            SensorError: there is no such recording, or it is broken or empty.
            UserError: the speed is not positive.
        """
        try:
            self.recording = source if isinstance(source, Recording) else load_recording(source, fps)
        except UserError as error:
            raise SensorError(str(error)) from error
        if not len(self.recording):
            raise SensorError("the recording has no frame: record it again")
        self.layout = self.recording.layout
        self.nominal_fps = self.recording.fps
        self.duration_s = self.recording.duration_s
        # Where each frame is due, from the start; after the last one, where the next round or the end is.
        self._due_at_s = np.append(self.recording.times_s - self.recording.times_s[0], self.duration_s)
        self.loop = loop
        self._speed = _checked_speed(speed)
        self._changed = threading.Condition()
        self._open = self._paused = False
        self._row = self._given = self._rounds = self._steps = 0
        self._anchor: tuple[float, float] | None = None  # a monotonic time, and the position due then

    def open(self) -> None:
        """Begin at the start; does nothing when open."""
        with self._changed:
            if not self._open:
                self._open = True
                self._row = self._given = self._rounds = self._steps = 0
                self._anchor = None

    def close(self) -> None:
        """Stop; a read that waits in another thread ends with `EndOfStream`."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame; `EndOfStream` past the last one (a seek or a step back makes it readable again)."""
        give_up_s = time.monotonic() + timeout_s
        with self._changed:
            while True:
                if not self._open:
                    raise EndOfStream("the replay is closed")
                if self._row == len(self.recording) and not self.loop:
                    raise EndOfStream("the recording has ended")
                now_s = time.monotonic()
                due_s = self._due_s(now_s)
                if due_s <= now_s:
                    return self._give()
                if now_s >= give_up_s:
                    raise SensorTimeout(f"no frame within {timeout_s:g} s")
                self._changed.wait(min(due_s, give_up_s) - now_s)

    def _due_s(self, now_s: float) -> float:
        if self._paused:
            return now_s if self._steps else math.inf
        if self._speed == math.inf:
            return now_s
        if self._anchor is None:
            self._anchor = (now_s, self.position_s)
        return self._anchor[0] + (self.position_s - self._anchor[1]) / self._speed

    def _give(self) -> SkeletonFrame:
        if self._row == len(self.recording):
            self._row, self._rounds = 0, self._rounds + 1
            if self._anchor is not None:
                self._anchor = (self._anchor[0], self._anchor[1] - self.duration_s)
        row, index = self._row, self._given
        self._row, self._given, self._steps = row + 1, index + 1, max(self._steps - 1, 0)
        positions_m = self.recording.positions_m[row]
        known = np.isfinite(positions_m).all(axis=-1)  # (M, V)
        bodies = np.flatnonzero(known.any(axis=-1))
        known = known[bodies]
        return SkeletonFrame(
            layout=self.layout,
            positions_m=np.where(known[..., None], positions_m[bodies], np.float32(np.nan)),
            confidence=known.astype(np.float32),
            body_ids=bodies.astype(np.int64),
            index=index,
            time_s=float(self.recording.times_s[row]) + self._rounds * self.duration_s,
            host_time_s=time.monotonic(),
        )

    @property
    def position_s(self) -> float:
        """Where the next frame stands, in seconds from the recording's first; `duration_s` at the end."""
        return float(self._due_at_s[self._row])

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
        """Continue with the frame nearest to that time from the recording's start (clamped)."""
        with self._changed:
            self._row = int(np.argmin(np.abs(self._due_at_s[:-1] - time_s)))
            self._steps = 0
            self._restart_clock()

    def step(self, frames: int = 1) -> None:
        """While paused: give out that many frames more; negative: go back that many and give that one out."""
        with self._changed:
            if self._paused:
                if frames < 0:
                    self._row, self._steps = max(self._row - 1 + frames, 0), 1
                else:
                    self._steps += frames
                self._changed.notify_all()

    def _restart_clock(self) -> None:
        """Make the next frame due at once."""
        self._anchor = None
        self._changed.notify_all()

    def __enter__(self) -> Self:
        """Open and return the sensor."""
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the sensor."""
        self.close()


def _checked_speed(speed: float) -> float:
    if not speed > 0:
        raise UserError(f"the replay's speed must be above 0 (1 = real time, inf = as fast as it is read), not {speed}")
    return speed
