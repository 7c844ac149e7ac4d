"""From a sensor to named actions on two threads of its own; whoever draws takes the newest result."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from skel.app.acquisition import SPAN_S, Acquisition, State
from skel.app.recording import LiveRecording
from skel.app.timing import Recent, Spread
from skel.models.recognizer import Prediction, Recognizer
from skel.sensors.base import Playable, Sensor
from skel.skeleton.frame import SkeletonFrame

__all__ = ["Pipeline", "PipelineStats", "Snapshot", "State"]

_HISTORY_ROWS = 4096  # ten seconds of a full house (8 people at 30 fps) and more


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A frame and what was recognised in that very frame.

    Attributes:
        frame: as the sensor gave it, in the sensor's layout.
        predictions: one for each person who has been in view for long enough.
        labelled_s: `time.monotonic()` at which it was ready; `frame.host_time_s` is when the frame came.
        rival_predictions: the same of the model that is compared, if any.
    """

    frame: SkeletonFrame
    predictions: tuple[Prediction, ...]
    labelled_s: float
    rival_predictions: tuple[Prediction, ...] = ()


@dataclass(frozen=True)
class PipelineStats:
    """Figures for the status line.

    Attributes:
        state: what is going on.
        message: why it failed, or what was lost and when the next attempt is; empty otherwise.
        mode: how the sensor finds skeletons; empty where there is nothing to tell.
        frames: read from the sensor so far.
        drops: frames lost, by the sensor (a jump in the frames' index) or by a full queue.
        overruns: frames without a prediction of their own, because newer ones waited already.
        sensor_fps: over the last second.
        inference_ms: window and model, median of the last second.
        label_ms: from a frame's arrival to its prediction, median of the last second.
        sensor_ms, pose_ms: over the last seconds, see `Acquisition`; None where that is not known.
        window_ms, model_ms: of the two parts of `inference_ms`, over the last seconds; None where nothing was predicted.
        queued: frames that wait now.
        longest_queue: the most that ever waited.
    """

    state: State
    message: str
    mode: str
    frames: int
    drops: int
    overruns: int
    sensor_fps: float
    inference_ms: float
    label_ms: float
    sensor_ms: Spread | None
    pose_ms: Spread | None
    window_ms: Spread | None
    model_ms: Spread | None
    queued: int
    longest_queue: int


class Pipeline:
    """Runs one sensor and one recogniser; for another sensor stop it and make a new one.

    The acquisition thread opens and reads the sensor; the inference thread feeds the recogniser and leaves the newest
    `Snapshot` in one slot. When inference is slower than the sensor, all frames still go into the recogniser's window but
    only the newest is predicted, so latency stays bounded. A source at infinite speed waits instead, and every frame
    is predicted.

    `on_change` is called, on one of the two threads, when a snapshot lies in the slot that was empty, and when the state
    has changed: once until somebody takes the snapshot, so it can emit a queued Qt signal without building a backlog.

    Attributes:
        listener: gets every snapshot, on the inference thread, so it must be quick. May be set at any time.
    """

    def __init__(self, sensor: Sensor, recognizer: Recognizer, on_change: Callable[[], None] = lambda: None) -> None:
        self.sensor = sensor
        self._acquisition = Acquisition(sensor, on_change)
        self._on_change = on_change
        self.listener: Callable[[Snapshot], None] = lambda _: None
        self._lock = threading.Lock()  # guards all below
        self._recognizer = recognizer
        self._rival: Recognizer | None = None
        self._snapshot: Snapshot | None = None
        self._history: deque[Prediction] = deque(maxlen=_HISTORY_ROWS)
        self._rival_history: deque[Prediction] = deque(maxlen=_HISTORY_ROWS)
        self._overruns = 0
        self._inference_ms, self._label_ms = Recent(), Recent()
        self._window_ms, self._model_ms = Recent(SPAN_S), Recent(SPAN_S)
        self._thread = threading.Thread(target=self._infer, name="skel-inference", daemon=True)

    @property
    def playable(self) -> Playable | None:
        """The sensor, where it can be paused, stepped, sped up and sought."""
        return self._acquisition.playable

    @property
    def recording(self) -> LiveRecording | None:
        """What gets every frame of the sensor, however slow the recogniser is; None = nothing."""
        return self._acquisition.recording

    @recording.setter
    def recording(self, recording: LiveRecording | None) -> None:
        self._acquisition.recording = recording

    def watch(self, watcher: Callable[[SkeletonFrame], None] | None) -> None:
        """Let somebody have every frame of the sensor, on the acquisition thread; None = nobody any more."""
        self._acquisition.watcher = watcher

    @property
    def recognizer(self) -> Recognizer:
        """Who names the actions. Another one begins with the next frame, without a past; the sensor runs on."""
        return self._recognizer

    @recognizer.setter
    def recognizer(self, recognizer: Recognizer) -> None:
        with self._lock:
            self._recognizer, self._snapshot = recognizer, None
            self._history.clear()

    @property
    def rival(self) -> Recognizer | None:
        """A second recogniser, which names what the same frames show, for comparison."""
        return self._rival

    @rival.setter
    def rival(self, rival: Recognizer | None) -> None:
        with self._lock:
            self._rival, self._snapshot = rival, None
            self._rival_history.clear()

    def start(self, after: "Pipeline | None" = None) -> None:
        """Start both threads; errors of the sensor show up as `State.FAILED`.

        The sensor is opened when `after`, a pipeline that was asked to stop, has closed its own.
        """
        self._acquisition.start(after._acquisition if after else None)
        self._thread.start()

    def stop(self, wait_s: float = 1.0) -> bool:
        """End both threads, which close the sensor, and wait for them; whether they have ended by then."""
        give_up_s = time.monotonic() + wait_s
        self._acquisition.stop()
        if self._thread.ident is not None:
            self._thread.join(wait_s)
        return self._acquisition.join(max(give_up_s - time.monotonic(), 0.0)) and not self._thread.is_alive()

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

    def drain_rival(self) -> list[Prediction]:
        """The same of the model that is compared."""
        with self._lock:
            rows = list(self._rival_history)
            self._rival_history.clear()
            return rows

    def stats(self) -> PipelineStats:
        """The figures of this moment."""
        source = self._acquisition
        with self._lock:
            return PipelineStats(
                state=source.state,
                message=source.message,
                mode=source.mode,
                frames=source.frames,
                drops=source.drops,
                overruns=self._overruns,
                sensor_fps=source.rate_hz(),
                inference_ms=self._inference_ms.median(),
                label_ms=self._label_ms.median(),
                sensor_ms=source.sensor_ms(),
                pose_ms=source.pose_ms(),
                window_ms=self._window_ms.spread(),
                model_ms=self._model_ms.spread(),
                queued=len(source.queue),
                longest_queue=source.queue.longest,
            )

    def _infer(self) -> None:
        try:
            self._infer_all()
        except Exception as error:
            self._acquisition.fail(error)

    def _infer_all(self) -> None:
        known: tuple[Recognizer | None, ...] = ()
        while frames := self._acquisition.queue.take(everything=not self._acquisition.is_patient):
            recognizers = (self._recognizer, self._rival)
            for recognizer in recognizers:
                if recognizer is not None and recognizer not in known:
                    recognizer.reset()
            known = recognizers
            found = [predicted(recognizer, frames) for recognizer in recognizers]
            self._publish(recognizers, frames[-1], found, skipped=len(frames) - 1)

    def _publish(
        self,
        recognizers: tuple[Recognizer, Recognizer | None],
        frame: SkeletonFrame,
        found: list[tuple[Prediction, ...]],
        skipped: int,
    ) -> None:
        now_s = time.monotonic()
        with self._lock:
            if recognizers != (self._recognizer, self._rival):
                return  # their classes are no longer the ones that are shown
            wake = self._snapshot is None
            self._snapshot = snapshot = Snapshot(frame, found[0], now_s, found[1])
            self._history.extend(found[0])
            self._rival_history.extend(found[1])
            self._overruns += skipped
            self._label_ms.add(1e3 * (now_s - frame.host_time_s), now_s)
            if found[0]:
                self._inference_ms.add(found[0][0].latency_ms, now_s)
                self._window_ms.add(found[0][0].window_ms, now_s)
                self._model_ms.add(found[0][0].model_ms, now_s)
        self.listener(snapshot)
        if wake:
            self._on_change()


def predicted(recognizer: Recognizer | None, frames: list[SkeletonFrame]) -> tuple[Prediction, ...]:
    """What is done in the last of these frames, after all of them were taken in; nothing without a recogniser."""
    if recognizer is None:
        return ()
    for frame in frames:
        recognizer.observe(frame)
    return tuple(recognizer.predict())
