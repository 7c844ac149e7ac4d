"""A failed write leaves the old file and nothing else."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from skel.skeleton.errors import UserError
from skel.skeleton.files import atomic_path, lock, write_text


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    write_text(path, "old")

    def half_a_file() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        half_a_file()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["labels.json"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    write_text(path, "old")
    with atomic_path(path) as temporary:
        temporary.write_text("new, ü")
        assert path.read_text() == "old"
        assert temporary.suffix == ".json", "writers that look at the suffix find the right one"
    assert path.read_text() == "new, ü"


@pytest.mark.skipif(sys.platform == "win32", reason="there the write itself shows it")
def test_what_is_flushed_is_open_for_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to flush a file that is open for reading only."""
    import fcntl

    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE))
    write_text(tmp_path / "a.txt", "")
    assert flushed == [os.O_RDWR]


@pytest.mark.skipif(sys.platform == "win32", reason="other locks")
@pytest.mark.parametrize(("error", "kept"), [(errno.EWOULDBLOCK, False), (errno.ENOLCK, True)])
def test_nobody_is_kept_out_where_a_file_system_knows_no_locks(tmp_path: Path, monkeypatch, error: int, kept: bool) -> None:
    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr("fcntl.flock", refuse)
    with (tmp_path / "file").open("ab") as file:
        assert lock(file) is kept


def test_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "there")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "there"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "")
        assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027, "the umask is put back"
    finally:
        os.umask(umask)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*c\.txt: "):
        write_text(tmp_path / "file" / "c.txt", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*folder: it is a folder"):
        write_text(tmp_path / "folder", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
