"""Opens what the user asks for: files by their kind, cameras by their number, and what the sources' menu lists."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from skel.app import texts
from skel.app.consent import Consent
from skel.app.options import Options
from skel.app.session import Source, kind_of_file, recording_source
from skel.app.settings import Settings
from skel.models.pretrained import DEFAULT_MODEL, DEMO_RECORDING
from skel.sensors.base import Sensor
from skel.sensors.registry import create_sensor
from skel.sensors.sources import VIDEO_SUFFIXES, sensor_for
from skel.skeleton.errors import UserError

_MOST_CAMERAS = 64


class Opening:
    """Turns wishes into sources and models; what is wrong with them is told through `refuse`.

    Args:
        window: dialogs belong to it.
        open_source, open_model, open_rival: put a source, a model or one to compare with to use; `UserError` where that
            fails.
        refuse: tells the user why something could not be opened.
        consent: what a sensor asks before it downloads anything.

    Attributes:
        import_taught: adds the taught actions in a file to the user's own; to be set before the first file is opened.
        options: how the program was started; what they say of a camera holds for every source that takes it.
    """

    import_taught: Callable[[Path], None]
    options = Options()

    def __init__(
        self,
        window: QWidget,
        settings: Settings,
        open_source: Callable[[Source], None],
        open_model: Callable[[Path], None],
        open_rival: Callable[[Path], None],
        refuse: Callable[[str], None],
        consent: Consent,
    ) -> None:
        self._window, self._settings, self._consent = window, settings, consent
        self._open_source, self._open_model, self._open_rival = open_source, open_model, open_rival
        self._refuse = refuse

    @property
    def folder(self) -> Path:
        """Where the last file was opened."""
        return Path(self._settings.folder)

    def recording(self, path: Path) -> None:
        """Play a recording."""
        self._remember(path)
        self._use(recording_source(path))

    def video(self, path: Path) -> None:
        """Find people in a video file, or in what a Kinect has recorded."""
        self._remember(path)
        self._use(Source(path.name, lambda: self._sensor(sensor_for(path), path)))

    def model(self, path: Path) -> None:
        """Change to another model."""
        if path != DEFAULT_MODEL:  # which lies in the program's own folder
            self._remember(path)
        self._try(lambda: self._open_model(path))

    def rival(self, path: Path) -> None:
        """Compare the model in use with another."""
        self._remember(path)
        self._try(lambda: self._open_rival(path))

    def file(self, path: Path) -> None:
        """A file of any kind, by its name."""
        kinds = {
            "recording": self.recording,
            "video": self.video,
            "model": self.model,
            "taught actions": self.import_taught,
        }
        self._try(lambda: kinds[kind_of_file(path)](path))

    def camera(self, number: int) -> None:
        """The webcam with that number, counted from 0."""
        self._use(Source(texts.camera(number), lambda: self._sensor("webcam", Path(str(number)))))

    def source(self, name: str) -> None:
        """What the sources' menu calls by that name: the demo recording, or a sensor of the registry."""
        if name == "demo":
            self._use(recording_source(DEMO_RECORDING, texts.DEMO_RECORDING, loop=True))
        elif name == "synthetic":
            self._use(Source(texts.SYNTHETIC_ACTOR, lambda: self._sensor(name)))
        else:
            self._use(Source(texts.CAMERAS[name], lambda: self._sensor(name)))

    def ask_for_recording(self) -> None:
        """Let the user choose a recording."""
        self._ask(texts.OPEN_RECORDING, texts.RECORDINGS_FILTER, self.recording)

    def ask_for_video(self) -> None:
        """Let the user choose a video."""
        self._ask(texts.OPEN_VIDEO, f"{texts.VIDEOS} (*{' *'.join(VIDEO_SUFFIXES)})", self.video)

    def ask_for_model(self) -> None:
        """Let the user choose a model."""
        self._ask(texts.OPEN_MODEL, texts.MODELS_FILTER, self.model)

    def ask_for_rival(self) -> None:
        """Let the user choose a model to compare with."""
        self._ask(texts.COMPARE_WITH, texts.MODELS_FILTER, self.rival)

    def ask_for_camera(self) -> None:
        """Let the user say which of several cameras."""
        number, chosen = QInputDialog.getInt(
            self._window, texts.OTHER_CAMERA, texts.CAMERA_NUMBER, value=1, minValue=0, maxValue=_MOST_CAMERAS - 1
        )
        if chosen:
            self.camera(number)

    def _ask(self, title: str, kinds: str, open_it: Callable[[Path], None]) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, title, self._settings.folder, kinds)
        if name:
            open_it(Path(name))

    def _sensor(self, name: str, source: Path | None = None) -> Sensor:
        return create_sensor(name, **self.options.for_source(name, source).sensor_options(self._consent))

    def _remember(self, path: Path) -> None:
        self._settings.folder = str(path.parent)

    def _use(self, source: Source) -> None:
        self._try(lambda: self._open_source(source))

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except UserError as error:
            self._refuse(str(error))
