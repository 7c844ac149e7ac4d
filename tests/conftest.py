"""What several tests need: the recordings of the developers' shared folder, and Qt without a display."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recordings and golden arrays beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("SKEL_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"no real recordings and golden arrays at {folder}")
    return folder
