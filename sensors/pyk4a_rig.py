"""pyk4a itself, and its calibration as geometry.

Source: https://github.com/etiennedub/pyk4a
"""

import logging
import os
import sys
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorAbsent, SensorError
from skel.sensors.registration import Lens, Rig
from skel.skeleton.errors import how_to_install

_log = logging.getLogger(__name__)

_GRAVITY_M_S2, _AT_REST_M_S2 = 9.81, 1.5


def import_pyk4a() -> ModuleType:
    """The module `pyk4a`, with libk4a's own log off; `SensorError` where it is missing or cannot be loaded."""
    os.environ.setdefault("K4A_ENABLE_LOG_TO_STDOUT", "0")
    other = os.environ.get("K4A_DLL_DIR")  # another maker's k4a.dll goes before the one that pyk4a brings
    try:
        if sys.platform == "win32" and other:
            os.add_dll_directory(other)
        import pyk4a
    except ModuleNotFoundError as error:
        if error.name != "pyk4a":
            raise SensorError(f"pyk4a cannot be loaded ({error}): {how_to_install('kinect')}") from error
        raise SensorAbsent(f"pyk4a is not installed: {how_to_install('kinect')}") from error
    except (ImportError, OSError) as error:  # libk4a, a numpy that it was not built for, or no such folder
        cause = error.__cause__ or error
        raise SensorError(f"pyk4a cannot be loaded ({cause}): see docs/kinect.md") from error
    return pyk4a


def rig_of(calibration: Any, up: npt.NDArray[np.float64] | None) -> Rig:
    """pyk4a's calibration as geometry; `up` (3,) in the depth camera's axes, None = as if the colour camera were level."""
    pyk4a = import_pyk4a()
    depth, colour = pyk4a.CalibrationType.DEPTH, pyk4a.CalibrationType.COLOR
    rotation, translation_m = calibration.get_extrinsic_parameters(depth, colour)
    if up is None:
        up = rotation.T @ np.array([0.0, -1.0, 0.0])
    return Rig(_lens(calibration, depth), _lens(calibration, colour), rotation, translation_m.ravel(), up)


# Widths and heights of k4a_depth_mode_t and k4a_color_resolution_t.
_DEPTH_SIZES_PX = {1: (320, 288), 2: (640, 576), 3: (512, 512), 4: (1024, 1024)}
_COLOUR_SIZES_PX = {1: (1280, 720), 2: (1920, 1080), 3: (2560, 1440), 4: (2048, 1536), 5: (3840, 2160), 6: (4096, 3072)}


def _lens(calibration: Any, camera: Any) -> Lens:
    pyk4a = import_pyk4a()
    of_depth = camera == pyk4a.CalibrationType.DEPTH
    sizes, mode = (_DEPTH_SIZES_PX, calibration.depth_mode) if of_depth else (_COLOUR_SIZES_PX, calibration.color_resolution)
    if int(mode) not in sizes:
        raise SensorError(f"no {'depth' if of_depth else 'colour'} pictures in this mode of the Kinect: {mode.name}")
    matrix = calibration.get_camera_matrix(camera)
    k1, k2, p1, p2, k3, k4, k5, k6 = calibration.get_distortion_coefficients(camera)
    return Lens(
        *sizes[int(mode)],
        (matrix[0, 0], matrix[1, 1]),
        (matrix[0, 2], matrix[1, 2]),
        (k1, k2, k3, k4, k5, k6),
        (p1, p2),
    )


def up_of(calibration: Any, accelerations_m_s2: list[Any]) -> npt.NDArray[np.float64] | None:
    """The direction against gravity in the depth camera's axes, which is what an accelerometer at rest measures."""
    if not accelerations_m_s2:
        _log.info("no accelerometer: the Kinect is taken to stand level")
        return None
    kinds = import_pyk4a().CalibrationType
    rotation, _ = calibration.get_extrinsic_parameters(kinds.ACCEL, kinds.DEPTH)
    mean = rotation @ np.mean(accelerations_m_s2, axis=0)
    strength = float(np.linalg.norm(mean))
    if not abs(strength - _GRAVITY_M_S2) < _AT_REST_M_S2:
        _log.warning("the Kinect moves while it starts (%.1f m/s²): it is taken to stand level", strength)
        return None
    return np.asarray(mean / strength)
