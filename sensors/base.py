"""What every sensor is: opened, read frame by frame, closed."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Protocol, Self

from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import SkeletonLayout


class SensorTimeout(Exception):  # noqa: N818 - design name; waiting longer may help
    """No frame came within the time given to `read`; the sensor is still open and may be read again."""


class EndOfStream(Exception):  # noqa: N818 - not an error
    """The source has ended (the last frame of a recording or video), or the sensor is closed: no frame will come."""


class SensorLost(Exception):  # noqa: N818 - design name
    """The device went away (unplugged, stopped); close it and open it again."""


class SensorError(UserError):
    """The sensor cannot be opened as asked; says what, where and how to mend it."""


class SensorAbsent(SensorError):  # noqa: N818 - an answer, where any sensor will do
    """There is no such device here: none is connected, or what it needs was never installed."""


class Sensor(Protocol):
    """A source of skeleton frames in canonical space (see `skel.skeleton.frame`).

    `open` raises `SensorError` where the source is missing or broken. `read` waits at most `timeout_s` and returns the next
    frame, in order and none skipped, with strictly increasing `time_s` and `index`; it raises `SensorTimeout`, `EndOfStream`
    or `SensorLost`. `close` may be called at any time, from any state, any thread, any number of times: a `read` that waits
    then ends promptly with `EndOfStream`, as does one on a sensor that is not open. A closed sensor may be opened again; a
    source with a beginning then starts there. One thread reads at a time.

    Attributes:
        name: the registry's name.
        layout: what the joints of its frames are; settled by `open`, as are the two below.
        nominal_fps: frames a second that it means to give.
        mode: how it finds skeletons, in a few words fit to be shown ("body tracking", "MediaPipe lite, metric depth");
            empty where there is nothing to tell.
    """

    name: str
    layout: SkeletonLayout
    nominal_fps: float
    mode: str

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


class SensorContext(ABC):
    """What a `with` block does with every sensor."""

    @abstractmethod
    def open(self) -> None:
        """See `Sensor`."""

    @abstractmethod
    def close(self) -> None:
        """See `Sensor`."""

    def __enter__(self) -> Self:
        """Open and return the sensor."""
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the sensor."""
        self.close()


class Playable(Protocol):
    """What a recorded source adds to `Sensor`: it can be paused, stepped, sped up and sought, from any thread.

    After a seek or a step back `time_s` may be earlier than before (`SlidingWindow` then starts anew by its own rule);
    `index` goes on counting. At the end `read` raises `EndOfStream` until a seek or a step back gives it something to read.
    """

    duration_s: float
    loop: bool

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
