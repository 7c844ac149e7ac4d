"""What the model in use knows, how well, and where it comes from."""

from collections.abc import Sequence
from html import escape

from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from skel.app import texts_card as texts
from skel.app.card import Section, as_text
from skel.app.theme import Theme
from skel.app.widgets.plain_label import PlainLabel


class CardDialog(QDialog):
    """Text that can be selected, and a button that copies all of it."""

    def __init__(self, theme: Theme, title: str, sections: Sequence[Section], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.CARD)
        self._text = as_text(title, list(sections))
        heading = PlainLabel(title)
        heading.setObjectName("title")
        self.page = QTextBrowser()
        self.page.setObjectName("page")
        self.page.setOpenLinks(False)
        self.page.setAccessibleName(texts.CARD)
        self.page.setHtml(_html(theme, sections))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = buttons.addButton(texts.COPY_ALL, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(14)
        column.addWidget(heading)
        column.addWidget(self.page, 1)
        column.addWidget(buttons)
        self.resize(min(760, parent.width() - 80), min(640, parent.height() - 60))

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._text)
        self.copy_button.setText(texts.COPIED)


def _html(theme: Theme, sections: Sequence[Section]) -> str:
    parts = []
    for section in sections:
        parts.append(
            f'<p style="color:{theme.muted}; font-size:11px; font-weight:600; margin:14px 0 4px 0">'
            f"{escape(section.title.upper())}</p>"
        )
        rows = "".join(
            f'<tr><td width="170" style="color:{theme.muted}; padding:2px 14px 2px 0">{escape(name)}</td>'
            f'<td style="color:{theme.text}; padding:2px 0">{escape(said)}</td></tr>'
            for name, said in section.rows
        )
        parts.append(f'<table width="100%" cellspacing="0">{rows}</table>')
    return "".join(parts)
