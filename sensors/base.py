"""What every sensor is: opened, read frame by frame, closed."""

from types import TracebackType
from typing import Protocol, Self

from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import SkeletonLayout


class SensorTimeout(Exception):  # noqa: N818 - design name; waiting longer may help
    """No frame came within the time given to `read`; the sensor is still open and may be read again."""


class EndOfStream(Exception):  # noqa: N818 - not an error
    """The source has ended (the last frame of a recording or video): no frame will come any more."""


class SensorLost(Exception):  # noqa: N818 - design name
    """The device went away (unplugged, stopped); close it and open it again."""


class SensorError(UserError):
    """The sensor cannot be opened as asked; says what, where and how to mend it."""


class Sensor(Protocol):
    """A source of skeleton frames in canonical space (see `skel.skeleton.frame`).

    `open` raises `SensorError` where the source is missing or broken. `read` waits at most `timeout_s` and returns the next
    frame, in order and none skipped, with strictly increasing `time_s` and `index`; it raises `SensorTimeout`, `EndOfStream`
    or `SensorLost`. `close` may be called at any time, from any state, any number of times; an open sensor may be reopened
    after it. One thread reads at a time.
    """

    name: str
    layout: SkeletonLayout
    nominal_fps: float

    def open(self) -> None:
        """Acquire the device or file; does nothing when it is open already."""
        ...

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...

    def __enter__(self) -> Self:
        """Open and return the sensor."""
        ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the sensor."""
        ...


class Playable(Protocol):
    """What a recorded source adds to `Sensor`: it can be paused, stepped, sped up and sought, from any thread."""

    duration_s: float

    @property
    def position_s(self) -> float:
        """The sensor time of the next frame, from the recording's start."""
        ...

    @property
    def paused(self) -> bool:
        """Whether `read` holds frames back (it then raises `SensorTimeout`)."""
        ...

    @paused.setter
    def paused(self, value: bool) -> None: ...

    @property
    def speed(self) -> float:
        """Frames are given out at `speed` × real time; `math.inf` = as fast as they are read."""
        ...

    @speed.setter
    def speed(self, value: float) -> None: ...

    def seek(self, time_s: float) -> None:
        """Continue at that time from the recording's start (clamped)."""
        ...

    def step(self, frames: int = 1) -> None:
        """While paused: give out that many frames more (negative: go back that many and give one out)."""
        ...
