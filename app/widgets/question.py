"""Questions in a box of their own, whose text is shown as it is (see `plain_label`)."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Button = QMessageBox.StandardButton


class Question(QMessageBox):
    """A `QMessageBox` that takes nothing for markup; `default` is what Return presses, `names` what buttons are called."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str,
        buttons: Button,
        default: Button,
        names: Mapping[Button, str] | None = None,
    ) -> None:
        super().__init__(QMessageBox.Icon.Question, title, "", buttons, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setDefaultButton(default)
        for button, name in (names or {}).items():
            self.button(button).setText(name)

    def ask(self) -> Button:
        """Wait for the answer, and be gone."""
        answer = self.exec()
        self.deleteLater()
        return Button(answer)
