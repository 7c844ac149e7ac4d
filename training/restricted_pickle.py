"""Reading the field's label files, which are pickles, without running what they say."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skel.skeleton.errors import UserError

# The functions that a pickled array or scalar calls, taken from numpy's own answer: their modules' names differ between
# numpy 1 and 2, and a file may come from either.
_RECONSTRUCT: Callable[..., Any] = np.zeros(1).__reduce__()[0]  # type: ignore[assignment]
_SCALAR: Callable[..., Any] = np.int64(0).__reduce__()[0]  # type: ignore[assignment]
_FROM_BUFFER: Callable[..., Any] = np.zeros(1).__reduce_ex__(5)[0]  # type: ignore[assignment]


def _latin1(text: str, encoding: str) -> bytes:
    """What arrays pickled at protocol 2 and below call to turn text into bytes; only the encoding that they use."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it wants to encode as {encoding}")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
    **{
        (f"numpy.{core}.{module}", name): function
        for core in ("core", "_core")
        for module, name, function in (
            ("multiarray", "_reconstruct", _RECONSTRUCT),
            ("multiarray", "scalar", _SCALAR),
            ("numeric", "_frombuffer", _FROM_BUFFER),
        )
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it wants to call {module}.{name}")
        return _ALLOWED[module, name]


def load_restricted(path: Path) -> Any:
    """The content of a pickle made of lists, tuples, dicts, text, numbers and numpy arrays of these.

    `UserError` where the file is missing, broken, or names anything else: such a file is refused before it can do anything.
    """
    try:
        return _Unpickler(io.BytesIO(path.read_bytes())).load()
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}") from error
    # A damaged or hostile pickle can end in almost any exception.
    except Exception as error:
        raise UserError(f"{path} is not a plain pickle of names and labels ({error}): refused") from error
