"""Recordings: what is saved comes back, what is assumed is said, and what is wrong ends in one clear line."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import AZURE32, KINECT20, MEDIAPIPE33, NTU25, SkeletonLayout
from skel.skeleton.recording import Recording, Segment, load_recording, save_recording


def take(frames: int = 12, layout: SkeletonLayout = NTU25) -> Recording:
    positions = np.random.default_rng(0).normal(size=(frames, 2, len(layout), 3)).astype(np.float32)
    positions[3, 1] = positions[5, 0, 7] = np.nan
    times = 17.25 + np.cumsum(np.where(np.arange(frames) == 6, 0.1, 1 / 30))
    return Recording(positions, times, layout, 30.0, "Kinect v2", (Segment(0.1, 0.3, "wavé"),))


def save_array(folder: Path, values: np.ndarray) -> Path:
    np.save(folder / "take.npy", values)
    return folder / "take.npy"


@pytest.mark.parametrize("layout", [NTU25, AZURE32])
def test_what_is_saved_comes_back(tmp_path: Path, layout: SkeletonLayout) -> None:
    saved = take(layout=layout)
    save_recording(tmp_path / "new" / "take", saved)
    loaded = load_recording(tmp_path / "new" / "take.npy")
    assert np.array_equal(loaded.positions_m, saved.positions_m, equal_nan=True)
    assert loaded.positions_m.dtype == np.float32
    assert np.allclose(loaded.times_s, saved.times_s, rtol=0, atol=1e-6)
    for field in ("layout", "fps", "device", "segments", "assumed"):
        assert getattr(loaded, field) == getattr(saved, field)
    assert loaded.duration_s == pytest.approx(saved.duration_s, abs=1e-5)
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["take.json", "take.npy"]


def test_a_recording_of_nothing_lasts_no_time() -> None:
    nothing = Recording(np.zeros((0, 1, 25, 3), np.float32), np.zeros(0), NTU25)
    assert (len(nothing), nothing.duration_s) == (0, 0.0)


def test_positions_and_time_stamps_must_fit() -> None:
    good = take()
    with pytest.raises(ValueError, match="are not"):
        Recording(good.positions_m, good.times_s, AZURE32)
    with pytest.raises(ValueError, match="strictly increasing"):
        Recording(good.positions_m, good.times_s[::-1], NTU25)
    with pytest.raises(ValueError, match="strictly increasing"):
        Recording(good.positions_m, good.times_s[:-1], NTU25)


def test_a_failed_save_leaves_the_old_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_recording(tmp_path / "take", take())

    def full_disk(*_args: object, **_options: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "save", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_recording(tmp_path / "take", take(8))
    assert len(load_recording(tmp_path / "take.npy")) == 12
    assert sorted(p.name for p in tmp_path.iterdir()) == ["take.json", "take.npy"]


# shape, layout, (T, M), what is said, and where y of joint 7 of the last body in the last frame is found
BARE = {
    "(T, V, 3)": ((40, 20, 3), KINECT20, (40, 1), "frames, joints, xyz", (-1, 7, 1)),
    "(T, M, V, 3)": ((40, 2, 32, 3), AZURE32, (40, 2), "frames, bodies, joints, xyz", (-1, -1, 7, 1)),
    "three frames, not a clip": ((3, 2, 25, 3), NTU25, (3, 2), "frames, bodies, joints, xyz", (-1, -1, 7, 1)),
    "a clip": ((3, 50, 25, 2), NTU25, (50, 2), "a clip (xyz, frames, joints, bodies)", (1, -1, 7, -1)),
    "a clip of three bodies": ((3, 50, 25, 3), NTU25, (50, 3), "a clip (xyz, frames, joints, bodies)", (1, -1, 7, -1)),
    "a set": (
        *((4, 3, 50, 33, 1), MEDIAPIPE33, (200, 1)),
        *("4 clips (clips, xyz, frames, joints, bodies) in a row", (-1, 1, -1, 7, -1)),
    ),
}


@pytest.mark.parametrize("case", BARE)
def test_a_bare_array_is_read_and_what_was_assumed_is_said(tmp_path: Path, case: str) -> None:
    shape, layout, frames_and_bodies, reading, example = BARE[case]
    values = np.random.default_rng(0).normal(size=shape)
    recording = load_recording(save_array(tmp_path, values))
    assert recording.layout is layout
    assert recording.positions_m.shape == (*frames_and_bodies, len(layout), 3)
    assert recording.positions_m[-1, -1, 7, 1] == np.float32(values[example])
    assert recording.assumed == f"take.npy: shape {shape} read as {reading}, {layout.name}, 30 frames a second, metres"
    assert np.allclose(np.diff(recording.times_s), 1 / 30)


def test_a_body_of_zeros_is_not_tracked_and_a_joint_at_the_origin_is(tmp_path: Path) -> None:
    values = np.ones((3, 10, 25, 2), np.float32)
    values[:, 4:, :, 1] = 0
    values[:, 2, 5, 0] = 0
    positions = load_recording(save_array(tmp_path, values)).positions_m
    assert np.isnan(positions[4:, 1]).all()
    assert np.isfinite(positions[:, 0]).all()


def test_the_frame_rate_is_the_callers_or_thirty(tmp_path: Path) -> None:
    path = save_array(tmp_path, np.ones((10, 25, 3)))
    assert load_recording(path, fps=50).times_s[-1] == pytest.approx(9 / 50)
    assert "50 frames a second" in load_recording(path, fps=50).assumed
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(UserError, match="the frame rate must be positive"):
            load_recording(path, fps=bad)
    save_recording(path, take())
    with pytest.raises(UserError, match=r"has its own time stamps in take\.json: leave out the frame rate"):
        load_recording(path, fps=50)


@pytest.mark.parametrize("bare", [True, False])
def test_what_float32_cannot_hold_was_not_tracked(tmp_path: Path, bare: bool) -> None:
    save_recording(tmp_path / "take", take())
    values = np.ones((12, 2, 25, 3))
    values[0, 0, 0], values[1, 0, 0], values[2, 0, 0] = np.inf, 1e300, np.nan
    path = save_array(tmp_path, values)
    if bare:
        path.with_suffix(".json").unlink()
    positions = load_recording(path).positions_m
    assert np.isnan(positions[:3, 0, 0]).all()
    assert np.isfinite(positions[3:]).all()


def broken(path: Path, values: np.ndarray) -> None:
    """A file that ends in the middle of its numbers."""
    np.save(path, values)
    path.write_bytes(path.read_bytes()[:-10])


def enormous(path: Path, values: np.ndarray) -> None:
    """A header that asks for 300 TB."""
    np.save(path, values)
    path.write_bytes(path.read_bytes().replace(b"'shape': (12, 25, 3), }        ", b"'shape': (999999999999, 25, 3),}"))


def with_header(path: Path, before: bytes, after: bytes) -> None:
    """A file whose header has other bytes in one place, as a failing disk leaves it."""
    np.save(path, np.zeros((12, 25, 3), np.float32))
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))


BAD_ARRAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing there": (lambda path: None, "no such recording"),
    "a folder": (lambda path: path.mkdir(), "Is a directory"),
    "an empty file": (lambda path: path.write_bytes(b""), "is not a .npy file"),
    "text": (lambda path: path.write_text("x,y,z\n1,2,3\n"), "is not a .npy file"),
    "an archive": (lambda path: path.write_bytes(b"PK\x03\x04"), "is not a .npy file"),
    "cut in the header": (
        lambda path: path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'"),
        "is cut short or damaged",
    ),
    "a header without an end": (lambda path: with_header(path, b", }", b"| {"), "is cut short or damaged"),
    "a header that is no Python": (lambda path: with_header(path, b"'<f4'", b"',f4'"), "is cut short or damaged"),
    "a header of two kinds of keys": (lambda path: with_header(path, b" 'shape'", b"B'shape'"), "is cut short or damaged"),
    "cut in the numbers": (lambda path: broken(path, np.zeros((12, 25, 3))), "is cut short or damaged"),
    "enormous": (lambda path: enormous(path, np.zeros((12, 25, 3))), "is cut short or damaged"),
    "objects": (
        lambda path: np.save(path, np.array([{"x": 1}]), allow_pickle=True),
        "Python objects, which are never loaded",
    ),
    "text array": (lambda path: np.save(path, np.array(["a"])), "holds <U1, not numbers"),
    "complex": (lambda path: np.save(path, np.zeros((5, 25, 3), complex)), "holds complex128, not numbers"),
    "truth values": (lambda path: np.save(path, np.zeros((5, 25, 3), bool)), "holds bool, not numbers"),
    "empty array": (lambda path: np.save(path, np.zeros((0, 25, 3))), "is empty"),
    "V": (lambda path: np.save(path, np.zeros((5, 17, 3))), r"shape \(5, 17, 3\): expected .* 25 \(NTU25\)"),
    "two coordinates": (lambda path: np.save(path, np.zeros((5, 25, 2))), r"shape \(5, 25, 2\): expected"),
    "many bodies": (lambda path: np.save(path, np.zeros((5, 11, 25, 3))), r"shape \(5, 11, 25, 3\): expected"),
    "one number": (lambda path: np.save(path, np.float32(1)), r"shape \(\): expected"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_a_bad_array_ends_in_one_clear_line(tmp_path: Path, case: str) -> None:
    make, message = BAD_ARRAYS[case]
    path = tmp_path / "take.npy"
    make(path)
    with pytest.raises(UserError, match=message) as raised:
        load_recording(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_folder_itself_is_no_recording() -> None:
    with pytest.raises(UserError, match=r"^no such recording: \.$"):
        load_recording(Path())


def test_names_that_leave_no_room_for_a_longer_ending(tmp_path: Path) -> None:
    """255 bytes are the most that a file system allows: the recording fits, `NAME.unfinished` does not."""
    for length in (253, 255):
        path = tmp_path / ("x" * (length - 4) + ".npy")
        np.save(path, np.zeros((3, 25, 3)))
        assert len(load_recording(path)) == 3
    with pytest.raises(UserError, match=r"cannot read .*: File name too long"):
        load_recording(tmp_path / ("x" * 300 + ".npy"))


def test_another_kind_of_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "take.csv").write_text("")
    with pytest.raises(UserError, match=r"take\.csv is not a recording: expected a \.npy file"):
        load_recording(tmp_path / "take.csv")


BAD_FIELDS = {
    "schema": (2, "has schema 2, this version reads 1: update the program"),
    "layout": ("COCO17", "unknown skeleton layout 'COCO17'"),
    "fps": (0, "the frame rate must be positive, not 0.0"),
    "times_s": ([0.0], "has 1 time stamps for 12 frames"),
    "segments": ([{"start_s": 0.0, "label": "wave"}], "a segment in {side} lacks the field 'end_s': add it"),
}


@pytest.mark.parametrize("field", BAD_FIELDS)
def test_a_bad_description_ends_in_one_clear_line(tmp_path: Path, field: str) -> None:
    save_recording(tmp_path / "take", take())
    side_path = tmp_path / "take.json"
    side = json.loads(side_path.read_text(encoding="utf-8"))
    value, message = BAD_FIELDS[field]
    side_path.write_text(json.dumps({**side, field: value}))
    with pytest.raises(UserError) as raised:
        load_recording(tmp_path / "take.npy")
    assert message.format(side=side_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_all_missing_fields_are_named_at_once(tmp_path: Path) -> None:
    save_recording(tmp_path / "take", take())
    side_path = tmp_path / "take.json"
    for side, fields in (
        ({"label": "wave"}, "fields 'schema', 'layout', 'fps'"),
        ({"schema": 1, "fps": 30}, "field 'layout'"),
    ):
        side_path.write_text(json.dumps(side))
        with pytest.raises(UserError) as raised:
            load_recording(tmp_path / "take.npy")
        expected = f"{side_path} lacks the {fields}: add what is missing, or delete it to have the .npy read as it is"
        assert str(raised.value) == expected


@pytest.mark.parametrize("shape", [(12, 25, 3), (12, 1, 25, 3), (12, 2, 25, 3)])
def test_the_shortest_description(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """What else there can be said of an array: docs/data.md."""
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    path = save_array(tmp_path, values)
    path.with_suffix(".json").write_text('{"schema": 1, "layout": "NTU25", "fps": 15}')
    recording = load_recording(path)
    assert np.array_equal(recording.positions_m, values.reshape(12, -1, 25, 3))
    assert np.allclose(recording.times_s, np.arange(12) / 15)
    assert (recording.fps, recording.device, recording.segments, recording.assumed) == (15.0, "", (), "")


def test_the_descriptions_in_the_documentation_are_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    examples = re.findall("```json\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        path = save_array(tmp_path, np.zeros((3, 2, 25, 3)))
        path.with_suffix(".json").write_text(example, encoding="utf-8")
        assert load_recording(path).fps == 30
    assert load_recording(path).segments == (Segment(0.0, 0.06, "wave"),)
    described = re.findall(r"^\| `(\w+)` \|", text.partition("| field |")[2].partition("\n\n")[0], re.MULTILINE)
    assert described == list(json.loads(example))


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[]", "null", '"schema layout fps"', "\xff", "[" * 100_000),
        *(
            f'{{"schema": 1, "layout": "NTU25", "fps": 30, "times_s": {times}}}'
            for times in ('"soon"', "null", "7", "[[1]]")
        ),
    ],
    ids=range(10),
)
def test_a_description_that_is_none(tmp_path: Path, text: str) -> None:
    save_recording(tmp_path / "take", take())
    (tmp_path / "take.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"take\.json is not a recording's description"):
        load_recording(tmp_path / "take.npy")


@pytest.mark.parametrize("times", [[0.0] * 12, [*range(11), float("nan")], [*range(11), 10**400]])
def test_time_stamps_must_be_times(tmp_path: Path, times: list[float]) -> None:
    save_recording(tmp_path / "take", take())
    side = json.loads((tmp_path / "take.json").read_text(encoding="utf-8"))
    (tmp_path / "take.json").write_text(json.dumps({**side, "times_s": times}))
    with pytest.raises(UserError, match=r"take\.json"):
        load_recording(tmp_path / "take.npy")


def test_the_description_and_the_array_must_fit(tmp_path: Path) -> None:
    save_recording(tmp_path / "take", take())
    path = save_array(tmp_path, np.zeros((12, 2, 20, 3)))
    with pytest.raises(UserError, match=r"has shape \(12, 2, 20, 3\), take\.json says \(T, M, 25, 3\)"):
        load_recording(path)


def test_a_name_with_a_dot_keeps_it(tmp_path: Path) -> None:
    recording = Recording(np.zeros((2, 1, 25, 3), np.float32), np.arange(2) / 30, NTU25)
    save_recording(tmp_path / "take.1", recording)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take.1.json", "take.1.npy"]
    assert len(load_recording(tmp_path / "take.1.npy")) == 2
