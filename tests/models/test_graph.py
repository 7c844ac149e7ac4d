import numpy as np
import pytest

from skel.models.graph import spatial_adjacency
from skel.skeleton.layouts import LAYOUTS, NTU25


def test_equals_the_reference(shared):
    expected = np.load(shared / "golden" / "adjacency.npz")["A"]
    np.testing.assert_allclose(spatial_adjacency(NTU25), expected, atol=1e-7)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_partitions_every_layouts_edges_once(layout):
    parts = spatial_adjacency(layout)
    joints = len(layout)
    assert parts.shape == (3, joints, joints)
    assert ((parts > 0).sum(axis=0) <= 1).all()
    edges = {(v, w) for v, w in zip(*np.nonzero(parts.sum(axis=0))) if v != w}
    assert edges == {*layout.bones} | {(parent, child) for child, parent in layout.bones}
    np.testing.assert_allclose(parts.sum(axis=(0, 1)), 1, rtol=1e-6)
    assert (np.diag(parts[0]) > 0).all()
