import numpy as np
import pytest
import torch

from skel.models.stgcn import STGCN
from skel.models.streams import PUBLISHED_WEIGHTS, STREAMS, bone_parents, stream_of
from skel.skeleton.layouts import KINECT20, LAYOUTS, NTU25

# As the published implementation lists them: (joint, the other end of its bone), counted from 1.
PUBLISHED_PAIRS = """
(1,2)(2,21)(3,21)(4,3)(5,21)(6,5)(7,6)(8,7)(9,21)(10,9)(11,10)(12,11)(13,1)(14,13)(15,14)(16,15)(17,1)(18,17)(19,18)(20,19)
(21,21)(22,23)(23,8)(24,25)(25,12)
"""


def published_pairs():
    return [tuple(map(int, pair.split(","))) for pair in PUBLISHED_PAIRS.replace("\n", "").strip("()").split(")(")]


def bones_as_written(x):
    made = np.zeros_like(x)
    for a, b in published_pairs():
        made[:, :, :, a - 1] = x[:, :, :, a - 1] - x[:, :, :, b - 1]
    return made


def motion_as_written(x):
    made = np.zeros_like(x)
    for t in range(x.shape[2] - 1):
        made[:, :, t] = x[:, :, t + 1] - x[:, :, t]
    return made


@pytest.fixture
def clips():
    clips = np.random.default_rng(0).normal(0, 0.4, (4, 3, 10, 25, 2)).astype(np.float32)
    clips[2:, ..., 1] = 0
    return clips


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["array", "tensor"])
def test_equal_the_published_definition(clips, kind):
    for stream, expected in (("joint", clips), ("bone", bones_as_written(clips)), ("motion", motion_as_written(clips))):
        made = stream_of(kind(clips), stream, NTU25)
        assert type(made) is type(kind(clips))
        np.testing.assert_array_equal(np.asarray(made), expected)


@pytest.mark.parametrize("stream", STREAMS)
def test_absent_bodies_stay_absent(clips, stream):
    assert not stream_of(clips, stream, NTU25)[2:, ..., 1].any()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_bones_of_any_layout_are_the_layout_s_own(layout):
    parents = bone_parents(layout)
    assert [(child, parent) for child, parent in enumerate(parents) if child != parent] == sorted(layout.bones)
    assert parents[layout.centre] == layout.centre


def test_weights_are_the_published_ones():
    assert PUBLISHED_WEIGHTS == {"joint": 0.6, "bone": 0.6, "motion": 0.4}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_network_of_a_stream_is_that_of_joints_fed_with_the_stream(clips, stream):
    torch.manual_seed(0)
    joints = STGCN(channels=4, classes=3).eval()
    other = STGCN(channels=4, classes=3, stream=stream).eval()
    other.load_state_dict(joints.state_dict())
    given = torch.from_numpy(clips)
    torch.testing.assert_close(other(given), joints(stream_of(given, stream, NTU25)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("empty_bodies", ["skip", "keep"])
def test_somebody_who_stands_still_is_there(empty_bodies):
    """The motion of a motionless person is zero, and yet there is a person."""
    torch.manual_seed(0)
    network = STGCN(KINECT20, channels=4, empty_bodies=empty_bodies, stream="motion").eval()
    still = torch.randn(1, 3, 1, 20, 1).expand(1, 3, 10, 20, 1)
    assert network.embed(still).any()
