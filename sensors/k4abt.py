"""A binding of Microsoft's Azure Kinect Body Tracking SDK, which has no Python package: the few functions it takes.

Source: https://microsoft.github.io/Azure-Kinect-Body-Tracking/release/1.1.x/ (k4abt.h, k4abttypes.h). Its library must use
the same libk4a as pyk4a, from which the calibration and the captures come.
"""

import ctypes
import os
import re
import sys
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorError, SensorLost
from skel.skeleton.layouts import AZURE32

ProcessingMode = Literal["gpu", "cpu", "gpu-cuda", "gpu-tensorrt", "gpu-directml"]
"""Where the tracker's network runs; in the order of `k4abt_tracker_processing_mode_t`."""

VARIABLE = "K4ABT_DIR"
_WINDOWS = os.name == "nt"
_MODELS = ("dnn_model_2_0_op11.onnx", "dnn_model_2_0_lite_op11.onnx")
_SUCCEEDED, _TIMEOUT = 0, 2  # k4a_result_t and k4a_wait_result_t
_NO_BODY = 0xFFFFFFFF
_HIGHEST_CONFIDENCE = 3
_INSTALL = "see docs/kinect.md"


class Joint(ctypes.Structure):
    """`k4abt_joint_t`: 32 bytes."""

    _fields_ = (
        ("position_mm", ctypes.c_float * 3),
        ("orientation_wxyz", ctypes.c_float * 4),
        ("confidence", ctypes.c_int),
    )


class Skeleton(ctypes.Structure):
    """`k4abt_skeleton_t`: 1024 bytes."""

    _fields_ = (("joints", Joint * len(AZURE32)),)


class TrackerConfig(ctypes.Structure):
    """`k4abt_tracker_configuration_t`: 24 bytes, passed by value."""

    _fields_ = (
        ("sensor_orientation", ctypes.c_int),
        ("processing_mode", ctypes.c_int),
        ("gpu_device_id", ctypes.c_int32),
        ("model_path", ctypes.c_char_p),
    )


class NoBodyTracking(SensorError):  # noqa: N818 - an answer that a fallback exists for
    """The tracker cannot run here.

    Attributes:
        phrase: why, in a few words fit to be shown.
    """

    def __init__(self, phrase: str, message: str) -> None:
        super().__init__(message)
        self.phrase = phrase


class Bodies(NamedTuple):
    """The bodies in one capture.

    Attributes:
        ids: (M,) int64; the tracker's own.
        positions_m: (M, 32, 3) float32 in the depth camera's axes (x right, y down, z forwards), NaN where the tracker has
            no joint (out of range).
        confidence: (M, 32) float32: 0 none, 1/3 low (predicted, not seen), 2/3 medium, 1 high (no SDK gives it so far).
    """

    ids: npt.NDArray[np.int64]
    positions_m: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32]


class BodyTracker:
    """`k4abt_tracker_t`: captures go in, bodies come out, in the same order. Not for several threads at once."""

    def __init__(
        self,
        calibration: Any,
        *,
        processing_mode: ProcessingMode = "gpu",
        model: Path | None = None,
        sdk: Path | None = None,
    ) -> None:
        """Load the SDK and start its tracker.

        Args:
            calibration: of the device or recording whose captures will come, a `pyk4a.Calibration`.
            processing_mode: where the network runs.
            model: the network, `dnn_model_2_0_op11.onnx` or its faster variant `dnn_model_2_0_lite_op11.onnx`; left out, it
                is looked for beside the library and where the SDK's installers put it.
            sdk: the SDK's folder, or the one its library is in; left out, what the environment variable K4ABT_DIR names or
                where the SDK's installers put it.

        Raises:
            NoBodyTracking: the SDK is not there, cannot work with this pyk4a, or its tracker does not start.
        """
        if processing_mode not in get_args(ProcessingMode):
            raise SensorError(
                f"unknown processing mode {processing_mode!r}: known are {', '.join(get_args(ProcessingMode))}"
            )
        refuse_foreign_libk4a()
        library, folder = _load(sdk)
        model = _model(model, folder)
        config = TrackerConfig(
            0, get_args(ProcessingMode).index(processing_mode), 0, os.fsencode(model) if model is not None else None
        )
        tracker = ctypes.c_void_p()
        created = library.k4abt_tracker_create(
            _pointer(calibration._calibration_handle, b"pyk4a calibration handle"), config, ctypes.byref(tracker)
        )
        if created != _SUCCEEDED or not tracker.value:
            raise NoBodyTracking(
                "the tracker does not start",
                f"the body tracker does not start (processing mode {processing_mode}, model {model or 'not found'}): "
                f"it needs {_MODELS[0]} and, unless the mode is cpu, a graphics card with its driver; {_INSTALL}",
            )
        self._library, self._tracker = library, tracker
        self.close = weakref.finalize(self, _destroy, library, tracker)
        """Release the tracker; may be repeated, and happens at the latest when this object goes."""

    def enqueue(self, capture: Any, timeout_s: float) -> bool:
        """Give it a capture (a `pyk4a.PyK4ACapture` with depth and infrared); False if its queue stays full for so long."""
        handle = ctypes.c_void_p.from_address(_pointer(capture._capture_handle, b"pyk4a capture handle") or 0)
        result = self._library.k4abt_tracker_enqueue_capture(self._tracker, handle, _milliseconds(timeout_s))
        if result not in (_SUCCEEDED, _TIMEOUT):
            raise SensorLost("the body tracker refuses captures: they need depth and infrared pictures")
        return bool(result == _SUCCEEDED)

    def pop(self, timeout_s: float) -> Bodies | None:
        """The bodies of the oldest capture that was given and not yet answered; None if they are not there in time."""
        frame = ctypes.c_void_p()
        result = self._library.k4abt_tracker_pop_result(self._tracker, ctypes.byref(frame), _milliseconds(timeout_s))
        if result == _TIMEOUT:
            return None
        if result != _SUCCEEDED:
            raise SensorLost("the body tracker has stopped")
        try:
            return self._bodies(frame)
        finally:
            self._library.k4abt_frame_release(frame)

    def _bodies(self, frame: ctypes.c_void_p) -> Bodies:
        count = self._library.k4abt_frame_get_num_bodies(frame)
        ids = np.array([self._library.k4abt_frame_get_body_id(frame, body) for body in range(count)], np.int64)
        skeletons = (Skeleton * count)()
        known = [
            ids[body] != _NO_BODY
            and self._library.k4abt_frame_get_body_skeleton(frame, body, ctypes.byref(skeletons[body])) == _SUCCEEDED
            for body in range(count)
        ]
        joints: Any = np.frombuffer(skeletons, np.dtype(Joint)).reshape(count, len(AZURE32))[known]
        level = joints["confidence"].clip(0, _HIGHEST_CONFIDENCE)
        positions_m = np.where(level[..., None] > 0, joints["position_mm"] / np.float32(1000), np.float32(np.nan))
        return Bodies(ids[known], positions_m, (level / _HIGHEST_CONFIDENCE).astype(np.float32))


def refuse_foreign_libk4a() -> None:
    """Raise `NoBodyTracking` where pyk4a's libk4a is not the one that the tracker's library will use.

    pyk4a-bundle's wheel for Linux carries a renamed libk4a (libk4a-f64cb9eb.so.1.4.2), beside which the system's would be
    loaded as well; a handle of one given to the other crashes the process. On Windows both are the one loaded `k4a.dll`.
    """
    maps = Path("/proc/self/maps")
    mapped = re.findall(r"/(libk4a[.-]\S*)", maps.read_text()) if maps.exists() else []
    if any(not name.startswith("libk4a.so") for name in mapped):
        raise NoBodyTracking(
            "pyk4a-bundle has its own libk4a",
            "body tracking cannot use pyk4a-bundle's own libk4a: install Microsoft's libk4a1.4-dev, then "
            f"pip uninstall pyk4a-bundle, then pip install pyk4a; {_INSTALL}",
        )


def _load(sdk: Path | None) -> tuple[ctypes.CDLL, Path | None]:
    """The SDK's library with its functions declared, and its folder where that is known."""
    name = "k4abt.dll" if _WINDOWS else "libk4abt.so"
    named = sdk or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    # A path without a folder in it would be looked for by ld.so, and Windows takes none that is not absolute.
    folders = [named.absolute()] if named is not None else _usual_folders()
    inside = ("", "tools", "sdk/windows-desktop/amd64/release/bin", "lib", "bin", "usr/lib")
    files = [file for folder in folders for part in inside if (file := folder / part / name).is_file()]
    if named is not None and not files:
        raise NoBodyTracking("SDK not installed", f"no {name} in {named}: that is not the Body Tracking SDK's folder")
    # Where ld.so knows the library, its name is enough. The package for running programs has it with its version only.
    names = [*map(str, files), *([] if _WINDOWS else [name, f"{name}.1.1", f"{name}.1.0"])]
    reason = ""
    os.environ.setdefault("K4ABT_ENABLE_LOG_TO_STDOUT", "0")
    for each in names:
        _let_find_neighbours(Path(each).parent)
        try:
            library = ctypes.CDLL(each)
            break
        except OSError as error:
            reason = str(error) if each in map(str, files) else reason
    else:
        if reason:
            raise NoBodyTracking("SDK does not load", f"the Body Tracking SDK cannot be loaded: {reason}; {_INSTALL}")
        raise NoBodyTracking(
            "SDK not installed",
            f"the Azure Kinect Body Tracking SDK is not installed ({name} not found): install it, or name its folder in "
            f"{VARIABLE}; {_INSTALL}",
        )
    try:
        _declare(library)
    except AttributeError as error:
        raise NoBodyTracking(
            "SDK does not load",
            f"{library._name} is not the Body Tracking SDK's library, version 1.0 or later: {error}",
        ) from error
    return library, Path(library._name).parent if Path(library._name).is_absolute() else None


def _let_find_neighbours(folder: Path) -> None:
    """On Windows the library looks for the networks' runtime, which lies beside it, on the search path only."""
    if sys.platform == "win32":
        os.add_dll_directory(str(folder))
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"


def _usual_folders() -> list[Path]:
    if not _WINDOWS:
        return []
    programs = Path(os.environ.get("ProgramFiles", r"C:\Program Files"))  # noqa: SIM112 - its name on Windows
    return sorted(programs.glob("Azure Kinect Body Tracking SDK*"), reverse=True)


def _declare(library: ctypes.CDLL) -> None:
    """State the types of the functions; `AttributeError` where one is missing."""
    handle, out = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
    types: dict[str, tuple[Any, list[Any]]] = {
        "tracker_create": (ctypes.c_int, [handle, TrackerConfig, out]),
        "tracker_enqueue_capture": (ctypes.c_int, [handle, handle, ctypes.c_int32]),
        "tracker_pop_result": (ctypes.c_int, [handle, out, ctypes.c_int32]),
        "tracker_shutdown": (None, [handle]),
        "tracker_destroy": (None, [handle]),
        "frame_get_num_bodies": (ctypes.c_uint32, [handle]),
        "frame_get_body_id": (ctypes.c_uint32, [handle, ctypes.c_uint32]),
        "frame_get_body_skeleton": (ctypes.c_int, [handle, ctypes.c_uint32, ctypes.POINTER(Skeleton)]),
        "frame_release": (None, [handle]),
    }
    for name, (result, arguments) in types.items():
        function = getattr(library, f"k4abt_{name}")
        function.restype, function.argtypes = result, arguments


def _model(given: Path | None, library_folder: Path | None) -> Path | None:
    if given is not None:
        if not given.is_file():
            raise NoBodyTracking("no model file", f"no body tracking model at {given}: it is part of the SDK, {_MODELS[0]}")
        return given
    folders = [folder for folder in (library_folder, Path("/usr/bin"), Path("/usr/lib")) if folder is not None]
    # None found: the SDK looks in places of its own.
    return next((file for name in _MODELS for folder in folders if (file := folder / name).is_file()), None)


def _pointer(capsule: object, name: bytes) -> int | None:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return cast(int | None, get(capsule, name))


def _milliseconds(seconds: float) -> int:
    return max(round(seconds * 1000), 0)


def _destroy(library: ctypes.CDLL, tracker: ctypes.c_void_p) -> None:
    with suppress(OSError):  # Windows: the library may fail while the process ends
        library.k4abt_tracker_shutdown(tracker)
        library.k4abt_tracker_destroy(tracker)
