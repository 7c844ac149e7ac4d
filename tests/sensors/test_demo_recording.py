"""The demo recording that ships is the one that its script makes."""

import importlib.util
from pathlib import Path

import numpy as np

from skel.models.pretrained import DEMO_RECORDING
from skel.skeleton.recording import load_recording

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_demo_recording.py"


def test_shipped_recording_is_the_scripts():
    spec = importlib.util.spec_from_file_location("make_demo_recording", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    made, shipped = script.demo_recording(), load_recording(DEMO_RECORDING)
    np.testing.assert_allclose(shipped.positions_m, made.positions_m, atol=1e-5)
    np.testing.assert_allclose(shipped.times_s, made.times_s, atol=1e-6)
    assert [s.label for s in shipped.segments] == list(script.SCRIPT)
    assert DEMO_RECORDING.stat().st_size < 1_000_000
