"""Segments of a recording are kept as examples: whose movement it is, and what becomes of those that cannot be kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from window_driver import key, shot, shows

from skel.app import texts_teach
from skel.app.session import Source, recording_source
from skel.app.window import MainWindow
from skel.sensors.synthetic import perform
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording

BOW, HOP, NOD = Segment(1.0, 2.0, "deep bow"), Segment(2.6, 3.6, "long hop"), Segment(4.0, 5.0, "slow nod")
FIRST, SECOND = 0, 1  # columns of the recording


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two people of whom only the second does the hop, nobody the nod; at the end the first stands there alone."""
    recording = perform(seed=4, duration_s=6.5, persons=2, fps=15.0)
    times_s = recording.times_s - recording.times_s[0]
    positions_m = recording.positions_m.copy()
    positions_m[(times_s > 2.3) & (times_s < 5.2), FIRST] = np.nan
    positions_m[times_s > 3.8, SECOND] = np.nan
    save_recording(tmp_path / "two.npy", replace(recording, positions_m=positions_m, segments=(BOW, HOP, NOD)))
    return tmp_path / "two.npy"


@pytest.fixture
def opened(window: MainWindow, two: Path, qtbot) -> Iterator[MainWindow]:
    """The window with that recording, paused at its first frame; learning is over in the end."""
    sensor = recording_source(two).make()
    sensor.paused = True
    window.open_source(Source(two.name, lambda: sensor))
    sensor.step(1)
    shows(qtbot, window, 0.0)
    yield window
    qtbot.waitUntil(lambda: not window.teacher.actions.is_learning, timeout=60_000)


def whose(window: MainWindow, recording: Recording, label: str) -> list[int]:
    """The columns that the examples of that action are of."""
    found = []
    for example in window.teacher.actions.store.examples(label):
        kept = example.load()
        (first,) = np.flatnonzero(recording.times_s == kept.times_s[0])
        there = recording.positions_m[first : first + len(kept)]
        same = [np.array_equal(kept.positions_m[:, 0], there[:, m], equal_nan=True) for m in (FIRST, SECOND)]
        found.append(same.index(True))
    return found


def keep(window: MainWindow, segment: Segment, qtbot) -> None:
    window.review.review.select(segment)
    key(qtbot, window, Qt.Key.Key_K)


def test_where_several_could_be_meant_one_is_to_be_clicked(opened: MainWindow, two: Path, qtbot):
    keep(opened, BOW, qtbot)
    assert "click the person first" in opened.space.banner.text
    assert opened.teacher.actions.store.labels == ()
    shot(opened, "examples-whose")
    key(qtbot, opened, Qt.Key.Key_2)
    keep(opened, BOW, qtbot)
    assert opened.space.banner.text == texts_teach.added(1, BOW.label)
    assert whose(opened, load_recording(two), BOW.label) == [SECOND]


def test_who_was_chosen_is_meant_though_somebody_else_is_shown_now(opened: MainWindow, two: Path, qtbot):
    key(qtbot, opened, Qt.Key.Key_2)
    opened.player.seek(6.0)
    shows(qtbot, opened, 6.0)
    assert opened.display.selected == FIRST  # the only one who is there
    keep(opened, BOW, qtbot)
    assert whose(opened, load_recording(two), BOW.label) == [SECOND]


def test_where_nobody_was_chosen_it_is_who_is_in_the_segment(opened: MainWindow, two: Path, qtbot):
    assert opened.display.selected == FIRST
    keep(opened, HOP, qtbot)
    assert whose(opened, load_recording(two), HOP.label) == [SECOND]


def test_one_segment_without_anybody_does_not_keep_the_others_out(opened: MainWindow, two: Path, qtbot):
    key(qtbot, opened, Qt.Key.Key_2)
    review = opened.review.review
    for segment in (NOD, BOW, HOP):
        review.select(segment)
        review.assign(f"{segment.label} again")
    review.let_go()
    store = opened.teacher.actions.store
    for count in (2, 0):  # the second time they are there already
        opened.teacher.keep_corrections()
        assert opened.space.banner.text.startswith(texts_teach.added(count, ""))
        assert "another was not added: nobody is in view from 4.0 to 5.0 s" in opened.space.banner.text
        assert opened.space.banner.property("good") is False
        assert store.labels == ("deep bow again", "long hop again")
    shot(opened, "examples-left-out")
