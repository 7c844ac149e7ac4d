import re
import zipfile
from pathlib import Path

import pytest

from skel.skeleton.errors import UserError
from skel.training.raw import BadRecording, RawFiles, numbers, read_names
from skel.training.sources import READERS

PATTERN = re.compile(r"(\w+)\.txt")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "raw"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "b.txt").write_text("b")
    (folder / "deep" / "er" / "a.txt").write_text("a" * 1000)
    (folder / "deep" / "a.txt.part").write_text("no")
    return folder


def zipped(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    return path


def test_folder_and_zip_are_alike(folder):
    for path in (folder, zipped(folder)):
        with RawFiles(path) as files:
            matches = files.matching(PATTERN)
            assert {name: match[1] for name, match in matches.items()} == {"b.txt": "b", "deep/er/a.txt": "a"}
            assert files.read("deep/er/a.txt") == b"a" * 1000


def test_missing_path(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        RawFiles(tmp_path / "none.zip")


def test_a_file_that_is_no_zip(folder):
    with pytest.raises(UserError, match=r"b\.txt is neither a folder nor a ZIP archive: give the folder it is in$"):
        RawFiles(folder / "b.txt")
    (folder / "b.txt").rename(folder / "b.ZIP")
    with pytest.raises(UserError, match=r"b\.ZIP is not a readable ZIP archive .*: download it again$"):
        RawFiles(folder / "b.ZIP")


def test_truncated_zip(folder):
    path = zipped(folder)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UserError, match="not a readable ZIP"):
        RawFiles(path)


def test_damaged_file_in_a_zip(folder):
    path = zipped(folder)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("deep/er/a.txt").header_offset + 30 + len("deep/er/a.txt")
    content[start : start + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    with RawFiles(path) as files:
        with pytest.raises(BadRecording, match="cannot be read"):
            files.read("deep/er/a.txt")
        assert files.read("b.txt") == b"b"


def test_several_sources_are_one(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text("second")
    with RawFiles(zipped(folder), other) as files:
        assert list(files.matching(PATTERN)) == ["other/b.txt", "raw.zip/b.txt", "raw.zip/deep/er/a.txt"]
        assert files.read("other/b.txt") == b"second"
        assert (files.size("other/b.txt"), files.size("raw.zip/deep/er/a.txt")) == (6, 1000)


def texts(folder, *sources):
    """A folder of each source below `folder`, with a file that says which it is."""
    for source in sources:
        (folder / source).mkdir(parents=True, exist_ok=True)
        (folder / source / "x.txt").write_text(source)
    return [folder / source for source in sources]


def test_sources_of_one_name_are_told_apart_by_the_folders_above(tmp_path, monkeypatch):
    paths = texts(tmp_path, "A/1/rec", "B/1/rec", "B/2/rec", "other")
    with RawFiles(*paths) as files:
        assert files.names == ["2/rec/x.txt", "A/1/rec/x.txt", "B/1/rec/x.txt", "other/x.txt"]
        assert {files.read(name).decode() for name in files.names} == {"A/1/rec", "B/1/rec", "B/2/rec", "other"}
    monkeypatch.chdir(tmp_path / "A" / "1")
    with RawFiles(Path("rec"), Path("../../B/2/rec")) as files:
        assert files.names == ["1/rec/x.txt", "2/rec/x.txt"]


def test_archives_of_one_name_are_told_apart(tmp_path):
    with RawFiles(*map(zipped, texts(tmp_path, "A/rec", "B/rec"))) as files:
        assert {name: files.read(name) for name in files.names} == {
            "A/rec.zip/x.txt": b"A/rec",
            "B/rec.zip/x.txt": b"B/rec",
        }


def test_files_that_would_still_have_one_name_are_refused(tmp_path):
    paths = texts(tmp_path, "A", "1/A/rec", "B/rec", "A/rec")[:3]
    with RawFiles(*paths) as files, pytest.raises(UserError, match=r"A and .*1/A/rec both have a file A/rec/x\.txt: rename"):
        assert files.names


def test_a_source_given_twice(tmp_path):
    (path,) = texts(tmp_path, "A")
    with pytest.raises(UserError, match="A is given twice: leave one of them out"):
        RawFiles(path, tmp_path / "A" / ".." / "A")


def test_the_fingerprint_changes_with_the_files(folder):
    def fingerprint(*paths):
        with RawFiles(*paths) as files:
            return files.fingerprint()

    before = fingerprint(folder)
    assert fingerprint(folder) == before
    path = zipped(folder)
    of_zip = fingerprint(path)
    (folder / "b.txt").write_text("c")
    assert fingerprint(folder) != before
    path.unlink()
    assert fingerprint(zipped(folder)) != of_zip


@pytest.mark.parametrize("text", [b"1 2.5\n-3e-2\t4\r\n", b"  1 2.5 -0.03 4"])
def test_numbers(text):
    assert numbers(text).tolist() == [1, 2.5, -0.03, 4]


@pytest.mark.parametrize("text", [b"1 2 x", b"1,2", b"x", b"1 nan", b"1 -1e39", b"\xff\x00"])
def test_no_numbers(text):
    with pytest.raises(BadRecording):
        numbers(text)


def test_names_to_exclude_are_found_among_other_lines(tmp_path):
    path = tmp_path / "missing.txt"
    path.write_text("The following samples:\n\nS001C002P005R008A008\nS002C003P010R001A050.skeleton\nS001C002P005R008A008\n")
    assert read_names(path, READERS["ntu60"]) == ("S001C002P005R008A008", "S002C003P010R001A050")
    path.write_bytes(b"\xef\xbb\xbfS001C002P005R008A008, S002C003P010R001A050.skeleton;S003C001P001R001A001,\r\n")
    listed = ("S001C002P005R008A008", "S002C003P010R001A050", "S003C001P001R001A001")
    assert read_names(path, READERS["ntu60"]) == listed
    path.write_text("wave 3\n  clap, slow.npy\n\ntake.2\n")
    assert read_names(path, READERS["recordings"]) == ("clap, slow", "take.2", "wave 3"), "each line is one"
    path.write_text("nothing")
    with pytest.raises(UserError, match="names no file of this set, such as S001C001P001R001A001"):
        read_names(path, READERS["ntu60"])
    with pytest.raises(UserError, match="cannot read"):
        read_names(tmp_path / "none.txt", READERS["ntu60"])
