"""Is this the skeleton of a person? Says what is wrong with joints over time, whatever the layout."""

import numpy as np

from skel.skeleton.anatomy import bone_lengths_m, facing_checks, forward, human_range_m

LIMBS = ("Elbow", "Wrist", "Knee", "Ankle")  # the bones that every layout has, by the joint they end in
BENT_DEG = 30  # straighter hinges point either way: Kinect bows a standing leg backwards by up to 5 cm
UPPER_ARM_DOWN = 0.7  # cosine; an elbow's side is settled only while the upper arm hangs
MOST_SPREAD = 0.35  # interquartile range of a bone's length over its median


def anatomy_problems(positions_m, layout, facing=True):
    """What is not human in (T, V, 3), canonical space, NaN = not tracked: one line each, none for a person.

    `facing` = the person faces the sensor; otherwise left shoulder and sensor's left need not agree.
    """
    positions = np.asarray(positions_m, np.float64)
    checks = facing_checks(positions, layout)
    if not facing:
        del checks["left shoulder on the left"]
    problems = [f"not {what}" for what, amount_m in checks.items() if known_mean(amount_m) < 0]
    if bent_forward(positions, layout, "Hip", "Knee", "Ankle") < 0:
        problems.append("knees bend backward")
    if bent_forward(positions, layout, "Shoulder", "Elbow", "Wrist") > 0:
        problems.append("elbows bend forward")
    return problems + side_problems(positions, layout) + bone_problems(positions, layout)


def side_problems(positions, layout):
    """Joints of the left leg that are on average to the right of the right leg's, as the shoulders see it."""

    def across(joint):
        return positions[:, layout.index(f"Right{joint}")] - positions[:, layout.index(f"Left{joint}")]

    return [
        f"{joint}s on the wrong sides"
        for joint in ("Hip", "Knee", "Ankle")
        if known_mean(dot(across(joint), across("Shoulder"))) < 0
    ]


def bone_problems(positions, layout):
    problems = []
    for (child, _), lengths_m in zip(layout.bones, bone_lengths_m(positions, layout).T):
        joint = layout.joints[child]
        if joint.removeprefix("Left").removeprefix("Right") not in LIMBS or np.isnan(lengths_m).all():
            continue
        low, median, high = np.nanpercentile(lengths_m, [25, 50, 75])
        least, greatest = human_range_m(joint)
        if not least <= median <= greatest:
            problems.append(f"{joint} is {median:.3g} m from the joint before, people have {least:.3g} to {greatest:.3g}")
        if high - low > MOST_SPREAD * median:
            problems.append(f"the bone to {joint} is not steady: half the time outside {low:.3g} to {high:.3g} m")
    return problems


def bent_forward(positions, layout, upper, middle, lower):
    """How far bent hinges, left and right, point to the front on average: positive = forward, NaN = never clearly bent.

    The difference of the directions of the two bones, so that a deep bend counts for more. Elbows only while the upper arm
    hangs down: a raised one may turn any way.
    """
    ahead, up = forward(positions, layout), trunk_up(positions, layout)
    amounts = []
    for side in ("Left", "Right"):
        a, b, c = (positions[:, layout.index(side + joint)] for joint in (upper, middle, lower))
        first, second = unit(b - a), unit(c - b)
        judged = dot(first, second) < np.cos(np.deg2rad(BENT_DEG))
        if middle == "Elbow":
            judged &= -dot(first, up) > UPPER_ARM_DOWN
        amounts.append(dot(first - second, ahead)[judged])
    return known_mean(np.concatenate(amounts))


def known_mean(values):
    """The mean of what is not NaN; NaN where nothing is known, which is no problem."""
    known = values[~np.isnan(values)]
    return known.mean() if len(known) else np.nan


def trunk_up(positions, layout):
    shoulders, hips = (
        sum(positions[:, layout.index(side + joint)] for side in ("Left", "Right")) for joint in ("Shoulder", "Hip")
    )
    return unit(shoulders - hips)


def unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def dot(a, b):
    return (a * b).sum(axis=-1)
