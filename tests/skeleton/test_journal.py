"""A journal is whole up to its last complete frame, wherever it was cut."""

from pathlib import Path

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.skeleton.journal import Heading, Journal, read_journal

HEADING = Heading("NTU25", 30.0, "camera")


def positions(frame: int, bodies: int) -> np.ndarray:
    return np.random.default_rng(frame).normal(size=(bodies, 25, 3)).astype(np.float32)


def written(path: Path, frames: int = 5) -> Path:
    journal = Journal(path, HEADING)
    for i in range(frames):
        journal.append(i / 30, list(range(i % 3)), positions(i, i % 3))
    journal.sync()
    journal.close()
    return path


def test_what_is_written_comes_back(tmp_path: Path):
    content = read_journal(written(tmp_path / "a.unfinished"))
    assert content.heading == HEADING
    assert content.times_s.tolist() == [i / 30 for i in range(5)]
    assert content.positions_m.shape == (5, 2, 25, 3)
    assert np.array_equal(content.positions_m[1, 0], positions(1, 1)[0])
    assert np.array_equal(content.positions_m[2], positions(2, 2))
    assert np.isnan(content.positions_m[[0, 3]]).all()
    assert np.isnan(content.positions_m[1, 1]).all()


def test_cut_anywhere_the_whole_frames_before_remain(tmp_path: Path):
    path = written(tmp_path / "a.unfinished")
    data, lengths = path.read_bytes(), []
    for size in range(len(data), -1, -7):
        path.write_bytes(data[:size])
        content = read_journal(path)
        assert content is not None or size < 100
        if content is not None:
            assert content.whole_bytes <= size
            lengths.append(len(content.times_s))
            assert np.array_equal(content.times_s, np.arange(lengths[-1]) / 30)
    assert sorted(set(lengths)) == [0, 1, 2, 3, 4, 5]
    assert lengths == sorted(lengths, reverse=True)


def test_what_the_disk_garbled_at_the_end_is_left_out(tmp_path: Path):
    path = written(tmp_path / "a.unfinished")
    data = bytearray(path.read_bytes())
    data[-20] ^= 255
    path.write_bytes(data)
    assert len(read_journal(path).times_s) == 4
    path.write_bytes(bytes(data) + bytes(4096))
    assert len(read_journal(path).times_s) == 4


def test_zeros_after_the_last_frame_are_no_frames(tmp_path: Path):
    path = written(tmp_path / "a.unfinished")
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert len(read_journal(path).times_s) == 5


def test_going_on_removes_what_was_cut_off(tmp_path: Path):
    path = written(tmp_path / "a.unfinished")
    path.write_bytes(path.read_bytes()[:-1])
    journal = Journal(path, HEADING)
    journal.append(1.0, [0], positions(9, 1))
    journal.close()
    content = read_journal(path)
    assert content.times_s.tolist() == [0.0, 1 / 30, 2 / 30, 3 / 30, 1.0]
    assert content.whole_bytes == path.stat().st_size


def test_one_writer_at_a_time(tmp_path: Path):
    journal = Journal(tmp_path / "a.unfinished", HEADING)
    journal.append(0.0, [0], positions(0, 1))
    with pytest.raises(FileExistsError, match="another program"):
        Journal(tmp_path / "a.unfinished", HEADING)
    assert len(read_journal(tmp_path / "a.unfinished").times_s) == 1  # reading is always possible
    journal.close()
    Journal(tmp_path / "a.unfinished", HEADING).close()


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"hello\n",
        b"[1]\n",
        b'{"schema": 1}\n',
        b'{"schema": 1, "layout": "NTU25", "x": 1}\n',
        b"[" * 100_000 + b"\n",
    ],
    ids=range(6),
)
def test_anything_else_is_one_line(tmp_path: Path, content: bytes):
    (tmp_path / "a.unfinished").write_bytes(content)
    with pytest.raises(UserError, match="is not a recording that was cut short"):
        read_journal(tmp_path / "a.unfinished")


def test_another_schema_is_named(tmp_path: Path):
    path = written(tmp_path / "a.unfinished")
    path.write_bytes(path.read_bytes().replace(b'"schema": 1', b'"schema": 7'))
    with pytest.raises(UserError, match="has schema 7, this version reads 1"):
        read_journal(path)
