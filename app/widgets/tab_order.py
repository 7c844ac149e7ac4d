"""Where the Tab key goes from widgets that come later than those beside them."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def tab_before(anchor: QWidget, widgets: Iterable[QWidget]) -> None:
    """Let the Tab key reach these widgets one after the other, and then the anchor.

    Qt puts whatever is made later to the end of the whole window's order.
    """
    before = anchor.previousInFocusChain()
    # After one that takes no focus Qt puts nothing.
    while before and before is not anchor and before.focusPolicy() == Qt.FocusPolicy.NoFocus:
        before = before.previousInFocusChain()
    for widget in widgets:
        QWidget.setTabOrder(before or anchor, widget)
        before = widget
