"""Where everything stands in the window."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from skel.app.theme import ClassColours, Theme
from skel.app.widgets.banner import Banner
from skel.app.widgets.header import Header
from skel.app.widgets.hint_strip import HintStrip
from skel.app.widgets.latency_panel import LatencyPanel
from skel.app.widgets.prediction_panel import PredictionPanel
from skel.app.widgets.stage import Stage
from skel.app.widgets.status_line import StatusLine
from skel.app.widgets.teach_panel import TeachPanel
from skel.app.widgets.timeline import Timeline
from skel.app.widgets.transport import Transport


class Workspace(QWidget):
    """The window's whole content: header, people over timeline and transport, predictions beside them, status line."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.colours = ClassColours()
        self.header = Header(theme)
        self.banner = Banner(theme)
        self.stage = Stage(theme)
        self.view = self.stage.view
        self.panel = PredictionPanel(theme, self.colours)
        self.teach = TeachPanel(theme)
        self.timeline = Timeline(theme, self.colours)
        self.transport = Transport(theme)
        self.hint = HintStrip(theme)
        self.latency = LatencyPanel(theme)
        self.status = StatusLine(theme)
        self._below, self._footer = QWidget(), QWidget()
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.stage, 1)
        left.addWidget(self._below)
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(10)
        below.addWidget(self.timeline)
        below.addWidget(self.transport)
        middle = QHBoxLayout()
        middle.setSpacing(10)
        middle.addLayout(left, 1)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.panel)
        right.addWidget(self.teach, 1)
        middle.addLayout(right)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 8)
        whole.setSpacing(10)
        whole.addWidget(self.header)
        whole.addWidget(self.hint)
        whole.addWidget(self.banner)
        whole.addLayout(middle, 1)
        whole.addWidget(self._footer)
        footer = QVBoxLayout(self._footer)
        footer.setContentsMargins(0, 0, 0, 0)
        footer.setSpacing(8)
        footer.addWidget(self.latency)
        footer.addWidget(self.status)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        parts = (self.header, self.hint, self.banner, self.stage, self.panel, self.timeline, self.transport)
        self.theme = theme
        for part in (*parts, self.latency, self.status, self.teach):
            part.set_theme(theme)

    def set_bare(self, bare: bool) -> None:
        """Show people and what they do, large, and nothing else but what goes wrong; or everything again."""
        for part in (self.header, self._below, self._footer):
            part.setVisible(not bare)
        self.panel.set_large(bare)
