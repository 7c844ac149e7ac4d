"""Joint positions out of MATLAB files."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError, how_to_install
from skel.training.raw import BadRecording


def load_positions(content: bytes, variable: str, joints: int, field: str | None = None) -> npt.NDArray[np.float64]:
    """The array (joints, 3, T) that a `.mat` file calls `variable` (or `variable.field`), as (T, joints, 3).

    `BadRecording` where the file is damaged or holds something else; `UserError` where scipy is not installed.
    """
    try:
        import scipy.io
    except ImportError as error:
        raise UserError(f"reading .mat files needs scipy: {how_to_install('cpu', 'train')}") from error
    loadmat: Any = scipy.io.loadmat  # its published types know no files in memory
    try:
        value = loadmat(io.BytesIO(content), variable_names=[variable])[variable]
        positions = np.asarray(value[field][0, 0] if field else value, np.float64)
    # A damaged file can end in almost any exception inside scipy.
    except Exception as error:
        what = f"{variable}.{field}" if field else variable
        raise BadRecording(f"is not a MATLAB file with {what} ({error or type(error).__name__})") from error
    if positions.ndim != 3 or positions.shape[:2] != (joints, 3):
        raise BadRecording(f"holds {positions.shape}, expected ({joints}, 3, T)")
    return positions.transpose(2, 0, 1)
