"""One line of figures: how fast and how fresh what is shown is."""

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel


@dataclass(frozen=True)
class Figures:
    """What the line shows; a figure that is not known yet is 0. `mode` is how the sensor finds skeletons."""

    state: str
    sensor_fps: float = 0.0
    inference_ms: float = 0.0
    screen_ms: float = 0.0
    drops: int = 0
    device: str = ""
    mode: str = ""
    note: str = ""


class StatusLine(QWidget):
    """Keeps its parts in place while the figures change; `latency` is the button that shows more of them.

    Where there is too little room the words give way: the figures are always whole.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(texts.STATUS_HINT)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(18)
        self._parts = [PlainLabel() for _ in range(6)]
        widest = ("running", "sensor 00.0 fps", "inference 00.0 ms", "frame → screen 00 ms", "drops 00", "")
        for part, text in zip(self._parts, widest):
            part.setObjectName("muted")
            part.ensurePolished()
            part.setMinimumWidth(part.fontMetrics().horizontalAdvance(text))
            row.addWidget(part)
        self._mode, self._note = _Words(), _Words()
        row.addWidget(self._mode)
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._note, 1)
        self.latency = QToolButton()
        self.latency.setObjectName("small")
        self.latency.setCheckable(True)
        self.latency.setIconSize(QSize(16, 16))
        self.latency.setAccessibleName(texts.LATENCY)
        self.latency.setToolTip(texts.LATENCY_TOGGLE_HINT)
        row.addWidget(self.latency)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.latency.setIcon(icon("pulse", theme))

    @property
    def text(self) -> str:
        """Everything it says."""
        return "  ".join(part.text() for part in (*self._parts, self._mode, self._note))

    def show_figures(self, figures: Figures) -> None:
        """Show these figures."""
        shown = (
            figures.state,
            f"{texts.SENSOR_RATE} {_known(figures.sensor_fps, '.1f')} fps",
            f"{texts.INFERENCE} {_known(figures.inference_ms, '.1f')} ms",
            f"{texts.FRAME_TO_SCREEN} {_known(figures.screen_ms, '.0f')} ms",
            f"{texts.DROPS} {figures.drops}",
            f"{texts.DEVICE} {figures.device}" if figures.device else "",
        )
        for part, text in zip(self._parts, shown):
            part.setText(text)
            part.setVisible(bool(text))  # no gap where there is nothing to say
            part.setMinimumWidth(max(part.minimumWidth(), part.sizeHint().width()))
        for words, text in ((self._mode, figures.mode), (self._note, figures.note)):
            words.setText(text)
            words.setToolTip(text)
        self._mode.setVisible(bool(figures.mode))


class _Words(PlainLabel):
    """Ends in "…" where it has too little room; the tooltip says all."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("muted")

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        QPainter(self).drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)


def _known(value: float, form: str) -> str:
    return format(value, form) if value else "–"
