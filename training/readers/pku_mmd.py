"""PKU-MMD: continuous recordings by three Kinect v2 at once at 30 frames a second, 51 actions; part I 1,076, part II 1,009.

`0002-L.txt` (part II: `A01N01-L.txt`), views L M R: one row a frame, two bodies × 25 joints × x y z in metres (Kinect v2
axes, which are ours), 0 where there is no second body. The label file has the same name in another folder: rows
`class,start,end,…`, frames counted from 1, the end included. `cross-subject.txt` and `cross-view.txt` (part II:
`cross_subject_v2.txt`, …) list the recordings of training in line 2 and those of the test in line 4. Clips are called as in
the published preparation: recording, view, class, label row; recordings by the first two of these.

Liu, Hu, Li, Song, Liu: PKU-MMD, a large scale benchmark for continuous multi-modal human action understanding, 2017,
arXiv:1703.07475. That part II numbers its classes as part I does, and that N is its performer, is our reading.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from skel.skeleton.errors import UserError
from skel.skeleton.layouts import NTU25
from skel.skeleton.recording import Recording, Segment
from skel.training.dataset import Part
from skel.training.people import main_people
from skel.training.raw import BadRecording, Excluded, Found, Opened, Options, RawClip, RawFiles, Reader, Untrimmed, numbers
from skel.training.readers.pku_classes import PKU_CLASSES
from skel.training.reference import reference_positions
from skel.training.segments import cut, pauses

_FPS = 30.0
_BODIES = 2
_COLUMNS = _BODIES * len(NTU25) * 3
_VIEWS = {"L": 1, "M": 2, "R": 3}
_SPLITS = ("xsub", "xview")


@dataclass(frozen=True)
class _Edition:
    """What differs between the parts."""

    files: re.Pattern[str]
    protocols: dict[str, re.Pattern[str]]
    example: str


_ONE = _Edition(
    re.compile(r"((?P<recording>0\d{3})-(?P<view>[LMR]))\.txt"),
    {"xsub": re.compile(r"cross[-_]subject\.txt"), "xview": re.compile(r"cross[-_]view\.txt")},
    "0002-L.txt",
)
_TWO = _Edition(
    re.compile(r"((?P<recording>A\d\dN(?P<subject>\d\d))-(?P<view>[LMR]))\.txt"),
    {"xsub": re.compile(r"cross[-_]subject_v2\.txt"), "xview": re.compile(r"cross[-_]view_v2\.txt")},
    "A01N01-L.txt",
)


def _open(edition: _Edition, files: RawFiles, options: Options) -> Opened:
    matches = files.matching(edition.files)
    labels: dict[str, str] = {}
    skeletons = []
    for name, match in matches.items():
        if _holds_labels(files, name):
            labels[match[1]] = name
        else:
            skeletons.append(name)
    if not skeletons:
        return Opened([], lambda name: [])
    if not labels:
        raise UserError(f"{files} holds no label files of PKU-MMD: put the folder of labels beside that of skeletons")
    protocols = {split: _protocol(split, edition, files) for split in _SPLITS}
    if not any(protocols.values()):
        raise UserError(
            f"{files} holds neither protocol of PKU-MMD (such as cross-subject.txt): put the folder of splits there"
        )

    def read(name: str) -> Iterable[Found]:
        match = matches[name]
        video = match[1]
        parts = {split: protocol[video] for split, protocol in protocols.items() if video in protocol}
        if not parts:
            return [Excluded(name, "no protocol lists it")]
        if video not in labels:
            return [Excluded(name, "has no label file")]
        rows = _label_rows(files.read(labels[video]))
        return _clips(match, parse(files.read(name)), rows, parts, options)

    return Opened(skeletons, read)


def _holds_labels(files: RawFiles, name: str) -> bool:
    """Both kinds of file have the same name; only labels have commas. What is damaged shows that where it is read whole."""
    try:
        return b"," in files.read(name, 64).partition(b"\n")[0]
    except BadRecording:
        return False


def parse(content: bytes) -> npt.NDArray[np.float64]:
    """The rows of one recording as (T, 2, 25, 3), 0 = absent; `BadRecording` where it is empty or something else."""
    if not content.strip():
        raise BadRecording("is empty")
    values = numbers(content)
    if len(values) % _COLUMNS:
        raise BadRecording(f"is not rows of {_COLUMNS} numbers")
    return values.reshape(-1, _BODIES, len(NTU25), 3)


def _label_rows(content: bytes) -> list[tuple[int, int, int]]:
    """(class, first frame, last frame), all from 1."""
    try:
        rows = [[int(float(value)) for value in line.split(b",")[:3]] for line in content.splitlines() if line.strip()]
        return [(action, first, last) for action, first, last in rows]
    except (ValueError, OverflowError) as error:
        raise BadRecording(f"has a label file that is not rows of class,start,end ({error})") from error


def _clips(
    match: re.Match[str],
    rows: npt.NDArray[np.float64],
    labels: Sequence[tuple[int, int, int]],
    parts: dict[str, Part],
    options: Options,
) -> Iterator[Found]:
    subject = int(match.groupdict().get("subject") or -1)
    seen = np.where((rows == 0).all(axis=(2, 3), keepdims=True), np.nan, rows).astype(np.float32)
    segments = []
    for row, (action, first, last) in enumerate(labels, 1):
        name = f"{_prefix(match)}C{action:03d}L{row:03d}"
        if not 1 <= action <= len(PKU_CLASSES) or not 1 <= first <= min(last, len(rows)):
            yield Excluded(name, f"its label row says class {action}, frames {first} to {last} of {len(rows)}")
            continue
        label = PKU_CLASSES[action - 1]
        segments.append(Segment((first - 1) / _FPS, last / _FPS, label))
        people = _reference(rows[first - 1 : last]) if options.people == "reference" else main_people(seen[first - 1 : last])
        yield RawClip(name, people, NTU25, _FPS, label, subject, parts)
    recording = Recording(seen, np.arange(len(seen)) / _FPS, NTU25, _FPS, "Kinect v2", tuple(segments))
    yield Untrimmed(_prefix(match), recording, parts)
    if options.pauses:
        yield from cut(f"{_prefix(match)}_idle", recording, pauses(recording), subject, parts)


def _reference(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    # The published preparation knows a second person by a sum that is not 0.
    absent = rows[:, 1].sum(axis=(1, 2)) == 0
    return reference_positions(np.where(np.stack([np.zeros_like(absent), absent], 1)[..., None, None], 0, rows))


def _prefix(match: re.Match[str]) -> str:
    """F002V001 or A001N001V001."""
    letters = re.findall(r"([AN])(\d+)", match["recording"]) or [("F", match["recording"])]
    return "".join(f"{letter}{int(number):03d}" for letter, number in (*letters, ("V", _VIEWS[match["view"]])))


def _protocol(split: str, edition: _Edition, files: RawFiles) -> dict[str, Part]:
    """{recording: its part}; empty where the set was given without this protocol."""
    found = list(files.matching(edition.protocols[split]))
    if not found:
        return {}
    try:
        lines = files.read(found[0]).decode("utf-8", "replace").splitlines()
    except BadRecording as error:
        raise UserError(f"{found[0]} in {files} {error}: download the split again") from error
    train, val = (re.findall(r"[AN\d]+-[LMR]", lines[i]) if i < len(lines) else [] for i in (1, 3))
    if not train or not val:
        raise UserError(f"{found[0]} in {files} does not list recordings in its lines 2 and 4: download the split again")
    return {**dict.fromkeys(train, "train"), **dict.fromkeys(val, "val")}


PKU_MMD = Reader(_SPLITS, PKU_CLASSES, _ONE.files, _ONE.example, partial(_open, _ONE), several_people=True)
PKU_MMD_2 = Reader(_SPLITS, PKU_CLASSES, _TWO.files, _TWO.example, partial(_open, _TWO), several_people=True)
