"""The last seconds of live frames, ready to become clips."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skel.skeleton.clip import ClipConfig, make_clip, mean_of_tracked_joints
from skel.skeleton.frame import SkeletonFrame

MAX_GAP_S = 1.0
"""A movement cannot be guessed across more than this without any frame."""


class SlidingWindow:
    """Keeps what each body did over the last seconds, by body id, and makes clips of it.

    Memory is taken once: two copies of a ring of `max_duration_s · max_fps` frames side by side, so that any window is one
    contiguous view; it is doubled where frames come more often. A body keeps its slot until somebody new needs one; then
    the body out of view for the longest time loses it. More bodies in one frame than `slots` are left out, the last listed
    first.

    Time stamps rule, not frame counts: a frame stamped as the last one is ignored. An earlier stamp (a recording that starts
    over, a clock set back) empties the window, and so does one more than `MAX_GAP_S` later (a place further on in a
    recording, a device that was away): positions are never interpolated across a longer time without frames. A body that was
    out of view while frames came is another matter: as in training's clips, its joints are interpolated (`ClipConfig.gaps`).
    """

    def __init__(self, config: ClipConfig, max_duration_s: float = 4.0, max_fps: float = 120.0, slots: int = 8) -> None:
        self.config = config
        self._max_duration_s = max_duration_s
        self._layout = config.skeleton_layout()
        self._capacity = int(np.ceil(max_duration_s * max_fps)) + 2  # one frame before the span, one at its end
        self._times_s = np.zeros(2 * self._capacity)
        self._positions_m = np.full((2 * self._capacity, slots, len(self._layout), 3), np.nan, np.float32)
        self._slot_of: dict[int, int] = {}  # body id → slot, longest out of view first
        self._count = 0  # frames pushed since the last `clear` or `_grow`, and those kept then
        self._in_view: tuple[int, ...] = ()

    @property
    def bodies(self) -> tuple[int, ...]:
        """The ids of the bodies in the last frame."""
        return self._in_view

    @property
    def time_s(self) -> float | None:
        """The time stamp of the last frame; None when the window is empty."""
        return float(self._times_s[(self._count - 1) % self._capacity]) if self._count else None

    def clear(self) -> None:
        """Forget everything."""
        self._positions_m.fill(np.nan)
        self._slot_of.clear()
        self._count, self._in_view = 0, ()

    def push(self, frame: SkeletonFrame) -> None:
        """Take in the next frame, in any layout that converts to the clip's."""
        last_s = self.time_s
        if last_s is not None:
            if frame.time_s == last_s:
                return
            if not last_s < frame.time_s <= last_s + MAX_GAP_S:
                self.clear()
        frame = frame.converted(self._layout)
        ids = [int(i) for i in frame.body_ids][: self._positions_m.shape[1]]
        for body in ids:  # those in view go to the end, before anyone new takes the slot of the first
            if body in self._slot_of:
                self._slot_of[body] = self._slot_of.pop(body)
        slots = [self._slot(body) for body in ids]
        row = self._count % self._capacity
        # With the oldest frame overwritten, is there still one before the span?
        if self._count >= self._capacity and frame.time_s - self._times_s[row + 1] < self._max_duration_s:
            self._grow()
            row = self._count
        for i in (row, row + self._capacity):
            self._times_s[i] = frame.time_s
            self._positions_m[i] = np.nan
            if ids:
                self._positions_m[i, slots] = frame.positions_m[: len(ids)]
        self._count += 1
        self._in_view = tuple(ids)

    def _grow(self) -> None:
        """Make room for twice as many frames."""
        times_s, positions_m = self._view()
        self._count = len(times_s)
        self._capacity *= 2
        self._times_s = np.zeros(2 * self._capacity)
        self._positions_m = np.full((2 * self._capacity, *positions_m.shape[1:]), np.nan, np.float32)
        for start in (0, self._capacity):
            self._times_s[start : start + self._count] = times_s
            self._positions_m[start : start + self._count] = positions_m

    def _slot(self, body: int) -> int:
        if body not in self._slot_of:
            if len(self._slot_of) < self._positions_m.shape[1]:
                slot = next(s for s in range(self._positions_m.shape[1]) if s not in self._slot_of.values())
            else:
                slot = self._slot_of.pop(next(iter(self._slot_of)))
                self._positions_m[:, slot] = np.nan
            self._slot_of[body] = slot
        return self._slot_of[body]

    def _view(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """Times (T,) and positions (T, slots, V, 3) of everything kept, oldest first, without a copy."""
        kept = min(self._count, self._capacity)
        end = (self._count - 1) % self._capacity + 1 + (self._capacity if self._count > self._capacity else 0)
        return self._times_s[end - kept : end], self._positions_m[end - kept : end]

    def centres_m(self) -> npt.NDArray[np.float64]:
        """Where the bodies in the last frame are, (M, 3) in the order of `bodies`: the mean of the tracked joints."""
        slots = [self._slot_of[body] for body in self._in_view]
        return mean_of_tracked_joints(self._positions_m[(self._count - 1) % self._capacity, slots])

    def tracked_s(self, body: int) -> float:
        """For how long the window has known this body, in seconds from its first kept frame to now."""
        times_s, positions_m = self._view()
        if body not in self._slot_of:
            return 0.0
        tracked = ~np.isnan(positions_m[:, self._slot_of[body]]).all(axis=(1, 2))
        return float(times_s[-1] - times_s[np.argmax(tracked)]) if tracked.any() else 0.0

    def clips(self, durations_s: Sequence[float], bodies: Sequence[int]) -> npt.NDArray[np.float32]:
        """Clips (D, 3, T, V, M) of the last `durations_s` seconds, of these bodies in this order.

        Each equals `make_clip` of the whole recording over the span (now − duration, now). A body that the window has
        forgotten is absent (zero).
        """
        times_s, positions_m = self._view()
        now = self.time_s or 0.0
        first = max(int(np.searchsorted(times_s, now - max(durations_s), side="right")) - 1, 0)
        times_s, positions_m = times_s[first:], positions_m[first:]
        columns = [self._slot_of.get(body) for body in bodies]
        chosen = np.full((len(times_s), len(bodies), len(self._layout), 3), np.nan, np.float32)
        for place, slot in enumerate(columns):
            if slot is not None:
                chosen[:, place] = positions_m[:, slot]
        return np.stack([make_clip(chosen, times_s, self.config, (now - d, now)) for d in durations_s])
