"""How old the picture on the screen is, and what made it so. No Qt."""

import time
from collections import deque
from dataclasses import dataclass

from skel.app.acquisition import SPAN_S
from skel.app.pipeline import PipelineStats, Snapshot
from skel.app.timing import Recent, Spread

_SAMPLES = 4096


@dataclass(frozen=True)
class Latency:
    """Milliseconds over the last seconds; None where that is not known or nothing was shown.

    Attributes:
        sensor: from the exposure to the arrival of a picture.
        pose: from the picture to the skeletons in it.
        waiting: for a thread that was busy, or for another model's answer.
        window, model: from the skeletons to the predictions.
        screen: from the predictions to the end of the paint that showed them.
        age: of a frame when it appears, from its arrival on; the sum of all but `sensor`.
        fps: frames a second from the sensor.
        drops: frames lost so far.
        skipped: frames so far without a prediction of their own, because a newer one was there.
    """

    sensor: Spread | None = None
    pose: Spread | None = None
    waiting: Spread | None = None
    window: Spread | None = None
    model: Spread | None = None
    screen: Spread | None = None
    age: Spread | None = None
    fps: float = 0.0
    drops: int = 0
    skipped: int = 0


class LatencyMeter:
    """Is told of every frame that was painted.

    Attributes:
        painted_ms: from a frame's arrival to the end of the paint that first showed it, of the last frames.
    """

    def __init__(self) -> None:
        self.painted_ms: deque[float] = deque(maxlen=_SAMPLES)
        self._age, self._screen, self._rest = Recent(SPAN_S), Recent(SPAN_S), Recent(SPAN_S)

    def painted(self, snapshot: Snapshot) -> None:
        """This frame with its predictions has just appeared."""
        now_s = time.monotonic()
        age_ms, screen_ms = 1e3 * (now_s - snapshot.frame.host_time_s), 1e3 * (now_s - snapshot.labelled_s)
        recognising_ms = snapshot.predictions[0].latency_ms if snapshot.predictions else 0.0
        self.painted_ms.append(age_ms)
        self._age.add(age_ms, now_s)
        self._screen.add(screen_ms, now_s)
        self._rest.add(max(age_ms - screen_ms - recognising_ms, 0.0), now_s)

    @property
    def age(self) -> Spread | None:
        """See `Latency`."""
        return self._age.spread()

    def read(self, stats: PipelineStats) -> Latency:
        """All figures of this moment."""
        rest, pose = self._rest.spread(), stats.pose_ms
        if rest is not None and pose is not None:
            rest = Spread(max(rest.median - pose.median, 0.0), max(rest.p95 - pose.p95, 0.0))
        return Latency(
            stats.sensor_ms,
            pose,
            rest,
            stats.window_ms,
            stats.model_ms,
            self._screen.spread(),
            self._age.spread(),
            stats.sensor_fps,
            stats.drops,
            stats.overruns,
        )
