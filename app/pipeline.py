"""From a sensor to named actions on two threads of its own; whoever draws takes the newest result."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from skel.app.frame_queue import FrameQueue
from skel.app.recognizer import Prediction, Recognizer
from skel.app.timing import LastSecond
from skel.sensors.base import EndOfStream, Playable, Sensor, SensorTimeout
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame

_READ_S = 0.1  # so that `stop` is noticed
_ENDED_POLL_S = 0.05  # an ended recording continues when somebody seeks
_HISTORY_ROWS = 4096  # ten seconds of a full house (8 people at 30 fps) and more


class State(StrEnum):
    """What the pipeline is doing; the value is fit to be shown."""

    OPENING = "opening"
    RUNNING = "running"
    WAITING = "waiting"  # the sensor gives no frames at the moment
    PAUSED = "paused"
    ENDED = "ended"  # seeking continues a recording
    FAILED = "failed"  # see PipelineStats.message
    STOPPED = "stopped"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A frame and what was recognised in that very frame.

    Attributes:
        frame: as the sensor gave it, in the sensor's layout.
        predictions: one for each person who has been in view for long enough.
        labelled_s: `time.monotonic()` at which it was ready; `frame.host_time_s` is when the frame came.
    """

    frame: SkeletonFrame
    predictions: tuple[Prediction, ...]
    labelled_s: float


@dataclass(frozen=True)
class PipelineStats:
    """Figures for the status line.

    Attributes:
        state: what is going on.
        message: why it failed; empty otherwise.
        frames: read from the sensor so far.
        drops: frames lost, by the sensor (a jump in the frames' index) or by a full queue.
        overruns: frames without a prediction of their own, because newer ones waited already.
        sensor_fps: over the last second.
        inference_ms: window and model, median of the last second.
        label_ms: from a frame's arrival to its prediction, median of the last second.
        queued: frames that wait now.
        longest_queue: the most that ever waited.
    """

    state: State
    message: str
    frames: int
    drops: int
    overruns: int
    sensor_fps: float
    inference_ms: float
    label_ms: float
    queued: int
    longest_queue: int


class Pipeline:
    """Runs one sensor and one recogniser; for another sensor or model stop it and make a new one.

    The acquisition thread opens and reads the sensor; the inference thread feeds the recogniser and leaves the newest
    `Snapshot` in one slot. When inference is slower than the sensor, all frames still go into the recogniser's window but
    only the newest is predicted, so latency stays bounded. A `Playable` at infinite speed waits instead, and every frame
    is predicted.

    `on_change` is called, on one of the two threads, when a snapshot lies in the slot that was empty, and when the state
    has changed: once until somebody takes the snapshot, so it can emit a queued Qt signal without building a backlog.
    """

    def __init__(self, sensor: Sensor, recognizer: Recognizer, on_change: Callable[[], None] = lambda: None) -> None:
        self.sensor = sensor
        self.recognizer = recognizer
        self._on_change = on_change
        self._queue = FrameQueue()
        self._stopping = threading.Event()
        self._lock = threading.Lock()  # guards all below
        self._state, self._message = State.OPENING, ""
        self._snapshot: Snapshot | None = None
        self._history: deque[Prediction] = deque(maxlen=_HISTORY_ROWS)
        self._frames = self._sensor_drops = self._overruns = 0
        self._last_index: int | None = None
        self._arrivals, self._inference_ms, self._label_ms = LastSecond(), LastSecond(), LastSecond()
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._acquire,), name="skel-acquisition", daemon=True),
            threading.Thread(target=self._guarded, args=(self._infer,), name="skel-inference", daemon=True),
        ]

    @property
    def playable(self) -> Playable | None:
        """The sensor, where it can be paused, stepped, sped up and sought."""
        return cast(Playable, self.sensor) if hasattr(self.sensor, "seek") else None

    def start(self) -> None:
        """Start both threads; errors of the sensor show up as `State.FAILED`."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads, waiting a second for them at most, and close the sensor; without effect the second time."""
        self._stopping.set()
        self._queue.close()
        give_up_s = time.monotonic() + 1.0
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=max(give_up_s - time.monotonic(), 0.0))
        self.sensor.close()
        self._become(State.STOPPED)

    def take_snapshot(self) -> Snapshot | None:
        """The newest frame with its predictions; None where nothing new has come since the last call."""
        with self._lock:
            snapshot, self._snapshot = self._snapshot, None
            return snapshot

    def drain(self) -> list[Prediction]:
        """Every prediction since the last call, oldest first: none is left out if called at least every ten seconds."""
        with self._lock:
            rows = list(self._history)
            self._history.clear()
            return rows

    def stats(self) -> PipelineStats:
        """The figures of this moment."""
        with self._lock:
            return PipelineStats(
                state=self._state,
                message=self._message,
                frames=self._frames,
                drops=self._sensor_drops + self._queue.dropped,
                overruns=self._overruns,
                sensor_fps=self._arrivals.rate_hz(),
                inference_ms=self._inference_ms.median(),
                label_ms=self._label_ms.median(),
                queued=len(self._queue),
                longest_queue=self._queue.longest,
            )

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work; what it raises becomes the state and ends the other thread as well."""
        try:
            work()
        except Exception as error:
            text = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            self._stopping.set()
            self._queue.close()
            self._become(State.FAILED, text)

    def _acquire(self) -> None:
        try:
            self.sensor.open()
            while not self._stopping.is_set():
                try:
                    frame = self.sensor.read(_READ_S)
                except SensorTimeout:
                    self._become(State.PAUSED if self._paused() else State.WAITING)
                except EndOfStream:
                    self._become(State.ENDED)
                    self._stopping.wait(_ENDED_POLL_S)
                else:
                    self._become(State.PAUSED if self._paused() else State.RUNNING)
                    self._count(frame)
                    put = self._queue.put_patiently if self._patient() else self._queue.put
                    put(frame)
        finally:
            self.sensor.close()

    def _paused(self) -> bool:
        return self.playable is not None and self.playable.paused

    def _patient(self) -> bool:
        return self.playable is not None and math.isinf(self.playable.speed)

    def _count(self, frame: SkeletonFrame) -> None:
        with self._lock:
            self._frames += 1
            self._arrivals.add(1.0, frame.host_time_s)
            if self._last_index is not None:
                self._sensor_drops += max(frame.index - self._last_index - 1, 0)
            self._last_index = frame.index

    def _infer(self) -> None:
        self.recognizer.reset()
        while frames := self._queue.take(everything=not self._patient()):
            for frame in frames:
                self.recognizer.observe(frame)
            self._publish(frames[-1], tuple(self.recognizer.predict()), skipped=len(frames) - 1)

    def _publish(self, frame: SkeletonFrame, predictions: tuple[Prediction, ...], skipped: int) -> None:
        now_s = time.monotonic()
        with self._lock:
            wake = self._snapshot is None
            self._snapshot = Snapshot(frame, predictions, now_s)
            self._history.extend(predictions)
            self._overruns += skipped
            self._label_ms.add(1e3 * (now_s - frame.host_time_s), now_s)
            if predictions:
                self._inference_ms.add(predictions[0].latency_ms, now_s)
        if wake:
            self._on_change()

    def _become(self, state: State, message: str = "") -> None:
        with self._lock:
            settled = self._state in (State.FAILED, State.STOPPED) or self._state == state
            if not settled:
                self._state, self._message = state, message
        if not settled:
            self._on_change()
