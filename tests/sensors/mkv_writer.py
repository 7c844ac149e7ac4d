"""Writes recordings as `k4arecorder` does, through the C functions of the libk4arecord that comes with pyk4a-bundle."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

_FPS = {5: 0, 15: 1, 30: 2}  # k4a_fps_t
_MJPG, _DEPTH16, _IR16 = 0, 4, 5  # k4a_image_format_t
_RES_720P, _NFOV_UNBINNED = 1, 2
_Keep = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _DeviceConfig(ctypes.Structure):  # k4a_device_configuration_t
    _fields_ = (
        ("color_format", ctypes.c_int),
        ("color_resolution", ctypes.c_int),
        ("depth_mode", ctypes.c_int),
        ("camera_fps", ctypes.c_int),
        ("synchronized_images_only", ctypes.c_bool),
        ("depth_delay_off_color_usec", ctypes.c_int32),
        ("wired_sync_mode", ctypes.c_int),
        ("subordinate_delay_off_master_usec", ctypes.c_uint32),
        ("disable_streaming_indicator", ctypes.c_bool),
    )


class _ImuSample(ctypes.Structure):  # k4a_imu_sample_t
    _fields_ = (
        ("temperature", ctypes.c_float),
        ("acceleration_m_s2", ctypes.c_float * 3),
        ("acceleration_usec", ctypes.c_uint64),
        ("gyro_rad_s", ctypes.c_float * 3),
        ("gyro_usec", ctypes.c_uint64),
    )


class Picture(NamedTuple):
    """One capture: `colour` BGR (720, 1280, 3) or the bytes of a JPEG, `depth_mm` (576, 640); None = missing."""

    time_s: float
    colour: np.ndarray | bytes | None
    depth_mm: np.ndarray | None


def write_mkv(
    path: Path,
    pictures: Sequence[Picture],
    calibration_json: bytes,
    *,
    fps: int = 30,
    acceleration_m_s2: tuple[float, float, float] | None = None,
) -> Path:
    """Write captures (colour 720p as MJPG, depth NFOV unbinned with an infrared picture of zeros).

    Args:
        path: the file to make.
        pictures: in order of time.
        calibration_json: of the device, as `pyk4a.PyK4APlayback.calibration_raw` has it.
        fps: 5, 15 or 30.
        acceleration_m_s2: what the accelerometer measures all the time, in its own axes; None = no such track.
    """
    pytest.importorskip("pyk4a", reason="recordings are written by pyk4a's libraries")
    k4a, record = _libraries()
    handle = ctypes.c_void_p()
    colour, depth = (any(getattr(p, part) is not None for p in pictures) for part in ("colour", "depth_mm"))
    config = _DeviceConfig(
        _MJPG, _RES_720P if colour else 0, _NFOV_UNBINNED if depth else 0, _FPS[fps], False, 0, 0, 0, False
    )
    assert record.k4a_record_create(str(path).encode(), None, config, ctypes.byref(handle)) == 0
    try:
        record.k4a_record_add_tag(handle, b"K4A_CALIBRATION_FILE", b"calibration.json")
        record.k4a_record_add_attachment(handle, b"calibration.json", calibration_json, len(calibration_json))
        if acceleration_m_s2 is not None:
            assert record.k4a_record_add_imu_track(handle) == 0
        assert record.k4a_record_write_header(handle) == 0
        for picture in pictures:
            _write_capture(k4a, record, handle, picture)
            if acceleration_m_s2 is not None:
                usec = round(picture.time_s * 1e6)
                sample = _ImuSample(25.0, acceleration_m_s2, usec, (0, 0, 0), usec)
                assert record.k4a_record_write_imu_sample(handle, sample) == 0
        assert record.k4a_record_flush(handle) == 0
    finally:
        record.k4a_record_close(handle)
    return path


def _write_capture(k4a: ctypes.CDLL, record: ctypes.CDLL, handle: ctypes.c_void_p, picture: Picture) -> None:
    capture = ctypes.c_void_p()
    assert k4a.k4a_capture_create(ctypes.byref(capture)) == 0
    buffers = []
    if picture.colour is not None:
        jpeg = picture.colour
        if isinstance(jpeg, np.ndarray):
            jpeg = cv2.imencode(".jpg", jpeg, (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes()
        buffers.append(("color", _MJPG, 1280, 720, 0, jpeg))
    if picture.depth_mm is not None:
        buffers.append(("depth", _DEPTH16, 640, 576, 1280, picture.depth_mm.astype("<u2").tobytes()))
        buffers.append(("ir", _IR16, 640, 576, 1280, bytes(640 * 576 * 2)))
    images = []
    for part, image_format, width, height, row_bytes, data in buffers:
        image = ctypes.c_void_p()
        buffer = ctypes.create_string_buffer(data, len(data))
        made = k4a.k4a_image_create_from_buffer(
            image_format, width, height, row_bytes, buffer, len(data), _Keep(), None, ctypes.byref(image)
        )
        assert made == 0
        k4a.k4a_image_set_device_timestamp_usec(image, round(picture.time_s * 1e6))
        getattr(k4a, f"k4a_capture_set_{part}_image")(capture, image)
        images.append((image, buffer))
    assert record.k4a_record_write_capture(handle, capture) == 0
    for image, _ in images:
        k4a.k4a_image_release(image)
    k4a.k4a_capture_release(capture)


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """The libk4a and libk4arecord that pyk4a has loaded."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("recordings are written by the libraries of pyk4a for Linux")
    mapped = {line.split()[-1] for line in maps.read_text().splitlines() if "libk4a" in line}
    k4a = ctypes.CDLL(next(path for path in mapped if "libk4a-" in path or "libk4a.so" in path))
    record = ctypes.CDLL(next(path for path in mapped if "libk4arecord" in path))
    pointer, out = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
    k4a.k4a_capture_create.argtypes = [out]
    k4a.k4a_image_create_from_buffer.argtypes = [
        ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int, pointer, ctypes.c_size_t, _Keep, pointer, out,
    ]  # fmt: skip
    k4a.k4a_image_set_device_timestamp_usec.argtypes = [pointer, ctypes.c_uint64]
    for part in ("color", "depth", "ir"):
        getattr(k4a, f"k4a_capture_set_{part}_image").argtypes = [pointer, pointer]
    for function in (k4a.k4a_image_release, k4a.k4a_capture_release, record.k4a_record_close):
        function.argtypes, function.restype = [pointer], None
    record.k4a_record_create.argtypes = [ctypes.c_char_p, pointer, _DeviceConfig, out]
    record.k4a_record_add_tag.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p]
    record.k4a_record_add_attachment.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
    for function in (record.k4a_record_add_imu_track, record.k4a_record_write_header, record.k4a_record_flush):
        function.argtypes = [pointer]
    record.k4a_record_write_capture.argtypes = [pointer, pointer]
    record.k4a_record_write_imu_sample.argtypes = [pointer, _ImuSample]
    return k4a, record
