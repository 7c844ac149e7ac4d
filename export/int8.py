"""A float32 graph in 8-bit integers: static quantisation, calibrated on clips of the training set."""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

CALIBRATION_CLIPS = 128
NARROW = 16
"""Sums and mixings of joints over fewer channels stay float32: in them 8 bits save no time."""
PERCENTILE = 99.99
"""Of the values seen in calibration, what a range must hold."""
_LARGEST_BATCH = 32


def quantise(source: Path, target: Path, clips: npt.NDArray[np.float32], seed: int = 0) -> None:
    """Write `source` with its convolutions and what lies between the wide ones in 8-bit integers.

    Args:
        source, target: .onnx files; the card is not carried over.
        clips: (N, 3, T, V, M) of the training set; a random `CALIBRATION_CLIPS` of them set the ranges.
        seed: of that choice.

    QDQ form, 8-bit activations, weights scaled a channel. Ranges end at a percentile: of two real validation sets min–max
    loses 3 points on one, `PERCENTILE` none. Weights have 7 bits, which costs nothing there and keeps the sums exact on
    processors without VNNI, where sums of two 8-bit products overflow.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model = onnx.load(source)
    chosen = np.random.default_rng(seed).permutation(len(clips))[:CALIBRATION_CLIPS]
    with contextlib.redirect_stdout(io.StringIO()), _quiet():  # it tells of every step
        quantize_static(
            source,
            target,
            _Batches(model.graph.input[0].name, clips[np.sort(chosen)]),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MatMul", "Add", "Relu"],
            nodes_to_exclude=_narrow(model),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
        )


def _narrow(model: onnx.ModelProto) -> list[str]:
    """The nodes but convolutions whose results have not `NARROW` channels: (B, C, T, V) with fewer, or of another form."""
    sizes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in model.graph.value_info}

    def wide(node: onnx.NodeProto) -> bool:
        size = sizes.get(node.output[0], [])
        return len(size) == 4 and size[1] >= NARROW

    return [node.name for node in model.graph.node if node.op_type != "Conv" and not wide(node)]


class _Batches:
    """The clips in the form that the calibration asks for: `get_next` until None. Bodies that no clip has are left off."""

    def __init__(self, name: str, clips: npt.NDArray[np.float32]) -> None:
        # ONNX Runtime stacks what it sees of all batches, so they are equal; each clip counts once.
        size = max((size for size in range(1, _LARGEST_BATCH + 1) if len(clips) % size == 0), default=1)
        used = clips.any(axis=(0, 1, 2, 3))
        clips = clips[..., : int(used.nonzero()[0].max(initial=0)) + 1]
        self._batches: Iterator[dict[str, npt.NDArray[np.float32]]] = iter(
            [{name: np.ascontiguousarray(clips[i : i + size])} for i in range(0, len(clips), size)]
        )

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        return next(self._batches, None)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
