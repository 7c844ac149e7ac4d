"""Where everything stands in the window."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from skel.app.theme import ClassColours, Theme
from skel.app.widgets.banner import Banner
from skel.app.widgets.header import Header
from skel.app.widgets.hint_strip import HintStrip
from skel.app.widgets.latency_panel import LatencyPanel
from skel.app.widgets.prediction_panel import PANEL_PX, PredictionPanel
from skel.app.widgets.stage import Stage
from skel.app.widgets.status_line import StatusLine
from skel.app.widgets.teach_panel import TeachPanel
from skel.app.widgets.timeline import Timeline
from skel.app.widgets.transport import Transport

# Of the whole screen: the width that the panel beside the people takes at most, as a share of the screen's width and height,
# and at least; below the people it is drawn as large as at this width it is drawn in a window.
_PANEL_OF_WIDTH, _PANEL_OF_HEIGHT, _PANEL_LEAST_PX, _PANEL_BELOW_PX = 0.4, 0.64, 240, 480


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
        self._above, self._below, self._footer = QWidget(), QWidget(), QWidget()
        self._is_bare = False
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self.stage, 1)
        left.addWidget(self._below)
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(10)
        below.addWidget(self.timeline)
        below.addWidget(self.transport)
        self._middle = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._middle.setSpacing(10)
        self._middle.addLayout(left, 1)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.panel)
        right.addWidget(self.teach, 1)
        self._middle.addLayout(right)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(12, 10, 12, 8)
        whole.setSpacing(10)
        whole.addWidget(self._above)
        whole.addWidget(self.banner)
        whole.addLayout(self._middle, 1)
        whole.addWidget(self._footer)
        above = QVBoxLayout(self._above)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(10)
        above.addWidget(self.header)
        above.addWidget(self.hint)
        footer = QVBoxLayout(self._footer)
        footer.setContentsMargins(0, 0, 0, 0)
        footer.setSpacing(8)
        footer.addWidget(self.latency)
        footer.addWidget(self.status)

    @property
    def is_bare(self) -> bool:
        """Whether header, timeline and status are hidden."""
        return self._is_bare

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        parts = (self.header, self.hint, self.banner, self.stage, self.panel, self.timeline, self.transport)
        self.theme = theme
        for part in (*parts, self.latency, self.status, self.teach):
            part.set_theme(theme)

    def set_bare(self, bare: bool) -> None:
        """Show people and what they do, large, and nothing else but what goes wrong; or everything again."""
        self._is_bare = bare
        for part in (self._above, self._below, self._footer):
            part.setVisible(not bare)
        self._fit_panel()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the panel to a screen of any shape."""
        super().resizeEvent(event)
        if self._is_bare:
            self._fit_panel()

    def _fit_panel(self) -> None:
        """On the whole screen as large as there is room, and on an upright one below the people."""
        width, height = self.width(), self.height()
        is_upright = self._is_bare and height > width
        direction = QBoxLayout.Direction.TopToBottom if is_upright else QBoxLayout.Direction.LeftToRight
        self._middle.setDirection(direction)
        self._middle.setStretch(1, int(is_upright))  # half of the height, where that is enough
        across, scale = PANEL_PX, 1.0
        if self._is_bare and not is_upright:
            across = max(round(min(_PANEL_OF_WIDTH * width, _PANEL_OF_HEIGHT * height)), _PANEL_LEAST_PX)
            scale = max(across / PANEL_PX, 1.0)
        elif is_upright:
            scale = max(width / _PANEL_BELOW_PX, 1.0)
        self.panel.set_room(None if is_upright else across, scale)
        self.stage.set_scale(scale)
