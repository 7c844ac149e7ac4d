"""The window's own icons: strokes in a 24 × 24 box, drawn in the colours of the theme at any resolution."""

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from skel.app.theme import Theme, faded

_SIZE = 20
_STROKES = {
    "play": '<path d="M8 5.5 L18 12 L8 18.5 Z" fill="{c}"/>',
    "pause": '<path d="M8.5 6 V18 M15.5 6 V18" stroke-width="3.2"/>',
    "back": '<path d="M17 6.5 L9 12 L17 17.5 Z" fill="{c}"/><path d="M6.5 6 V18"/>',
    "forward": '<path d="M7 6.5 L15 12 L7 17.5 Z" fill="{c}"/><path d="M17.5 6 V18"/>',
    "loop": '<path d="M5 11 V10 A3 3 0 0 1 8 7 H18.5 M16 4 L19 7 L16 10 '
    'M19 13 V14 A3 3 0 0 1 16 17 H5.5 M8 14 L5 17 L8 20"/>',
    "mirror": '<path d="M12 4 V20" stroke-dasharray="2 3"/><path d="M9 8 L4 17 H9 Z"/>'
    '<path d="M15 8 L20 17 H15 Z" fill="{c}"/>',
    "home": '<path d="M4 9 V5 A1 1 0 0 1 5 4 H9 M15 4 H19 A1 1 0 0 1 20 5 V9 M20 15 V19 A1 1 0 0 1 19 20 H15 '
    'M9 20 H5 A1 1 0 0 1 4 19 V15"/><circle cx="12" cy="12" r="2.5" fill="{c}"/>',
    "sun": '<circle cx="12" cy="12" r="4"/><path d="M12 3 V5 M12 19 V21 M3 12 H5 M19 12 H21 M5.6 5.6 L7 7 M17 17 L18.4 18.4 '
    'M18.4 5.6 L17 7 M7 17 L5.6 18.4"/>',
    "moon": '<path d="M19 14.5 A7.5 7.5 0 1 1 9.5 5 A6 6 0 0 0 19 14.5 Z"/>',
    "help": '<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.8 A2.4 2.4 0 1 1 12.6 12 C12.1 12.3 12 12.6 12 13.4"/>'
    '<circle cx="12" cy="16.4" r="0.6" fill="{c}"/>',
    "source": '<path d="M4 8 A1 1 0 0 1 5 7 H14 A1 1 0 0 1 15 8 V16 A1 1 0 0 1 14 17 H5 A1 1 0 0 1 4 16 Z '
    'M15 11 L20 8 V16 L15 13"/>',
    "model": '<path d="M12 4 L19 8 V16 L12 20 L5 16 V8 Z M5 8 L12 12 L19 8 M12 12 V20"/>',
    "arrangement": '<path d="M4 6 A1 1 0 0 1 5 5 H19 A1 1 0 0 1 20 6 V18 A1 1 0 0 1 19 19 H5 A1 1 0 0 1 4 18 Z"/>'
    '<path d="M12.5 12.5 H17.5 V16.5 H12.5 Z" fill="{c}"/>',
    "record": '<circle cx="12" cy="12" r="6.5" fill="{record}" stroke="{record}"/>',
    "stop": '<path d="M7 7 H17 V17 H7 Z" fill="{record}" stroke="{record}"/>',
    "more": '<circle cx="6" cy="12" r="1" fill="{c}"/><circle cx="12" cy="12" r="1" fill="{c}"/>'
    '<circle cx="18" cy="12" r="1" fill="{c}"/>',
    "undo": '<path d="M8 5 L4 9 L8 13 M4.5 9 H14 A5 5 0 0 1 14 19 H9"/>',
    "redo": '<path d="M16 5 L20 9 L16 13 M19.5 9 H10 A5 5 0 0 0 10 19 H15"/>',
    "save": '<path d="M5 6 A1 1 0 0 1 6 5 H15.5 L19 8.5 V18 A1 1 0 0 1 18 19 H6 A1 1 0 0 1 5 18 Z M8 5 V9 H14 V5"/>'
    '<path d="M8.5 13 H15.5 V19 H8.5 Z" fill="{c}"/>',
    "teach": '<path d="M3.5 9.5 L12 5.5 L20.5 9.5 L12 13.5 Z M7 11.5 V16 C9 18.4 15 18.4 17 16 V11.5 M20.5 9.5 V14.5"/>',
    "pulse": '<path d="M3.5 13 H8 L10.5 6 L14 18.5 L16.5 13 H20.5"/>',
    "close": '<path d="M6.5 6.5 L17.5 17.5 M17.5 6.5 L6.5 17.5"/>',
}


def icon(name: str, theme: Theme) -> QIcon:
    """The icon of that name, plain and disabled."""
    result = QIcon()
    disabled = faded(theme.muted, 0.5)
    modes = {QIcon.Mode.Normal: (QColor(theme.text), QColor(theme.record)), QIcon.Mode.Disabled: (disabled, disabled)}
    for mode, (colour, record) in modes.items():
        for ratio in (1, 2, 3):
            result.addPixmap(_pixmap(name, colour, record, ratio), mode)
    return result


def _pixmap(name: str, colour: QColor, record: QColor, ratio: int) -> QPixmap:
    strokes = _STROKES[name].replace("{c}", colour.name()).replace("{record}", record.name())
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="{colour.name()}" '
        f'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">{strokes}</g></svg>'
    )
    pixmap = QPixmap(_SIZE * ratio, _SIZE * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(colour.alphaF())
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
