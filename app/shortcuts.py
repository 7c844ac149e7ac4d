"""The window's keys: one table that registers them and that the help shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True)
class Shortcut:
    """A key (or several for the same) and what it does.

    Attributes:
        shown: stands for the keys in the help.
        repeats: a held key does it again and again; not for what switches something to and fro.
    """

    keys: Sequence[str]
    text: str
    run: Callable[[], object]
    shown: str = ""
    repeats: bool = False

    @property
    def caption(self) -> str:
        """The keys as the platform writes them."""
        return self.shown or QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


def register(shortcuts: Sequence[Shortcut], window: QWidget) -> None:
    """Make the keys work in the whole window."""
    for shortcut in shortcuts:
        action = QAction(shortcut.text, window)
        action.setShortcuts([QKeySequence(key) for key in shortcut.keys])
        action.setAutoRepeat(shortcut.repeats)
        action.triggered.connect(lambda _=False, run=shortcut.run: run())
        window.addAction(action)


def for_help(shortcuts: Sequence[Shortcut]) -> list[tuple[str, str]]:
    """Caption and text of each, those that share a caption (1 – 9) once."""
    return list(dict.fromkeys((shortcut.caption, shortcut.text) for shortcut in shortcuts))
