"""What is recorded comes back, is never overwritten, and survives kill -9 and a full disk."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import AZURE32, NTU25, SkeletonLayout
from skel.skeleton.recorder import PAUSE_S, Columns, Recorder, finish_all, finish_recording, new_path
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording


def frame(time_s: float, ids: Sequence[int] = (1,), layout: SkeletonLayout = NTU25) -> SkeletonFrame:
    rng = np.random.default_rng(round(1000 * time_s))
    positions = rng.normal(size=(len(ids), len(layout), 3)).astype(np.float32)
    return SkeletonFrame(
        layout, positions, np.ones(positions.shape[:2], np.float32), np.array(ids, np.int64), 0, time_s, 0.0
    )


def record(path: Path, times_s: list[float], layout: SkeletonLayout = NTU25) -> Path | None:
    recorder = Recorder(path, layout, 30.0, "camera")
    for time_s in times_s:
        recorder.append(frame(time_s, layout=layout))
    return recorder.finish()


def append_all(recorder: Recorder, count: int) -> None:
    for i in range(count):
        recorder.append(frame(i / 30))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_recorded_comes_back_bit_by_bit(tmp_path: Path):
    times_s = [100 + i / 30 for i in range(20)]
    assert record(tmp_path / "new" / "take.npy", times_s) == tmp_path / "new" / "take.npy"
    assert names(tmp_path / "new") == ["take.json", "take.npy"]
    take = load_recording(tmp_path / "new" / "take.npy")
    assert take.times_s.tolist() == times_s  # every digit
    assert np.array_equal(take.positions_m, np.stack([frame(t).positions_m for t in times_s]))
    assert (take.layout, take.fps, take.device, take.assumed) == (NTU25, 30.0, "camera", "")
    assert np.array_equal(np.load(tmp_path / "new" / "take.npy"), take.positions_m)  # numpy alone reads it


def test_nothing_recorded_leaves_nothing(tmp_path: Path):
    assert record(tmp_path / "take.npy", []) is None
    assert names(tmp_path) == []


def test_a_person_keeps_the_column(tmp_path: Path):
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    in_view = [[7], [7, 9], [9, 7], [9], [], [9, 7], [7, 3]]
    for i, ids in enumerate(in_view):
        recorder.append(frame(float(i), ids))
    take = load_recording(recorder.finish())
    tracked = ~np.isnan(take.positions_m).all(axis=(2, 3))
    assert tracked.astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [1, 0, 1]]
    assert np.array_equal(take.positions_m[2, 0], frame(2.0, [9, 7]).positions_m[1])


def test_a_column_is_free_when_its_body_was_away_for_longer_than_any_window():
    columns = Columns()
    assert columns.of([1, 2], 0.0) == [0, 1]
    assert columns.of([3], PAUSE_S) == [2]  # just too early
    assert columns.of([4], PAUSE_S + 0.1) == [0]
    assert columns.of([1, 5], PAUSE_S + 0.2) == [1, 3]  # who comes back after that is a newcomer


def test_nobody_in_view_is_recorded_too(tmp_path: Path):
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    recorder.append(frame(0.0, []))
    take = load_recording(recorder.finish())
    assert take.positions_m.shape == (1, 1, 25, 3)
    assert np.isnan(take.positions_m).all()


def test_duplicate_and_backward_time_stamps(tmp_path: Path):
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    for time_s, ids in ((10.0, [1, 2]), (10.0, [3]), (10.1, [2]), (2.0, [2]), (2.1, [2])):
        recorder.append(frame(time_s, ids))
    assert recorder.frames == 4
    take = load_recording(recorder.finish())
    assert take.times_s == pytest.approx([10.0, 10.1, 10.1 + PAUSE_S, 10.2 + PAUSE_S])
    tracked = ~np.isnan(take.positions_m).all(axis=(2, 3))
    assert tracked.astype(int).tolist() == [[1, 1], [0, 1], [1, 0], [1, 0]]  # after the break everyone is new


def test_the_same_name_is_continued_after_a_pause(tmp_path: Path):
    record(tmp_path / "take.npy", [5.0, 5.1])
    first = load_recording(tmp_path / "take.npy")
    labelled = Recording(first.positions_m, first.times_s, NTU25, 30.0, "camera", (Segment(0.0, 0.1, "wave"),))
    save_recording(tmp_path / "take.npy", labelled, {"label": "hello", "subject": 3})
    assert record(tmp_path / "take.npy", [3.0, 3.5]) == tmp_path / "take.npy"
    take = load_recording(tmp_path / "take.npy")
    assert take.times_s == pytest.approx([5.0, 5.1, 5.1 + PAUSE_S, 5.6 + PAUSE_S])
    assert np.array_equal(take.positions_m[2:], np.stack([frame(t).positions_m for t in (3.0, 3.5)]))
    assert take.segments == labelled.segments
    side = json.loads((tmp_path / "take.json").read_text())
    assert (side["label"], side["subject"], len(side["times_s"])) == ("hello", 3, 4)


def test_nothing_is_overwritten(tmp_path: Path):
    record(tmp_path / "take.npy", [0.0, 0.1])
    np.save(tmp_path / "bare.npy", np.zeros((3, 1, 25, 3), np.float32))
    (tmp_path / "notes.json").write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert record(tmp_path / "take.npy", [0.0], AZURE32) == tmp_path / "take-2.npy"  # another layout
    assert record(tmp_path / "take.npy", [9.0], AZURE32) == tmp_path / "take-2.npy"  # and its continuation
    assert record(tmp_path / "bare.npy", [0.0]) == tmp_path / "bare-2.npy"
    assert record(tmp_path / "notes.npy", [0.0]) == tmp_path / "notes-2.npy"
    assert {path: path.read_bytes() for path in before} == before
    assert len(load_recording(tmp_path / "take-2.npy")) == 2


def test_two_programs_with_one_name(tmp_path: Path):
    first, second = Recorder(tmp_path / "take.npy", NTU25, 30.0), Recorder(tmp_path / "take.npy", NTU25, 30.0)
    first.append(frame(0.0))
    second.append(frame(1.0))
    assert (first.finish(), second.finish()) == (tmp_path / "take.npy", tmp_path / "take-2.npy")


def test_names_by_date_are_new(tmp_path: Path):
    first = new_path(tmp_path)
    assert first.parent == tmp_path
    first.with_suffix(".json").touch()
    assert new_path(tmp_path) != first
    assert new_path(tmp_path / "mine.npy") == tmp_path / "mine.npy"


def test_a_folder_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot record into"):
        Recorder(tmp_path / "file" / "take.npy", NTU25, 30.0)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(UserError, match="you may not write there"):
        Recorder(tmp_path / "take.npy", NTU25, 30.0)


def test_a_frame_of_another_layout_is_refused(tmp_path: Path):
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    with pytest.raises(ValueError, match="AZURE32"):
        recorder.append(frame(0.0, layout=AZURE32))
    recorder.finish()


CRASH = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_recorder import NTU25, Recorder, frame
recorder = Recorder(Path(sys.argv[1]), NTU25, 30.0, "camera")
for i in range(int(sys.argv[2])):
    recorder.append(frame(i / 30))
os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(path: Path, frames: int) -> None:
    code = CRASH.format(tests=str(Path(__file__).parent))
    ended = subprocess.run([sys.executable, "-c", code, str(path), str(frames)], check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_process_loses_nothing(tmp_path: Path):
    """Every frame has left the process when `append` returns; only the machine's own crash can take the last second."""
    crash(tmp_path / "take.npy", 40)
    assert names(tmp_path) == ["take.unfinished"]
    take = load_recording(tmp_path / "take.npy")
    assert take.times_s.tolist() == [i / 30 for i in range(40)]
    assert take.assumed == "take.unfinished: 40 frames recovered of a recording that was cut short"
    assert len(load_recording(tmp_path / "take.unfinished")) == 40
    assert finish_all(tmp_path) == [tmp_path / "take.npy"]
    assert names(tmp_path) == ["take.json", "take.npy"]
    again = load_recording(tmp_path / "take.npy")
    assert np.array_equal(again.positions_m, take.positions_m)
    assert again.assumed == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_continuation_keeps_both_parts_and_can_be_continued(tmp_path: Path):
    record(tmp_path / "take.npy", [0.0, 0.1])
    crash(tmp_path / "take.npy", 3)
    assert len(load_recording(tmp_path / "take.npy")) == 5
    record(tmp_path / "take.npy", [0.0])
    take = load_recording(tmp_path / "take.npy")
    assert len(take) == 6
    assert np.diff(take.times_s)[[1, 4]] == pytest.approx([PAUSE_S, PAUSE_S])
    assert names(tmp_path) == ["take.json", "take.npy"]


@pytest.mark.parametrize("crash_after", ["npy", "json"])
def test_a_crash_while_finishing_neither_loses_nor_doubles_frames(tmp_path: Path, crash_after: str):
    record(tmp_path / "take.npy", [0.0, 0.1])
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    recorder.append(frame(0.0))
    recorder._journal.close()
    side, journal = (tmp_path / "take.json").read_bytes(), recorder.journal_path.read_bytes()
    expected = load_recording(tmp_path / "take.npy")
    finish_recording(tmp_path / "take.npy")
    recorder.journal_path.write_bytes(journal)
    if crash_after == "npy":
        (tmp_path / "take.json").write_bytes(side)
    for _ in range(2):  # as it was left, and finished
        take = load_recording(tmp_path / "take.npy")
        assert np.array_equal(take.times_s, expected.times_s)
        assert np.array_equal(take.positions_m, expected.positions_m)
        finish_all(tmp_path)


def left_by_a_crash(path: Path, times_s: list[float]) -> Path:
    """The journal of a take that was cut short."""
    recorder = Recorder(path, NTU25, 30.0, "camera")
    for time_s in times_s:
        recorder.append(frame(time_s))
    recorder._journal.close()
    return recorder.journal_path


@pytest.mark.parametrize(("times_s", "layout"), [([0.0], NTU25), ([20.0, 20.1, 20.2], NTU25), ([0.0, 0.1], AZURE32)])
def test_a_journal_beside_another_recording_than_it_continues(tmp_path: Path, times_s: list[float], layout: SkeletonLayout):
    """Somebody has put another recording in its place: shorter, later, or of another sensor."""
    record(tmp_path / "take.npy", [0.0, 0.1])
    journal = left_by_a_crash(tmp_path / "take.npy", [0.0, 0.1])
    for name in ("take.npy", "take.json"):
        (tmp_path / name).unlink()
    record(tmp_path / "other.npy", times_s, layout)
    for suffix in (".npy", ".json"):
        (tmp_path / f"other{suffix}").rename(tmp_path / f"take{suffix}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in (tmp_path / "take.npy", journal):
        with pytest.raises(UserError) as caught:
            load_recording(path)
        said = f"{journal} continues another take.npy than the one that is there: move one of them away"
        assert str(caught.value) == said
    crashed = left_by_a_crash(tmp_path / "zebra.npy", [0.0])
    assert finish_all(tmp_path) == [tmp_path / "zebra.npy"]  # what is unusable holds nothing else up
    assert not crashed.exists()
    assert record(tmp_path / "take.npy", [0.0]) == tmp_path / "take-2.npy"
    assert {path: path.read_bytes() for path in before} == before


def test_a_journal_whose_recording_has_gone_is_read_alone(tmp_path: Path):
    record(tmp_path / "take.npy", [0.0, 0.1])
    journal = left_by_a_crash(tmp_path / "take.npy", [3.0, 3.5, 4.0])
    (tmp_path / "take.npy").unlink()
    take = load_recording(journal)
    assert np.array_equal(take.positions_m, np.stack([frame(t).positions_m for t in (3.0, 3.5, 4.0)]))
    said = "3 frames recovered of a recording that was cut short; the 2 frames before them in take.npy are gone"
    assert take.assumed == f"take.unfinished: {said}"
    assert finish_all(tmp_path) == []  # take.json says something of frames that may come back
    assert names(tmp_path) == ["take.json", "take.unfinished"]
    (tmp_path / "take.json").unlink()
    assert finish_all(tmp_path) == [tmp_path / "take.npy"]
    assert names(tmp_path) == ["take.json", "take.npy"]
    assert load_recording(tmp_path / "take.npy").times_s.tolist() == take.times_s.tolist()


def test_what_was_cut_short_has_time_stamps_as_well(tmp_path: Path):
    journal = left_by_a_crash(tmp_path / "take.npy", [0.0, 0.1])
    for path in (journal, tmp_path / "take.npy"):
        with pytest.raises(UserError, match=r"has its own time stamps in take\.unfinished: leave out the frame rate"):
            load_recording(path, fps=5)


def test_a_recording_under_way_can_be_read_and_is_left_alone(tmp_path: Path):
    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    recorder.append(frame(0.0))
    assert len(load_recording(tmp_path / "take.npy")) == 1
    assert finish_all(tmp_path) == []
    recorder.append(frame(0.1))
    assert len(load_recording(recorder.finish())) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a process's files")
def test_a_full_disk_keeps_what_was_recorded(tmp_path: Path):
    """The kernel itself refuses to write further, in the middle of a frame; nothing can be finished either."""
    import resource

    recorder = Recorder(tmp_path / "take.npy", NTU25, 30.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            append_all(recorder, 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert recorder.frames > 10
    assert len(load_recording(tmp_path / "take.npy")) == recorder.frames
    recorder.append(frame(50.0))  # somebody has made room
    assert len(load_recording(recorder.finish())) == recorder.frames
