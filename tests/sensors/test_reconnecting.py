"""A device that goes away: looked for without end, and what comes afterwards fits onto what came before."""

from collections.abc import Callable

import numpy as np
import pytest

from skel.sensors.base import EndOfStream, SensorError, SensorLost, SensorTimeout
from skel.sensors.reconnecting import FIRST_WAIT_S, LONGEST_WAIT_S, Reconnecting
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import NTU25


class Device:
    """A camera on a cable: its own clock and body ids start anew each time it is opened."""

    name = "camera"
    layout = NTU25
    nominal_fps = 10.0
    mode = ""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.plugged = True
        self.broken = False
        self.opened = self.closed = 0
        self._now_s = now_s
        self._index = 0

    def open(self) -> None:
        self.opened += 1
        if not self.plugged:
            raise SensorError("no such camera: plug it in")
        self._index = 0

    def close(self) -> None:
        self.closed += 1

    def read(self, timeout_s: float = 1.0) -> SkeletonFrame:
        if not self.plugged or self.broken:
            raise SensorLost("the cable was pulled")
        self._index += 1
        positions = np.zeros((2, 25, 3), np.float32)
        ids, confidence = np.array([3, 7]), np.ones((2, 25), np.float32)
        return SkeletonFrame(NTU25, positions, confidence, ids, self._index - 1, 0.1 * self._index, self._now_s())


class Bench:
    """The device, whoever reads it, and a clock that goes on only while somebody waits."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.device = Device(lambda: self.now_s)
        self.source = Reconnecting(self.device, clock=lambda: self.now_s, wait=self._wait)
        self.source.open()

    def _wait(self, seconds: float) -> None:
        self.now_s += seconds

    def frame(self, tries: int = 1000) -> SkeletonFrame:
        for _ in range(tries):
            try:
                return self.source.read(0.1)
            except SensorTimeout:
                continue
        raise AssertionError("no frame came")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_undisturbed_frames_pass_as_they_are(bench: Bench):
    first, second = bench.frame(), bench.frame()
    assert (first.index, first.time_s, second.index, second.time_s) == (0, 0.1, 1, 0.2)
    assert first.body_ids.tolist() == [3, 7]
    assert bench.source.lost == ""


def test_what_comes_back_goes_on_where_it_was(bench: Bench):
    before = bench.frame()
    bench.device.plugged = False
    with pytest.raises(SensorTimeout):
        bench.source.read(0.1)
    bench.device.plugged = True
    after, later = bench.frame(), bench.frame()
    assert after.index == before.index + 1
    assert after.time_s - before.time_s == pytest.approx(after.host_time_s - before.host_time_s)
    assert after.time_s - before.time_s == pytest.approx(FIRST_WAIT_S)
    assert later.time_s - after.time_s == pytest.approx(0.1)
    assert after.body_ids.tolist() == later.body_ids.tolist() == [11, 15]  # nobody whom we knew
    assert (bench.source.losses, bench.device.opened, bench.device.closed) == (1, 2, 1)
    assert bench.source.lost == ""


def test_attempts_become_rarer_and_never_end(bench: Bench):
    bench.frame()
    bench.device.plugged = False
    attempts = []
    for _ in range(10_000):
        opened = bench.device.opened
        with pytest.raises(SensorTimeout):
            bench.source.read(0.1)
        if bench.device.opened > opened:
            attempts.append(bench.now_s)
    pauses = np.diff([1000.0, *attempts])
    assert pauses[:5] == pytest.approx([0.5, 1.0, 2.0, 4.0, LONGEST_WAIT_S])
    assert pauses[5:] == pytest.approx(LONGEST_WAIT_S)
    assert len(attempts) > 100
    assert bench.source.losses == 1
    bench.device.plugged = True
    bench.frame()
    bench.device.plugged = False
    with pytest.raises(SensorTimeout, match=r"camera was lost \(the cable was pulled\): trying again in 0 s|trying again"):
        bench.source.read(0.1)
    assert bench.source.losses == 2


def test_says_what_was_lost_and_when_the_next_attempt_is(bench: Bench):
    bench.frame()
    bench.device.plugged = False
    for _ in range(20):
        with pytest.raises(SensorTimeout):
            bench.source.read(0.1)
    assert bench.source.lost == "camera was lost (no such camera: plug it in): trying again in 2 s"


def test_a_device_that_opens_and_gives_nothing_is_one_loss(bench: Bench):
    bench.frame()
    bench.device.broken = True
    for _ in range(200):
        with pytest.raises(SensorTimeout):
            bench.source.read(0.1)
    assert bench.source.losses == 1
    assert 4 < bench.device.opened < 10  # here too the pauses grow
    bench.device.broken = False
    assert bench.frame().index == 1


def test_a_device_lost_before_its_first_frame(bench: Bench):
    bench.device.plugged = False
    with pytest.raises(SensorTimeout):
        bench.source.read(0.1)
    bench.device.plugged = True
    assert bench.frame().time_s == pytest.approx(0.1)


def test_the_first_opening_fails_as_the_sensor_does(bench: Bench):
    bench.device.plugged = False
    with pytest.raises(SensorError, match="plug it in"):
        Reconnecting(bench.device).open()


def test_closing_ends_the_waiting(bench: Bench):
    bench.frame()
    bench.device.plugged = False
    with pytest.raises(SensorTimeout):
        bench.source.read(0.1)
    bench.source.close()
    opened = bench.device.opened
    with pytest.raises(EndOfStream):
        bench.source.read(60.0)
    assert bench.device.opened == opened


def test_what_was_closed_while_lost_is_not_opened_again(bench: Bench):
    bench.frame()
    bench.device.plugged = False
    with pytest.raises(SensorTimeout):
        bench.source.read(0.1)
    bench.source.close()
    bench.device.plugged = True
    bench.now_s += LONGEST_WAIT_S
    opened = bench.device.opened
    with pytest.raises(EndOfStream):
        bench.source.read(0.1)
    assert bench.device.opened == opened


def test_closing_while_the_device_opens_leaves_nothing_open(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.frame()
    bench.device.plugged = False
    with pytest.raises(SensorTimeout):
        bench.source.read(0.1)
    bench.device.plugged = True
    bench.now_s += LONGEST_WAIT_S
    done = []
    open_device, close_device = bench.device.open, bench.device.close

    def slow_open() -> None:
        bench.source.close()  # as another thread does, before there is anything to close
        open_device()
        done.append("open")

    def close() -> None:
        close_device()
        done.append("close")

    monkeypatch.setattr(bench.device, "open", slow_open)
    monkeypatch.setattr(bench.device, "close", close)
    with pytest.raises(EndOfStream):
        bench.source.read(0.1)
    assert done == ["close", "open", "close"]
