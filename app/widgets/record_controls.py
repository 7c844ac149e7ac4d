"""The record button, with what has been recorded so far, and the menu that says where and what."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from skel.app import texts
from skel.app.theme import Theme
from skel.app.widgets.icons import icon

_BESIDE_TEXT_PX = 52


class RecordControls(QWidget):
    """Asks for changes and makes none itself."""

    record_toggled = Signal()
    picture_toggled = Signal(bool)
    folder_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setObjectName("record")
        self.button.setCheckable(True)
        self.button.setIconSize(QSize(18, 18))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.clicked.connect(self.record_toggled)
        self.options = QToolButton()
        self.options.setProperty("flat", "true")
        self.options.setIconSize(QSize(20, 20))
        self.options.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.options.setAccessibleName(texts.RECORDING_OPTIONS)
        menu = QMenu(self)
        self._picture = menu.addAction(texts.RECORD_PICTURE)
        self._picture.setCheckable(True)
        self._picture.triggered.connect(self.picture_toggled)
        menu.addAction(texts.CHOOSE_FOLDER).triggered.connect(self.folder_wanted)
        self.options.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.button)
        row.addWidget(self.options)
        self._theme, self._is_recording = theme, False
        self.show_idle(available=False)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self._theme = theme
        self.options.setIcon(icon("more", theme))
        self.button.setIcon(icon("stop" if self._is_recording else "record", theme))

    def show_idle(self, available: bool) -> None:
        """Nothing is recorded; `available` = something could be."""
        self._show(False, texts.RECORD)
        self.button.setEnabled(available)
        self.button.setToolTip(texts.RECORD_HINT if available else texts.RECORD_LIVE_ONLY)

    def show_recording(self, time_s: float, frames: int) -> None:
        """For how long frames have been recorded, and how many."""
        self._show(True, texts.recorded(time_s, frames))
        self.button.setEnabled(True)
        self.button.setToolTip(texts.STOP_RECORDING_HINT)

    def show_options(self, folder: str, picture: bool) -> None:
        """Where recordings are put, and whether the picture is recorded as well."""
        self._picture.setChecked(picture)
        self.options.setToolTip(texts.recording_options(folder))

    def _show(self, is_recording: bool, text: str) -> None:
        changed, self._is_recording = is_recording != self._is_recording, is_recording
        self.button.setChecked(is_recording)
        self.button.setText(f" {text}")
        self.button.setAccessibleName(texts.STOP_RECORDING if is_recording else texts.RECORD)
        longest = max(texts.recorded(600, 10_000), text, key=len)  # or the row would tremble
        widest = self.button.fontMetrics().horizontalAdvance(longest) + _BESIDE_TEXT_PX
        self.button.setMinimumWidth(widest if is_recording else 0)
        if changed:
            self.button.setIcon(icon("stop" if is_recording else "record", self._theme))
