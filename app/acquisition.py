"""The thread that reads the sensor, and whom it gives the frames to."""

import math
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import cast

from skel.app.frame_queue import FrameQueue
from skel.app.recording import LiveRecording
from skel.app.timing import Recent, Spread
from skel.sensors.base import EndOfStream, Playable, Sensor, SensorTimeout
from skel.sensors.reconnecting import Reconnecting
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame

SPAN_S = 5.0  # of the latencies that are shown
_READ_S = 0.1  # so that `stop` is noticed
_WAITING_AFTER_S = 1.0  # without a frame
_ENDED_POLL_S = 0.05  # an ended recording continues when somebody seeks
_PREDECESSOR_S = 10.0  # for a device to be let go by who had it before


class State(StrEnum):
    """What is going on; the value is fit to be shown."""

    OPENING = "opening"
    RUNNING = "running"
    WAITING = "waiting"  # a live sensor gives no frames at the moment
    RECONNECTING = "reconnecting"  # the device went away and is looked for; see the message
    PAUSED = "paused"
    ENDED = "ended"  # seeking continues a recording
    FAILED = "failed"  # see the message
    STOPPED = "stopped"


OVER = (State.RECONNECTING, State.ENDED, State.FAILED, State.STOPPED)
"""Nobody is seen any more, until frames come again."""


class Acquisition:
    """Opens and reads one sensor, reconnects to it, and hands every frame to `queue` and to the recording, if there is one.

    `on_change` is called, on this thread, when the state has changed.

    Attributes:
        queue: the frames on their way to the recogniser.
        recording: what also gets every frame from now on; None = nothing. May be set at any time.
        watcher: is called with every frame, on this thread, so it must be quick; None = nobody. May be set at any time.
        error: what made it fail.
    """

    def __init__(self, sensor: Sensor, on_change: Callable[[], None] = lambda: None) -> None:
        self.queue = FrameQueue()
        self.recording: LiveRecording | None = None
        self.watcher: Callable[[SkeletonFrame], None] | None = None
        self.error: Exception | None = None
        self._source = Reconnecting(sensor)
        self._on_change = on_change
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # guards all below
        self._state = State.OPENING
        self._frames = self._drops = 0
        self._last_index: int | None = None
        self._arrivals = Recent()
        self._sensor_ms, self._pose_ms = Recent(SPAN_S), Recent(SPAN_S)
        self._predecessor: Acquisition | None = None
        self._thread = threading.Thread(target=self._run, name="skel-acquisition", daemon=True)

    @property
    def playable(self) -> Playable | None:
        """The sensor, where it can be paused, stepped, sped up and sought."""
        return cast(Playable, self._source.sensor) if hasattr(self._source.sensor, "seek") else None

    @property
    def is_patient(self) -> bool:
        """Whether the source waits for whoever is slow: it is played as fast as possible."""
        return math.isinf(getattr(self._source.sensor, "speed", 1.0))

    @property
    def state(self) -> State:
        """What is going on."""
        return self._state

    @property
    def message(self) -> str:
        """Why it failed, or what was lost and when the next attempt is; empty otherwise."""
        if isinstance(self.error, UserError):
            return str(self.error)
        return f"{type(self.error).__name__}: {self.error}" if self.error else self._source.lost

    @property
    def losses(self) -> int:
        """How often the device went away."""
        return self._source.losses

    @property
    def mode(self) -> str:
        """How the sensor finds skeletons."""
        return self._source.sensor.mode

    @property
    def frames(self) -> int:
        """Read so far."""
        return self._frames

    @property
    def drops(self) -> int:
        """Lost by the sensor (a jump in the frames' index) or by a full queue."""
        return self._drops + self.queue.dropped

    def rate_hz(self) -> float:
        """Frames a second, over the last second; those that a paused source was asked for do not count."""
        with self._lock:
            return self._arrivals.rate_hz()

    def sensor_ms(self) -> Spread | None:
        """From the exposure to the arrival of a picture, over the last seconds; None where the sensor does not know."""
        with self._lock:
            return self._sensor_ms.spread()

    def pose_ms(self) -> Spread | None:
        """From a picture to its skeletons, over the last seconds; None where the source gives skeletons itself."""
        with self._lock:
            return self._pose_ms.spread()

    def start(self, after: "Acquisition | None" = None) -> None:
        """Start reading, as soon as `after` has let go of its sensor, which may be the same device."""
        self._predecessor = after
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and to close the sensor; returns at once."""
        self._stopping.set()
        self.queue.close()
        self.become(State.STOPPED)

    def join(self, timeout_s: float) -> bool:
        """Wait until the sensor is closed; whether it is."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def fail(self, error: Exception) -> None:
        """End because of an error."""
        if self.error is None:
            self.error = error
        self._stopping.set()
        self.queue.close()
        self.become(State.FAILED)

    def become(self, state: State) -> None:
        """Take note of what is going on; what has failed or stopped stays so."""
        with self._lock:
            settled = self._state in (State.FAILED, State.STOPPED) or self._state == state
            if not settled:
                self._state = state
        if not settled:
            self._on_change()

    def _run(self) -> None:
        if self._predecessor is not None:
            self._predecessor.join(_PREDECESSOR_S)
            self._predecessor = None
        try:
            if not self._stopping.is_set():
                self._source.open()
            self._read_on()
        except Exception as error:
            self.fail(error)
        finally:
            self._source.close()

    def _read_on(self) -> None:
        last_s = time.monotonic()
        while not self._stopping.is_set():
            asked_s = time.monotonic()
            try:
                frame = self._source.read(_READ_S)
            except SensorTimeout:
                if self._source.lost:
                    self.become(State.RECONNECTING)
                elif self._is_paused():
                    self.become(State.PAUSED)
                elif self.playable is None and time.monotonic() - last_s >= _WAITING_AFTER_S:
                    self.become(State.WAITING)
            except EndOfStream:
                self.become(State.ENDED)
                self._stopping.wait(_ENDED_POLL_S)
            else:
                last_s = time.monotonic()
                is_paused = self._is_paused()
                self.become(State.PAUSED if is_paused else State.RUNNING)
                self._give(frame, asked_s, is_paused)

    def _is_paused(self) -> bool:
        return self.playable is not None and self.playable.paused

    def _give(self, frame: SkeletonFrame, asked_s: float, is_paused: bool) -> None:
        now_s, sensor_ms = time.monotonic(), getattr(self._source.sensor, "latency_ms", None)
        with self._lock:
            self._frames += 1
            if not is_paused:  # single steps come as fast as they are asked for
                self._arrivals.add(1.0, frame.host_time_s)
            if sensor_ms is not None:
                self._sensor_ms.add(sensor_ms, now_s)
            if self.mode:  # it finds skeletons; a recording has them
                self._pose_ms.add(1e3 * (now_s - max(frame.host_time_s, asked_s)), now_s)
            if self._last_index is not None:
                self._drops += max(frame.index - self._last_index - 1, 0)
            self._last_index = frame.index
        recording = self.recording
        if recording is not None:
            recording.put(frame, patiently=self.is_patient)
        watcher = self.watcher
        if watcher is not None:
            watcher(frame)
        put = self.queue.put_patiently if self.is_patient else self.queue.put
        put(frame)
