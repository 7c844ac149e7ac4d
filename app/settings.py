"""What the window remembers from one run to the next, in the platform's usual place."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

ORGANISATION, APPLICATION = "skel-action", "skel-app"
RECORDINGS_FOLDER = "Skeletons"  # in the user's documents


class Settings:
    """Geometry, look, the last folder and how to record; `store` is another place, for tests."""

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
    def arrangement(self) -> str:
        """How picture and 3D view are arranged; '' = never chosen."""
        return str(self._store.value("arrangement", ""))

    @arrangement.setter
    def arrangement(self, value: str) -> None:
        self._store.setValue("arrangement", value)

    @property
    def model(self) -> Path | None:
        """The model that was opened last; None = the one that comes with the program."""
        value = str(self._store.value("model", ""))
        return Path(value) if value else None

    @model.setter
    def model(self, value: Path | None) -> None:
        self._store.setValue("model", str(value) if value else "")

    @property
    def shows_latency(self) -> bool:
        """Whether the latency is shown."""
        return bool(self._store.value("shows_latency", False, type=bool))

    @shows_latency.setter
    def shows_latency(self, value: bool) -> None:
        self._store.setValue("shows_latency", value)

    @property
    def hint_seen(self) -> bool:
        """Whether the first steps were dismissed."""
        return bool(self._store.value("hint_seen", False, type=bool))

    @hint_seen.setter
    def hint_seen(self, value: bool) -> None:
        self._store.setValue("hint_seen", value)

    @property
    def folder(self) -> str:
        """Where the last file was opened."""
        folder = str(self._store.value("folder", _documents()))
        return folder if Path(folder).is_dir() else _documents()

    @folder.setter
    def folder(self, value: str) -> None:
        self._store.setValue("folder", value)

    @property
    def taught_folder(self) -> Path | None:
        """Where taught actions are; None = in the usual place."""
        value = self._store.value("taught_folder")
        return Path(str(value)) if value else None

    @taught_folder.setter
    def taught_folder(self, value: Path | None) -> None:
        self._store.setValue("taught_folder", str(value) if value else "")

    @property
    def recordings_folder(self) -> Path:
        """Where recordings are put; it may not exist yet."""
        return Path(str(self._store.value("recordings_folder", str(Path(_documents()) / RECORDINGS_FOLDER))))

    @recordings_folder.setter
    def recordings_folder(self, value: Path) -> None:
        self._store.setValue("recordings_folder", str(value))

    @property
    def records_picture(self) -> bool:
        """Whether the colour picture is recorded as well; off until chosen, for people can be known by it."""
        return bool(self._store.value("records_picture", False, type=bool))

    @records_picture.setter
    def records_picture(self, value: bool) -> None:
        self._store.setValue("records_picture", value)


def _documents() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
