"""Joint tables against the field's, conversions against a plain reading of the tables."""

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import (
    AZURE32,
    KINECT20,
    LAYOUTS,
    MEDIAPIPE33,
    NTU25,
    SkeletonLayout,
    conversion,
    convert,
    convert_confidence,
    layout_named,
    layout_with_joints,
)

FOREIGN = [KINECT20, AZURE32, MEDIAPIPE33]
quick = settings(deadline=None, max_examples=40)


def mean(*joints: int) -> dict[int, float]:
    return {joint: 1 / len(joints) for joint in joints}


# The joint tables in plain numbers: {NTU joint: {source joint: weight}}, written down apart from the recipes.
NTU_FROM = {
    "KINECT20": {
        **{0: mean(12, 16), 1: {12: 0.215, 16: 0.215, 2: 0.228, 4: 0.171, 8: 0.171}, 2: mean(2), 3: mean(3)},
        **{20: {2: 0.4, 4: 0.3, 8: 0.3}},
        **{4: mean(4), 5: mean(5), 6: mean(6), 7: mean(7), 8: mean(8), 9: mean(9), 10: mean(10), 11: mean(11)},
        **{12: mean(12), 13: mean(13), 14: mean(14), 15: mean(15), 16: mean(16), 17: mean(17), 18: mean(18), 19: mean(19)},
        **{21: {7: 2, 6: -1}, 22: {7: 1.5, 6: -0.5}, 23: {11: 2, 10: -1}, 24: {11: 1.5, 10: -0.5}},
    },
    "AZURE32": {
        **{0: mean(0), 1: mean(1), 2: mean(3), 3: mean(26), 20: mean(4, 11)},
        **{4: mean(5), 5: mean(6), 6: mean(7), 7: mean(8), 8: mean(12), 9: mean(13), 10: mean(14), 11: mean(15)},
        **{12: mean(18), 13: mean(19), 14: mean(20), 15: mean(21), 16: mean(22), 17: mean(23), 18: mean(24), 19: mean(25)},
        **{21: mean(9), 22: mean(10), 23: mean(16), 24: mean(17)},
    },
    "MEDIAPIPE33": {
        **{
            0: mean(23, 24),
            1: mean(11, 12, 23, 24),
            2: {11: 0.35, 12: 0.35, 7: 0.15, 8: 0.15},
            3: mean(7, 8),
            20: mean(11, 12),
        },
        **{4: mean(11), 5: mean(13), 6: mean(15), 7: mean(17, 19), 8: mean(12), 9: mean(14), 10: mean(16), 11: mean(18, 20)},
        **{12: mean(23), 13: mean(25), 14: mean(27), 15: mean(31), 16: mean(24), 17: mean(26), 18: mean(28), 19: mean(32)},
        **{21: mean(19), 22: mean(21), 23: mean(20), 24: mean(22)},
    },
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_is_a_forest_with_mirror_pairs(layout: SkeletonLayout) -> None:
    assert len(layout) == int(layout.name[-2:]) == len(set(layout.joints))
    mirror = np.array(layout.mirror)
    assert np.array_equal(mirror[mirror], np.arange(len(layout)))
    for joint, other in enumerate(layout.mirror):
        sides = {layout.side(joint), layout.side(other)}
        assert sides == ({"middle"} if joint == other else {"left", "right"})
    parent = dict(layout.bones)
    assert len(parent) == len(layout.bones), "a joint has one parent"
    for joint in range(len(layout)):
        seen = {joint}
        while joint in parent:
            joint = parent[joint]
            assert joint not in seen, "a cycle of bones"
            seen.add(joint)


@pytest.mark.parametrize("layout", [NTU25, KINECT20, AZURE32], ids=lambda layout: layout.name)
def test_a_body_hangs_together_on_the_centre(layout: SkeletonLayout) -> None:
    assert len(layout.bones) == len(layout) - 1
    assert layout.centre not in dict(layout.bones)


def test_ntu_equals_the_published_graph(shared: Path) -> None:
    golden = np.load(shared / "golden" / "adjacency.npz")
    bones = {frozenset(bone) for bone in NTU25.bones}
    assert bones == {frozenset(edge) for edge in golden["edges_0based"].tolist() if edge[0] != edge[1]}
    assert NTU25.centre == golden["center"]
    assert NTU25.mirror == tuple(golden["flip_index_0based"])
    child_and_parent = {(child - 1, parent - 1) for child, parent in golden["bone_pairs_1based"].tolist()}
    assert set(NTU25.bones) == child_and_parent - {(NTU25.centre, NTU25.centre)}


@pytest.mark.parametrize("source", FOREIGN, ids=lambda layout: layout.name)
def test_conversion_equals_the_plain_table(source: SkeletonLayout) -> None:
    table = NTU_FROM[source.name]
    expected = np.zeros((25, len(source)))
    for joint in range(25):
        for part, weight in table[joint].items():
            expected[joint, part] = weight
    assert np.allclose(conversion(source, NTU25), expected, atol=1e-12)


@pytest.mark.parametrize("source", [*FOREIGN, NTU25], ids=lambda layout: layout.name)
def test_conversion_rows_sum_to_one_and_are_shared_read_only(source: SkeletonLayout) -> None:
    weights = conversion(source, NTU25)
    assert np.allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    assert not weights.flags.writeable


@pytest.mark.parametrize("source", FOREIGN, ids=lambda layout: layout.name)
@quick
@given(data=st.data())
def test_converting_a_mirrored_skeleton_mirrors_the_converted_one(source: SkeletonLayout, data: st.DataObject) -> None:
    metres = st.floats(-5, 5, width=32)
    positions = data.draw(hnp.arrays(np.float32, (2, len(source), 3), elements=metres | st.just(np.nan)))
    flip = np.array([-1, 1, 1], np.float32)
    mirrored_first = convert((positions * flip)[:, list(source.mirror)], source, NTU25)
    mirrored_last = (convert(positions, source, NTU25) * flip)[:, list(NTU25.mirror)]
    assert np.allclose(mirrored_first, mirrored_last, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("source", FOREIGN, ids=lambda layout: layout.name)
@quick
@given(data=st.data())
def test_a_joint_is_nan_only_where_a_joint_it_needs_is(source: SkeletonLayout, data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    whole = rng.normal(size=(3, len(source), 3)).astype(np.float32)
    untracked = data.draw(hnp.arrays(bool, (3, len(source))))
    holed = whole.copy()
    holed[untracked] = np.nan
    converted, expected = convert(holed, source, NTU25), convert(whole, source, NTU25)
    for frame in range(3):
        for joint in range(25):
            if any(untracked[frame, part] for part in NTU_FROM[source.name][joint]):
                assert np.isnan(converted[frame, joint]).all()
            else:
                assert np.allclose(converted[frame, joint], expected[frame, joint], atol=1e-6)


@pytest.mark.parametrize("source", FOREIGN, ids=lambda layout: layout.name)
def test_a_joint_is_as_sure_as_its_least_sure_part(source: SkeletonLayout) -> None:
    confidence = np.random.default_rng(0).random((2, 3, len(source))).astype(np.float32)
    converted = convert_confidence(confidence, source, NTU25)
    assert converted.shape == (2, 3, 25)
    for joint in range(25):
        assert np.array_equal(converted[..., joint], confidence[..., list(NTU_FROM[source.name][joint])].min(axis=-1))


def test_every_layout_converts_to_itself_and_nothing_else_is_guessed() -> None:
    positions = np.full((1, 20, 3), np.nan)
    assert convert(positions, KINECT20, KINECT20).dtype == np.float32
    assert np.array_equal(conversion(KINECT20, KINECT20), np.eye(20))
    with pytest.raises(UserError, match="from layout NTU25 to KINECT20"):
        convert(np.zeros((1, 25, 3)), NTU25, KINECT20)


def test_layouts_are_found_by_name_and_by_number_of_joints() -> None:
    assert layout_named("AZURE32") is AZURE32
    with pytest.raises(UserError, match="unknown skeleton layout 'COCO17': known are NTU25"):
        layout_named("COCO17")
    assert [layout_with_joints(n) for n in (20, 25, 32, 33, 17)] == [KINECT20, NTU25, AZURE32, MEDIAPIPE33, None]


def azure_recording(zipped: zipfile.ZipFile, name: str) -> np.ndarray:
    """(T, 32, 3) in canonical space from one CSV of the Azure Kinect recordings, whose y points down and x to the right."""
    header, *rows = csv.reader(io.StringIO(zipped.read(name).decode("utf-8-sig")))
    for theirs, ours in zip(header, AZURE32.joints, strict=True):
        stem = theirs.removesuffix("Left").removesuffix("Right")
        assert ours == theirs[len(stem) :] + stem
    positions = np.array([[[float(value) for value in joint.split()] for joint in row] for row in rows if row])
    return positions * [-1, -1, 1]


def test_real_azure_recordings_become_plausible_people(shared: Path) -> None:
    with zipfile.ZipFile(shared / "data" / "azure_kinect_gym.zip") as zipped:
        names = [name for name in zipped.namelist() if name.endswith(".csv")]
        takes = [convert(azure_recording(zipped, name), AZURE32, NTU25) for name in names]
    plausible_m = {"LeftElbow": (0.18, 0.4), "RightWrist": (0.15, 0.35), "LeftKnee": (0.3, 0.55), "RightAnkle": (0.3, 0.55)}
    for body in takes:
        at = {joint: body[:, i] for i, joint in enumerate(NTU25.joints)}
        assert np.isfinite(body).all()
        for child, parent in NTU25.bones:
            least, most = plausible_m.get(NTU25.joints[child], (0.0, 0.6))
            assert least < np.median(np.linalg.norm(body[:, child] - body[:, parent], axis=-1)) < most, NTU25.joints[child]
        assert np.median(at["Head"][:, 1]) > np.median(at["SpineBase"][:, 1]) > np.median(at["LeftFoot"][:, 1]), "y is up"
        assert (body[..., 2] > 0).all(), "z points away from the sensor"
        forward = at["LeftFoot"] + at["RightFoot"] - at["LeftAnkle"] - at["RightAnkle"]
        to_the_left = np.cross([0, 1, 0], forward)
        leftwards = ((at["LeftHip"] - at["RightHip"]) * to_the_left).sum(axis=-1)
        assert np.median(leftwards) > 0, "left and right are not swapped by a reflection"
