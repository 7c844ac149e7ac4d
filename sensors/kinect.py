"""The Azure Kinect as a sensor, live or from an MKV recording: by Microsoft's body tracker, or by MediaPipe and depth."""

import logging
import math
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
import numpy.typing as npt

from skel.sensors.base import EndOfStream, SensorContext, SensorTimeout
from skel.sensors.k4a import Capture, KinectDevice, KinectRecording
from skel.sensors.k4abt import BodyTracker, NoBodyTracking, ProcessingMode
from skel.sensors.lifting import box_around, lift
from skel.sensors.people import PeopleTracker
from skel.sensors.pose import PoseEstimator
from skel.sensors.pose_model import Confirm, PoseVariant, find_pose_model, pose_mode
from skel.sensors.registration import Array, Registration, Rig
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import AZURE32, MEDIAPIPE33, SkeletonLayout

Tracker = Literal["auto", "body-tracking", "mediapipe"]
"""How people are found; "auto" takes the body tracker where it runs."""

_log = logging.getLogger(__name__)

_SLICE_S = 0.05  # how long one wait inside the device or the tracker lasts; `close` waits no longer than that


class _Found(NamedTuple):
    """The bodies in one capture, in canonical axes; fields as in `SkeletonFrame`."""

    positions_m: Array
    confidence: Array
    body_ids: npt.NDArray[np.int64]
    image_points_px: Array


class _Way(Protocol):
    """How skeletons are found in captures."""

    layout: SkeletonLayout
    mode: str

    def find(self, capture: Capture, timeout_s: float) -> _Found | None:
        """The bodies in a capture; None = not ready, ask again with the same capture."""
        ...

    def close(self) -> None: ...


class _BodyTracking:
    """Microsoft's body tracker. One capture is in it at a time: the frame out belongs to the capture just put in."""

    layout = AZURE32
    mode = "body tracking"

    def __init__(self, rig: Rig, tracker: BodyTracker) -> None:
        self._rig, self._tracker = rig, tracker
        self._inside = False

    def find(self, capture: Capture, timeout_s: float) -> _Found | None:
        self._inside = self._inside or self._tracker.enqueue(capture.handle, timeout_s)
        bodies = self._tracker.pop(timeout_s) if self._inside else None
        if bodies is None:
            return None
        self._inside = False
        positions_m = self._rig.canonical(bodies.positions_m)
        return _Found(positions_m, bodies.confidence, bodies.ids, self._rig.colour_px(bodies.positions_m))

    def close(self) -> None:
        self._tracker.close()


class _MetricPose:
    """MediaPipe's landmarks in the colour picture, made metric by the depth picture."""

    layout = MEDIAPIPE33

    def __init__(self, rig: Rig, model: Path, people: int) -> None:
        self.mode = f"{pose_mode(model)}, metric depth"
        self._rig, self._registration = rig, Registration(rig)
        self._people = PeopleTracker()
        self._estimate = PoseEstimator(model, people)

    def find(self, capture: Capture, timeout_s: float) -> _Found | None:
        found = self._people(self._estimate(capture.image, capture.time_s), capture.time_s)
        points_px = np.array([pose.image_px for pose in found.values()], np.float32).reshape(-1, len(self.layout), 2)
        lifted = []
        if found:
            depth = self._registration(capture.depth_mm, box_around(points_px))
            lifted = [lift(pose, depth, self._rig.colour) for pose in found.values()]
        positions_m = np.array([body.positions_m for body in lifted], np.float32).reshape(-1, len(self.layout), 3)
        confidence = np.array([body.confidence for body in lifted], np.float32).reshape(-1, len(self.layout))
        ids = np.array(list(found), np.int64)
        return _Found(self._rig.canonical_from_colour(positions_m), confidence, ids, points_px)

    def close(self) -> None:
        self._estimate.close()


class KinectSensor(SensorContext):
    """An Azure Kinect (or an Orbbec Femto through its vendor's libk4a), or a recording of one.

    With Microsoft's Body Tracking SDK frames are in AZURE32, without it in MEDIAPIPE33: landmarks found in the colour
    picture, at the distances that the depth camera measures. Positions are turned upright by the accelerometer, once at the
    start.

    `time_s` is the device's clock. `index` counts in pictures of the nominal rate: it jumps where pictures were lost on the
    way, left out because depth or colour were missing, or dropped by the device since nobody read them in time. A
    recording's frames are all given out.

    Attributes:
        speed: of a recording, times real time; infinite = it waits for its reader. 1 for a device.
    """

    name = "kinect"
    layout: SkeletonLayout = MEDIAPIPE33
    nominal_fps = 30.0
    mode = ""

    def __init__(
        self,
        source: int | Path | str = 0,
        *,
        tracker: Tracker = "auto",
        processing_mode: ProcessingMode = "gpu",
        tracker_model: Path | None = None,
        sdk: Path | None = None,
        pose_model: Path | None = None,
        variant: PoseVariant = "lite",
        people: int = 1,
        speed: float = 1.0,
        confirm: Confirm | None = None,
    ) -> None:
        """Remember what to open.

        Args:
            source: which of the connected devices, counted from 0, or a recording, .mkv.
            tracker: "auto" takes the body tracker where it runs and MediaPipe elsewhere, and says why in `mode`.
            processing_mode, tracker_model, sdk: of the body tracker, see `BodyTracker`.
            pose_model, variant, confirm: of MediaPipe's model, see `find_pose_model`.
            people: how many MediaPipe looks for; the body tracker finds everybody.
            speed: of a recording, times real time; `math.inf` = as fast as it is read.

        Raises:
            UserError: a value that is out of range.
        """
        if not speed > 0:
            raise UserError(f"a recording's speed must be above 0 (1 = real time, inf = as fast as it is read), not {speed}")
        if people < 1:
            raise UserError(f"at least one person must be looked for, not {people}")
        if tracker not in get_args(Tracker):
            raise UserError(f"unknown way of tracking {tracker!r}: known are {', '.join(get_args(Tracker))}")
        self._source = source if isinstance(source, int) else int(str(source)) if str(source).isdecimal() else Path(source)
        self._tracker = tracker
        self._tracker_options: dict[str, Any] = {"processing_mode": processing_mode, "model": tracker_model, "sdk": sdk}
        self._pose_model = (pose_model, variant, confirm)
        self._people = people
        self.speed = 1.0 if isinstance(self._source, int) else speed
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._session: _Session | None = None
        self._told = ""

    def open(self) -> None:
        """Open the device or recording and start a tracker; does nothing when open."""
        with self._lock:
            self._closing.clear()
            if self._session is None:
                session = self._started()
                self.layout, self.mode, self.nominal_fps = session.way.layout, session.way.mode, session.source.fps
                self._session = session

    def _started(self) -> "_Session":
        with ExitStack() as stack:
            source: KinectDevice | KinectRecording = (
                KinectDevice(self._source) if isinstance(self._source, int) else KinectRecording(self._source, self.speed)
            )
            stack.callback(source.close)
            way = self._way(source)
            stack.callback(way.close)
            return _Session(source, way, stack.pop_all())

    def _way(self, source: KinectDevice | KinectRecording) -> _Way:
        reason = ""
        if self._tracker != "mediapipe":
            try:
                return _BodyTracking(source.rig, BodyTracker(source.calibration, **self._tracker_options))
            except NoBodyTracking as error:
                if self._tracker == "body-tracking":
                    raise
                if str(error) != self._told:  # once, however often a lost device is opened again
                    _log.warning("Kinect without body tracking: %s", error)
                self._told = str(error)
                reason = f" (no body tracking: {error.phrase})"
        way = _MetricPose(source.rig, find_pose_model(*self._pose_model), self._people)
        way.mode += reason
        return way

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        """The next frame."""
        give_up_s = time.monotonic() + timeout_s
        while True:
            with self._lock:
                if self._session is None or self._closing.is_set():
                    raise EndOfStream("the Kinect is closed")
                rest_s = give_up_s - time.monotonic()
                frame = self._session.step(min(max(rest_s, 0.0), _SLICE_S))
            if frame is not None:
                return frame
            if rest_s <= 0:
                raise SensorTimeout(f"no frame within {timeout_s:g} s")

    def close(self) -> None:
        """Release the tracker, then the device; a read that waits in another thread ends with `EndOfStream`."""
        self._closing.set()  # a reader takes the lock again and again: it must leave by itself
        with self._lock:
            session, self._session = self._session, None
            if session is not None:
                session.cleanup.close()


class _Session:
    """What exists while the sensor is open."""

    def __init__(self, source: KinectDevice | KinectRecording, way: _Way, cleanup: ExitStack) -> None:
        self.source, self.way, self.cleanup = source, way, cleanup
        self._capture: Capture | None = None
        self._arrived_s = 0.0
        self._last_s, self._index = -math.inf, -1

    def step(self, timeout_s: float) -> SkeletonFrame | None:
        """The next frame, if it is ready in time (the times for the device and for the tracker may add up)."""
        if self._capture is None:
            self._capture = self.source.capture(timeout_s)
            self._arrived_s = time.monotonic()
            if self._capture is None or self._capture.time_s <= self._last_s:
                self._capture = None
                return None
        found = self.way.find(self._capture, timeout_s)
        if found is None:
            return None
        capture, self._capture = self._capture, None
        passed = (capture.time_s - self._last_s) * self.source.fps
        self._index += max(round(passed), 1) if self._index >= 0 else 1
        self._last_s = capture.time_s
        return SkeletonFrame(
            layout=self.way.layout,
            positions_m=found.positions_m,
            confidence=found.confidence,
            body_ids=found.body_ids,
            index=self._index,
            time_s=capture.time_s,
            host_time_s=self._arrived_s,
            image=capture.image,
            image_points_px=found.image_points_px,
        )
