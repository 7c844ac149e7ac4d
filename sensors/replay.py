"""A recording as a sensor: in real time, faster, step by step, looping, from any place."""

import time
from pathlib import Path

import numpy as np

from skel.sensors.base import SensorError
from skel.sensors.played import PlayedSensor
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Recording, load_recording


class ReplaySensor(PlayedSensor[int]):
    """Gives a recording's frames out when they are due. The controls of `Playable` may be used from any thread.

    `time_s` is the recording's own stamp, and counts on when looping. Body ids are the recording's columns; a body that is
    untracked in a frame is left out of it.

    Attributes:
        recording: what is played, with its segments and what had to be assumed about it.
        path: where it was read from; None for a recording in memory.
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
        super().__init__(speed, loop)
        self.path = None if isinstance(source, Recording) else Path(source)
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
        self._row = 0

    @property
    def position_s(self) -> float:
        """Where the next frame stands, in seconds from the recording's first; `duration_s` at the end."""
        return float(self._due_at_s[self._row])

    def _start(self) -> None:
        self._row = 0

    def _stop(self) -> None:
        pass

    def _at_end(self) -> bool:
        return self._row == len(self.recording)

    def _take(self) -> tuple[int, float]:
        row = self._row
        self._row += 1
        return row, float(self.recording.times_s[row])

    def _go_to(self, position_s: float) -> None:
        self._row = int(np.argmin(np.abs(self._due_at_s[:-1] - position_s)))

    def _go_back(self, items: int) -> None:
        self._row = max(self._row - 1 - items, 0)

    def _frame(self, item: int, index: int, time_s: float) -> SkeletonFrame:
        positions_m = self.recording.positions_m[item]
        known = np.isfinite(positions_m).all(axis=-1)  # (M, V)
        bodies = np.flatnonzero(known.any(axis=-1))
        known = known[bodies]
        return SkeletonFrame(
            layout=self.layout,
            positions_m=np.where(known[..., None], positions_m[bodies], np.float32(np.nan)),
            confidence=known.astype(np.float32),
            body_ids=bodies.astype(np.int64),
            index=index,
            time_s=time_s,
            host_time_s=time.monotonic(),
        )
