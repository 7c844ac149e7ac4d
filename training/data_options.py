"""What `skel-data prepare` can be asked: one dataclass a kind of set."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import subcommand

ClipName = Literal["default", "aimclr"]
People = Literal["tracked", "reference"]


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """Clips of the synthetic actor: one person a minute of recording, every fifth person validates.

    Attributes:
        out: folder to write to; the prepared set gets a subfolder named after its protocol.
        clip: how clips are made: our default, or the published preprocessing of AimCLR.
        jobs: processes at once; 0 = one a core.
        clips: how many, both parts together.
        seed: the same seed gives the same clips.
    """

    out: Path
    clip: ClipName = "default"
    jobs: int = 0
    clips: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Recorded:
    """A data set in its authors' files.

    Attributes:
        dataset: the set's name.
        raw: ZIPs or folders of the raw recordings.
        out: folder to write to; each protocol gets a subfolder named after it.
        clip: how clips are made: our default, or the published preprocessing of AimCLR.
        split: the protocols to prepare; all that the set has by default.
        exclude: text file that names files to leave out, parted by lines, spaces, commas or semicolons; words that are no
            such name are passed over. Of own recordings, one a line.
        jobs: processes at once; 0 = one a core.
    """

    dataset: str
    _: KW_ONLY
    raw: tuple[Path, ...]
    out: Path
    clip: ClipName = "default"
    split: tuple[str, ...] = ()
    exclude: Path | None = None
    jobs: int = 0


@dataclass(frozen=True)
class Tracked(Recorded):
    """A data set of clips in which several people are tracked.

    Attributes:
        people: who is in a clip: people tracked by id, without noise, the most active first; or the published parsing, which
            takes the first two bodies listed in each frame (for --clip aimclr).
    """

    _: KW_ONLY
    people: People = "tracked"


@dataclass(frozen=True)
class Continuous(Recorded):
    """Continuous recordings, cut by their labels.

    Attributes:
        pauses: also cut clips of class idle, 1 to 3 s long, where nothing is labelled.
        recordings: also write the continuous recordings with their segments, to recordings/train and recordings/val.
    """

    _: KW_ONLY
    pauses: bool = False
    recordings: bool = True


@dataclass(frozen=True)
class ContinuousTracked(Continuous):
    """Continuous recordings of several people, cut by their labels.

    Attributes:
        people: who is in a clip: people without noise, the most active first; or the published parsing (for --clip aimclr).
    """

    _: KW_ONLY
    recordings: bool = False
    people: People = "tracked"


@dataclass(frozen=True)
class Own(Continuous):
    """Own recordings, labelled or not.

    Attributes:
        train_share: share of the recordings that trains, where neither a folder called train or val says so nor what was
            prepared in this --out before.
        fps: frames a second of a .npy without a .json; 30 if left out.
        unlabelled: names of files are no labels: a recording whose .json has none is for pre-training and select only.
    """

    _: KW_ONLY
    train_share: float = 0.7
    fps: float | None = None
    unlabelled: bool = False


def _set(kind: type[Recorded], dataset: str, description: str) -> Any:
    return subcommand(dataset, description=description, constructor=partial(kind, dataset))


Asked = (
    Annotated[Tracked, _set(Tracked, "ntu60", "NTU RGB+D: 60 actions; x-sub and x-view.")]
    | Annotated[Tracked, _set(Tracked, "ntu120", "NTU RGB+D 120: 120 actions; x-sub and x-set.")]
    | Annotated[ContinuousTracked, _set(ContinuousTracked, "pku-mmd", "PKU-MMD part I: 51 actions; x-sub and x-view.")]
    | Annotated[ContinuousTracked, _set(ContinuousTracked, "pku-mmd-2", "PKU-MMD part II; x-sub and x-view.")]
    | Annotated[Recorded, _set(Recorded, "utd-mhad-kinect2", "UTD-MHAD, Kinect v2: 10 actions; odd subjects train.")]
    | Annotated[Recorded, _set(Recorded, "utd-mhad", "UTD-MHAD, Kinect v1: 27 actions; odd subjects train.")]
    | Annotated[Recorded, _set(Recorded, "nw-ucla", "Northwestern-UCLA: 10 actions; views 1 and 2 train.")]
    | Annotated[Continuous, _set(Continuous, "precog", "PRECOG 2016, continuous: 8 actions; subjects 1 to 8 train.")]
    | Annotated[Own, _set(Own, "recordings", "Own recordings, NAME.npy with NAME.json.")]
    | Annotated[Synthetic, subcommand("synthetic")]
)
