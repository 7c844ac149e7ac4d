"""Segments from predictions, and their agreement with the truth."""

from dataclasses import replace

import numpy as np
import pytest

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


def recognised_segments(given: list[Prediction], **options) -> list[RecognisedSegment]:
    segmenter = Segmenter(**options)
    for prediction in given:
        segmenter.push(prediction)
    return sorted(segmenter.segments, key=lambda segment: (segment.start_s, segment.person))


def found(named: str, **options) -> list[tuple[str, float, float]]:
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
    assert found("aaaaaaaazzzzzzzz", nothing=("z",)) == [("a", 0.0, 0.8)]


def test_an_absence_ends_a_segment():
    assert found("aaaaaaaa          aaaaaaaa") == [("a", 0.0, 0.7), ("a", 1.8, 2.5)]


def test_a_recording_that_starts_over_starts_anew():
    segmenter = Segmenter()
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


def test_share_right():
    named = predictions("aaaaabbbbb")
    truth = [Segment(0.0, 0.5, "a"), Segment(0.5, 1.0, "a"), Segment(0.25, 0.75, "b"), Segment(5.0, 6.0, "a")]
    assert shares_right(named, truth) == pytest.approx([1.0, 0.0, 0.5, 0.0])


def test_share_right_takes_time_without_prediction_as_wrong():
    assert shares_right(predictions("aaaaa               aaaaa"), [Segment(0.0, 2.5, "a")]) == pytest.approx(
        [(0.9 + 0.5) / 2.5]
    )


def test_share_right_counts_anyone_and_from_the_recordings_start():
    both = [p for pair in zip(predictions("aaaaa", start_s=7), predictions("bbbbb", 2, start_s=7)) for p in pair]
    assert shares_right(both, [Segment(0.0, 0.5, "b")], start_s=7.0) == pytest.approx([1.0])


def test_nothing_predicted():
    assert recognised_segments([]) == []
    assert shares_right([], [Segment(0.0, 1.0, "a")]) == [0.0]
