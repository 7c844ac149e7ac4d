"""`skel-export`: turn a training run into the one file that is deployed."""

from dataclasses import dataclass
from pathlib import Path

from skel.skeleton.errors import UserError, run_command


@dataclass(frozen=True)
class ExportOptions:
    """Write a fine-tuned run as one ONNX file, and check it against the run."""

    checkpoint: Path
    """Folder of a run of skel-train finetune."""
    onnx: Path
    """The file to write."""
    window_durations_s: tuple[float, ...] = (2.0,)
    """Spans of live time, in seconds, that the recogniser looks at: each is resized to one clip, one run of the model."""


def main() -> None:
    """Console entry."""
    run_command(_main)


def _main() -> None:
    import tyro

    options = tyro.cli(ExportOptions, prog="skel-export")
    if not options.window_durations_s or min(options.window_durations_s) <= 0:
        raise UserError("--window-durations-s needs at least one positive number of seconds")
    if options.onnx.suffix != ".onnx":
        raise UserError(f"--onnx {options.onnx}: the file's name must end in .onnx")
    from importlib.util import find_spec

    for package in ("torch", "onnx", "onnxscript"):
        if find_spec(package) is None:
            raise UserError(f"exporting needs {package}: pip install 'skel-action[train]'")
    from skel.export.onnx import TOLERANCE, export_onnx

    parity = export_onnx(options.checkpoint, options.onnx, options.window_durations_s)
    print(f"{options.onnx}: {options.onnx.stat().st_size / 1e6:.1f} MB")
    print(
        f"largest difference from torch over {parity.clips} clips: "
        f"logits {parity.logits:.1e}, embedding {parity.embedding:.1e} (allowed {TOLERANCE:.0e}); "
        f"same top-1 in {parity.same_top1:.0%}"
    )
