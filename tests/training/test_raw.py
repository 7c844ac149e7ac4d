import re
import zipfile

import pytest

from skel.skeleton.errors import UserError
from skel.training.raw import BadRecording, RawFiles

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


def test_not_a_zip(folder):
    with pytest.raises(UserError, match="not a readable ZIP"):
        RawFiles(folder / "b.txt")


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
