"""Says once, to whoever is new, what can be tried."""

from collections.abc import Callable

from skel.app.opening import Opening
from skel.app.settings import Settings
from skel.app.widgets.hint_strip import HintStrip


class FirstSteps:
    """Shown at each start until it is dismissed; never again then."""

    def __init__(
        self, hint: HintStrip, settings: Settings, opening: Opening, teach: Callable[[], object], keys: Callable[[], object]
    ) -> None:
        self._hint, self._settings = hint, settings
        hint.demo_wanted.connect(lambda: opening.source("demo"))
        hint.camera_wanted.connect(lambda: opening.source("auto"))
        hint.teaching_wanted.connect(teach)
        hint.keys_wanted.connect(keys)
        hint.dismissed.connect(self._dismiss)
        hint.setVisible(not settings.hint_seen)

    def _dismiss(self) -> None:
        self._settings.hint_seen = True
        self._hint.hide()
