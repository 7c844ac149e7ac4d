"""Work beside the window: one job at a time, the last wish counts, and nobody is told who is gone."""

import threading

import pytest
import shiboken6
from PySide6.QtCore import QObject

from skel.app import learner
from skel.app.learner import Learner
from skel.skeleton.errors import UserError


@pytest.fixture
def parent(qapp) -> QObject:
    return QObject()


def test_of_several_wishes_the_last_is_done_after_the_job_under_way(parent: QObject, qtbot):
    done: list[str] = []
    may_go = threading.Event()
    one = Learner(parent, done.append)
    one.run(lambda: may_go.wait(30) and "first", done.append)
    one.run(lambda: "never", done.append)
    one.run(lambda: "last", done.append)
    may_go.set()
    qtbot.waitUntil(lambda: not one.is_busy, timeout=30_000)
    assert done == ["first", "last"]


def test_what_the_user_can_mend_is_told(parent: QObject, qtbot):
    def refused() -> None:
        raise UserError("the disk is full")

    said: list[str] = []
    one = Learner(parent, said.append)
    one.run(refused, lambda _: said.append("done"))
    qtbot.waitUntil(lambda: not one.is_busy, timeout=30_000)
    assert said == ["the disk is full"]


def test_a_job_that_ends_after_its_window_tells_nobody(qapp, monkeypatch):
    """And leaves no traceback on the console: an exception in a thread fails a test."""
    monkeypatch.setattr(learner, "_CLOSE_S", 0.0)
    may_go, parent, done = threading.Event(), QObject(), []
    one = Learner(parent, done.append)
    one.run(lambda: may_go.wait(30), done.append)
    one.close()
    thread = one._thread
    shiboken6.delete(parent)
    may_go.set()
    thread.join(30)
    assert not thread.is_alive()
    assert done == []
