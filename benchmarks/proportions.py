"""How sensors differ in the proportions of the people they see, and what evening them out does for recognition; as JSON.

    python benchmarks/proportions.py --kinect1 sets/utd-mhad --kinect2 sets/utd-mhad-kinect2 --shared ../shared

The sets are prepared by `skel-data prepare utd-mhad …` and `utd-mhad-kinect2 …`; `--shared` is the folder of real recordings
and pose models. Logistic regression on a clip's joints stands for a model without training tricks. The test people are never
trained on, nor do their bones enter the standard lengths.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tyro
from sklearn.linear_model import LogisticRegression

from skel.models.pretrained import DEFAULT_MODEL
from skel.models.runtime import OnnxModel
from skel.skeleton.anatomy import bone_lengths_m
from skel.skeleton.layouts import AZURE32, KINECT20, MEDIAPIPE33, NTU25, convert
from skel.training.dataset import PARTS, ClipSet
from skel.training.join import load_joined

# The readers of the real files belong to the tests, which hold the sensors to the same measure.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sensors"))
import real_files
from bone_proportions import BONES, HEIGHT, TRUNK, Array, distance, median_lengths_m

CLASSES = DEFAULT_MODEL.with_name("classes.json")
ROOT = NTU25.index("SpineShoulder")


@dataclass(frozen=True)
class Config:
    """What to measure."""

    kinect1: Path
    """UTD-MHAD (Kinect v1), prepared."""
    kinect2: Path
    """UTD-MHAD Kinect v2, prepared."""
    shared: Path = Path(__file__).parents[1] / ".." / "shared"
    """Folder of real recordings, a video and pose models."""


def lengths_of_sensors(shared: Path) -> dict[str, Array]:
    """{sensor: (people or takes, 24)}."""
    takes = {
        "Kinect v1": [convert(p, KINECT20, NTU25) for p in real_files.utd_mhad(shared).values()],
        "Kinect v2": list(real_files.utd_mhad_kinect2(shared).values()),
        "Azure Kinect": [convert(p, AZURE32, NTU25) for p in real_files.azure_kinect(shared).values()],
    }
    if importlib.util.find_spec("mediapipe"):
        for variant in ("lite", "full"):
            model = shared / "models" / f"pose_landmarker_{variant}.task"
            poses = real_files.video_poses(shared / "media" / "squat.mp4", model)
            takes[f"MediaPipe {variant}"] = [convert(poses, MEDIAPIPE33, NTU25)]
    return {sensor: np.array([median_lengths_m(take) for take in of_sensor]) for sensor, of_sensor in takes.items()}


def table(sensors: dict[str, Array]) -> dict[str, Any]:
    """Lengths, their spread over people, and distances from Kinect v2."""
    kinect2_m = np.median(sensors["Kinect v2"], axis=0)
    one_side = [i for i, bone in enumerate(BONES) if not bone.startswith("Right")]
    return {
        sensor: {
            "takes": len(lengths_m),
            "cm": {
                BONES[i].removeprefix("Left"): [
                    round(100 * float(np.median(lengths_m[:, i])), 1),
                    round(100 * float(np.std(lengths_m[:, i])), 1),
                ]
                for i in one_side
            },
            "distance_from_kinect2": round(distance(np.median(lengths_m, axis=0), kinect2_m), 3),
            "distance_of_each_take": [round(distance(take_m, kinect2_m), 3) for take_m in lengths_m],
        }
        for sensor, lengths_m in sensors.items()
    }


def with_bone_lengths(positions_m: Array, lengths_m: Array) -> Array:
    """(T, 25, 3) with bones of `lengths_m` (24,) or (T, 24) and the directions that they had, from the root outwards."""
    lengths_m = np.broadcast_to(lengths_m, (len(positions_m), len(BONES)))
    placed, known = positions_m.copy(), {ROOT}
    while len(known) < len(NTU25):
        for i, (child, parent) in enumerate(NTU25.bones):
            if parent in known and child not in known:
                bone = positions_m[:, child] - positions_m[:, parent]
                direction = bone / np.maximum(np.linalg.norm(bone, axis=-1, keepdims=True), 1e-6)
                placed[:, child] = placed[:, parent] + direction * lengths_m[:, i : i + 1]
                known.add(child)
    return placed


def normalisations(standard_m: Array) -> dict[str, Callable[[Array], Array]]:
    """What is done to the joints (T, 25, 3) of a clip, centred at the root's mean, before they are classified."""

    def scaled(positions_m: Array, bones: list[int]) -> Array:
        return np.asarray(positions_m * standard_m[bones].sum() / median_lengths_m(positions_m)[bones].sum())

    def changed_by_clip(positions_m: Array) -> Array:
        now_m = bone_lengths_m(positions_m, NTU25)
        return with_bone_lengths(positions_m, now_m * standard_m / np.maximum(np.median(now_m, axis=0), 1e-3))

    return {
        "as measured": lambda positions_m: positions_m,
        "scaled by the trunk": lambda positions_m: scaled(positions_m, TRUNK),
        "scaled by the height": lambda positions_m: scaled(positions_m, HEIGHT),
        "standard bones in every frame": lambda positions_m: with_bone_lengths(positions_m, standard_m),
        "standard bones over the clip": changed_by_clip,
    }


def seen_by(ratio: Array) -> Callable[[Array], Array]:
    """A person as another sensor sees them: every bone longer or shorter by what is usual between the two."""
    return lambda positions_m: with_bone_lengths(positions_m, bone_lengths_m(positions_m, NTU25) * ratio)


def changed(clips: ClipSet, *changes: Callable[[Array], Array]) -> npt.NDArray[np.float32]:
    """The clips (N, 3, T, 25, M) with their first body changed."""
    result = clips.clips.copy()
    for clip in result:
        body = clip[..., 0].transpose(1, 2, 0).astype(np.float64)
        for change in changes:
            body = change(body)
        clip[..., 0] = body.transpose(2, 0, 1)
    return result


def learned(clips: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> LogisticRegression:
    return LogisticRegression(max_iter=300).fit(features(clips), labels)


def features(clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return clips[:, :, ::2, :, 0].reshape(len(clips), -1)


def right(answers: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> float:
    return round(float((answers == labels).mean()), 3)


def recognition(config: Config, sensors: dict[str, Array]) -> dict[str, Any]:
    """Accuracy on people who were not trained on, for each normalisation."""
    model = OnnxModel(DEFAULT_MODEL)
    roots = {"Kinect v1": config.kinect1, "Kinect v2": config.kinect2}
    train, test = (
        {sensor: load_joined([root], part, CLASSES, model.bundle.labels) for sensor, root in roots.items()} for part in PARTS
    )
    standard_m = np.median([median_lengths_m(c[..., 0].transpose(1, 2, 0)) for c in train["Kinect v2"].clips], axis=0)
    shared_classes = np.intersect1d(*(clips.labels for clips in train.values()))
    kinect2_m = np.median(sensors["Kinect v2"], axis=0)
    others = {
        sensor: seen_by(np.median(lengths_m, axis=0) / kinect2_m)
        for sensor, lengths_m in sensors.items()
        if sensor not in ("Kinect v1", "Kinect v2")
    }
    figures: dict[str, Any] = {}
    for name, normalise in normalisations(standard_m).items():
        trained = {sensor: changed(clips, normalise) for sensor, clips in train.items()}
        tested = {sensor: changed(clips, normalise) for sensor, clips in test.items()}
        tested |= {f"as {sensor}": changed(test["Kinect v2"], seen, normalise) for sensor, seen in others.items()}
        labels = {sensor: test[sensor if sensor in test else "Kinect v2"].labels for sensor in tested}
        figures[name] = {"logistic regression": {}, "shipped model": {}}
        for source, target in (("Kinect v1", "Kinect v2"), ("Kinect v2", "Kinect v1")):
            inside = np.isin(train[source].labels, shared_classes)
            regression = learned(trained[source][inside], train[source].labels[inside])
            common = np.isin(labels[target], shared_classes)
            answers = regression.predict(features(tested[target][common]))
            figures[name]["logistic regression"][f"{source} → {target}"] = right(answers, labels[target][common])
        regression = learned(trained["Kinect v2"], train["Kinect v2"].labels)
        for sensor, clips in tested.items():
            if sensor != "Kinect v1":
                answers = regression.predict(features(clips))
                figures[name]["logistic regression"][f"Kinect v2 → {sensor}"] = right(answers, labels[sensor])
            logits = np.concatenate([model(clips[i : i + 32])[0] for i in range(0, len(clips), 32)])
            figures[name]["shipped model"][sensor] = right(logits.argmax(axis=1), labels[sensor])
    return {
        "clips": {
            "Kinect v1": len(test["Kinect v1"]),
            "Kinect v2": len(test["Kinect v2"]),
            **{f"{sensor}, shared classes": int(np.isin(c.labels, shared_classes).sum()) for sensor, c in test.items()},
        },
        "shared_classes": [train["Kinect v2"].classes[i] for i in shared_classes],
        "accuracy": figures,
    }


def main() -> None:
    config = tyro.cli(Config, description=__doc__)
    sensors = lengths_of_sensors(config.shared)
    print(json.dumps({"bones": table(sensors), "recognition": recognition(config, sensors)}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
