"""Builds the stand-in for Microsoft's libk4abt (k4abt_stub.c) and reads and sets its variables."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def built_stub(folder: Path) -> Path:
    """Make the folder look like the SDK's: the library and a network. Skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform == "win32":
        pytest.skip("no C compiler (cc) to build the stand-in for the body tracker")
    source = Path(__file__).with_name("k4abt_stub.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / "libk4abt.so", source], check=True, timeout=60)
    (folder / "dnn_model_2_0_op11.onnx").write_bytes(b"a network")
    return folder


class Stub:
    """The stub's folder, laid out like the SDK's, and its variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = ctypes.CDLL(str(folder / "libk4abt.so"))

    def __getitem__(self, name: str) -> int:
        return ctypes.c_int.in_dll(self.library, f"stub_{name}").value

    def __setitem__(self, name: str, value: int) -> None:
        ctypes.c_int.in_dll(self.library, f"stub_{name}").value = value

    def address(self, name: str) -> int | None:
        return ctypes.c_void_p.in_dll(self.library, f"stub_{name}").value

    @property
    def model(self) -> str:
        return (ctypes.c_char * 4096).in_dll(self.library, "stub_model").value.decode()

    def held(self) -> tuple[int, int]:
        return self["trackers"], self["frames"]
