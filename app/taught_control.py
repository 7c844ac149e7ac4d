"""Keeps recognisers and list in step with the store of taught actions, and changes the store as the user asks."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from skel.app import texts_teach as texts
from skel.app.capture import Take
from skel.app.disk import with_ending
from skel.app.learner import Learner
from skel.app.session import Session
from skel.app.taught import TaughtActions
from skel.app.texts import shown
from skel.app.widgets.examples_dialog import ExamplesDialog, ShownExample
from skel.app.widgets.question import Button, Question
from skel.app.widgets.taught_list import TaughtRow
from skel.app.widgets.workspace import Workspace
from skel.models.few_shot import FewShotClassifier, TaughtReport
from skel.models.runtime import OnnxModel
from skel.skeleton.errors import UserError


class _Learned(NamedTuple):
    """What a model makes of the store; `problem`: why it cannot be taught."""

    classifier: FewShotClassifier | None = None
    problem: str = ""


class TaughtControl(QObject):
    """Between the store, the session and the list; `refresh` a few times a second.

    Args:
        folder: of the store; None = the user's own.

    Attributes:
        dialog: the examples of one action, while they are looked at.
    """

    def __init__(self, window: QWidget, session: Session, space: Workspace, folder: Path | None) -> None:
        super().__init__(window)
        self._window, self._session, self._space = window, session, space
        self._list, self._banner = space.teach.actions_taught, space.banner
        self.store = TaughtActions(folder)
        self._untold = self.store.problems
        self._learner = Learner(self, self._banner.say)
        self._models: tuple[object, object] = (None, None)  # for which the actions were learned
        self._reports: dict[str, TaughtReport] = {}
        self.dialog: ExamplesDialog | None = None
        self._list.examples_wanted.connect(self.look_at)
        self._list.renaming_wanted.connect(self.rename)
        self._list.removal_wanted.connect(self.remove)
        self._list.import_wanted.connect(self.import_)
        self._list.export_wanted.connect(self.export)

    @property
    def is_learning(self) -> bool:
        """Whether a recogniser does not know yet what there is in the store."""
        return self._learner.is_busy or self._models != (self._session.model, self._session.rival)

    def learn(self) -> None:
        """Let the recogniser know what there is in the store now; then say how well, and teach the one that is compared."""
        model, rival = self._models = (self._session.model, self._session.rival)

        def use(learned: _Learned) -> None:
            if model is self._session.model:
                self._session.teach(learned.classifier)
            judge = (lambda: ()) if learned.problem else (lambda: self.store.report(model))
            self._learner.run(judge, lambda reports: show(learned.problem, reports))

        def show(problem: str, reports: tuple[TaughtReport, ...]) -> None:
            if model is self._session.model:
                self._show(problem, reports)
            if rival is not None:
                self._learner.run(lambda: self._learned(rival), lambda theirs: self._teach(rival, theirs))

        self._learner.run(lambda: self._learned(model), use)
        self._list.set_busy(True)

    def refresh(self) -> None:
        """Bring everything up to date: another model learns the actions anew."""
        if self._models != (self._session.model, self._session.rival):
            self.learn()
        self._list.set_busy(self._learner.is_busy)

    def close(self) -> None:
        """The window goes."""
        self.store.close()
        self._learner.close()

    def look_at(self, label: str) -> None:
        """Show the examples of an action, so that bad ones can be discarded."""
        self.dialog = ExamplesDialog(self._space.theme, label, self._window)
        self.dialog.discarded.connect(lambda place: self._discard(label, place))
        self.dialog.finished.connect(self._on_looked_at)
        self._show_examples()
        self.dialog.open()

    def rename(self, label: str) -> None:
        """Ask for another name."""
        new, agreed = QInputDialog.getText(self._window, texts.RENAME_TITLE, texts.NEW_NAME, text=label)
        if agreed:
            self._change(lambda: self.store.rename(label, new))

    def remove(self, label: str) -> None:
        """Delete an action, if that is what the user means."""
        said, buttons = texts.really_remove(label, len(self.store.examples(label))), Button.Yes | Button.Cancel
        if Question(self._window, texts.REMOVE_TITLE, said, buttons, Button.Cancel).ask() == Button.Yes:
            self._change(lambda: self.store.remove(label))

    def export(self, label: str = "") -> None:
        """Write this action, or all, to a file that can be handed on."""
        proposed = f"{label}.zip" if label else texts.ARCHIVE_NAME
        name, _ = QFileDialog.getSaveFileName(self._window, texts.EXPORT, proposed, texts.ARCHIVES)
        if not name:
            return
        try:
            path = with_ending(name, ".zip")
            self.store.export(path, [label] if label else None)
        except UserError as error:
            self._banner.say(str(error))
        else:
            self._banner.say(texts.exported(str(path)), good=True)

    def import_(self) -> None:
        """Let the user choose such a file, and add the actions in it."""
        name, _ = QFileDialog.getOpenFileName(self._window, texts.IMPORT, "", texts.ARCHIVES)
        if name:
            self.import_file(Path(name))

    def import_file(self, path: Path) -> None:
        """Add the actions in a file that was exported."""
        self._change(lambda: self._import(path))

    def _import(self, path: Path) -> None:
        self._banner.say(texts.imported(", ".join(map(shown, self.store.import_(path)))), good=True)

    def _change(self, change: Callable[[], None]) -> None:
        try:
            change()
        except UserError as error:
            self._banner.say(str(error))
        self.learn()

    def _discard(self, label: str, place: int) -> None:
        self._change(lambda: self.store.discard(self.store.examples(label)[place]))
        if self.dialog is not None:
            self.dialog.set_busy(True)

    def _show_examples(self) -> None:
        if self.dialog is None:
            return
        label = self.dialog.label
        examples, report = self.store.examples(label), self._reports.get(label)
        if not examples:
            self.dialog.close()
            return
        judged = report is not None and report.recognised is not None and report.examples == len(examples)
        named = report.named if report is not None and judged else ("",) * len(examples)
        try:
            takes = [Take(example.load(), example.start_s, example.end_s) for example in examples]
        except UserError as error:
            self._banner.say(str(error))
            self.dialog.close()
        else:
            self.dialog.show_examples([ShownExample(*one) for one in zip(takes, named)])

    def _on_looked_at(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _learned(self, model: OnnxModel) -> _Learned:
        try:
            return _Learned(self.store.classifier(model))
        except UserError as error:
            return _Learned(problem=str(error))

    def _teach(self, rival: OnnxModel, learned: _Learned) -> None:
        if rival is self._session.rival:
            self._session.teach_rival(learned.classifier, possible=not learned.problem)
            if learned.problem:
                self._banner.say(texts.rival_untaught(rival.path.name, learned.problem))

    def _show(self, problem: str, reports: tuple[TaughtReport, ...]) -> None:
        if problem or self._untold:
            self._banner.say(problem or texts.left_out(self._untold))
            self._untold = ()
        self._reports = {report.label: report for report in reports}
        self._list.show_rows([self._row(label, self._reports.get(label)) for label in self.store.labels])
        self._show_examples()
        self._list.set_busy(self._learner.is_busy)

    def _row(self, label: str, report: TaughtReport | None) -> TaughtRow:
        count = len(self.store.examples(label))
        if report is None:
            known = label.casefold() in {name.casefold() for name in self._session.model.bundle.labels}
            return TaughtRow(label, (texts.examples(count), texts.KNOWN_ALREADY if known else texts.NOT_LEARNED))
        how_well = "" if report.recognised is None else f" · {texts.told_apart(report.recognised, report.examples)}"
        return TaughtRow(label, (texts.examples(count) + how_well, texts.confused(report.confused_with, report.confusion)))
