"""The tables in docs/sensors.md say what the code does and what was measured."""

import json
from pathlib import Path

import pytest

from skel.skeleton.layouts import AZURE32, KINECT20, MEDIAPIPE33, NTU25, conversion

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def rows():
    """Every row of every table, as its cells."""
    lines = (DOCS / "sensors.md").read_text(encoding="utf-8").splitlines()
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]


def recipe(source, joint):
    weights = conversion(source, NTU25)[NTU25.index(joint)]
    return " + ".join(
        source.joints[i] if weight == 1 else f"{weight:.4g} {source.joints[i]}" for i, weight in enumerate(weights) if weight
    )


def test_joint_maps_are_those_of_the_code(rows):
    for i, joint in enumerate(NTU25.joints):
        row = (joint, *(recipe(source, joint) for source in (KINECT20, AZURE32, MEDIAPIPE33)))
        if NTU25.side(i) == "right":
            left = (joint.replace("Right", "Left"), *(cell.replace("Right", "Left") for cell in row[1:]))
            assert left in rows, joint
        else:
            assert row in rows, joint


def test_bones_are_those_measured(rows):
    sensors = json.loads((DOCS / "results" / "proportions.json").read_text(encoding="utf-8"))["bones"]
    assert ("bone to", *sensors) in rows
    for bone in sensors["Kinect v2"]["cm"]:
        cells = []
        for figures in sensors.values():
            median_cm, spread_cm = figures["cm"][bone]
            cells.append(f"{median_cm:g} ± {spread_cm:g}" if figures["takes"] > 2 else f"{median_cm:g}")
        assert (bone, *cells) in rows, bone
    distances = (f"{figures['distance_from_kinect2']:.0%}".replace("%", " %") for figures in sensors.values())
    assert ("proportions differ from Kinect v2's by", *distances) in rows


def test_accuracies_are_those_measured(rows):
    accuracy = json.loads((DOCS / "results" / "proportions.json").read_text(encoding="utf-8"))["recognition"]["accuracy"]
    for what, figures in accuracy.items():
        shipped, regression = figures["shipped model"], figures["logistic regression"]
        shares = [shipped[s] for s in ("Kinect v2", "as MediaPipe lite", "as Azure Kinect", "Kinect v1")]
        shares += [regression[f"Kinect {way}"] for way in ("v1 → Kinect v2", "v2 → Kinect v1", "v2 → Kinect v2")]
        shares.append(regression["Kinect v2 → as MediaPipe lite"])
        assert (what, *(f"{100 * share:.1f}" for share in shares)) in rows, what
