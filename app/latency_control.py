"""Measures how old what is on the screen is, and shows it where the user wants it."""

from skel.app.display import Display
from skel.app.latency import Latency, LatencyMeter
from skel.app.pipeline import PipelineStats
from skel.app.settings import Settings
from skel.app.widgets.workspace import Workspace
from skel.skeleton.frame import SkeletonFrame


class LatencyControl:
    """Between what was painted and the widgets; `refresh` is to be called a few times a second."""

    def __init__(self, settings: Settings, space: Workspace, display: Display) -> None:
        self.meter = LatencyMeter()
        self._settings, self._display = settings, display
        self._panel, self._button = space.latency, space.status.latency
        self._button.clicked.connect(self.toggle)
        space.stage.painted.connect(self._on_painted)
        self._show()

    def toggle(self) -> None:
        """Show the panel, or not; remembered."""
        self._settings.shows_latency = not self._settings.shows_latency
        self._show()

    def refresh(self, stats: PipelineStats | None) -> None:
        """Show the figures of this moment; None = nothing runs."""
        if self._panel.isVisible():
            self._panel.show_latency(self.meter.read(stats) if stats else Latency())

    def _on_painted(self, frame: SkeletonFrame) -> None:
        snapshot = self._display.shown
        if snapshot is not None and snapshot.frame is frame:
            self.meter.painted(snapshot)

    def _show(self) -> None:
        self._panel.setVisible(self._settings.shows_latency)
        self._button.setChecked(self._settings.shows_latency)
