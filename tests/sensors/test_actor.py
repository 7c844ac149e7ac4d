"""The synthetic actor: a body that could be real, and actions that are what they are called."""

from itertools import pairwise

import numpy as np
import pytest

from skel.sensors.actor_body import LIMITS, Pose, joint_positions
from skel.sensors.actor_motions import MOTIONS, STANDING
from skel.sensors.actor_script import interpolate
from skel.sensors.synthetic import ACTIONS, perform
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording

JOINT = NTU25.index


def body(pose: Pose, height_m: float = 1.7) -> dict[str, np.ndarray]:
    """The joints of one pose by name, in body axes."""
    return dict(zip(NTU25.joints, joint_positions(pose.angles()[None], height_m)[0]))


def bone_lengths(positions: np.ndarray) -> np.ndarray:
    return np.stack([np.linalg.norm(positions[:, a] - positions[:, b], axis=-1) for a, b in NTU25.bones])


@pytest.fixture(scope="module", params=range(4))
def performance(request: pytest.FixtureRequest) -> Recording:
    """Every action at least once, without noise."""
    return perform(request.param, 100.0, script=ACTIONS, fps=60.0)


class TestBody:
    def test_standing(self):
        joints = body(STANDING)
        assert joints["LeftShoulder"][0] < joints["RightShoulder"][0]
        assert joints["Head"][1] > joints["SpineShoulder"][1] > joints["SpineBase"][1] > joints["LeftKnee"][1] > 0
        assert joints["LeftFoot"][2] < joints["LeftAnkle"][2]  # toes point forwards, towards the sensor
        assert 1.5 < joints["Head"][1] < 1.7
        for name, position in joints.items():
            mirrored = joints[NTU25.joints[NTU25.mirror[JOINT(name)]]]
            np.testing.assert_allclose(position, mirrored * [-1, 1, 1], atol=1e-9)

    def test_size_follows_height(self):
        np.testing.assert_allclose(
            joint_positions(STANDING.angles()[None], 1.9), joint_positions(STANDING.angles()[None], 1.0) * 1.9
        )

    @pytest.mark.parametrize(
        ("pose", "joint", "axis", "sign"),
        [
            (Pose(right_arm=(90, 0, 0, 0)), "RightHand", 2, -1),  # forwards is towards the sensor
            (Pose(right_arm=(0, 90, 0, 0)), "RightHand", 0, 1),  # sideways is away from the body
            (Pose(left_arm=(0, 90, 0, 0)), "LeftHand", 0, -1),
            (Pose(right_arm=(0, 0, 0, 90)), "RightHand", 2, -1),  # elbows bend forwards
            (Pose(right_arm=(0, 0, 90, 90)), "RightHand", 0, -1),  # turned inwards, in front of the belly
            (Pose(trunk=(45, 0, 0)), "Head", 2, -1),
            (Pose(trunk=(0, 30, 0)), "Head", 0, 1),
            (Pose(trunk=(0, 0, 40)), "RightShoulder", 2, -1),  # turning left brings the right shoulder forwards
        ],
    )
    def test_angles_move_joints_the_way_they_say(self, pose: Pose, joint: str, axis: int, sign: int):
        assert sign * (body(pose)[joint] - body(STANDING)[joint])[axis] > 0.1

    def test_legs_bend_as_legs_do(self):
        joints = body(Pose(left_leg=(60, 0, 70, 0), support=1))
        assert joints["LeftKnee"][2] < joints["LeftHip"][2] - 0.2
        assert joints["LeftAnkle"][2] > joints["LeftKnee"][2]
        np.testing.assert_allclose(joints["RightAnkle"], body(STANDING)["RightAnkle"], atol=0.015)

    def test_mirrored_pose_is_the_mirror_image(self):
        pose = Pose((10, 5, 20), (3, 9), (80, 20, 30, 40), (5, 6, 7, 8), (30, 2, 50, 1), (1, 2, 3, 4), 0.2)
        here, there = body(pose), body(pose.mirrored())
        for name, position in here.items():
            np.testing.assert_allclose(position, there[NTU25.joints[NTU25.mirror[JOINT(name)]]] * [-1, 1, 1], atol=1e-9)

    def test_angles_are_clamped_to_the_limits(self):
        wild = np.random.default_rng(0).uniform(-400, 400, (50, len(LIMITS)))
        clamped = np.clip(wild, LIMITS[:, 0], LIMITS[:, 1])
        np.testing.assert_array_equal(joint_positions(wild, 1.7), joint_positions(clamped, 1.7))

    @pytest.mark.parametrize("name", ACTIONS)
    def test_actions_stay_within_the_limits(self, name: str):
        _, angles = MOTIONS[name].keys(2)
        assert (angles >= LIMITS[:, 0]).all()
        assert (angles <= LIMITS[:, 1]).all()


class TestMotion:
    def test_interpolation_meets_its_keys_and_never_overshoots(self):
        keys_s, values = np.array([0.0, 0.3, 1.0, 1.2]), np.array([[0.0], [10.0], [12.0], [-3.0]])
        np.testing.assert_allclose(interpolate(keys_s, keys_s, values), values)
        path = interpolate(np.linspace(-1, 2, 3001), keys_s, values)
        assert -3.0 <= path.min() <= path.max() <= 12.0
        assert path[0] == 0.0
        assert path[-1] == -3.0

    def test_bones_keep_their_length(self, performance: Recording):
        lengths = bone_lengths(performance.positions_m[:, 0].astype(np.float64))
        assert np.ptp(lengths, axis=1).max() < 1e-5

    def test_speed_is_human_and_continuous(self, performance: Recording):
        positions = performance.positions_m[:, 0].astype(np.float64)
        velocity = np.diff(positions, axis=0) * performance.fps
        speed = np.linalg.norm(velocity, axis=-1)
        assert speed.max() < 10.0  # a hand in a throw
        assert speed[:, JOINT("SpineBase")].max() < 3.0
        assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() < 3.5  # m/s from one frame to the next

    def test_upright_on_the_floor_facing_the_sensor(self, performance: Recording):
        joints = performance.positions_m[:, 0]
        across = joints[:, JOINT("RightShoulder")] - joints[:, JOINT("LeftShoulder")]
        assert (across[:, 0] > 0).all()
        assert (joints[:, JOINT("Head"), 1] > joints[:, JOINT("SpineBase"), 1]).all()
        ankles = joints[:, [JOINT("LeftAnkle"), JOINT("RightAnkle")], 1]
        assert np.ptp(ankles.min(axis=1)) < 0.03
        assert 1.5 < joints[..., 2].min() < joints[..., 2].max() < 5.0

    def test_knees_and_elbows_never_bend_backwards(self, performance: Recording):
        joints = performance.positions_m[:, 0].astype(np.float64)
        across = joints[:, JOINT("RightHip")] - joints[:, JOINT("LeftHip")]
        for side in ("Left", "Right"):
            thigh = joints[:, JOINT(f"{side}Knee")] - joints[:, JOINT(f"{side}Hip")]
            shank = joints[:, JOINT(f"{side}Ankle")] - joints[:, JOINT(f"{side}Knee")]
            assert (np.einsum("ti,ti->t", np.cross(thigh, shank), across) <= 1e-4).all()

    def test_actions_are_told_apart_by_pauses(self, performance: Recording):
        segments = performance.segments
        assert {segment.label for segment in segments} == set(ACTIONS)
        pauses_s = [after.start_s - before.end_s for before, after in pairwise(segments)]
        assert min(pauses_s) >= 0.8
        assert max(pauses_s) <= 2.0
        assert all(1.0 < segment.end_s - segment.start_s < 4.5 for segment in segments)

    def test_quiet_standing_is_quiet_but_not_frozen(self, performance: Recording):
        times_s, hand = performance.times_s, performance.positions_m[:, 0, JOINT("RightHand")]
        pause = hand[times_s < performance.segments[0].start_s]
        assert 0.001 < np.linalg.norm(np.ptp(pause, axis=0)) < 0.1

    @pytest.mark.parametrize(
        "name", ["wave", "throw", "swipe left", "swipe right", "draw circle clockwise", "knock", "catch"]
    )
    def test_one_handed_actions_use_the_right_hand(self, name: str):
        take = perform(1, 12.0, script=[name])
        hips = take.positions_m[:, 0, JOINT("SpineBase")]
        moved = {s: np.ptp(take.positions_m[:, 0, JOINT(f"{s}Hand")] - hips, axis=0).max() for s in ("Left", "Right")}
        assert moved["Right"] > 0.4 > 0.15 > moved["Left"]

    def test_characteristic_ends(self):
        """What makes an action the one it is called."""

        def joints(name: str, number: int, repetitions: int = 1) -> dict[str, np.ndarray]:
            _, angles = MOTIONS[name].keys(repetitions)
            return dict(zip(NTU25.joints, joint_positions(angles[[number]], 1.7)[0]))

        clap = joints("clap", 3)
        assert np.linalg.norm(clap["LeftHand"] - clap["RightHand"]) < 0.12
        assert joints("wave", 2)["RightHand"][1] > joints("wave", 2)["RightShoulder"][1] + 0.1
        assert joints("squat", 3)["SpineBase"][1] < body(STANDING)["SpineBase"][1] - 0.3
        crossed = joints("arms cross", 2)
        assert crossed["RightHand"][0] < 0 < crossed["LeftHand"][0]
        left, right = joints("swipe left", 3)["RightHand"], joints("swipe right", 4)["RightHand"]
        assert left[0] < 0 < right[0]
        assert joints("lunge", 3)["LeftAnkle"][2] < joints("lunge", 3)["RightAnkle"][2] - 0.6

    def test_sits_down_before_it_gets_up(self):
        labels = [segment.label for segment in perform(0, 40.0, script=["sit to stand", "wave"]).segments]
        assert labels[:4] == ["stand to sit", "sit to stand", "wave", "stand to sit"]
