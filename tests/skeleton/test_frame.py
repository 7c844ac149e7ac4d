"""One instant: shapes are checked once, and a change of layout keeps everything else."""

from dataclasses import replace

import numpy as np
import pytest

from skel.skeleton.frame import SkeletonFrame
from skel.skeleton.layouts import AZURE32, NTU25, SkeletonLayout


def frame(layout: SkeletonLayout, bodies: int) -> SkeletonFrame:
    positions = np.random.default_rng(0).normal(size=(bodies, len(layout), 3)).astype(np.float32)
    confidence = np.linspace(0, 1, bodies * len(layout), dtype=np.float32).reshape(bodies, len(layout))
    return SkeletonFrame(layout, positions, confidence, np.arange(bodies) + 7, 3, 1.5, 2.5)


@pytest.mark.parametrize("bodies", [0, 1, 3])
def test_a_frame_converts_all_its_bodies(bodies: int) -> None:
    azure = frame(AZURE32, bodies)
    ntu = azure.converted(NTU25)
    assert ntu.positions_m.shape == (bodies, 25, 3)
    assert ntu.confidence.shape == (bodies, 25)
    assert np.array_equal(ntu.body_ids, azure.body_ids)
    assert (ntu.index, ntu.time_s, ntu.host_time_s, ntu.image) == (3, 1.5, 2.5, None)


def test_a_frame_in_the_wanted_layout_is_itself() -> None:
    ntu = frame(NTU25, 2)
    assert ntu.converted(NTU25) is ntu


def test_shapes_that_disagree_are_refused() -> None:
    positions, confidence = np.zeros((2, 25, 3), np.float32), np.zeros((2, 25), np.float32)
    with pytest.raises(ValueError, match=r"a frame of 1 bodies in NTU25 needs positions \(1, 25, 3\)"):
        SkeletonFrame(NTU25, positions, confidence, np.array([0]), 0, 0.0, 0.0)
    with pytest.raises(ValueError, match="AZURE32"):
        SkeletonFrame(AZURE32, positions, confidence, np.array([0, 1]), 0, 0.0, 0.0)


def test_points_in_the_picture_follow_their_joints() -> None:
    azure = frame(AZURE32, 2)
    points = azure.positions_m[..., :2] * 100
    points[0, AZURE32.index("Pelvis")] = np.nan
    ntu = replace(azure, image_points_px=points).converted(NTU25)
    assert ntu.image_points_px is not None
    assert ntu.image_points_px.shape == (2, 25, 2)
    assert np.isnan(ntu.image_points_px[0, NTU25.index("SpineBase")]).all()
    left, elbow = NTU25.index("LeftElbow"), AZURE32.index("LeftElbow")
    assert np.array_equal(ntu.image_points_px[:, left], points[:, elbow])
    with pytest.raises(ValueError, match=r"image points \(2, 32, 2\)"):
        replace(azure, image_points_px=points[:, :5])
