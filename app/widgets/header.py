"""The top row: where the skeletons come from, which model names them, and how the window looks."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from skel.app import texts, texts_teach
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.record_controls import RecordControls

_PICKER_LEAST_PX = 150


class Header(QWidget):
    """Two pickers and some switches; it asks for changes and makes none itself."""

    recording_wanted = Signal()
    video_wanted = Signal()
    camera_wanted = Signal()  # one of several
    source_chosen = Signal(str)  # "demo", or a sensor of the registry
    model_wanted = Signal()
    built_in_model_chosen = Signal()
    card_wanted = Signal()
    comparison_wanted = Signal()
    comparison_ended = Signal()
    arrangement_chosen = Signal(str)
    view_reset = Signal()
    mirror_toggled = Signal()
    theme_toggled = Signal()
    teach_toggled = Signal()
    help_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source, self._model = _picker(texts.SOURCE), _picker(texts.MODEL)
        self._source.setMenu(self._source_menu())
        model_menu = QMenu(self)
        _entry(model_menu, texts.OPEN_MODEL, "Ctrl+M").triggered.connect(self.model_wanted)
        model_menu.addSeparator()
        _entry(model_menu, texts.BUILT_IN_MODEL).triggered.connect(self.built_in_model_chosen)
        model_menu.addSeparator()
        _entry(model_menu, texts.ABOUT_MODEL, "I").triggered.connect(self.card_wanted)
        _entry(model_menu, texts.COMPARE_WITH).triggered.connect(self.comparison_wanted)
        self._end_comparison = _entry(model_menu, texts.STOP_COMPARING)
        self._end_comparison.triggered.connect(self.comparison_ended)
        self._end_comparison.setEnabled(False)
        self._model.setMenu(model_menu)

        self.record = RecordControls(theme)
        self._arrangement = _switch(texts.ARRANGEMENT, "V")
        self._arrangement.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._arrangement.setMenu(self._arrangement_menu())
        self._reset = _switch(texts.RESET_VIEW, "R")
        self._mirror = _switch(texts.MIRROR, "M")
        self._mirror.setCheckable(True)
        self._look = _switch(texts.THEME, "D")
        self._help = _switch(texts.HELP, "?")
        self._teach = QToolButton()
        self._teach.setText(f" {texts_teach.TEACH}")
        self._teach.setToolTip(texts_teach.TEACH_HINT)
        self._teach.setCheckable(True)
        self._teach.setIconSize(QSize(18, 18))
        self._teach.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for button, signal in (
            (self._reset, self.view_reset),
            (self._mirror, self.mirror_toggled),
            (self._look, self.theme_toggled),
            (self._teach, self.teach_toggled),
            (self._help, self.help_wanted),
        ):
            button.clicked.connect(signal)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._source)
        row.addWidget(self._model)
        row.addStretch(1)
        row.addWidget(self._teach)
        row.addWidget(self.record)
        row.addSpacing(4)
        for button in (self._arrangement, self._reset, self._mirror, self._look, self._help):
            row.addWidget(button)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.record.set_theme(theme)
        self._look.setIcon(icon("sun" if theme.is_dark else "moon", theme))
        for button, name in (
            (self._source, "source"),
            (self._model, "model"),
            (self._arrangement, "arrangement"),
            (self._reset, "home"),
            (self._mirror, "mirror"),
            (self._help, "help"),
            (self._teach, "teach"),
        ):
            button.setIcon(icon(name, theme))

    def show_source(self, title: str, mode: str = "") -> None:
        """Name the source in use, and in the tooltip how it finds skeletons."""
        _name(self._source, texts.SOURCE, title)
        self._source.setToolTip(texts.source_card(title, mode))

    def show_model(self, title: str, card: str) -> None:
        """Name the model in use; `card` says more about it."""
        _name(self._model, texts.MODEL, title)
        self._model.setToolTip(card)

    def show_compared(self, compared: bool) -> None:
        """Whether the model is compared with another."""
        self._end_comparison.setEnabled(compared)

    def show_teaching(self, open: bool) -> None:
        """Whether the panel for teaching is open."""
        self._teach.setChecked(open)

    def show_mirrored(self, mirrored: bool) -> None:
        """Whether the view is mirrored."""
        self._mirror.setChecked(mirrored)

    def show_arrangement(self, arrangement: str, available: bool) -> None:
        """Which views are shown; `available` = there is more than one to choose from."""
        self._arrangement.setEnabled(available)
        self._arrangement.setToolTip(f"{texts.ARRANGEMENT} (V)" if available else texts.NO_PICTURE)
        for action in self._arrangements.actions():
            action.setChecked(action.data() == arrangement)

    def _source_menu(self) -> QMenu:
        menu = QMenu(self)
        _entry(menu, texts.OPEN_RECORDING, "Ctrl+O").triggered.connect(self.recording_wanted)
        _entry(menu, texts.OPEN_VIDEO).triggered.connect(self.video_wanted)
        menu.addSeparator()
        for name, title in texts.CAMERAS.items():
            self._sensor_entry(menu, name, title)
        _entry(menu, texts.OTHER_CAMERA).triggered.connect(self.camera_wanted)
        menu.addSeparator()
        self._sensor_entry(menu, "demo", texts.DEMO_RECORDING)
        self._sensor_entry(menu, "synthetic", texts.SYNTHETIC_ACTOR)
        return menu

    def _sensor_entry(self, menu: QMenu, name: str, title: str) -> None:
        _entry(menu, title).triggered.connect(lambda: self.source_chosen.emit(name))

    def _arrangement_menu(self) -> QMenu:
        menu, self._arrangements = QMenu(self), QActionGroup(self)
        for name, title in texts.ARRANGEMENTS.items():
            action = self._arrangements.addAction(title)
            action.setCheckable(True)
            action.setData(name)
            action.triggered.connect(lambda _=False, name=name: self.arrangement_chosen.emit(name))
            menu.addAction(action)
        return menu

    @property
    def text(self) -> str:
        """What both pickers say."""
        return f"{self._source.text()}  {self._model.text()}"


def _picker(name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("picker")
    button.setAccessibleName(name)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setIconSize(QSize(18, 18))
    button.setMinimumWidth(_PICKER_LEAST_PX)  # in a narrow window the names give way
    button.setMaximumWidth(280)
    return button


def _name(picker: QToolButton, what: str, title: str) -> None:
    shown = picker.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, 150)
    picker.setText(f" {what}: {shown}")


def _entry(menu: QMenu, text: str, key: str = "") -> QAction:
    # The key is written, not set: the window's own table registers it.
    return menu.addAction(f"{text}\t{key}" if key else text)


def _switch(text: str, key: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("flat", "true")
    button.setIconSize(QSize(20, 20))
    button.setToolTip(f"{text} ({key})")
    button.setAccessibleName(text)
    return button
