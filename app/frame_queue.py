"""The way of the frames from the thread that reads the sensor to the one that recognises."""

import threading
from collections import deque
from dataclasses import replace

from skel.skeleton.frame import SkeletonFrame


class FrameQueue:
    """A bounded queue of frames that never makes a live sensor wait.

    Every skeleton is kept, so that the recogniser's window has no holes; of pictures only the newest frame's is, since
    nothing else will be shown. When the reader is so late that `capacity` is reached, the oldest frame goes and is counted.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._frames: deque[SkeletonFrame] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._closed = False
        self._dropped = 0
        self._longest = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def dropped(self) -> int:
        """How many frames had to go."""
        return self._dropped

    @property
    def longest(self) -> int:
        """The most frames that ever waited at once."""
        return self._longest

    def put(self, frame: SkeletonFrame) -> None:
        """Add a frame at once, whatever it takes."""
        with self._changed:
            if self._frames and self._frames[-1].image is not None:
                self._frames[-1] = replace(self._frames[-1], image=None)
            if len(self._frames) >= self._capacity:
                self._frames.popleft()
                self._dropped += 1
            self._append(frame)

    def put_patiently(self, frame: SkeletonFrame) -> None:
        """Add a frame when there is room for it; without effect once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._frames) < self._capacity)
            if not self._closed:
                self._append(frame)

    def _append(self, frame: SkeletonFrame) -> None:
        self._frames.append(frame)
        self._longest = max(self._longest, len(self._frames))
        self._changed.notify_all()

    def take(self, everything: bool, timeout_s: float | None = None) -> list[SkeletonFrame]:
        """Wait for frames and take all of them, or the oldest only; an empty list after `timeout_s` or once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._frames, timeout_s)
            if self._closed or not self._frames:
                return []
            taken = [self._frames.popleft() for _ in range(len(self._frames) if everything else 1)]
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """Let go of both sides."""
        with self._changed:
            self._closed = True
            self._frames.clear()
            self._changed.notify_all()
