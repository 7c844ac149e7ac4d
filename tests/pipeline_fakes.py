"""A model and sensors that tests can hold and let go; quick, deterministic, without files."""

import threading
from types import TracebackType
from typing import Self

import numpy as np

from skel.models.bundle import Bundle
from skel.models.live import LiveSettings
from skel.sensors.base import EndOfStream, SensorTimeout
from skel.skeleton.clip import ClipConfig
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import layout_named, layout_with_joints

NTU25 = layout_named("NTU25")


def bundle(live: dict | None = None, **changed) -> Bundle:
    fields = {
        "labels": tuple("abcdefg"),
        "clip": ClipConfig(frames=16),
        "streams": ("joint",),
        "stream_weights": (1.0,),
        "temperature": 1.5,
        "live": LiveSettings(**{"window_durations_s": (1.0, 2.0), **(live or {})}),
        "precision": "float32",
        "metrics": {},
        "provenance": {},
    }
    return Bundle(**{**fields, **changed})


class FakeModel:
    """A fixed random projection of the clip; waits for `gate` at each call and counts."""

    def __init__(self, card: Bundle | None = None, seed: int = 0) -> None:
        self.bundle = card or bundle()
        self.gate = threading.Event()
        self.gate.set()
        self.called = threading.Event()
        self.batches: list[int] = []
        self._seed = seed

    def __call__(self, clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.batches.append(len(clips))
        self.called.set()
        assert self.gate.wait(timeout=30)
        rng = np.random.default_rng(self._seed)
        flat = clips.reshape(len(clips), -1)
        weights = rng.normal(size=(flat.shape[1], len(self.bundle.labels))) / np.sqrt(flat.shape[1])
        return (10 * flat @ weights).astype(np.float32), np.zeros((len(clips), 256), np.float32)


def movement(frames: int, bodies: int = 1, seed: int = 0) -> np.ndarray:
    """(T, M, 25, 3): smooth random walks of upright, separate bodies."""
    rng = np.random.default_rng(seed)
    rest = rng.normal(size=(1, bodies, 25, 3))
    return (rest + np.cumsum(rng.normal(scale=0.03, size=(frames, bodies, 25, 3)), axis=0)).astype(np.float32)


def frame_of(positions: np.ndarray, index: int, time_s: float, ids=None, host_time_s: float = 0.0) -> SkeletonFrame:
    bodies = len(positions)
    ids = np.arange(bodies) if ids is None else np.asarray(ids)
    return SkeletonFrame(
        layout=layout_with_joints(positions.shape[1]),
        positions_m=positions,
        confidence=np.ones(positions.shape[:2], np.float32),
        body_ids=ids.astype(np.int64),
        index=index,
        time_s=time_s,
        host_time_s=host_time_s,
    )


def frames_of(positions: np.ndarray, fps: float = 30.0) -> list[SkeletonFrame]:
    return [frame_of(p, i, i / fps) for i, p in enumerate(positions)]


class FakeSensor:
    """Gives out the frames that it is given; `EndOfStream` after them if `ends`, otherwise `SensorTimeout`."""

    name = "fake"
    layout = NTU25
    nominal_fps = 30.0
    mode = ""

    def __init__(self, frames: list[SkeletonFrame], ends: bool = True) -> None:
        self.frames = list(frames)
        self.ends = ends
        self.given = 0
        self.all_given = threading.Event()
        self.opened = self.closed = 0
        self.fault: Exception | None = None

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        if self.fault is not None:
            raise self.fault
        if self.given == len(self.frames):
            self.all_given.set()
            if self.ends:
                raise EndOfStream
            threading.Event().wait(min(timeout_s, 0.01))
            raise SensorTimeout
        self.given += 1
        return self.frames[self.given - 1]

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class FakePlayer(FakeSensor):
    """A `FakeSensor` that can be sought, paused and sped up."""

    def __init__(self, frames: list[SkeletonFrame], speed: float = 1.0, ends: bool = True) -> None:
        super().__init__(frames, ends)
        self.speed = speed
        self.paused = False
        self.duration_s = len(frames) / 30.0

    @property
    def position_s(self) -> float:
        return self.given / 30.0

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        if self.paused:
            raise SensorTimeout
        return super().read(timeout_s)

    def seek(self, time_s: float) -> None:
        self.all_given.clear()
        self.given = round(30 * time_s)

    def step(self, frames: int = 1) -> None:
        raise NotImplementedError
