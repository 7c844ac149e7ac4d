"""Edits of a recording's segments: whatever is done, they stay in order and apart, and undo gives back what was there."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skel.app.review import SHORTEST_S, Review, assigned, gap_at, resized
from skel.skeleton.recording import Segment

DURATION_S = 20.0
WAVE, SIT = Segment(2.0, 4.0, "wave"), Segment(6.0, 9.0, "sit down")

times = st.floats(-1.0, DURATION_S + 1.0, allow_nan=False)
labels = st.sampled_from(["wave", "clap", "sit down"])
drawn = st.lists(times, min_size=0, max_size=12, unique=True).map(
    lambda ends: [
        Segment(start, end, "walk")
        for start, end in zip(sorted(ends)[::2], sorted(ends)[1::2])
        if start >= 0 and end <= DURATION_S and end - start >= SHORTEST_S
    ]
)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("choose"), st.integers(0, 5), times),
        st.tuples(st.just("assign"), labels | st.none(), times),
        st.tuples(st.just("drag"), times, times),
        st.tuples(st.just("draw"), times, times),
        st.tuples(st.just("undo"), times, times),
        st.tuples(st.just("redo"), times, times),
    ),
    max_size=25,
)


def do(review: Review, kind: str, first, second) -> None:
    if kind == "choose" and review.segments:
        review.select(review.segments[first % len(review.segments)])
    elif kind == "choose":
        review.select(Segment(second, second + 1.0, "of the recogniser"))
    elif kind == "assign":
        review.assign(first)
    elif kind == "drag":
        review.drag(first, second)
        review.drop()
    elif kind == "draw":
        review.draw(first, second)
    else:
        (review.undo if kind == "undo" else review.redo)()


@given(drawn, edits)
def test_segments_stay_in_order_and_apart(segments, edits):
    review = Review(segments, DURATION_S)
    for edit in edits:
        do(review, *edit)
        ends = np.array([(s.start_s, s.end_s) for s in review.segments]).reshape(-1)
        assert (np.diff(ends) >= 0).all()
        assert all(s.end_s > s.start_s and s.label for s in review.segments)
        assert ((ends >= 0) & (ends <= DURATION_S)).all()


@given(drawn, edits)
def test_undo_gives_back_exactly_what_was_there_and_redo_what_was_made(segments, edits):
    review = Review(segments, DURATION_S)
    first = review.segments
    for edit in edits:
        do(review, *edit)
    last = review.segments
    steps = []
    while review.can_undo:
        steps.append(review.segments)
        review.undo()
    assert review.segments == first
    assert not review.is_changed
    for step in reversed(steps):
        review.redo()
        assert review.segments == step
    assert review.segments == last


@given(drawn, times, times, labels | st.none())
def test_only_the_stretch_changes(segments, a, b, label):
    start_s, end_s = sorted((a, b))
    before, after = tuple(segments), assigned(segments, start_s, end_s, label)
    at = np.arange(0, DURATION_S, 0.05)

    def named(some, time_s):
        return next((s.label for s in some if s.start_s <= time_s < s.end_s), None)

    for time_s in at:
        if start_s <= time_s < end_s:
            assert named(after, time_s) == label
        elif not start_s - SHORTEST_S <= time_s < end_s + SHORTEST_S:  # slivers beside the stretch are dropped
            assert named(after, time_s) == named(before, time_s)


def test_a_label_in_the_middle_splits():
    assert assigned([SIT], 7.0, 8.0, "jump") == (Segment(6, 7, "sit down"), Segment(7, 8, "jump"), Segment(8, 9, "sit down"))
    assert assigned([WAVE, SIT], 6.05, 9.5, "jump") == (WAVE, Segment(6.05, 9.5, "jump"))


def test_ends_stop_at_neighbours_and_before_one_another():
    assert resized([WAVE, SIT], WAVE, 1.0, 8.0, DURATION_S)[1] == Segment(1.0, 6.0, "wave")
    assert resized([WAVE, SIT], SIT, 3.0, 99.0, DURATION_S)[1] == Segment(4.0, DURATION_S, "sit down")
    assert resized([WAVE], WAVE, 5.0, 4.0, DURATION_S)[1] == Segment(4.0 - SHORTEST_S, 4.0, "wave")
    assert resized([WAVE], WAVE, 2.0, 1.0, DURATION_S)[1] == Segment(2.0, 2.0 + SHORTEST_S, "wave")


def test_gaps():
    assert gap_at([WAVE, SIT], 1.0, DURATION_S) == (0.0, 2.0)
    assert gap_at([WAVE, SIT], 5.0, DURATION_S) == (4.0, 6.0)
    assert gap_at([WAVE, SIT], 10.0, DURATION_S) == (9.0, DURATION_S)
    assert gap_at([WAVE, SIT], 3.0, DURATION_S) is None
    assert gap_at([WAVE, SIT], -1.0, DURATION_S) is None


def test_what_the_recogniser_found_becomes_a_segment_with_the_right_name():
    review = Review([WAVE, SIT], DURATION_S)
    review.select(Segment(5.0, 7.0, "squat"))
    assert not review.selection.known
    review.assign("bow")
    assert review.segments == (WAVE, Segment(5.0, 7.0, "bow"), Segment(7.0, 9.0, "sit down"))
    assert review.corrections == (Segment(5.0, 7.0, "bow"), Segment(7.0, 9.0, "sit down"))
    assert review.selected == Segment(5.0, 7.0, "bow")
    assert review.is_changed
    review.mark_saved()
    assert not review.is_changed
    review.undo()
    assert review.is_changed  # the recording on disk says otherwise


def test_a_segment_is_shown_while_it_is_dragged_and_is_one_edit():
    review = Review([WAVE], DURATION_S)
    review.select(WAVE)
    for end_s in (4.5, 4.7, 5.0):
        review.drag(2.0, end_s)
        assert review.segments == (Segment(2.0, end_s, "wave"),)
        assert review.selected == Segment(2.0, end_s, "wave")
    review.drop()
    review.undo()
    assert review.segments == (WAVE,)
    assert not review.can_undo


def test_the_next_and_the_one_before():
    review = Review([WAVE, SIT], DURATION_S)
    review.select_next(1, 0.5)
    assert review.selected == WAVE
    review.select_next(1, 0.5)
    assert review.selected == SIT
    review.select_next(1, 0.5)
    assert review.selected == SIT
    review.select_next(-1, 0.5)
    assert review.selected == WAVE


def test_segments_that_overlap_in_the_recording_stay_until_they_are_edited():
    both = [Segment(2.0, 6.0, "wave"), Segment(3.0, 5.0, "jump")]
    review = Review(both, DURATION_S)
    assert review.segments == tuple(both)
    review.select(Segment(10.0, 11.0, "clap"))
    review.assign("clap")
    assert review.segments[:2] == tuple(both)
