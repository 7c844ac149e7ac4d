"""Changes the model for the user, compares it with another, and says what is known about it."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from skel.app import texts
from skel.app.card import card_of
from skel.app.display import Display
from skel.app.session import Session
from skel.app.settings import Settings
from skel.app.theme import Theme
from skel.app.widgets.card_dialog import CardDialog
from skel.app.widgets.workspace import Workspace
from skel.models.pretrained import DEFAULT_MODEL


class ModelControl:
    """Between the session, which has the models, and the window."""

    def __init__(self, window: QWidget, session: Session, settings: Settings, space: Workspace, display: Display) -> None:
        self._window, self._session, self._settings = window, session, settings
        self._header, self._banner, self._display = space.header, space.banner, display
        self.card: CardDialog | None = None

    @property
    def title(self) -> str:
        """What the model in use is called."""
        path = self._session.model.path
        return texts.BUILT_IN_MODEL if path == DEFAULT_MODEL else path.name

    def change(self, path: Path) -> None:
        """Use another model, now and at the next start; `UserError` where it is none."""
        self._session.open_model(path)
        self._settings.model = None if path == DEFAULT_MODEL else path.absolute()
        self._show_anew()

    def compare_with(self, path: Path | None) -> None:
        """Let another model recognise the same; None = no longer. `UserError` where it is none."""
        self._session.compare_with(path)
        self._show_anew()

    def show(self) -> None:
        """Name the model in the header."""
        model, rival = self._session.model, self._session.rival
        device = texts.DEVICES.get(model.device, model.device)
        title = self.title if rival is None else texts.compared(self.title, rival.path.stem)
        self._header.show_model(title, texts.model_card(str(model.path), model.bundle.labels, device))
        self._header.show_compared(rival is not None)

    def show_card(self, theme: Theme) -> None:
        """Open the dialog that says everything about the model."""
        if self.card is not None:
            self.card.close()
        self.card = CardDialog(theme, self.title, card_of(self._session.model), self._window)
        self.card.open()

    def _show_anew(self) -> None:
        self._banner.hide()
        self.show()
        self._display.start_over()
