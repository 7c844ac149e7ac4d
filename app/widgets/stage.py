"""The large area in the middle: people in space, the sensor's picture, or one with the other in its corner."""

from collections.abc import Mapping
from enum import StrEnum

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skel.app.theme import Theme
from skel.app.widgets.picture_view import PictureView
from skel.app.widgets.skeleton_painter import Tag
from skel.app.widgets.skeleton_view import SkeletonView
from skel.skeleton.frame import SkeletonFrame

_INSET_SHARE = 0.25  # of the stage's width, and at most 0.4 of its height
_INSET_SPACE_ASPECT = 1.3
_INSET_MARGIN_PX = 12


class Arrangement(StrEnum):
    """Which of the two views is shown, and which of them is large."""

    PICTURE_FIRST = "picture first"
    SPACE_FIRST = "space first"
    PICTURE = "picture"
    SPACE = "space"

    @property
    def next(self) -> "Arrangement":
        """The one that follows, in a circle."""
        every = list(Arrangement)
        return every[(every.index(self) + 1) % len(every)]


class Stage(QWidget):
    """Both views, fed alike. While the source gives no picture the skeletons in space are alone, whatever is chosen."""

    painted = Signal(object)  # the SkeletonFrame, at the end of the first paint of the large view that shows it
    person_clicked = Signal(int)  # a body id
    picture_changed = Signal()  # there is a picture now, or none any more

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = PictureView(theme, self)
        self.view = SkeletonView(theme, self)
        self._arrangement = Arrangement.PICTURE_FIRST
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for view in (self.picture, self.view):
            view.person_clicked.connect(self.person_clicked)
            view.painted.connect(lambda frame, view=view: self._on_painted(view, frame))
        self._arrange()

    @property
    def has_picture(self) -> bool:
        """Whether the source has given a picture."""
        return self.picture.frame is not None

    @property
    def arrangement(self) -> Arrangement:
        """What is chosen, whether there is a picture or not."""
        return self._arrangement

    @property
    def large(self) -> QWidget:
        """The view that fills the stage."""
        picture_leads = self._arrangement in (Arrangement.PICTURE, Arrangement.PICTURE_FIRST)
        return self.picture if self.has_picture and picture_leads else self.view

    @property
    def inset(self) -> QWidget | None:
        """The view in the corner, if any."""
        if not self.has_picture or self._arrangement in (Arrangement.PICTURE, Arrangement.SPACE):
            return None
        return self.view if self.large is self.picture else self.picture

    def arrange(self, arrangement: Arrangement) -> None:
        """Choose what is shown."""
        self._arrangement = arrangement
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Use other colours."""
        self.picture.set_theme(theme)
        self.view.set_theme(theme)

    def set_mirrored(self, mirrored: bool) -> None:
        """Show people as in a mirror, or as the sensor sees them."""
        self.picture.set_mirrored(mirrored)
        self.view.set_mirrored(mirrored)

    def set_scale(self, scale: float) -> None:
        """What is written in the large view is this many times as large as in a window."""
        self.picture.set_scale(scale)
        self.view.set_scale(scale)

    def show_frame(self, frame: SkeletonFrame, tags: Mapping[int, Tag]) -> None:
        """Show this frame; `tags` gives each body id its number and text."""
        before = (self.has_picture, self.picture.aspect)
        self.view.show_frame(frame, tags)
        self.picture.show_frame(frame, tags)
        if (self.has_picture, self.picture.aspect) != before:
            self._arrange()
            self.picture_changed.emit()

    def show_tags(self, tags: Mapping[int, Tag]) -> None:
        """Change what is written beside the people who are shown."""
        self.view.show_tags(tags)
        self.picture.show_tags(tags)

    def show_message(self, title: str, hint: str) -> None:
        """What to say while nobody is in view."""
        self.view.show_message(title, hint)
        self.picture.show_message(title, hint)

    def hold(self) -> None:
        """Show nobody until the next frame, and that the picture is not of this moment."""
        self.view.hold()
        self.picture.hold()

    def clear(self) -> None:
        """Show nobody and no picture."""
        self.view.clear()
        self.picture.clear()
        self._arrange()
        self.picture_changed.emit()

    def sizeHint(self) -> QSize:
        """Most of the window."""
        return self.view.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Enough to tell people apart."""
        return self.view.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the inset in its corner."""
        self._arrange()
        super().resizeEvent(event)

    def _on_painted(self, view: QWidget, frame: SkeletonFrame) -> None:
        if view is self.large:
            self.painted.emit(frame)

    def _arrange(self) -> None:
        large, inset = self.large, self.inset
        for view in (self.picture, self.view):
            view.setVisible(view in (large, inset))
            view.set_inset(view is inset)
        large.setGeometry(self.rect())
        if inset is not None:
            inset.setGeometry(self._corner(self.picture.aspect if inset is self.picture else _INSET_SPACE_ASPECT))
            inset.raise_()

    def _corner(self, aspect: float) -> QRect:
        width = round(min(_INSET_SHARE * self.width(), 0.4 * self.height() * aspect))
        height = round(width / aspect)
        place = QRect(0, 0, width, height)
        place.moveBottomRight(self.rect().bottomRight())
        return place.translated(-_INSET_MARGIN_PX, -_INSET_MARGIN_PX)
