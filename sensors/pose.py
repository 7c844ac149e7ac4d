"""MediaPipe Pose: the people in one picture as 33 landmarks, in the picture and in metres.

Source: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker/python
"""

import os
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.sensors.base import SensorError
from skel.sensors.native_log import native_log_muted
from skel.sensors.opencv import import_cv2
from skel.skeleton.errors import how_to_install

_USUAL_STEP_S = 1 / 30


@dataclass(frozen=True, eq=False)
class PersonPose:
    """One person in one picture, in the joints of MEDIAPIPE33.

    Attributes:
        image_px: (33, 2) float32, where each landmark lies in the picture (x right, y down, from its upper left corner).
            The model gives a place to landmarks outside the picture too.
        world_m: (33, 3) float32 in canonical axes (x to the sensor's left, y up, z away from the sensor), from the middle
            of the hips, in metres as the model estimates them.
        visibility: (33,) float32 in 0..1, how likely each landmark is in the picture and not hidden.
    """

    image_px: npt.NDArray[np.float32]
    world_m: npt.NDArray[np.float32]
    visibility: npt.NDArray[np.float32]


class PoseEstimator:
    """Finds people in the pictures of one stream, following each from picture to picture (MediaPipe's VIDEO mode).

    With `people` = 1 MediaPipe also smooths the landmarks over time; with more it does not. People come in no particular
    order and without identity. Never give it mirrored pictures: left and right would change places.

    One thread calls it; `close` may come from any.
    """

    def __init__(self, model: Path, people: int = 1) -> None:
        """Load the model.

        Args:
            model: a `pose_landmarker_*.task` file.
            people: how many to look for at most.

        Raises:
            SensorError: MediaPipe or a system library that it needs is not installed, or the file is not such a model.
        """
        self._cv2 = import_cv2()
        if not model.is_file():
            raise SensorError(f"no pose model at {model}")
        if not os.access(model, os.R_OK):
            raise SensorError(f"the pose model {model} cannot be read: you have no permission")
        with native_log_muted():
            try:
                import mediapipe
                from mediapipe.tasks.python import BaseOptions, vision

                options = vision.PoseLandmarkerOptions(
                    base_options=BaseOptions(model_asset_path=str(model)),
                    running_mode=vision.RunningMode.VIDEO,
                    num_poses=people,
                )
                landmarker = vision.PoseLandmarker.create_from_options(options)
            except ImportError as error:
                raise SensorError(f"MediaPipe cannot be loaded ({error}): {how_to_install('webcam')}") from error
            except OSError as error:  # its native library is loaded here and needs those of OpenGL
                raise SensorError(f"MediaPipe cannot start ({error}): sudo apt install libegl1 libgles2") from error
            except (RuntimeError, ValueError) as error:
                raise SensorError(f"{model} is not a pose model that MediaPipe can load: download it anew") from error
        self._mediapipe = mediapipe
        self._landmarker: Any = landmarker
        self._lock = threading.Lock()
        self._last_s: float | None = None
        self._stamp_ms = 0.0
        self._seen = False

    def __call__(self, image: npt.NDArray[np.uint8], time_s: float) -> list[PersonPose]:
        """The people in a picture (H, W, 3), BGR, taken at `time_s`.

        A time that is not later than that of the picture before (a repeated or backward stamp, a video that starts over)
        counts as one usual frame later, since MediaPipe insists on increasing stamps and smooths by them.
        """
        rgb = self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB)
        picture = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=rgb)
        with self._lock, nullcontext() if self._seen else native_log_muted():
            if self._landmarker is None:
                return []
            found = self._landmarker.detect_for_video(picture, self._next_stamp_ms(time_s))
        # One of its warnings comes with the first person found, the others with the model.
        self._seen = self._seen or bool(found.pose_landmarks)
        size_px = np.array([image.shape[1], image.shape[0]], np.float32)
        return [
            _person(landmarks, world, size_px)
            for landmarks, world in zip(found.pose_landmarks, found.pose_world_landmarks, strict=True)
        ]

    def _next_stamp_ms(self, time_s: float) -> int:
        if self._last_s is not None:
            step_s = time_s - self._last_s
            self._stamp_ms += max(1000 * (step_s if step_s > 0 else _USUAL_STEP_S), 1.0)
        self._last_s = time_s
        return int(self._stamp_ms)

    def close(self) -> None:
        """Free the model, after a call that runs in another thread; later calls find nobody. May be repeated."""
        with self._lock:
            if self._landmarker is not None:
                self._landmarker.close()
                self._landmarker = None


def _person(landmarks: list[Any], world: list[Any], size_px: npt.NDArray[np.float32]) -> PersonPose:
    points = np.array([(p.x, p.y, p.visibility) for p in landmarks], np.float32)
    turned = np.array([(-p.x, -p.y, p.z) for p in world], np.float32)
    return PersonPose(points[:, :2] * size_px, turned, np.clip(points[:, 2], 0, 1))
