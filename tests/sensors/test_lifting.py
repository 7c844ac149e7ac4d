"""Lifting: an actor whose true joints are known, seen by a depth camera that errs as real ones do."""

from typing import NamedTuple

import numpy as np
import pytest
from depth_scene import COLOUR, RIG, DepthScene, damaged, landmarks_of, seen_pose

from skel.sensors.lifting import LiftedPose, lift
from skel.sensors.pose import PersonPose
from skel.sensors.registration import Registration
from skel.sensors.synthetic import perform
from skel.skeleton.layouts import MEDIAPIPE33, NTU25, conversion

JOINT = MEDIAPIPE33.index
TO_NTU25 = conversion(MEDIAPIPE33, NTU25)


class Instant(NamedTuple):
    """Landmarks (33, 3) in the depth camera's axes, and the picture of them."""

    landmarks_m: np.ndarray
    depth_mm: np.ndarray


@pytest.fixture(scope="module")
def scene() -> DepthScene:
    return DepthScene()


@pytest.fixture(scope="module")
def registration() -> Registration:
    return Registration(RIG)


@pytest.fixture(scope="module")
def instants(scene: DepthScene) -> list[Instant]:
    """An actor in the midst of many actions, 1.8 to 4.2 m away."""
    found = []
    for seed in range(4):
        take = perform(seed, 30.0, fps=10.0, jitter_m=0)
        for row in np.linspace(15, len(take) - 15, 4).astype(int):
            landmarks_m = landmarks_of(take.positions_m[row, 0].astype(float)) @ RIG.to_canonical
            found.append(Instant(landmarks_m, scene.render([landmarks_m])))
    return found


def lifted(instant: Instant, registration: Registration, random, camera: dict, model: dict) -> LiftedPose:
    depth = registration(damaged(instant.depth_mm, random, **camera))
    return lift(seen_pose(instant.landmarks_m, random, **model), depth, COLOUR)


def errors_m(instants: list[Instant], registration: Registration, camera: dict, model: dict):
    """How far NTU25 joints, which the recogniser sees, are from the truth (frames, 25); the measured ones of 33."""
    random = np.random.default_rng(0)
    results = [lifted(instant, registration, random, camera, model) for instant in instants]
    true_m = np.array([RIG.depth_to_colour(instant.landmarks_m) for instant in instants])
    off = np.array([result.positions_m for result in results]) - true_m
    return np.linalg.norm(TO_NTU25 @ off, axis=-1), np.array([result.measured for result in results])


EXACT: dict = {}
USUAL = {"noise": 0.002, "holes": 0.05, "flying": 0.5}  # the Azure Kinect's random error is at most 17 mm (its data sheet)
BAD = {"noise": 0.004, "holes": 0.35, "flying": 0.9}
MODEL = {"scale": 0.93, "shape_m": 0.05, "pixels": 2.5}


@pytest.mark.parametrize(
    ("camera", "model", "mean_m", "most_m", "measured"),
    [
        pytest.param(EXACT, EXACT, 0.015, 0.04, 0.9, id="nothing errs"),
        pytest.param(USUAL, EXACT, 0.015, 0.045, 0.8, id="a real camera"),
        pytest.param(EXACT, {"scale": 0.7}, 0.015, 0.045, 0.9, id="a child, as large as a grown-up to the model"),
        pytest.param(EXACT, MODEL, 0.03, 0.08, 0.85, id="a real pose model"),
        pytest.param(USUAL, MODEL, 0.035, 0.09, 0.78, id="both"),
        pytest.param(BAD, MODEL, 0.04, 0.105, 0.6, id="a bad camera: a third of the picture is missing"),
    ],
)
def test_joints_come_near_their_true_places(instants, registration, camera, model, mean_m, most_m, measured):
    """The bounds are on the mean and on the 95th percentile over joints and instants, and the share of measured joints."""
    error_m, was_measured = errors_m(instants, registration, camera, model)
    assert error_m.mean() < mean_m
    assert np.percentile(error_m, 95) < most_m
    assert was_measured.mean() > measured


def test_is_better_than_the_world_landmarks_at_the_right_place(instants, registration):
    """What depth adds: even the world landmarks moved to the true place of the hips are farther off."""
    error_m, _ = errors_m(instants, registration, USUAL, MODEL)
    random, world_m = np.random.default_rng(0), []
    for instant in instants:
        true_m = RIG.depth_to_colour(instant.landmarks_m)
        world = seen_pose(instant.landmarks_m, random, **MODEL).world_m * [-1, -1, 1]
        world_m.append(np.linalg.norm(TO_NTU25 @ (world + true_m[[23, 24]].mean(axis=0) - true_m), axis=-1))
    assert error_m.mean() < 0.7 * np.mean(world_m)


def facing(distance_m: float = 2.5, x_m: float = 0.0) -> np.ndarray:
    """A body at rest that faces the camera, landmarks (33, 3) in the depth camera's axes."""
    standing = perform(0, 2.0, jitter_m=0).positions_m[0, 0].astype(float)
    canonical = landmarks_of(standing)
    yaw = np.arctan2(*(canonical[JOINT("RightShoulder")] - canonical[JOINT("LeftShoulder")])[[2, 0]])
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    centred = (canonical - canonical[[23, 24]].mean(axis=0)) @ turn.T
    return (centred + np.array([x_m, 0, distance_m])) @ RIG.to_canonical


def lift_one(landmarks_m, depth_mm, registration, pose: PersonPose | None = None) -> LiftedPose:
    pose = pose or seen_pose(landmarks_m, np.random.default_rng(0))
    return lift(pose, registration(depth_mm.astype(np.uint16)), COLOUR)


def test_a_hand_before_the_hip_does_not_pull_the_hip_forwards(scene, registration):
    landmarks_m = facing()
    hip = landmarks_m[JOINT("LeftHip")]
    for joint in ("LeftWrist", "LeftIndex", "LeftPinky", "LeftThumb"):
        landmarks_m[JOINT(joint)] = 0.88 * hip  # on its line of sight, 30 cm nearer
    result = lift_one(landmarks_m, scene.render([landmarks_m]), registration)
    true_m = RIG.depth_to_colour(landmarks_m)
    assert not result.measured[JOINT("LeftHip")]
    assert result.measured[JOINT("LeftWrist")]
    assert result.confidence[JOINT("LeftHip")] == 0.5
    for joint in ("LeftHip", "LeftWrist"):
        assert np.linalg.norm(result.positions_m[JOINT(joint)] - true_m[JOINT(joint)]) < 0.05


def test_an_arm_behind_the_back_is_not_seen_on_the_chest(scene, registration):
    landmarks_m = facing()
    spine = landmarks_m[[11, 12, 23, 24]].mean(axis=0)
    for joint in ("LeftWrist", "LeftIndex", "LeftPinky", "LeftThumb"):
        landmarks_m[JOINT(joint)] = spine + np.array([0, 0.05, 0.14])
    result = lift_one(landmarks_m, scene.render([landmarks_m]), registration)
    true_m = RIG.depth_to_colour(landmarks_m)
    assert not result.measured[JOINT("LeftWrist")]
    assert np.linalg.norm(result.positions_m[JOINT("LeftWrist")] - true_m[JOINT("LeftWrist")]) < 0.05


def test_an_arm_that_reaches_farther_than_the_model_thinks_is_measured(scene, registration):
    landmarks_m = facing()
    pose = seen_pose(landmarks_m, np.random.default_rng(0))
    shoulder = landmarks_m[JOINT("RightShoulder")]
    reaching = {"RightElbow": 0.28, "RightWrist": 0.52, "RightIndex": 0.6, "RightPinky": 0.6, "RightThumb": 0.6}
    for joint, metres in reaching.items():
        landmarks_m[JOINT(joint)] = shoulder + metres * np.array([-0.1, -0.4, -1])
    truth = seen_pose(landmarks_m, np.random.default_rng(0))
    world_m = truth.world_m.copy()
    for joint, metres in reaching.items():
        world_m[JOINT(joint), 2] += 0.3 * metres  # less far forwards, by a third
    pose = PersonPose(truth.image_px, world_m, truth.visibility)
    result = lift_one(landmarks_m, scene.render([landmarks_m]), registration, pose)
    assert result.measured[JOINT("RightWrist")]
    true_m = RIG.depth_to_colour(landmarks_m)
    assert np.linalg.norm(result.positions_m[JOINT("RightWrist")] - true_m[JOINT("RightWrist")]) < 0.03


def test_without_any_depth_the_person_stands_where_the_landmarks_fit(registration):
    landmarks_m = facing()
    result = lift_one(landmarks_m, np.zeros((576, 640)), registration)
    assert not result.measured.any()
    assert (result.confidence == 0.5).all()
    assert np.linalg.norm(result.positions_m - RIG.depth_to_colour(landmarks_m), axis=1).max() < 0.03


def test_a_joint_outside_the_picture_keeps_its_offset_from_the_others(scene, registration):
    landmarks_m = facing(1.3)  # the feet are below the picture
    pose = seen_pose(landmarks_m, np.random.default_rng(0))
    below = pose.image_px[:, 1] >= COLOUR.height_px
    assert below[JOINT("LeftAnkle")]
    wild = pose.image_px.copy()
    wild[below] += np.array([400, 3000])  # what a model says about it may be anything
    result = lift_one(
        landmarks_m, scene.render([landmarks_m]), registration, PersonPose(wild, pose.world_m, pose.visibility)
    )
    assert not result.measured[below].any()
    assert np.linalg.norm(result.positions_m - RIG.depth_to_colour(landmarks_m), axis=1)[below].max() < 0.06


def test_landmarks_that_are_not_visible_are_not_measured(scene, registration):
    landmarks_m = facing()
    pose = seen_pose(landmarks_m, np.random.default_rng(0))
    pose.visibility[JOINT("LeftKnee")] = 0.3
    result = lift_one(landmarks_m, scene.render([landmarks_m]), registration, pose)
    assert not result.measured[JOINT("LeftKnee")]
    assert result.confidence[JOINT("LeftKnee")] == np.float32(0.15)


def test_somebody_in_front_is_not_taken_for_the_person_behind(scene, registration):
    behind, before = facing(3.4), facing(1.9, x_m=0.35)
    depth_mm = scene.render([behind, before])
    result = lift_one(behind, depth_mm, registration)
    true_m = RIG.depth_to_colour(behind)
    assert result.measured[[JOINT("LeftShoulder"), JOINT("RightShoulder")]].any()
    assert not result.measured.all()
    assert np.linalg.norm(result.positions_m - true_m, axis=1).max() < 0.12
    result = lift_one(before, depth_mm, registration)
    assert np.linalg.norm(result.positions_m - RIG.depth_to_colour(before), axis=1).max() < 0.12


@pytest.mark.parametrize("broken", ["nowhere", "not a number", "one point"])
def test_nonsense_from_the_model_gives_no_crash(broken: str, scene, registration):
    pose = seen_pose(facing(), np.random.default_rng(0))
    image_px = {
        "nowhere": np.full((33, 2), -1e5),
        "not a number": np.full((33, 2), np.nan),
        "one point": np.full((33, 2), 300.0),
    }[broken]
    pose = PersonPose(image_px.astype(np.float32), pose.world_m, pose.visibility)
    result = lift_one(facing(), scene.render([facing()]), registration, pose)
    assert np.isfinite(result.positions_m).all()
    assert (result.positions_m[:, 2] > 0).all()
