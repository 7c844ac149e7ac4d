"""Segments from predictions, and their agreement with the truth."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skel.models.live import LiveSettings
from skel.models.recognizer import UNKNOWN, Prediction
from skel.models.segments import RecognisedSegment, Segmenter, shares_right
from skel.skeleton.recording import Segment


def predictions(named: str, person: int = 1, start_s: float = 0.0, fps: float = 10.0) -> list[Prediction]:
    """One prediction a character; `.` = unknown, a space = none."""
    names = {".": UNKNOWN}
    return [
        Prediction(person, start_s + i / fps, names.get(c, c), 0.8, np.ones(1, np.float32), ((c, 0.8),), 1.0)
        for i, c in enumerate(named)
        if c != " "
    ]


def recognised_segments(found: list[Prediction], shortest_s: float = 0.5, **live) -> list[RecognisedSegment]:
    segmenter = Segmenter(LiveSettings(**live), shortest_s)
    for prediction in found:
        segmenter.push(prediction)
    return sorted(segmenter.segments, key=lambda segment: (segment.start_s, segment.person))


def found(named: str, **options: Any) -> list[tuple[str, float, float]]:
    return [(s.action, s.start_s, s.end_s) for s in recognised_segments(predictions(named), **options)]


def test_an_action_counts_from_its_first_naming_and_ends_the_one_before():
    assert found("aaaaaaaabbbbbbbb") == [("a", 0.0, 0.8), ("b", 0.8, 1.5)]


def test_a_short_flicker_changes_nothing():
    assert found("aaaaaabbaaaaaa") == [("a", 0.0, pytest.approx(1.3))]
    assert found("ababababab") == []


def test_the_shortest_duration_is_a_choice():
    assert found("aaabbb", shortest_s=0.2) == [("a", 0.0, 0.3), ("b", 0.3, 0.5)]


def test_unknown_ends_a_segment_and_is_none():
    assert found("aaaaaaaa........bbbbbbbb") == [("a", 0.0, 0.8), ("b", 1.6, 2.3)]


def test_a_segment_knows_with_whom():
    with_someone = [replace(p, partner=2 if i < 4 else None) for i, p in enumerate(predictions("aaaaaaaa"))]
    alone = predictions("bbbbbbbb", start_s=0.8)
    assert [s.partner for s in recognised_segments([*with_someone, *alone])] == [2, None]


def test_other_names_for_nothing():
    assert found("aaaaaaaazzzzzzzz", idle_label="z") == [("a", 0.0, 0.8)]


def test_an_absence_ends_a_segment():
    assert found("aaaaaaaa          aaaaaaaa") == [("a", 0.0, 0.7), ("a", 1.8, 2.5)]


def test_a_recording_that_starts_over_starts_anew():
    segmenter = Segmenter(LiveSettings())
    for prediction in [*predictions("aaaaaaaa"), *predictions("aaaaaaaa")]:
        segmenter.push(prediction)
    assert [(s.start_s, s.end_s) for s in segmenter.segments] == [(0.0, 0.7), (0.0, 0.7)]


def test_people_are_apart():
    one, two = predictions("aaaaaaaa"), predictions("bbbbbbbb", person=2)
    both = [prediction for pair in zip(one, two) for prediction in pair]
    assert [(s.person, s.action) for s in recognised_segments(both)] == [(1, "a"), (2, "b")]


def test_the_confidence_is_the_mean_over_the_frames():
    rising = [
        Prediction(1, i / 10, "a", confidence, np.ones(1, np.float32), (("a", confidence),), 1.0)
        for i, confidence in enumerate(np.linspace(0.2, 0.8, 7))
    ]
    (segment,) = recognised_segments(rising)
    assert segment.confidence == pytest.approx(0.5)


def test_segments_are_laid_where_they_happened():
    lags = {"start_lag_s": 0.4, "end_lag_s": 0.2}
    assert found("..........aaaaaaaa.....", **lags) == [("a", 0.6, pytest.approx(1.5))]
    assert found("..........aaaaaaaa......", **lags) == [("a", 0.6, 1.6)], "unknown for half a second"


def test_of_two_actions_that_touch_the_second_begins_where_the_first_ends():
    named = "..........aaaaaaaabbbbbbbb"
    assert found(named, start_lag_s=0.4, end_lag_s=0.4) == [("a", 0.6, 1.4), ("b", 1.4, pytest.approx(2.1))]
    assert found(named, start_lag_s=0.4) == [("a", 0.6, 1.8), ("b", 1.8, pytest.approx(2.5))]
    assert found("aaaaaaaa......bbbbbb", start_lag_s=0.8) == [("a", -0.8, 0.8), ("b", 0.8, pytest.approx(1.9))]


def test_nothing_is_laid_before_the_person_came():
    named = [replace(p, since_s=0.5) for p in predictions("aaaaaaaabbbbbbbb", start_s=1.0)]
    laid = [(s.action, s.start_s, s.end_s) for s in recognised_segments(named, start_lag_s=0.9, end_lag_s=0.9)]
    assert laid == [("a", 0.5, pytest.approx(0.9)), ("b", pytest.approx(0.9), pytest.approx(1.6))]


@st.composite
def anybodys_predictions(draw) -> list[Prediction]:
    """Of two people who come, go away for a while and come back, at uneven instants."""
    given = []
    for person in (1, 2):
        now_s = since_s = draw(st.floats(0, 2))
        for step_s, name, length in draw(
            st.lists(
                st.tuples(st.sampled_from([0.05, 0.1, 0.3, 0.6]), st.sampled_from("ab."), st.integers(1, 15)), max_size=12
            )
        ):
            if step_s > 0.5:
                since_s = now_s + step_s
            for _ in range(length):
                now_s += min(step_s, 0.1) if now_s > since_s else max(step_s, since_s - now_s)
                action = UNKNOWN if name == "." else name
                given.append(Prediction(person, now_s, action, 0.8, np.ones(1, np.float32), (), 1.0, since_s=since_s))
    return sorted(given, key=lambda prediction: prediction.time_s)


@given(anybodys_predictions(), st.floats(0, 2), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_segments_as_they_come_are_those_of_the_whole(given_all, start_lag_s, share):
    """What is known at any instant stays, and only the end of what goes on grows; people's segments are apart."""
    live = LiveSettings(start_lag_s=start_lag_s, end_lag_s=share * start_lag_s)
    plain, laid = Segmenter(LiveSettings()), Segmenter(live)
    since_s = {(p.person, p.time_s): p.since_s for p in given_all}
    before: list[RecognisedSegment] = []
    for prediction in given_all:
        plain.push(prediction)
        laid.push(prediction)
        for known, now in zip(before, laid.segments):
            assert replace(now, end_s=0, confidence=0, frames=0) == replace(known, end_s=0, confidence=0, frames=0)
            assert now.end_s >= known.end_s, "a segment shrinks"
        assert len(laid.segments) >= len(before)
        before = [replace(segment) for segment in laid.segments]
    ended_s = {1: -np.inf, 2: -np.inf}
    for named, segment in zip(plain.segments, laid.segments, strict=True):
        person = named.person
        start_s = max(named.start_s - live.start_lag_s, since_s[person, named.start_s], ended_s[person])
        end_s = ended_s[person] = max(named.end_s - live.end_lag_s, since_s[person, named.end_s])
        assert segment == replace(named, start_s=start_s, end_s=end_s)
        assert start_s <= end_s


def laid(action: str, start_s: float, end_s: float, person: int = 1) -> RecognisedSegment:
    return RecognisedSegment(person, start_s, end_s, action, 1.0)


def test_share_right():
    named = [laid("a", 0.0, 0.5), laid("b", 0.5, 1.0)]
    truth = [Segment(0.0, 0.5, "a"), Segment(0.5, 1.0, "a"), Segment(0.25, 0.75, "b"), Segment(5.0, 6.0, "a")]
    assert shares_right(named, truth) == pytest.approx([1.0, 0.0, 0.5, 0.0])


def test_share_right_counts_anyone_once_and_from_the_recordings_start():
    named = [laid("b", 7.2, 7.4, 2), laid("b", 7.0, 7.3), laid("b", 7.25, 7.35, 3), laid("b", 7.8, 9.0)]
    assert shares_right(named, [Segment(0.0, 1.0, "b")], start_s=7.0) == pytest.approx([0.6])


def test_nothing_predicted():
    assert recognised_segments([]) == []
    assert shares_right([], [Segment(0.0, 1.0, "a")]) == [0.0]
