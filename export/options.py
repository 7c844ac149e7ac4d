"""Every option of `skel-export`; free of torch, so that --help is there at once."""

from dataclasses import dataclass
from pathlib import Path

from skel.skeleton.errors import UserError


@dataclass(frozen=True)
class ExportOptions:
    """Write fine-tuned runs as one ONNX file and check it against them, or show the card of such a file."""

    checkpoint: tuple[Path, ...] = ()
    """Folders of runs of skel-train finetune: one, or one for each stream, which become one graph."""
    onnx: Path | None = None
    """The file to write, OUT.onnx."""
    int8: bool = False
    """Also write OUT.int8.onnx beside it: 8-bit integers, calibrated on clips of the training set that the run names."""
    tensorrt: Path | None = None
    """Also build this TensorRT engine, for the GPU at hand."""
    fp16: bool = False
    """Let the TensorRT engine compute in 16-bit floating point."""
    weights: tuple[str, ...] = ("published",)
    """Of the runs' logits: published (.6 joint, .6 bone, .4 motion), fitted (on clips held out), or numbers."""
    window_durations_s: tuple[float, ...] = (2.0,)
    """Spans of live time, in seconds, that the recogniser looks at: each is resized to one clip, one run of the model."""
    live: Path | None = None
    """File of skel-train tune: its spans, smoothing, hysteresis and rejection threshold go into the card, and how they were
    chosen."""
    data: tuple[Path, ...] = ()
    """Prepared sets to calibrate, fit and check on; if not given, those that the first run names."""
    classes: Path | None = None
    """The JSON file of classes that the runs were fine-tuned with; if not given, the one that the first run names."""
    show: Path | None = None
    """Print the card of this .onnx file, and do nothing else."""
    json: str | None = None
    """Write the table, or the card, as one JSON object to this file (- = standard output)."""

    def check(self) -> None:
        """`UserError` where the options do not go together."""
        if self.show is not None:
            if self.checkpoint or self.onnx or self.tensorrt or self.int8:
                raise UserError("--show only prints a card: leave out the options of an export")
            return
        if not self.checkpoint or self.onnx is None:
            raise UserError("give --checkpoint RUN and --onnx OUT.onnx, or --show FILE")
        if self.onnx.suffix != ".onnx":
            raise UserError(f"--onnx {self.onnx}: the file's name must end in .onnx")
        if self.fp16 and self.tensorrt is None:
            raise UserError("--fp16 is for the TensorRT engine: give --tensorrt OUT.engine, too")
        if len(self.checkpoint) == 1 and self.weights != ("published",):
            raise UserError("--weights weighs several runs: give more than one --checkpoint, or leave it out")
        if self.live is not None and self.window_durations_s != (2.0,):
            raise UserError("--live FILE says which spans of time to look at: leave out --window-durations-s")
        if not self.window_durations_s or not all(0 < duration < 60 for duration in self.window_durations_s):
            raise UserError("--window-durations-s needs at least one number of seconds between 0 and 60")
