"""The way from other threads to the GUI's: nothing lost, nothing heaped up."""

import threading

from PySide6.QtCore import QCoreApplication, QObject, QThread
from pytestqt.qtbot import QtBot

from skel.app.wake import Wake


def test_the_slot_runs_on_the_gui_thread(qtbot: QtBot):
    parent, threads = QObject(), []
    wake = Wake(lambda: threads.append(QThread.currentThread()), parent)
    caller = threading.Thread(target=wake)
    caller.start()
    caller.join()
    assert threads == []  # not before the event loop comes to it
    qtbot.waitUntil(lambda: len(threads) == 1, timeout=30_000)
    assert threads == [QCoreApplication.instance().thread()]


def test_calls_before_the_slot_count_as_one_and_a_later_one_is_not_lost(qtbot: QtBot):
    parent, runs = QObject(), []
    wake = Wake(lambda: runs.append(1), parent)
    for _ in range(1000):
        wake()
    qtbot.waitUntil(lambda: runs == [1], timeout=30_000)
    QCoreApplication.processEvents()
    assert runs == [1]
    wake()
    qtbot.waitUntil(lambda: runs == [1, 1], timeout=30_000)


def test_what_comes_while_the_slot_runs_gets_a_run_of_its_own(qtbot: QtBot):
    parent, runs = QObject(), []

    def slot() -> None:
        runs.append(1)
        if len(runs) == 1:
            wake()

    wake = Wake(slot, parent)
    wake()
    qtbot.waitUntil(lambda: len(runs) == 2, timeout=30_000)


def test_a_flood_is_slowed_to_the_screens_rate(qtbot: QtBot):
    parent, runs = QObject(), []
    wake = Wake(lambda: runs.append(1), parent, most_per_s=1e-3)
    wake()
    qtbot.waitUntil(lambda: runs == [1], timeout=30_000)
    wake()
    QCoreApplication.processEvents()
    assert runs == [1]  # the next one is due a quarter of an hour later
