"""Play, pause, step, seek and speed of a recording."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QSlider, QStyle, QToolButton, QWidget

from skel.app import texts
from skel.app.player import SPEEDS, PlayerState
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel

_TICKS_PER_S = 100


class Transport(QWidget):
    """Shows a recording's state and asks for changes; it changes nothing itself."""

    play_toggled = Signal()
    stepped = Signal(int)  # frames
    sought = Signal(float)  # seconds from the recording's start
    speed_chosen = Signal(float)
    loop_toggled = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: PlayerState | None = None
        self._play, self._back, self._forward, self._loop = (_button() for _ in range(4))
        self._loop.setCheckable(True)
        for button, text in (
            (self._back, texts.STEP_BACK),
            (self._forward, texts.STEP_FORWARD),
            (self._loop, texts.LOOP),
        ):
            button.setToolTip(text)
            button.setAccessibleName(text)
        self._slider = SeekSlider()
        self._clock = PlainLabel(f"{texts.clock(0)} / {texts.clock(0)}")
        self._clock.setObjectName("muted")
        self._clock.setMinimumWidth(self._clock.fontMetrics().horizontalAdvance("00:00.0 / 00:00.0"))
        self._clock.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._speed = QToolButton()
        self._speed.setObjectName("picker")
        self._speed.setToolTip(texts.SPEED)
        self._speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._speed.setFixedWidth(76)
        speeds = QMenu(self)
        for factor in SPEEDS:
            chosen = speeds.addAction(texts.speed(factor))
            chosen.triggered.connect(lambda _=False, factor=factor: self.speed_chosen.emit(factor))
        self._speed.setMenu(speeds)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self._back, self._play, self._forward):
            row.addWidget(button)
        row.addWidget(self._slider, 1)
        for widget in (self._clock, self._speed, self._loop):
            row.addWidget(widget)
        self._play.clicked.connect(self.play_toggled)
        self._back.clicked.connect(lambda: self.stepped.emit(-1))
        self._forward.clicked.connect(lambda: self.stepped.emit(1))
        self._loop.clicked.connect(self.loop_toggled)
        self._slider.sought.connect(lambda tick: self.sought.emit(tick / _TICKS_PER_S))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._icons = {name: icon(name, theme) for name in ("play", "pause")}
        for button, name in ((self._back, "back"), (self._forward, "forward"), (self._loop, "loop")):
            button.setIcon(icon(name, theme))
        self._show_play(paused=self._state is None or self._state.paused)

    def show_state(self, state: PlayerState) -> None:
        """Show where the recording stands; a slider in the user's hand stays there."""
        before, self._state = self._state, state
        if before is None or before.paused != state.paused:
            self._show_play(state.paused)
        if before is None or before.duration_s != state.duration_s:
            self._slider.setRange(0, round(_TICKS_PER_S * state.duration_s))
        if before is None or before.speed != state.speed:
            self._speed.setText(texts.speed(state.speed))
            self._speed.setAccessibleName(f"{texts.SPEED} {texts.speed(state.speed)}")
        self._loop.setChecked(state.loop)
        if not self._slider.isSliderDown():
            self._slider.setValue(round(_TICKS_PER_S * state.position_s))
        self._clock.setText(f"{texts.clock(state.position_s)} / {texts.clock(state.duration_s)}")

    def _show_play(self, paused: bool) -> None:
        self._play.setIcon(self._icons["play" if paused else "pause"])
        self._play.setToolTip(texts.PLAY if paused else texts.PAUSE)
        self._play.setAccessibleName(self._play.toolTip())


class SeekSlider(QSlider):
    """A slider that jumps to where it is clicked.

    The arrow keys are the window's shortcuts, with the focus here, too; Page, Home, End and the wheel go further.
    """

    sought = Signal(int)  # a value chosen by the user

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(texts.SEEK)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSingleStep(_TICKS_PER_S // QApplication.wheelScrollLines())  # a second for a notch of the wheel
        self.setPageStep(5 * _TICKS_PER_S)
        self.actionTriggered.connect(lambda _: self.sought.emit(self.sliderPosition()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where it was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self.isSliderDown():
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _go_to(self, x: float) -> None:
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self)
        place = round(x - 0.5 * handle)
        value = QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, max(self.width() - handle, 1))
        if value != self.value():
            self.setValue(value)
            self.sought.emit(value)


def _button() -> QToolButton:
    button = QToolButton()
    button.setProperty("flat", "true")
    button.setIconSize(QSize(20, 20))
    return button
