"""An action is shown to a clock that the test turns: countdown, recording until the person stands still, once more."""

from collections.abc import Iterator

import pytest

from skel.app.teaching import COUNTDOWN_S, LONGEST_S, Phase, Teaching
from skel.sensors.base import EndOfStream
from skel.sensors.replay import ReplaySensor
from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame


def frames(duration_s: float = 60.0, script: tuple[str, ...] = ("squat",)) -> Iterator[SkeletonFrame]:
    with ReplaySensor(perform(seed=3, duration_s=duration_s, script=script, fps=30.0), speed=float("inf")) as sensor:
        while True:
            try:
                yield sensor.read()
            except EndOfStream:
                return


def still() -> Iterator[SkeletonFrame]:
    from dataclasses import replace

    first = next(frames())
    for n in range(10_000):
        yield replace(first, index=n, time_s=n / 30)


def play(teaching: Teaching, performer: Iterator[SkeletonFrame], now_s: float, most_s: float = 90.0) -> float:
    """Turn the clock until nothing is under way any more; when that is."""
    end_s = now_s + most_s
    while teaching.is_under_way and now_s < end_s:
        frame = next(performer, None)
        teaching.push([] if frame is None else [frame])
        now_s += 1 / 30
        teaching.tick(now_s)
    return now_s


def test_a_countdown_comes_first():
    teaching = Teaching()
    teaching.begin("squat", 3, 30.0, "synthetic", 100.0)
    seen = []
    for n in range(90):
        now_s = 100.0 + n / 30
        teaching.tick(now_s)
        assert teaching.phase == Phase.COUNTDOWN
        seen.append(teaching.countdown(now_s))
        assert teaching.progress(now_s) == pytest.approx(n / 90)
    assert list(dict.fromkeys(seen)) == [3, 2, 1]
    teaching.tick(100.0 + COUNTDOWN_S)
    assert teaching.phase == Phase.RECORDING


def test_as_many_examples_as_wanted_each_trimmed_to_the_movement():
    teaching = Teaching()
    teaching.begin("squat", 3, 30.0, "synthetic", 0.0)
    play(teaching, frames(), 0.0)
    assert teaching.is_complete
    assert teaching.phase == Phase.IDLE
    assert len(teaching.takes) == 3
    for take in teaching.takes:
        assert 0.5 < take.end_s - take.start_s < LONGEST_S
        assert take.recording.positions_m.shape[1] == 1
        assert take.recording.device == "synthetic"


def test_a_bad_one_is_discarded_and_shown_again():
    teaching = Teaching()
    performer = frames()
    teaching.begin("squat", 3, 30.0, "", 0.0)
    now_s = play(teaching, performer, 0.0)
    kept = [teaching.takes[0], teaching.takes[2]]
    teaching.discard(1)
    assert teaching.takes == kept
    teaching.begin("squat", 3, 30.0, "", now_s)
    play(teaching, performer, now_s)
    assert teaching.takes[:2] == kept
    assert len(teaching.takes) == 3


def test_who_does_not_move_is_asked_again_and_then_left_alone():
    teaching = Teaching()
    teaching.begin("squat", 3, 30.0, "", 0.0)
    now_s = play(teaching, still(), 0.0)
    assert now_s == pytest.approx(3 * (COUNTDOWN_S + LONGEST_S), abs=0.5)
    assert "no movement was seen" in teaching.problem
    assert teaching.takes == []


def test_without_frames_it_says_so():
    teaching = Teaching()
    teaching.begin("squat", 3, 30.0, "", 0.0)
    play(teaching, iter(()), 0.0)
    assert "is the camera running?" in teaching.problem


def test_a_name_is_needed_and_can_be_changed_until_the_action_is_cleared():
    teaching = Teaching()
    teaching.begin("squat", 3, 30.0, "", 0.0)
    now_s = play(teaching, frames(), 0.0)
    with pytest.raises(UserError, match="give the action a name"):
        teaching.begin("  ", 3, 30.0, "", now_s)
    teaching.begin("deep squat", 3, 30.0, "", now_s)
    assert (teaching.label, len(teaching.takes)) == ("deep squat", 3)
    teaching.stop("the cable was pulled")
    assert (teaching.phase, teaching.problem) == (Phase.IDLE, "the cable was pulled")
    teaching.clear()
    assert (teaching.label, teaching.takes, teaching.problem) == ("", [], "")
