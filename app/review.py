"""Correcting what is known to happen in a recording: every edit keeps its segments in order and apart. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from skel.skeleton.recording import Segment

SHORTEST_S = 0.1
"""A shorter segment can neither be seen in the timeline nor be clicked."""

Segments = tuple[Segment, ...]


def assigned(segments: Sequence[Segment], start_s: float, end_s: float, label: str | None) -> Segments:
    """The segments after a stretch has been given a label, or none.

    Segments that reach into the stretch are cut, split or removed; what is left of them is dropped below `SHORTEST_S`.
    """
    pieces = [] if label is None else [Segment(start_s, end_s, label)]
    for segment in segments:
        if segment.end_s <= start_s or segment.start_s >= end_s:
            pieces.append(segment)
            continue
        before, after = replace(segment, end_s=start_s), replace(segment, start_s=end_s)
        pieces += [piece for piece in (before, after) if piece.end_s - piece.start_s >= SHORTEST_S]
    return in_order(pieces)


def resized(
    segments: Sequence[Segment], segment: Segment, start_s: float, end_s: float, duration_s: float
) -> tuple[Segments, Segment]:
    """The segments after the ends of one of them were moved, and what has become of that one.

    Its ends stop at its neighbours, at the recording's ends, and `SHORTEST_S` from one another.
    """
    others = list(segments)
    others.remove(segment)
    low_s = max((other.end_s for other in others if other.end_s <= segment.start_s), default=0.0)
    high_s = min((other.start_s for other in others if other.start_s >= segment.end_s), default=duration_s)
    start_s, end_s = (min(max(time_s, low_s), high_s) for time_s in (start_s, end_s))
    if end_s - start_s < SHORTEST_S and start_s != segment.start_s:
        start_s = max(end_s - SHORTEST_S, low_s)
    if end_s - start_s < SHORTEST_S:
        end_s = min(start_s + SHORTEST_S, high_s)
    result = replace(segment, start_s=start_s, end_s=end_s) if start_s < end_s else segment
    return in_order([*others, result]), result


def gap_at(segments: Sequence[Segment], time_s: float, duration_s: float) -> tuple[float, float] | None:
    """From where to where nothing is labelled around that time; None within a segment and outside the recording."""
    inside = any(segment.start_s <= time_s < segment.end_s for segment in segments)
    if inside or not 0.0 <= time_s <= duration_s:
        return None
    low_s = max((segment.end_s for segment in segments if segment.end_s <= time_s), default=0.0)
    high_s = min((segment.start_s for segment in segments if segment.start_s > time_s), default=duration_s)
    return low_s, high_s


def in_order(segments: Sequence[Segment]) -> Segments:
    """Sorted by time."""
    return tuple(sorted(segments, key=lambda segment: (segment.start_s, segment.end_s)))


@dataclass(frozen=True)
class Selection:
    """A stretch that is about to be labelled.

    `known`: it is one of the recording's segments; otherwise the recogniser's, or (without a label) one that was just drawn.
    """

    segment: Segment
    known: bool


class Review:
    """The segments of one recording with the edits made to them, each of which can be undone.

    Args:
        segments: as the recording has them, in seconds from its first frame.
        duration_s: of the recording.

    Attributes:
        selection: what the next edit is about.
    """

    def __init__(self, segments: Sequence[Segment], duration_s: float) -> None:
        self.duration_s = duration_s
        self.selection: Selection | None = None
        self._original = self._saved = self._now = in_order(segments)
        self._past: list[Segments] = []
        self._future: list[Segments] = []
        self._dragged: tuple[Segments, Segment] | None = None

    @property
    def segments(self) -> Segments:
        """As they are now, also while one is being dragged."""
        return self._dragged[0] if self._dragged else self._now

    @property
    def selected(self) -> Segment | None:
        """The chosen segment as it is now, also while it is being dragged."""
        if self._dragged is not None:
            return self._dragged[1]
        return self.selection.segment if self.selection else None

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to save."""
        return self._now != self._saved

    @property
    def corrections(self) -> Segments:
        """The segments that were not in the recording when it was opened."""
        return tuple(segment for segment in self._now if segment not in self._original)

    @property
    def can_undo(self) -> bool:
        """Whether an edit was made."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether an edit was undone."""
        return bool(self._future)

    def select(self, segment: Segment) -> None:
        """Choose a segment, the recording's or the recogniser's; the latter within the recording only."""
        within = replace(segment, start_s=max(segment.start_s, 0.0), end_s=min(segment.end_s, self.duration_s))
        known = segment in self._now
        self.selection = Selection(segment if known else within, known) if within.end_s > within.start_s else None

    def select_next(self, steps: int, time_s: float) -> None:
        """Choose the segment after (1) or before (-1) the chosen one, or that time."""
        at_s = self.selection.segment.start_s if self.selection else time_s
        further = [s for s in self._now if (s.start_s > at_s if steps > 0 else s.start_s < at_s)]
        if further:
            self.select(further[0 if steps > 0 else -1])

    def assign(self, label: str | None) -> None:
        """Say that in the chosen stretch this happens, or nothing; the new segment is chosen."""
        if self.selection is None:
            return
        stretch = self.selection.segment
        self._change(assigned(self._now, stretch.start_s, stretch.end_s, label))
        self.selection = Selection(replace(stretch, label=label), known=True) if label is not None else None

    def drag(self, start_s: float, end_s: float) -> None:
        """Show the chosen segment with other ends, until `drop` makes an edit of it or `let_go` forgets it."""
        if self.selection is None:
            return
        segment = self.selection.segment
        if self.selection.known:
            self._dragged = resized(self._now, segment, start_s, end_s, self.duration_s)
        else:
            _, moved = resized([segment], segment, start_s, end_s, self.duration_s)
            self.selection = Selection(moved, known=False)

    def draw(self, from_s: float, to_s: float) -> None:
        """Choose a stretch in which nothing is labelled, from a time in it up to another time or to the next segment."""
        gap = gap_at(self._now, from_s, self.duration_s)
        self.selection = None
        if gap is not None:
            start_s, end_s = (min(max(time_s, gap[0]), gap[1]) for time_s in sorted((from_s, to_s)))
            if end_s - start_s >= SHORTEST_S:
                self.selection = Selection(Segment(start_s, end_s, ""), known=False)

    def drop(self) -> None:
        """Make an edit of what was dragged."""
        if self._dragged is not None:
            (segments, moved), self._dragged = self._dragged, None
            self._change(segments)
            self.selection = Selection(moved, known=True)

    def let_go(self) -> None:
        """Choose nothing, and forget what was dragged."""
        self._dragged = self.selection = None

    def undo(self) -> None:
        """Take back the last edit."""
        if self._past:
            self.let_go()
            self._future.append(self._now)
            self._now = self._past.pop()

    def redo(self) -> None:
        """Make the edit again that was taken back last."""
        if self._future:
            self.let_go()
            self._past.append(self._now)
            self._now = self._future.pop()

    def mark_saved(self) -> None:
        """What there is now has been saved."""
        self._saved = self._now

    def _change(self, segments: Segments) -> None:
        if segments != self._now:
            self._past.append(self._now)
            self._future.clear()
            self._now = segments
