"""Recording beside recognition: a thread of its own, so that neither a slow model nor a slow disk costs the other frames."""

import queue
import threading
import time
from dataclasses import replace
from pathlib import Path

from skel.app.disk import reason
from skel.sensors.base import Sensor
from skel.sensors.opencv import import_cv2
from skel.sensors.video_writer import VideoWriter
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.recorder import Recorder, finish_all, make_folder, new_path

_SYNC_S = 1.0
_WAITING_FRAMES = 1024  # half a minute in which the disk may stall
_WAITING_PICTURES = 60  # which are a thousand times larger


class LiveRecording:
    """Records what it is given, from its making until `stop`; see `Recorder` for names, columns and crashes.

    When the disk is so slow that no more frames can wait, the newest are left out and counted. When it is full the
    recording ends, and what was written is kept. Frames in another layout than before go into a new recording.

    Attributes:
        path: the recording's `.npy`, which is there once it is finished.
        frames: written so far.
        problem: what went wrong, for the user; empty while all is well.
    """

    def __init__(self, target: Path, sensor: Sensor, *, video: bool = False) -> None:
        """Begin.

        Args:
            target: a folder, in which the recording is named by date and time, or the recording's own name (.npy).
            sensor: whose frames are recorded.
            video: keep the colour pictures as well, in `NAME.mkv`, one for each frame.

        Raises:
            UserError: the folder cannot be used, or a video is asked for and OpenCV is missing.
        """
        make_folder(target.parent if target.suffix == ".npy" else target)
        self.path = new_path(target)
        if video:
            import_cv2()
        finish_all(self.path.parent)
        self.frames = 0
        self.problem = ""
        self._sensor = sensor
        self._with_video = video
        self._recorder: Recorder | None = None
        self._video: VideoWriter | None = None
        self._missing = 0
        self._waiting: queue.Queue[SkeletonFrame | None] = queue.Queue(_WAITING_PICTURES if video else _WAITING_FRAMES)
        self._finished: Path | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="skel-recording", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, because of `problem` or `stop`."""
        return self._over.is_set()

    def put(self, frame: SkeletonFrame, *, patiently: bool = False) -> None:
        """Record a frame; returns at once, or `patiently`, where the source can wait, when there is room."""
        if not self._with_video:
            frame = replace(frame, image=None)
        while not self.is_over:
            try:
                self._waiting.put(frame, block=patiently, timeout=0.1)
                return
            except queue.Full:
                if not patiently:
                    self._missing += 1
                    self.problem = f"the disk is too slow: {self._missing} frames are missing in the recording"
                    return

    def stop(self) -> Path | None:
        """End the recording, once all that waits is written; the `.npy`, or None where nothing could be made."""
        while not self.is_over:
            try:
                self._waiting.put(None, timeout=0.1)
                break
            except queue.Full:
                continue
        self._thread.join()
        return self._finished

    def _run(self) -> None:
        try:
            self._write_all()
        except Exception as error:  # whatever it is: whoever waits for this thread must learn that it has ended
            self.problem = f"recording has stopped after {self.frames} frames: {_reason(error)}"
        self._over.set()
        self._finish()

    def _write_all(self) -> None:
        sync_s = time.monotonic() + _SYNC_S
        while True:
            try:
                frame = self._waiting.get(timeout=_SYNC_S)
            except queue.Empty:
                pass
            else:
                if frame is None:
                    return
                self._write(frame)
            if self._recorder is not None and time.monotonic() >= sync_s:
                self._recorder.sync()
                sync_s = time.monotonic() + _SYNC_S

    def _write(self, frame: SkeletonFrame) -> None:
        if self._recorder is None or self._recorder.layout != frame.layout:
            self._finish()
            device = " ".join(filter(None, (self._sensor.name, self._sensor.mode and f"({self._sensor.mode})")))
            self._recorder = Recorder(self.path, frame.layout, self._sensor.nominal_fps, device)
            self.path = self._recorder.path
            if self._with_video:
                self._video = VideoWriter(self._recorder.video_path, self._sensor.nominal_fps)
        before = self._recorder.frames
        self._recorder.append(frame)
        self.frames += self._recorder.frames - before
        if self._video is not None and self._recorder.frames > before:
            try:
                self._video.write(frame.image)
            except Exception as error:
                self._end_video(f"the recording goes on without pictures from frame {self.frames} on: {_reason(error)}")

    def _finish(self) -> None:
        self._end_video()
        try:
            if self._recorder is not None:
                self._finished = self._recorder.finish() or self._finished
        except Exception as error:
            kept = f"{self.frames} frames are kept in {self._recorder.journal_path}" if self._recorder else ""
            self.problem = f"the recording could not be finished ({_reason(error)}): {kept}, skel-app plays them from there"
        self._recorder = None

    def _end_video(self, problem: str = "") -> None:
        """Whatever becomes of the pictures, the skeletons are recorded."""
        video, self._video = self._video, None
        try:
            if video is not None:
                video.close()
        except Exception as error:
            problem = problem or _reason(error)
        self.problem = problem or self.problem


def _reason(error: Exception) -> str:
    return reason(error) if isinstance(error, OSError) else str(error)
