"""The card for teaching: the list of taught actions, or the one that is being taught."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from skel.app import texts_teach
from skel.app.theme import Theme
from skel.app.widgets.icons import icon
from skel.app.widgets.plain_label import PlainLabel
from skel.app.widgets.taught_list import TaughtList
from skel.app.widgets.teach_form import TeachForm


class TeachPanel(QFrame):
    """Stands below the recognised action while it is open, so that what was taught can be tried at once."""

    close_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFixedWidth(320)
        self._heading = PlainLabel()
        self._heading.setObjectName("heading")
        self.close_button = QToolButton()
        self.close_button.setObjectName("small")
        self.close_button.setIconSize(QSize(16, 16))
        self.close_button.setToolTip(texts_teach.CLOSE)
        self.close_button.setAccessibleName(texts_teach.CLOSE)
        self.close_button.clicked.connect(self.close_wanted)
        self.actions_taught, self.form = TaughtList(theme), TeachForm(theme)
        self._pages = QStackedWidget()
        for page in (self.actions_taught, self.form):
            self._pages.addWidget(page)
        above = QHBoxLayout()
        above.addWidget(self._heading, 1)
        above.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 12, 12)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(self._pages, 1)
        self.set_theme(theme)
        self.show_list()
        self.hide()

    @property
    def is_teaching(self) -> bool:
        """Whether one action is being taught; otherwise the list is shown."""
        return self._pages.currentWidget() is self.form

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.close_button.setIcon(icon("close", theme))
        self.actions_taught.set_theme(theme)
        self.form.set_theme(theme)

    def show_list(self) -> None:
        """The actions that were taught."""
        self._heading.setText(texts_teach.TAUGHT_ACTIONS)
        self._pages.setCurrentWidget(self.actions_taught)

    def show_form(self, label: str) -> None:
        """Teach this action, or one that has no name yet."""
        self._heading.setText(texts_teach.NEW_ACTION)
        self._pages.setCurrentWidget(self.form)
        self.form.begin(label)
