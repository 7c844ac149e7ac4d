"""Where the user wants something written, and what the disk says to that."""

import errno
from pathlib import Path

import pytest

from skel.app.disk import changing, with_ending
from skel.skeleton.errors import UserError


def test_a_name_gets_its_ending_and_keeps_its_dots(tmp_path: Path):
    assert with_ending(str(tmp_path / "take.npy"), ".npy") == tmp_path / "take.npy"
    assert with_ending(str(tmp_path / "take 1.5"), ".npy") == tmp_path / "take 1.5.npy"


def test_what_nobody_agreed_to_overwrite_is_not_chosen(tmp_path: Path):
    (tmp_path / "take.npy").touch()
    assert with_ending(str(tmp_path / "take.npy"), ".npy") == tmp_path / "take.npy"  # the dialog has asked
    with pytest.raises(UserError, match=r"take\.npy is there already"):
        with_ending(str(tmp_path / "take"), ".npy")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "cannot write a/b: No space left on device"),
        (OSError("8 requested and 4 written"), "cannot write a/b: the disk is full"),
    ],
)
def test_what_the_disk_refuses_is_one_line(error: OSError, said: str):
    with pytest.raises(UserError, match=said), changing(Path("a/b")):
        raise error
