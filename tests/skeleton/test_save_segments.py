"""Corrected segments are written beside the frames, which stay as they are."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.synthetic import perform
from skel.skeleton.errors import UserError
from skel.skeleton.journal import SUFFIX
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording, save_segments

SEGMENTS = (Segment(0.25, 1.0, "wave"),)


@pytest.fixture(scope="module")
def take() -> Recording:
    return perform(seed=1, duration_s=2.0)


def corrected(path: Path) -> Recording:
    return replace(load_recording(path), segments=SEGMENTS)


def test_only_the_segments_change(take: Recording, tmp_path: Path):
    path = tmp_path / "take.npy"
    save_recording(path, take)
    side = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**side, "of another program": 1}))
    frames = path.read_bytes()
    save_segments(path, corrected(path))
    assert path.read_bytes() == frames
    written = json.loads(path.with_suffix(".json").read_text())
    assert written.pop("segments") == [{"start_s": 0.25, "end_s": 1.0, "label": "wave"}]
    assert written == {**{k: v for k, v in side.items() if k != "segments"}, "of another program": 1}
    assert load_recording(path).segments == SEGMENTS


def test_a_bare_recording_gets_a_description(take: Recording, tmp_path: Path):
    path = tmp_path / "bare.npy"
    np.save(path, take.positions_m)
    before = load_recording(path, fps=15.0)
    save_segments(path, replace(before, segments=SEGMENTS))
    after = load_recording(path)
    assert after.segments == SEGMENTS
    assert (after.fps, after.assumed) == (15.0, "")
    np.testing.assert_array_equal(after.positions_m, before.positions_m)


@pytest.mark.parametrize("kind", ["set of clips", "one body", "absent bodies are zero"])
def test_what_a_description_cannot_describe_says_so(take: Recording, tmp_path: Path, kind: str):
    path, frames = tmp_path / "bare.npy", take.positions_m
    values = {
        "set of clips": frames.transpose(3, 0, 2, 1)[None],
        "one body": frames[:, 0],
        "absent bodies are zero": np.concatenate([frames, np.zeros_like(frames)], axis=1),
    }
    np.save(path, values[kind])
    with pytest.raises(UserError, match=r"bare\.npy is not laid out as a recording .*: save a copy"):
        save_segments(path, corrected(path))
    assert not path.with_suffix(".json").exists()


def test_a_recording_that_was_cut_short_says_so(take: Recording, tmp_path: Path):
    path = tmp_path / "take.npy"
    save_recording(path, take)
    recording = corrected(path)
    path.with_suffix(SUFFIX).write_bytes(b"")
    with pytest.raises(UserError, match="was cut short"):
        save_segments(path, recording)


def test_a_recording_that_went_on_meanwhile_says_so(take: Recording, tmp_path: Path):
    path = tmp_path / "take.npy"
    save_recording(path, take)
    recording = corrected(path)
    save_recording(path, perform(seed=1, duration_s=3.0))
    with pytest.raises(UserError, match="has changed on disk"):
        save_segments(path, recording)


def test_a_name_that_leaves_no_room_for_a_description_says_so(take: Recording, tmp_path: Path):
    path = tmp_path / f"{'x' * 249}.npy"
    np.save(path, take.positions_m)
    with pytest.raises(UserError, match=r"cannot write .*\.json: File name too long"):
        save_segments(path, replace(load_recording(path), segments=SEGMENTS))
