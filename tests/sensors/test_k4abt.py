"""The binding of the body tracker, against a library with the same ABI that is compiled here (k4abt_stub.c)."""

import ctypes
import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from k4abt_stub import Stub, built_stub

from skel.sensors import k4abt
from skel.sensors.base import SensorError, SensorLost
from skel.sensors.k4abt import BodyTracker, NoBodyTracking
from skel.skeleton.layouts import AZURE32

JOINT = AZURE32.index


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_stub(tmp_path_factory.mktemp("sdk"))


@pytest.fixture
def stub(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """The stub in its first state; nothing may be held when the test is over."""
    monkeypatch.setattr(k4abt, "refuse_foreign_libk4a", lambda: None)  # it calls nothing of libk4a
    stub = Stub(compiled)
    stub["bodies"], stub["full"], stub["silent"], stub["broken"], stub["shutdowns"] = 2, 0, 0, 0, 0
    yield stub
    gc.collect()
    assert stub.held() == (0, 0)


@pytest.fixture(scope="module")
def real(shared: Path):
    """The calibration and the capture of a real recording."""
    pyk4a = pytest.importorskip("pyk4a")
    with pyk4a.PyK4APlayback(shared / "k4a" / "recording.mkv") as playback:
        yield playback.calibration, playback.get_next_capture()


@pytest.fixture
def tracker(stub: Stub, real) -> Iterator[BodyTracker]:
    tracker = BodyTracker(real[0], sdk=stub.folder)
    yield tracker
    tracker.close()


def test_structures_have_the_sizes_and_places_of_the_abi():
    assert [ctypes.sizeof(kind) for kind in (k4abt.Joint, k4abt.Skeleton, k4abt.TrackerConfig)] == [32, 1024, 24]
    assert (k4abt.Joint.orientation_wxyz.offset, k4abt.Joint.confidence.offset) == (12, 28)
    assert k4abt.TrackerConfig.model_path.offset == 16


def test_joints_come_out_in_metres_with_ids_and_confidence(tracker: BodyTracker, real):
    assert tracker.enqueue(real[1], 0.0)
    bodies = tracker.pop(0.0)
    assert bodies is not None
    assert bodies.ids.tolist() == [7, 11]
    assert (bodies.positions_m.shape, bodies.positions_m.dtype) == ((2, 32, 3), np.float32)
    np.testing.assert_allclose(bodies.positions_m[0, JOINT("LeftWrist")], [0.2, 0.02, 2.0], atol=1e-6)
    np.testing.assert_allclose(bodies.positions_m[1, JOINT("Head")], [1.0, -0.6, 2.5], atol=1e-6)
    assert np.isnan(bodies.positions_m[0, JOINT("LeftFoot")]).all()
    assert np.isfinite(np.delete(bodies.positions_m[0], JOINT("LeftFoot"), axis=0)).all()
    for joint, confidence in {"LeftFoot": 0, "LeftThumb": 1 / 3, "Neck": 2 / 3, "Pelvis": 1}.items():
        assert bodies.confidence[0, JOINT(joint)] == pytest.approx(confidence)


def test_gets_the_calibration_and_the_capture_themselves(stub: Stub, tracker: BodyTracker, real):
    """Not a handle of a handle: the first bytes of the calibration are the depth camera's, the capture is what pyk4a has."""
    calibration, capture = real
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    assert stub.address("calibration") == pointer(calibration._calibration_handle, b"pyk4a calibration handle")
    tracker.enqueue(capture, 0.0)
    inside = ctypes.c_void_p.from_address(pointer(capture._capture_handle, b"pyk4a capture handle"))
    assert stub.address("capture") == inside.value
    tracker.pop(0.0)


def test_nobody_in_view(stub: Stub, tracker: BodyTracker, real):
    stub["bodies"] = 0
    tracker.enqueue(real[1], 0.0)
    bodies = tracker.pop(0.0)
    assert bodies is not None
    assert (bodies.ids.shape, bodies.positions_m.shape, bodies.confidence.shape) == ((0,), (0, 32, 3), (0, 32))


def test_frames_come_in_the_order_of_captures_and_a_full_queue_is_told(tracker: BodyTracker, real):
    assert [tracker.enqueue(real[1], 0.0) for _ in range(4)] == [True, True, True, False]
    depths = []
    while (bodies := tracker.pop(0.0)) is not None:
        depths.append(float(bodies.positions_m[0, 0, 2]))
    np.testing.assert_allclose(depths, [2.0, 2.001, 2.002], atol=1e-6)


def test_a_tracker_that_stops_is_lost(stub: Stub, tracker: BodyTracker, real):
    stub["broken"] = 1
    with pytest.raises(SensorLost, match="infrared"):
        tracker.enqueue(real[1], 0.0)
    stub["broken"] = 2
    with pytest.raises(SensorLost):
        tracker.pop(0.0)


def test_a_frame_is_released_when_reading_it_fails(stub: Stub, tracker: BodyTracker, real, monkeypatch: pytest.MonkeyPatch):
    def fail(frame: object) -> None:
        raise MemoryError

    tracker.enqueue(real[1], 0.0)
    monkeypatch.setattr(tracker, "_bodies", fail)
    with pytest.raises(MemoryError):
        tracker.pop(0.0)
    assert stub["frames"] == 0


def test_is_shut_down_and_destroyed_once(stub: Stub, real):
    tracker = BodyTracker(real[0], sdk=stub.folder)
    assert stub["trackers"] == 1
    tracker.close()
    tracker.close()
    assert (stub["trackers"], stub["shutdowns"]) == (0, 1)
    forgotten = BodyTracker(real[0], sdk=stub.folder)
    del forgotten
    gc.collect()
    assert stub["trackers"] == 0


@pytest.mark.parametrize("mode", ["gpu", "cpu", "gpu-cuda", "gpu-tensorrt", "gpu-directml"])
def test_options_reach_the_tracker(stub: Stub, real, tmp_path: Path, mode):
    lite = tmp_path / "dnn_model_2_0_lite_op11.onnx"
    lite.write_bytes(b"a smaller network")
    BodyTracker(real[0], sdk=stub.folder, processing_mode=mode, model=lite).close()
    assert stub["processing_mode"] == {"gpu": 0, "cpu": 1, "gpu-cuda": 2, "gpu-tensorrt": 3, "gpu-directml": 4}[mode]
    assert stub.model == str(lite)
    BodyTracker(real[0], sdk=stub.folder).close()
    assert stub.model == str(stub.folder / "dnn_model_2_0_op11.onnx")


def test_the_sdk_is_found_by_the_variable_too(stub: Stub, real, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "lib").symlink_to(stub.folder)
    monkeypatch.setenv("K4ABT_DIR", str(tmp_path))
    BodyTracker(real[0]).close()


@pytest.mark.parametrize("named", [".", "sdk"])
def test_a_folder_may_be_named_from_where_one_is(
    stub: Stub, real, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
):
    (tmp_path / "sdk").symlink_to(stub.folder)
    monkeypatch.chdir(tmp_path / "sdk" if named == "." else tmp_path)
    monkeypatch.setenv("K4ABT_DIR", named)
    BodyTracker(real[0]).close()
    assert Path(stub.model).samefile(stub.folder / "dnn_model_2_0_op11.onnx")


def fails(reason: str, phrase: str, real, **options) -> None:
    with pytest.raises(NoBodyTracking, match=reason) as caught:
        BodyTracker(real[0], **options)
    assert isinstance(caught.value, SensorError)
    assert caught.value.phrase == phrase
    assert "\n" not in str(caught.value)


def test_what_is_missing_or_wrong_is_told_in_one_line(stub: Stub, real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("K4ABT_DIR", raising=False)
    fails("not the Body Tracking SDK's folder", "SDK not installed", real, sdk=tmp_path)
    fails("no body tracking model at", "no model file", real, sdk=stub.folder, model=tmp_path / "absent.onnx")
    (tmp_path / "libk4abt.so").write_bytes(b"not a library")
    fails("cannot be loaded", "SDK does not load", real, sdk=tmp_path)
    shutil.copy(stub.folder / "libk4abt.so", tmp_path / "libk4abt.so")
    fails("dnn_model_2_0_op11.onnx", "the tracker does not start", real, sdk=tmp_path)  # no model beside it
    with pytest.raises(SensorError, match="processing mode 'tpu'"):
        BodyTracker(real[0], sdk=stub.folder, processing_mode="tpu")  # type: ignore[arg-type]


def test_a_library_without_the_functions_is_refused(stub: Stub, real, tmp_path: Path):
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    compiler = shutil.which("cc") or "gcc"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp_path / "libk4abt.so", source], check=True, timeout=60)
    fails("k4abt_tracker_create", "SDK does not load", real, sdk=tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has one k4a.dll for all")
def test_the_bundles_own_libk4a_is_refused(compiled: Path, real):
    """Its handles would crash a tracker that uses the system's."""
    if "libk4a-" not in Path("/proc/self/maps").read_text():
        pytest.skip("this pyk4a uses the system's libk4a")
    fails("pip uninstall pyk4a-bundle", "pyk4a-bundle has its own libk4a", real, sdk=compiled)
