"""Soak: two people at 30 frames a second through pipeline and window; latency, memory, queue and load as JSON.

    python benchmarks/latency.py --seconds 600
    python benchmarks/latency.py --picture
    python benchmarks/latency.py --seconds 3600 --slower-by-ms 100

The window is drawn offscreen where there is no display. Memory and the GUI thread's processor time count from the tenth
second, when everything is loaded; the latter, unlike the times on the clock, hardly depends on what else the machine does.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import tyro

from skel.app.cli import has_display
from skel.app.pipeline import Pipeline
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.recognizer import Recognizer
from skel.models.runtime import OnnxModel, Outputs
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import perform
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recording import Recording

SETTLED_S = 10.0
EVERY_MS = 1000


@dataclass(frozen=True)
class Config:
    """What to run."""

    seconds: float = 60.0
    """How long."""
    persons: int = 2
    """How many synthetic actors."""
    model: Path = DEFAULT_MODEL
    """The exported model."""
    threads: int = 1
    """Of the model, on the CPU."""
    picture: bool = False
    """With a camera's picture, 1280 × 720, in every frame."""
    slower_by_ms: float = 0.0
    """What the model takes beside what it takes: a stand-in for larger ones."""
    window: bool = True
    """Draw the window; otherwise only the pipeline runs."""


class Soak:
    """Collects samples while a pipeline runs; memory taken once."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.label_ms, self.screen_ms, self.rss_mib = array("d"), array("d"), array("d")
        self._process = psutil.Process()
        self._gui_started: tuple[float, int] | None = None  # processor seconds and painted frames by then
        self.painted = 0
        self._started_s = time.monotonic()
        self._cpu_started_s = sum(self._process.cpu_times()[:2])
        self._take = pipeline.take_snapshot
        pipeline.take_snapshot = self._noted  # type: ignore[method-assign]

    def _noted(self) -> Any:
        snapshot = self._take()
        if snapshot is not None:
            self.label_ms.append(1e3 * (snapshot.labelled_s - snapshot.frame.host_time_s))
        return snapshot

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def every_second(self) -> None:
        if self.elapsed_s >= SETTLED_S:
            self.rss_mib.append(self._process.memory_info().rss / 2**20)
            self._gui_started = self._gui_started or (time.thread_time(), self.painted)

    def gui_ms_per_frame(self) -> float | None:
        """Of this thread's processor time, which must be the GUI's."""
        if self._gui_started is None or self.painted == self._gui_started[1]:
            return None
        started_s, painted = self._gui_started
        return round(1e3 * (time.thread_time() - started_s) / (self.painted - painted), 2)

    def report(self, config: Config) -> dict[str, Any]:
        stats, elapsed_s = self.pipeline.stats(), self.elapsed_s
        cpu_s = sum(self._process.cpu_times()[:2]) - self._cpu_started_s
        minutes = np.array_split(self.rss_mib, max(math.ceil(len(self.rss_mib) / 60), 1))
        return {
            "seconds": round(elapsed_s, 1),
            "persons": config.persons,
            "window": config.window,
            "picture": config.picture,
            "model_slower_by_ms": config.slower_by_ms,
            "frames": stats.frames,
            "drops": stats.drops,
            "overruns": stats.overruns,
            "longest_queue": stats.longest_queue,
            "frame_to_label_ms": spread(self.label_ms),
            "frame_to_screen_ms": spread(self.screen_ms),
            "frames_painted": self.painted,
            "gui_thread_cpu_ms_per_painted_frame": self.gui_ms_per_frame() if config.window else None,
            "rss_mib": {
                "settled": round(self.rss_mib[0], 1) if self.rss_mib else None,
                "end": round(self.rss_mib[-1], 1) if self.rss_mib else None,
                "median_of_each_minute": [round(float(np.median(minute)), 1) for minute in minutes if len(minute)],
            },
            "cpu_percent_of_one_core": round(100 * cpu_s / elapsed_s),
            "load_average_1_5_15": [round(load, 2) for load in psutil.getloadavg()],
            "machine": f"{os.cpu_count()} × {platform.processor() or platform.machine()}",
            "python": platform.python_version(),
        }


def spread(samples_ms: "array[float]") -> dict[str, float] | None:
    if not samples_ms:
        return None
    median, p95, highest = np.percentile(samples_ms, [50, 95, 100])
    return {"count": len(samples_ms), "median": round(median, 1), "p95": round(p95, 1), "highest": round(highest, 1)}


class SlowerModel(OnnxModel):
    """Answers later than it could."""

    slower_by_s = 0.0

    def __call__(self, clips: npt.NDArray[np.float32]) -> Outputs:
        time.sleep(self.slower_by_s)
        return super().__call__(clips)


class WithPicture(ReplaySensor):
    """Plays a recording as if a camera had seen it."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording, loop=True)
        noise = np.random.default_rng(0).integers(0, 255, (72, 128, 3), np.uint8)
        self._picture = np.kron(noise, np.ones((10, 10, 1), np.uint8))

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        frame = super().read(timeout_s)
        across, up = frame.positions_m[..., 0], frame.positions_m[..., 1]
        points_px = np.stack([640 - 300 * across, 400 - 300 * up], axis=-1).astype(np.float32)
        return replace(frame, image=self._picture.copy(), image_points_px=points_px)


def run_pipeline(config: Config, sensor: ReplaySensor, model: OnnxModel) -> Soak:
    """Without a window: every snapshot is taken at once and thrown away."""
    changed = threading.Event()
    pipeline = Pipeline(sensor, Recognizer(model), changed.set)
    soak = Soak(pipeline)
    pipeline.start()
    while soak.elapsed_s < config.seconds:
        soak.every_second()
        second_ends_s = soak.elapsed_s + EVERY_MS / 1000
        while (rest_s := second_ends_s - soak.elapsed_s) > 0 and changed.wait(rest_s):
            changed.clear()
            pipeline.take_snapshot()
            pipeline.drain()
    pipeline.stop()
    return soak


def run_window(config: Config, sensor: ReplaySensor, model: OnnxModel) -> Soak:
    """With the window, as the user has it."""
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QSettings, QTimer
    from PySide6.QtWidgets import QApplication

    from skel.app.session import Source
    from skel.app.settings import Settings
    from skel.app.window import MainWindow

    application = QApplication(sys.argv[:1])
    folder = tempfile.TemporaryDirectory()  # not the user's own settings
    settings = Settings(QSettings(f"{folder.name}/window.ini", QSettings.Format.IniFormat))
    settings.hint_seen = True
    window = MainWindow(model, settings)
    window.show()
    window.open_source(Source("soak", lambda: sensor))
    assert window.session.pipeline is not None
    soak = Soak(window.session.pipeline)

    def every_second() -> None:
        soak.every_second()
        soak.painted += len(window.latency.meter.painted_ms)
        soak.screen_ms.extend(window.latency.meter.painted_ms)
        window.latency.meter.painted_ms.clear()
        if soak.elapsed_s >= config.seconds:
            application.quit()

    timer = QTimer()
    timer.timeout.connect(every_second)
    timer.start(EVERY_MS)
    application.exec()
    window.close()
    return soak


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    recording = perform(seed=7, duration_s=60.0, persons=config.persons, jitter_m=0.003)
    sensor = WithPicture(recording) if config.picture else ReplaySensor(recording, loop=True)
    model = SlowerModel(config.model, threads=config.threads)
    model.slower_by_s = config.slower_by_ms / 1000
    soak = (run_window if config.window else run_pipeline)(config, sensor, model)
    print(json.dumps(soak.report(config), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
