"""What the model says that is compared with the one in use, as the window shows it. No Qt."""

from collections.abc import Mapping

from skel.app import texts, texts_teach
from skel.app.comparison import names_of
from skel.app.history import History
from skel.app.pipeline import Pipeline, Snapshot
from skel.app.presenter import PersonState, describe
from skel.app.session import Session
from skel.models.live import LiveSettings
from skel.models.pretrained import DEFAULT_MODEL


class Rival:
    """Empty while the session compares nothing.

    Attributes:
        people: everybody in the frame that is shown.
        history: the last minute of its predictions.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.people: list[PersonState] = []
        self.history = History((), LiveSettings())

    @property
    def names(self) -> tuple[str, ...]:
        """What to call the model in use and this one; empty where nothing is compared."""
        rival = self._session.rival
        if rival is None:
            return ()
        names = names_of(self._session.model.path, rival.path)
        paths = (self._session.model.path, rival.path)
        ours, theirs = (texts.BUILT_IN_MODEL if path == DEFAULT_MODEL else name for path, name in zip(paths, names))
        return ours, texts_teach.untaught(theirs) if self._session.rival_is_untaught else theirs

    def start_over(self) -> None:
        """Forget everything."""
        self.people = []
        if self._session.rival is not None:
            bundle = self._session.rival.bundle
            self.history = History(bundle.labels, bundle.live)

    def take(self, pipeline: Pipeline) -> None:
        """Take in what was predicted since the last call."""
        for prediction in pipeline.drain_rival():
            self.history.push(prediction)

    def show(self, numbers: Mapping[int, int], snapshot: Snapshot) -> None:
        """A frame is shown now, with these bodies and their numbers."""
        rival = self._session.rival
        if rival is None:
            self.people = []
        else:
            self.people = describe(numbers, snapshot.rival_predictions, rival.bundle.live.idle_label)
