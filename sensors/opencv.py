"""OpenCV, imported when it is first needed and without its grip on Qt."""

import os
from pathlib import Path
from types import ModuleType

from skel.sensors.base import SensorError
from skel.skeleton.errors import how_to_install

# OpenCV's package for Linux brings a Qt 5 of its own and points these at it, where our Qt 6 would load the wrong plugins.
_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def import_cv2() -> ModuleType:
    """The module `cv2`, silent and with Qt's variables as they were; `SensorError` where it is not installed."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: what fails is told by our own errors
    before = {name: os.environ.get(name) for name in _QT_VARIABLES}
    try:
        import cv2
    except ImportError as error:
        raise SensorError(f"OpenCV cannot be loaded ({error}): {how_to_install('webcam')}") from error
    own = str(Path(cv2.__file__).parent)
    for name, value in before.items():
        if value is not None and not value.startswith(own):
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    cv2.setLogLevel(0)
    return cv2
