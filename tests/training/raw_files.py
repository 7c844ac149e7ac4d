"""Raw data sets of any size in the formats of NTU RGB+D and PKU-MMD, performed by the synthetic actor; takes cut short."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from skel.sensors.synthetic import perform
from skel.skeleton.journal import SUFFIX, Heading, Journal
from skel.skeleton.recording import load_recording

FIRST_ID = 72057594037931101  # ids as long as real ones: beyond what a double tells apart
ONE_PERSON, TWO_PERSONS = 1, 50  # an action of one and one of two people


def people(number: int, frames: int, persons: int = 1) -> np.ndarray:
    """(frames, persons, 25, 3) of actors who differ with the number; the second stands beside the first and moves less."""
    first = perform(number, frames / 30).positions_m[:, 0]
    if persons == 1:
        return first[:, None]
    second = perform(number + 1000, frames / 30).positions_m[:, 0]
    second = second.mean(axis=0) + 0.5 * (second - second.mean(axis=0)) + (1.0, 0, 0)
    return np.stack([first, second], axis=1)


def unfinish(path: Path) -> None:
    """Leave of a recording of one person what a crash would have left, had it come before the recording was finished."""
    recording = load_recording(path)
    journal = Journal(path.with_suffix(SUFFIX), Heading(recording.layout.name, recording.fps, recording.device))
    for time_s, positions_m in zip(recording.times_s.tolist(), recording.positions_m):
        journal.append(time_s, [0], positions_m)
    journal.close()
    path.unlink()
    path.with_suffix(".json").unlink()


def chair(frames: int) -> np.ndarray:
    """(frames, 25, 3) of a thing that is wider than it is high, and trembles."""
    random = np.random.default_rng(0)
    shape = random.uniform((-1, -0.1, 3), (1, 0.1, 3.2), (25, 3))
    return shape + random.normal(0, 0.3, (frames, 1, 3))


def skeleton_text(frames: Iterable[Sequence[tuple[int, np.ndarray]]], ending: str = "\r\n") -> bytes:
    """`.skeleton` text of (tracking id, (25, 3)) of every body in every frame; a NaN joint is written as not tracked."""
    frames = list(frames)
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, joints in bodies:
            lines += [f"{body} 0 1 1 1 1 0 -0.1037016 -0.04437163 2", "25"]
            for joint in joints:
                state = 0 if np.isnan(joint).any() else 2
                xyz = " ".join(f"{value:.7g}" for value in np.nan_to_num(joint))
                lines.append(f"{xyz} 277.419 191.8218 1036.233 519.1677 -0.2059419 0.05349901 0.9692109 -0.1239193 {state}")
    return (ending.join(lines) + ending).encode()


def listed(positions_m: np.ndarray, first_id: int = FIRST_ID) -> list[list[tuple[int, np.ndarray]]]:
    """(T, M, 25, 3) as `skeleton_text` takes it; a body that is NaN in a frame is not listed there."""
    return [
        [(first_id + m, body) for m, body in enumerate(frame) if not np.isnan(body).all()]
        for frame in positions_m.astype(float)
    ]


def write_ntu(
    folder: Path,
    setups: Iterable[int] = (1,),
    cameras: Iterable[int] = (1, 2, 3),
    subjects: Iterable[int] = (1, 3),
    actions: Iterable[int] = (ONE_PERSON, TWO_PERSONS),
    frames: int = 20,
) -> list[Path]:
    """One file for every combination; two people act from action 50 on."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, (setup, camera, subject, action) in enumerate(product(setups, cameras, subjects, actions)):
        path = folder / f"S{setup:03d}C{camera:03d}P{subject:03d}R001A{action:03d}.skeleton"
        persons = people(number, frames + number % 5, 2 if action >= TWO_PERSONS else 1)
        path.write_bytes(skeleton_text(listed(persons)))
        paths.append(path)
    return paths


def pku_rows(positions_m: np.ndarray) -> str:
    """(T, 1 or 2, 25, 3) as rows of 150 numbers; a body that is absent is 0."""
    rows = np.zeros((len(positions_m), 2, 25, 3))
    rows[:, : positions_m.shape[1]] = np.nan_to_num(positions_m)
    return "\n".join(" ".join(f"{value:.6f}" for value in row.ravel()) for row in rows) + "\n"


def write_pku(folder: Path, recordings: int = 4, segments: int = 3, frames: int = 40, part: int = 1) -> dict[str, list[str]]:
    """That many recordings in views L and R with labels and both protocols; returns {train, val: recordings} of x-sub.

    Each segment is `frames` long after a pause as long; the second person is there in every second segment.
    """
    for name in ("PKU_Skeleton", "Label_PKU", "Split"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    videos = []
    for number in range(recordings):
        for view in "LR":
            video = f"{number + 2:04d}-{view}" if part == 1 else f"A{1 + number // 13:02d}N{1 + number % 13:02d}-{view}"
            persons = people(number, (2 * segments + 1) * frames, 2)
            labels = []
            for i in range(segments):
                start, end = (2 * i + 1) * frames, (2 * i + 2) * frames
                persons[start:end, 1] *= i % 2
                labels.append(f"{1 + (number + i) % 51},{start + 1},{end},{2}")
            (folder / "PKU_Skeleton" / f"{video}.txt").write_text(pku_rows(persons))
            (folder / "Label_PKU" / f"{video}.txt").write_text("\n".join(labels) + "\n")
            videos.append(video)
    names = {"cross-subject": lambda v: v < videos[len(videos) // 2], "cross-view": lambda v: v.endswith("L")}
    sides = {}
    for name, trains in names.items():
        train, val = [v for v in videos if trains(v)], [v for v in videos if not trains(v)]
        text = f"Training videos:\n{', '.join(train)}, \nTesting videos:\n{', '.join(val)}, \n"
        file = f"{name}.txt" if part == 1 else f"{name.replace('-', '_')}_v2.txt"
        (folder / "Split" / file).write_text(text)
        sides[name] = {"train": train, "val": val}
    return sides["cross-subject"]
