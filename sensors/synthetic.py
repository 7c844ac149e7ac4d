"""An articulated body that performs known actions: a sensor for tests, demos and extra training clips."""

import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skel.sensors.actor_motions import ACTIONS, IDLE
from skel.sensors.actor_stage import Stage, StageOptions
from skel.sensors.base import EndOfStream, SensorContext, SensorTimeout
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording

__all__ = ["ACTIONS", "IDLE", "SyntheticSensor", "perform"]

_CHUNK = 64  # frames computed at once: a few milliseconds' work every two seconds


def perform(
    seed: int = 0,
    duration_s: float = 60.0,
    *,
    script: Sequence[str] | None = None,
    persons: int = 1,
    fps: float = 30.0,
    jitter_m: float = 0.0,
    occlusion: float = 0.0,
    drop_rate: float = 0.0,
) -> Recording:
    """A whole recording of the synthetic actors, computed at once; the same seed gives the same frames bit for bit.

    Args:
        seed: chooses everybody's size, tempo, heading, place and small variations, and the noise.
        duration_s: its length. No action is begun that would not be over by then.
        script: names from `ACTIONS`, performed in turn and again from the start; None = all in random order, over and over.
        persons: how many; each follows the script from an own place in it.
        fps: frames a second.
        jitter_m: standard deviation of Gaussian noise on every coordinate.
        occlusion: share of the time, 0 to below 1, in which one of a person's limbs is hidden (NaN).
        drop_rate: probability that a frame is missing; the time stamps show the hole.

    Returns:
        (T, persons, 25, 3) in NTU25. Segments are the true actions of the first person; quiet standing has none.
    """
    options = StageOptions(seed, script, persons, fps, jitter_m, occlusion, drop_rate)
    count = round(duration_s * fps)
    if not count >= 1:
        raise UserError(f"synthetic sensor: {duration_s} s at {fps} frames a second hold no frame")
    stage = Stage(options, until_s=count / fps)
    _, times_s, positions_m = stage.frames(count)
    return Recording(positions_m, times_s, NTU25, fps, "synthetic", stage.actors[0].segments)


class SyntheticSensor(SensorContext):
    """The synthetic actors as a sensor: it never ends, and opened again it starts from the beginning.

    Args:
        seed, script, persons, fps, jitter_m, occlusion, drop_rate: as in `perform`; body ids count from 0.
        real_time: give frames out at `fps`, counted from the first read; otherwise as fast as they are read.
    """

    name = "synthetic"
    mode = ""

    def __init__(
        self,
        seed: int = 0,
        *,
        script: Sequence[str] | None = None,
        persons: int = 1,
        fps: float = 30.0,
        jitter_m: float = 0.003,
        occlusion: float = 0.0,
        drop_rate: float = 0.0,
        real_time: bool = True,
    ) -> None:
        self.layout = NTU25
        self.nominal_fps = fps
        self._options = StageOptions(seed, script, persons, fps, jitter_m, occlusion, drop_rate)
        self._real_time = real_time
        self._closed = threading.Event()
        self._closed.set()
        self._stage = Stage(self._options)
        self._ready: deque[tuple[int, float, npt.NDArray[np.float32]]] = deque()
        self._started_s: float | None = None

    def open(self) -> None:
        """Begin from the start; does nothing when open."""
        if self._closed.is_set():
            self._stage = Stage(self._options)
            self._ready.clear()
            self._started_s = None
            self._closed.clear()

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame."""
        if self._closed.is_set():
            raise EndOfStream("the synthetic sensor is closed")
        while not self._ready:
            self._ready.extend(zip(*self._stage.frames(_CHUNK)))
        index, time_s, positions_m = self._ready[0]
        if self._real_time:
            now = time.monotonic()
            self._started_s = now if self._started_s is None else self._started_s
            wait_s = self._started_s + time_s - now
            if self._closed.wait(max(min(wait_s, timeout_s), 0)):
                raise EndOfStream("the synthetic sensor was closed")
            if wait_s > timeout_s:
                raise SensorTimeout(f"no frame within {timeout_s:g} s")
        self._ready.popleft()
        seen = ~np.isnan(positions_m[..., 0])
        return SkeletonFrame(
            NTU25, positions_m, seen.astype(np.float32), np.arange(len(seen)), int(index), float(time_s), time.monotonic()
        )

    def labels_at(self, time_s: float) -> dict[int, str]:
        """What each body (by id) truly does at the time of a frame read within the last minute; "idle" between actions."""
        return {
            body: next((s.label for s in actor.segments if s.start_s <= time_s < s.end_s), IDLE)
            for body, actor in enumerate(self._stage.actors)
        }

    def close(self) -> None:
        """Stop; a read that waits in another thread ends with `EndOfStream`."""
        self._closed.set()
