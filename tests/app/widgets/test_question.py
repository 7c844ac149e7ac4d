import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QWidget

from skel.app.widgets.question import Button, Question

BUTTONS = Button.Save | Button.Cancel


@pytest.mark.parametrize(("key", "meant"), [(Qt.Key.Key_Return, Button.Save), (Qt.Key.Key_Escape, Button.Cancel)])
def test_return_and_escape_answer(qtbot, key, meant):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = Question(parent, "Actions", "Keep them?", BUTTONS, Button.Save, {Button.Save: "Keep"})
    assert box.button(Button.Save).text() == "Keep"
    QTimer.singleShot(0, lambda: qtbot.keyClick(box, key))
    assert box.ask() == meant


def test_markup_is_shown_as_it_is(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    plain, marked = (Question(parent, "Actions", text, BUTTONS, Button.Save) for text in ("wave", "<h1><br><br>wave</h1>"))
    assert marked.text() == "<h1><br><br>wave</h1>"
    assert marked.sizeHint().height() == plain.sizeHint().height(), "as a heading it would be three lines high"
