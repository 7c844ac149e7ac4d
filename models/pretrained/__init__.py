"""What ships with the product: a recogniser and a recording to show it on."""

from pathlib import Path

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")

DEFAULT_MODEL = Path(__file__).parent / "default.onnx"
DEMO_RECORDING = Path(__file__).parent / "demo.npy"
