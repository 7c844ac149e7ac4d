"""What a depth camera would see: bodies of spheres before a wall, rendered by plain ray casting."""

import numpy as np

from skel.sensors.pose import PersonPose
from skel.sensors.registration import Lens, Rig
from skel.skeleton.layouts import MEDIAPIPE33, NTU25

# The calibration of a real Azure Kinect (NFOV unbinned, 720p), so that the scene has its distortion and its parallax.
DEPTH = Lens(
    640, 576, (504.608, 504.733), (332.781, 348.830),
    (0.547940, -0.0209714, -0.00265223, 0.889679, 0.0861302, -0.0139104), (2.05575e-05, -7.21042e-05),
)  # fmt: skip
COLOUR = Lens(
    1280, 720, (611.795, 611.927), (639.304, 365.853),
    (0.330121, -2.489397, 1.453671, 0.208912, -2.302915, 1.375128), (-0.000161782, -0.000129445),
)  # fmt: skip
_TILT = np.radians(4.94)
RIG = Rig(
    DEPTH,
    COLOUR,
    np.array([[1, 0, 0], [0, np.cos(_TILT), np.sin(_TILT)], [0, -np.sin(_TILT), np.cos(_TILT)]]),
    np.array([-0.0320834, -0.0022054, 0.0038837]),
    np.array([0, -np.cos(_TILT), -np.sin(_TILT)]),
)

# Half the thickness of a body where each joint is.
RADII_M = {
    "Shoulder": 0.065,
    "Elbow": 0.042,
    "Wrist": 0.028,
    "Index": 0.015,
    "Thumb": 0.012,
    "Hip": 0.095,
    "Knee": 0.062,
    "Ankle": 0.042,
}
_FOOT_M, _HEAD_M, _EAR_M = 0.03, 0.08, 0.02
_BONES = [
    (f"{side}{a}", f"{side}{b}")
    for side in ("Left", "Right")
    for a, b in (
        ("Shoulder", "Elbow"), ("Elbow", "Wrist"), ("Wrist", "Index"), ("Wrist", "Thumb"),
        ("Hip", "Knee"), ("Knee", "Ankle"), ("Ankle", "FootIndex"),
    )
]  # fmt: skip


def landmarks_of(ntu25_m: np.ndarray) -> np.ndarray:
    """MediaPipe's 33 landmarks for joints (25, 3) of NTU25, in the same axes."""
    at = {name: ntu25_m[i] for i, name in enumerate(NTU25.joints)}
    across = at["RightShoulder"] - at["LeftShoulder"]
    across = across / np.linalg.norm(across)
    up = at["Head"] - at["SpineShoulder"]
    up = up / np.linalg.norm(up)
    forwards = np.cross(across, up)  # canonical axes: a person who faces the sensor looks along −z
    forwards = forwards * -np.sign(np.dot(np.cross(across, up), np.cross([1, 0, 0], [0, 1, 0])) or 1)
    face = {
        "Nose": (0, 0, 0.095), "EyeInner": (0.02, 0.03, 0.085), "Eye": (0.03, 0.03, 0.08), "EyeOuter": (0.04, 0.03, 0.075),
        "Ear": (0.08, 0, 0), "Mouth": (0.02, -0.04, 0.08),
    }  # fmt: skip
    points = np.zeros((33, 3))
    for i, name in enumerate(MEDIAPIPE33.joints):
        side, part = ("Left", name[4:]) if name.startswith("Left") else ("Right", name.removeprefix("Right"))
        if part in face:
            right, above, front = face[part]
            sign = 0 if name == "Nose" else 1 if side == "Right" else -1
            points[i] = at["Head"] + sign * right * across + above * up + front * forwards
        elif part in ("Pinky", "Index"):
            points[i] = at[f"{side}HandTip"]
        elif part == "Heel":
            points[i] = 1.1 * at[f"{side}Ankle"] - 0.1 * at[f"{side}Knee"]
        else:
            points[i] = at[side + {"FootIndex": "Foot"}.get(part, part)]
    return points


def spheres_of(landmarks_m: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """A body around landmarks (33, 3): limbs that taper, a trunk, a head."""
    at = dict(zip(MEDIAPIPE33.joints, landmarks_m))

    def radius(joint: str) -> float:
        return RADII_M.get(joint.removeprefix("Left").removeprefix("Right"), _FOOT_M)

    ears = [at["LeftEar"], at["RightEar"]]
    spheres = [(sum(ears) / 2, _HEAD_M), *((ear, _EAR_M) for ear in ears)]
    for a, b in _BONES:
        for share in np.linspace(0, 1, max(int(np.linalg.norm(at[a] - at[b]) / 0.015), 2)):
            spheres.append(((1 - share) * at[a] + share * at[b], (1 - share) * radius(a) + share * radius(b)))
    for down in np.linspace(0, 1, 14):
        left = (1 - down) * at["LeftShoulder"] + down * at["LeftHip"]
        right = (1 - down) * at["RightShoulder"] + down * at["RightHip"]
        thick = (1 - down) * RADII_M["Shoulder"] + down * RADII_M["Hip"]
        spheres += [((1 - share) * left + share * right, thick) for share in np.linspace(0, 1, 6)]
    return spheres


class DepthScene:
    """Renders depth pictures (576, 640) in millimetres."""

    def __init__(self, rig: Rig = RIG) -> None:
        self.rig = rig
        rows, columns = np.mgrid[0 : rig.depth.height_px, 0 : rig.depth.width_px]
        self._rays = rig.depth.rays(np.stack([columns, rows], axis=-1)).astype(np.float64)

    def render(self, bodies_m: list[np.ndarray], wall_m: float | None = 4.5) -> np.ndarray:
        """Bodies, each landmarks (33, 3) in the depth camera's axes, before a wall; float, 0 where there is nothing."""
        picture = np.full(self._rays.shape[:2], np.inf if wall_m is None else wall_m)
        for centre, radius in (sphere for body in bodies_m for sphere in spheres_of(body)):
            reach = radius * 620 / max(centre[2], 0.3) + 3
            u, v = self.rig.depth.project(centre)
            if not np.isfinite(u + v):
                continue
            box = (slice(max(int(v - reach), 0), max(int(v + reach) + 1, 0)),
                   slice(max(int(u - reach), 0), max(int(u + reach) + 1, 0)))  # fmt: skip
            rays = self._rays[box]
            square, along = (rays * rays).sum(axis=-1), rays @ centre
            root = along**2 - square * (centre @ centre - radius**2)
            hit = (along - np.sqrt(np.maximum(root, 0))) / square
            picture[box] = np.where((root > 0) & (hit > 0) & (hit < picture[box]), hit, picture[box])
        return np.where(np.isfinite(picture), picture * 1000, 0.0)


def damaged(
    depth_mm: np.ndarray, random: np.random.Generator, *, noise: float = 0.0, holes: float = 0.0, flying: float = 0.0
):
    """The picture as a time-of-flight camera gives it (uint16).

    Args:
        depth_mm: the true depths.
        random: where what goes wrong goes wrong.
        noise: standard deviation at 1 m, in metres; grows with the distance.
        holes: share of the picture that is not measured, in squares of 8 × 8 pixels; the outlines are lost as well.
        flying: share of the pixels within two of an outline that lie anywhere between the two sides.
    """
    depth = depth_mm + random.normal(0, 1, depth_mm.shape) * noise * depth_mm
    lowest = np.min([np.roll(depth_mm, shift, axis) for axis in (0, 1) for shift in (-2, -1, 1, 2)], axis=0)
    highest = np.max([np.roll(depth_mm, shift, axis) for axis in (0, 1) for shift in (-2, -1, 1, 2)], axis=0)
    edge = highest - lowest > 100
    mixed = edge & (random.random(depth.shape) < flying)
    depth = np.where(mixed, lowest + random.random(depth.shape) * (highest - lowest), depth)
    lost = np.kron(random.random((72, 80)) < holes, np.ones((8, 8), bool))
    if holes:
        lost |= edge & (random.random(depth.shape) < 0.5)
    return np.where(lost, 0, np.clip(depth, 0, 65535)).astype(np.uint16)


def seen_pose(
    landmarks_m: np.ndarray, random: np.random.Generator, *, scale: float = 1.0, shape_m: float = 0.0, pixels: float = 0.0
) -> PersonPose:
    """What a pose model might make of landmarks (33, 3) in the depth camera's axes of `RIG`.

    Args:
        landmarks_m: the truth.
        random: the model's errors.
        scale: of the world landmarks.
        shape_m: standard deviation of the world landmarks' depths (a third of it across).
        pixels: standard deviation of the image landmarks.
    """
    colour = RIG.depth_to_colour(landmarks_m)
    middle = colour[[MEDIAPIPE33.index("LeftHip"), MEDIAPIPE33.index("RightHip")]].mean(axis=0)
    world = (colour - middle) * scale + random.normal(0, 1, (33, 3)) * np.array([shape_m / 3, shape_m / 3, shape_m])
    image = COLOUR.project(colour) + random.normal(0, 1, (33, 2)) * pixels
    return PersonPose(image.astype(np.float32), (world * [-1, -1, 1]).astype(np.float32), np.ones(33, np.float32))
