"""What each stage of the camera sensors takes, and how many pictures a second the whole way makes; as JSON.

    python benchmarks/sensors.py --shared ../shared > docs/results/sensors.json

The pictures are a person's squats, back and forth, set into 1280 × 720 pixels and stored as MJPG, as webcams deliver them at
that size. Depth pictures are rendered with the calibration of a real Azure Kinect. The whole way is the sensor `video`, as
fast as it goes, through `Pipeline` with the recogniser: every picture is decoded, searched for the person, and named.
"""

import json
import math
import os
import platform
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import psutil
import tyro
from latency import spread

from skel.app.pipeline import Pipeline, State
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.recognizer import Recognizer
from skel.models.runtime import OnnxModel
from skel.sensors.lifting import box_around, lift
from skel.sensors.placement import place
from skel.sensors.pose import PersonPose, PoseEstimator
from skel.sensors.registration import Registration
from skel.sensors.synthetic import perform
from skel.sensors.video import VideoSensor
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import MEDIAPIPE33, NTU25

# The depth camera's rendering belongs to the tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sensors"))
from depth_scene import RIG, DepthScene, damaged, landmarks_of, seen_pose

Image = npt.NDArray[np.uint8]
SIZE_PX = (1280, 720)
FPS = 30.0
VARIANTS = ("lite", "full")


@dataclass(frozen=True)
class Config:
    """What to run."""

    shared: Path = Path(__file__).parents[1] / ".." / "shared"
    """Folder with media/squat.mp4 and models/pose_landmarker_*.task."""
    pictures: int = 300
    """How many for each stage."""
    seconds: float = 30.0
    """How long the video of the whole way is."""
    threads: int = 1
    """Of the recogniser's model."""


class Stage:
    """Collects how long something takes, in milliseconds."""

    def __init__(self) -> None:
        self.samples_ms = array("d")

    def __enter__(self) -> None:
        self._started_s = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.samples_ms.append(1e3 * (time.perf_counter() - self._started_s))


def write_video(source: Path, target: Path, pictures: int) -> None:
    """The video back and forth until there are so many pictures, each centred in a black one of `SIZE_PX`."""
    originals = list(images_in(source))
    there_and_back = originals + originals[-2:0:-1]
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter_fourcc(*"MJPG"), FPS, SIZE_PX)
    for original in islice(cycle(there_and_back), pictures):
        scale = SIZE_PX[1] / original.shape[0]
        small = cv2.resize(original, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left = (SIZE_PX[0] - small.shape[1]) // 2
        picture = np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
        picture[:, left : left + small.shape[1]] = small
        writer.write(picture)
    writer.release()


def images_in(path: Path, decoding: Stage | None = None) -> Iterator[Image]:
    capture, decoding = cv2.VideoCapture(str(path)), decoding or Stage()
    try:
        while True:
            with decoding:
                more, image = capture.read()
            if not more:
                return
            yield image
    finally:
        capture.release()


def camera_stages(config: Config, video: Path) -> dict[str, Stage]:
    """Decoding, finding the person, and placing them in the room."""
    stages = {"decode 720p MJPG": Stage(), **{f"pose {variant}": Stage() for variant in VARIANTS}, "place": Stage()}
    for variant in VARIANTS:
        estimate = PoseEstimator(config.shared / "models" / f"pose_landmarker_{variant}.task")
        for i, image in enumerate(islice(images_in(video, stages["decode 720p MJPG"]), config.pictures)):
            with stages[f"pose {variant}"]:
                people = estimate(image, i / FPS)
            for person in people:
                with stages["place"]:
                    place(person, *SIZE_PX)
        estimate.close()
    return stages


def depth_stages(config: Config) -> dict[str, Stage]:
    """Metric joints from a depth picture, besides the pose model."""
    stages = {"registration": Stage(), "lifting": Stage(), "registration and lifting": Stage()}
    random, scene, register = np.random.default_rng(0), DepthScene(), Registration(RIG)
    body = perform(seed=3, duration_s=2.0, persons=1).positions_m[:: 60 // 4, 0]  # four postures
    for joints_m in body:
        landmarks_m = landmarks_of(joints_m) * (-1, -1, 1)
        depth_mm = damaged(scene.render([landmarks_m]), random, noise=0.002, holes=0.05, flying=0.5)
        pose: PersonPose = seen_pose(landmarks_m, random, shape_m=0.03, pixels=2.0)
        for _ in range(config.pictures // len(body)):
            with stages["registration and lifting"]:
                with stages["registration"]:
                    registered = register(depth_mm, box_around(pose.image_px))
                with stages["lifting"]:
                    lift(pose, registered, RIG.colour)
    return stages


def recogniser_stages(config: Config, model: OnnxModel) -> dict[str, Stage]:
    """From a frame to its label."""
    stages = {"conversion to NTU25": Stage(), "window and model": Stage()}
    recording = perform(seed=3, duration_s=config.pictures / FPS, persons=1)
    recognizer, ids = Recognizer(model), np.zeros(1, np.int64)
    for i, joints_m in enumerate(recording.positions_m):
        landmarks_m = landmarks_of(joints_m[0])[None].astype(np.float32)
        sure = np.ones((1, len(MEDIAPIPE33)), np.float32)
        frame = SkeletonFrame(MEDIAPIPE33, landmarks_m, sure, ids, i, i / FPS, time.monotonic())
        with stages["conversion to NTU25"]:
            frame = frame.converted(NTU25)
        for prediction in recognizer.push(frame):
            stages["window and model"].samples_ms.append(prediction.latency_ms)
    return stages


def whole_way(config: Config, video: Path, variant: str, model: OnnxModel) -> dict[str, Any]:
    """A video through sensor, pipeline and recogniser, as fast as it goes."""
    pose_model = config.shared / "models" / f"pose_landmarker_{variant}.task"
    changed, process = threading.Event(), psutil.Process()
    pipeline = Pipeline(
        VideoSensor(video, pose_model=pose_model, speed=math.inf),
        Recognizer(model),
        changed.set,
    )
    taken, cpu_s = [], -sum(process.cpu_times()[:2])
    pipeline.start()
    while pipeline.stats().state in (State.OPENING, State.WAITING, State.RUNNING):
        changed.wait(1.0)
        changed.clear()
        if (snapshot := pipeline.take_snapshot()) is not None:
            taken.append((snapshot.frame.index, snapshot.labelled_s, len(snapshot.predictions)))
    stats = pipeline.stats()
    cpu_s += sum(process.cpu_times()[:2])
    pipeline.stop()
    if stats.state != State.ENDED:
        raise SystemExit(f"the video did not play to its end: {stats.state}, {stats.message}")
    (first, first_s, _), (last, last_s, _) = taken[0], taken[-1]
    return {
        "pictures": stats.frames,
        "fps": round((last - first) / (last_s - first_s), 1),
        "pictures_with_a_label": round(sum(labels > 0 for *_, labels in taken) / len(taken), 3),
        "window_and_model_ms": round(stats.inference_ms, 1),
        "cpu_percent_of_one_core": round(100 * cpu_s / (last_s - first_s)),
    }


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    model = OnnxModel(DEFAULT_MODEL, device="cpu", threads=config.threads)
    before = psutil.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "squats.avi"
        write_video(config.shared / "media" / "squat.mp4", video, max(round(config.seconds * FPS), config.pictures))
        ways = {variant: whole_way(config, video, variant, model) for variant in VARIANTS}
        stages = camera_stages(config, video) | depth_stages(config) | recogniser_stages(config, model)
    report = {
        "ms_a_picture": {name: spread(stage.samples_ms) for name, stage in stages.items()},
        "whole_way_720p": ways,
        "machine": f"{os.cpu_count()} × {platform.processor() or platform.machine()}",
        "load_average_1_5_15_before": [round(load, 2) for load in before],
        "versions": {name: version(name) for name in ("mediapipe", "opencv-contrib-python", "numpy", "onnxruntime")},
        "python": platform.python_version(),
    }
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
