"""A device that goes away is opened again, for as long as it takes."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from skel.sensors.base import EndOfStream, Sensor, SensorError, SensorLost, SensorTimeout
from skel.skeleton.frame import SkeletonFrame

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0


class Reconnecting:
    """Reads a sensor; where it is lost, closes it and opens it again after 0.5 s, 1 s, 2 s … 8 s, until frames come.

    To whoever reads, a loss is a pause: `SensorTimeout`. Afterwards `index` counts on, `time_s` goes on by the time that
    has passed outside (the device's own clock may have started anew), and nobody has a body id that was used before, since
    the device cannot know who is who. The first `open` is the caller's: what fails there is for a person to mend.

    Attributes:
        losses: how often the sensor was lost.
    """

    def __init__(
        self,
        sensor: Sensor,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Read `sensor`, which is not open yet; `clock` and `wait` (seconds) are for tests."""
        self.sensor = sensor
        self.losses = 0
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or self._closed.wait
        self._why = ""  # it was lost; empty while frames come
        self._is_open = False
        self._next_s = 0.0
        self._pause_s = FIRST_WAIT_S
        self._last: SkeletonFrame | None = None
        self._index_shift = self._id_shift = self._next_id = 0
        self._time_shift_s = 0.0

    @property
    def lost(self) -> str:
        """What was lost, why, and when the next attempt is; empty while all is well."""
        why, rest_s = self._why, self._next_s - self._clock()
        if not why:
            return ""
        when = f"trying again in {rest_s:.0f} s" if rest_s >= 0.5 else "trying again"
        return f"{self.sensor.name} was lost ({why}): {when}"

    def open(self) -> None:
        """Open the sensor; raises what it raises."""
        self._closed.clear()
        self.sensor.open()
        self._is_open = True

    def read(self, timeout_s: float) -> SkeletonFrame:
        """The next frame; raises what the sensor raises, but for `SensorLost`, and `EndOfStream` once closed."""
        if not self._is_open:
            self._try_again(timeout_s)
        try:
            frame = self.sensor.read(timeout_s)
        except SensorLost as error:
            self._lose(str(error) or "it gives no more frames")
            raise SensorTimeout(self.lost) from error
        if self._why:
            self._go_on_from(frame)
        return self._continued(frame)

    def close(self) -> None:
        """Close the sensor, from any thread."""
        self._closed.set()
        self.sensor.close()

    def _lose(self, why: str) -> None:
        first = not self._why
        self._why = why
        self._put_off()
        self._is_open = False
        self.losses += first
        self.sensor.close()

    def _put_off(self) -> None:
        self._next_s = self._clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_WAIT_S)

    def _try_again(self, timeout_s: float) -> None:
        """Open the sensor when it is time; otherwise, or when that fails, `SensorTimeout`."""
        rest_s = self._next_s - self._clock()
        if rest_s > 0:
            self._wait(min(rest_s, timeout_s))
        if self._closed.is_set():
            raise EndOfStream("it is closed")
        if rest_s > timeout_s:
            raise SensorTimeout(self.lost)
        try:
            self.sensor.open()
        except SensorError as error:
            self._why = str(error)
            self._put_off()
            raise SensorTimeout(self.lost) from error
        self._is_open = True
        if self._closed.is_set():  # meanwhile, when there was nothing to close yet
            self.sensor.close()
            raise EndOfStream("it was closed")

    def _go_on_from(self, frame: SkeletonFrame) -> None:
        """The first frame after a loss: all is well again."""
        self._why, self._pause_s = "", FIRST_WAIT_S
        if self._last is not None:
            passed_s = max(frame.host_time_s - self._last.host_time_s, 1 / self.sensor.nominal_fps)
            self._time_shift_s = self._last.time_s + passed_s - frame.time_s
            self._index_shift = self._last.index + 1 - frame.index
            self._id_shift = self._next_id

    def _continued(self, frame: SkeletonFrame) -> SkeletonFrame:
        if self._index_shift or self._id_shift:
            frame = replace(
                frame,
                index=frame.index + self._index_shift,
                time_s=frame.time_s + self._time_shift_s,
                body_ids=frame.body_ids + self._id_shift,
            )
        self._next_id = max(self._next_id, int(np.max(frame.body_ids, initial=-1)) + 1)
        self._last = replace(frame, image=None)
        return frame
