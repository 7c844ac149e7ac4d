"""Whatever sensor is connected."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from skel.sensors.base import EndOfStream, Sensor, SensorAbsent, SensorContext, SensorError
from skel.sensors.registry import create_sensor
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25, SkeletonLayout

_log = logging.getLogger(__name__)

_COMMON = ("people", "pose_model", "variant", "confirm")
_OPTIONS = {
    "kinect": (*_COMMON, "tracker", "tracker_model", "processing_mode"),
    "webcam": (*_COMMON, "field_of_view_deg"),
}


class AutoSensor(SensorContext):
    """The first Kinect if one is connected, else the first webcam.

    `open` tries them in order, and from then on it is what it found: it has that sensor's name and gives its frames, and
    opened again, after a loss for instance, it is the same kind.
    """

    def __init__(self, candidates: Mapping[str, Callable[[], Sensor]] | None = None, **options: Any) -> None:
        """Nothing is tried yet.

        Args:
            candidates: other sensors to try, by what they are called where they fail, in that order.
            options: for the sensors' classes; each gets those that it knows (people, pose_model, variant, confirm, tracker,
                tracker_model, processing_mode, field_of_view_deg).
        """
        known = {name for names in _OPTIONS.values() for name in names}
        if options.keys() - known:
            raise TypeError(f"unknown options: {', '.join(sorted(options.keys() - known))}")
        self._candidates = candidates or {kind: _maker(kind, options) for kind in _OPTIONS}
        self._found: Sensor | None = None

    @property
    def name(self) -> str:
        """'auto', or the name of what was found."""
        return self._found.name if self._found else "auto"

    @property
    def layout(self) -> SkeletonLayout:
        """The joints of its frames."""
        return self._found.layout if self._found else NTU25

    @property
    def nominal_fps(self) -> float:
        """Frames a second that it means to give."""
        return self._found.nominal_fps if self._found else 30.0

    @property
    def mode(self) -> str:
        """How it finds skeletons."""
        return self._found.mode if self._found else ""

    @property
    def latency_ms(self) -> float | None:
        """See `WebcamSensor`; None where the sensor does not know it."""
        return getattr(self._found, "latency_ms", None)

    def open(self) -> None:
        """Open what is connected; `SensorError`, in one line, with what was tried and why each failed.

        One that is there and fails is told in the log when another takes its place.
        """
        if self._found is not None:
            self._found.open()
            return
        failures: dict[str, UserError] = {}
        for kind, make in self._candidates.items():
            try:
                sensor = make()
                sensor.open()
            except UserError as error:
                failures[kind] = error
            else:
                self._found = sensor
                for other, failure in failures.items():
                    if not isinstance(failure, SensorAbsent):
                        _log.warning("%s: %s: the %s is used", other, failure, kind)
                return
        reasons = "; ".join(f"{kind}: {failure}" for kind, failure in failures.items())
        raise SensorError(f"no sensor was found ({reasons}): connect one, play a file, or try skel-app --demo")

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame."""
        if self._found is None:
            raise EndOfStream("no sensor is open")
        return self._found.read(timeout_s)

    def close(self) -> None:
        """Release everything."""
        if self._found is not None:
            self._found.close()


def _maker(kind: str, options: Mapping[str, Any]) -> Callable[[], Sensor]:
    return lambda: create_sensor(kind, **{name: value for name, value in options.items() if name in _OPTIONS[kind]})
