"""How the window looks: two themes, colours that colour-blind people can tell apart, and Qt's palette and style sheet."""

import math
import time
from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """The colours of one look, as #rrggbb.

    The first `people` are Okabe and Ito's (Color Universal Design, 2008). The others and the `classes` were searched for, so
    that any two of one kind differ by 17 or more in CIE Lab, for normal sight and for protanopia, deuteranopia and
    tritanopia as simulated by Machado et al. (IEEE TVCG 2009); a test recomputes that.
    """

    name: str
    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    danger_surface: str
    record: str
    scene_top: str
    scene_bottom: str
    grid: str
    people: tuple[str, ...]
    classes: tuple[str, ...]

    @property
    def is_dark(self) -> bool:
        """Whether the text is lighter than its ground."""
        return QColor(self.window).lightness() < 128

    def person(self, number: int) -> QColor:
        """The colour of the person with this number, counted from 1."""
        return QColor(self.people[(number - 1) % len(self.people)])


DARK = Theme(
    name="dark",
    window="#14171c",
    surface="#1c2027",
    raised="#272c35",
    border="#343b46",
    text="#e9ecf1",
    muted="#98a2b1",
    accent="#56b4e9",
    on_accent="#0d1217",
    danger="#ff9d7a",
    danger_surface="#3d2520",
    record="#f2555a",
    scene_top="#1b2028",
    scene_bottom="#11141a",
    grid="#4b5666",
    people=("#56b4e9", "#e69f00", "#cc79a7", "#e9f7a1", "#e82e4d", "#924cd9"),
    classes=("#97b2e8", "#f7bea1", "#d5e874", "#ba5d8c", "#a1f7f7", "#9c871f", "#7665c9", "#318c4f"),
)
LIGHT = Theme(
    name="light",
    window="#f3f5f8",
    surface="#ffffff",
    raised="#e9edf2",
    border="#ccd3dc",
    text="#1a2029",
    muted="#596474",
    accent="#0072b2",
    on_accent="#ffffff",
    danger="#a63a12",
    danger_surface="#fde8df",
    record="#d32f2f",
    scene_top="#ffffff",
    scene_bottom="#e6ebf1",
    grid="#a5b0be",
    people=("#0072b2", "#d55e00", "#7d194b", "#5725ba", "#ba6d5d", "#4f4510"),
    classes=("#3194f7", "#9c1a00", "#809c65", "#f757a7", "#ab8e00", "#0043c9", "#7d318c", "#8c314f"),
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def mixed(first: QColor | str, second: QColor | str, share: float) -> QColor:
    """The colour that is `share` of the way from the first to the second."""
    a, b = QColor(first), QColor(second)
    return QColor.fromRgbF(
        *(p + (q - p) * share for p, q in zip((a.redF(), a.greenF(), a.blueF()), (b.redF(), b.greenF(), b.blueF())))
    )


def faded(colour: QColor | str, alpha: float) -> QColor:
    """The colour with that opacity, 0..1."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The application's font at a size in device-independent pixels, with figures of equal width where it has them."""
    result = QFont(QApplication.font())
    result.setPixelSize(pixels)
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    return result


class ClassColours:
    """Gives every class that is shown a colour and keeps it while it is in sight.

    A class that was out of sight for a while keeps its colour too, unless another class needs it in the meantime. Only when
    more classes are in sight at once than there are colours do two share one.
    """

    def __init__(self, out_of_sight_s: float = 20.0) -> None:
        self.neutral: str | None = None  # the class that stands for nothing is grey
        self._out_of_sight_s = out_of_sight_s
        self._colour_of: dict[str, int] = {}
        self._seen_s: dict[str, float] = {}

    def of(self, label: str, theme: Theme) -> QColor:
        """The colour of a class that is shown now."""
        if label == self.neutral:
            return QColor(theme.muted)
        now_s = time.monotonic()
        if now_s - self._seen_s.get(label, -math.inf) > self._out_of_sight_s:
            self._colour_of[label] = self._free_colour(label, len(theme.classes), now_s)
        self._seen_s[label] = now_s
        return QColor(theme.classes[self._colour_of[label]])

    def _free_colour(self, label: str, count: int, now_s: float) -> int:
        """The label's former colour if nobody in sight has it, else one that is free, else the one seen longest ago."""
        taken = {
            self._colour_of[other]: seen_s
            for other, seen_s in sorted(self._seen_s.items(), key=lambda item: item[1])
            if other != label and now_s - seen_s <= self._out_of_sight_s
        }
        former = self._colour_of.get(label)
        if former is not None and former not in taken:
            return former
        return min(range(count), key=lambda colour: taken.get(colour, -math.inf))


def system_theme() -> Theme:
    """The theme that the desktop asks for; dark where it does not say."""
    return LIGHT if QApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK


def fonts_are_missing() -> bool:
    """Whether Qt has no font at all, so that every letter would be a box."""
    return not QFontMetrics(QApplication.font()).inFont("a")


def apply_theme(theme: Theme) -> None:
    """Set palette and style sheet of the whole application."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded(theme.muted, 0.6))
    app.setPalette(palette)
    app.setStyleSheet(_STYLE.substitute(vars(theme), hover=mixed(theme.raised, theme.text, 0.08).name()))


_STYLE = Template("""
* { font-size: 13px; }
QMainWindow, QDialog { background: $window; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }

QToolButton, QPushButton {
    background: $raised; color: $text; border: 1px solid $border; border-radius: 6px; padding: 5px 10px; min-height: 18px;
}
QToolButton:hover, QPushButton:hover { background: $hover; }
QToolButton:pressed, QPushButton:pressed { background: $border; }
QToolButton:checked, QPushButton:checked { border-color: $accent; background: $hover; }
QToolButton:disabled, QPushButton:disabled { background: transparent; }
QPushButton#primary { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton#primary:hover { border-color: $text; }
QPushButton#primary:disabled { background: transparent; color: $muted; border-color: $border; }
QToolButton#record { text-align: left; }
QToolButton#record:checked { border-color: $record; }
QToolButton::menu-indicator[flat="true"] { image: none; }
QToolButton[flat="true"] { background: transparent; border-color: transparent; padding: 5px; }
QToolButton[flat="true"]:hover { background: $raised; }
QToolButton[flat="true"]:checked { border-color: $accent; }
QToolButton#small { background: transparent; border-color: transparent; padding: 0 6px; min-height: 16px; }
QToolButton#small:checked { border-color: $accent; }
QToolButton#tiny { padding: 2px; min-height: 0; }
QToolButton:focus, QPushButton:focus, QToolButton[flat="true"]:focus, QToolButton#small:focus, QToolButton#record:focus,
QPushButton#primary:focus { border-color: $text; }
QToolButton#picker { text-align: left; padding-right: 24px; }
QToolButton#picker::menu-indicator { subcontrol-position: right center; right: 8px; }

QMenu { background: $surface; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $raised; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }
QLineEdit { background: $window; color: $text; border: 1px solid $border; border-radius: 6px; padding: 5px 8px; }
QLineEdit:focus { border-color: $accent; }
QListWidget { background: $surface; color: $text; border: none; outline: none; }
QListWidget::item { padding: 5px 8px; border-radius: 4px; }
QListWidget::item:hover { background: $raised; }
QListWidget::item:selected { background: $raised; color: $text; border: 1px solid $accent; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $border; border-radius: 4px; min-height: 24px; margin: 1px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $border; }
QSlider::sub-page:horizontal { border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: $text; }
QSlider::handle:horizontal:focus { background: $accent; border: 1px solid $text; }
QSlider::handle:horizontal:disabled, QSlider::sub-page:horizontal:disabled { background: $border; }

QFrame#popup { background: $surface; border: 1px solid $border; }
QFrame#card { background: $surface; border: 1px solid $border; border-radius: 10px; }
QFrame#banner { background: $danger_surface; border: 1px solid $danger; border-radius: 8px; }
QFrame#banner[good="true"] { background: $raised; border-color: $accent; }
QFrame#hint { background: $raised; border: 1px solid $border; border-radius: 8px; }
QTextBrowser#page { background: $surface; border: 1px solid $border; border-radius: 8px; padding: 6px 14px 14px 14px; }
QFrame#banner QLabel { color: $text; }
QLabel#heading { color: $muted; font-size: 11px; font-weight: 600; letter-spacing: 1px; }
QLabel#title { font-size: 15px; font-weight: 600; }
QLabel#muted { color: $muted; font-size: 12px; }
QLabel#key { background: $raised; border: 1px solid $border; border-radius: 4px; padding: 2px 7px; font-size: 12px; }
""")
