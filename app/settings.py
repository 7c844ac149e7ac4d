"""What the window remembers from one run to the next, in the platform's usual place."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

ORGANISATION, APPLICATION = "skel-action", "skel-app"


class Settings:
    """Geometry, theme, mirror and the last folder; `store` is another place, for tests."""

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store or QSettings(ORGANISATION, APPLICATION)

    @property
    def geometry(self) -> QByteArray | None:
        """As `QWidget.saveGeometry` gave it."""
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("geometry", value)

    @property
    def theme(self) -> str:
        """'dark', 'light', or '' to follow the desktop."""
        return str(self._store.value("theme", ""))

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("theme", value)

    @property
    def mirrored(self) -> bool:
        """Whether people are shown as in a mirror."""
        return bool(self._store.value("mirrored", False, type=bool))

    @mirrored.setter
    def mirrored(self, value: bool) -> None:
        self._store.setValue("mirrored", value)

    @property
    def folder(self) -> str:
        """Where the last file was opened."""
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        folder = str(self._store.value("folder", documents))
        return folder if Path(folder).is_dir() else documents

    @folder.setter
    def folder(self, value: str) -> None:
        self._store.setValue("folder", value)
