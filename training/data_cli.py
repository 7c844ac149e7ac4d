"""`skel-data`: prepare raw data sets for training, and look at prepared ones."""

import shlex
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from skel.skeleton.errors import run_command
from tyro.conf import OmitSubcommandPrefixes, Positional, subcommand

if TYPE_CHECKING:
    pass

ClipName = Literal["default", "aimclr"]


@dataclass(frozen=True)
class Recorded:
    """A data set to be prepared from its authors' files.

    Attributes:
        dataset: the set's name.
        raw: ZIP or folder of the raw recordings.
        out: folder to write to; the prepared set gets a subfolder named after its protocol.
        clip: how clips are made: our default, or the published preprocessing of AimCLR.
    """

    dataset: str
    raw: Path
    out: Path
    clip: ClipName = "default"


@dataclass(frozen=True)
class Info:
    """Sizes, classes, subjects, lengths, bones, and what looks wrong.

    Attributes:
        folder: a prepared set.
        json: print one JSON object instead of a table.
    """

    folder: Positional[Path]
    json: bool = False


def _recorded(dataset: str, summary: str) -> object:
    return subcommand(dataset, description=summary, constructor=partial(Recorded, dataset))


Source = (
    Annotated[Recorded, _recorded("utd-mhad-kinect2", "UTD-MHAD, Kinect v2: 10 actions, odd subjects train.")]
    | Annotated[Recorded, _recorded("utd-mhad", "UTD-MHAD, Kinect v1: 27 actions, odd subjects train.")]
    | Annotated[Recorded, _recorded("nw-ucla", "Northwestern-UCLA: 10 actions, views 1 and 2 train.")]
)


def main() -> None:
    """Run `skel-data`."""
    commands = {"prepare": prepare}
    run_command(lambda: tyro.extras.subcommand_cli_from_dict(commands, prog="skel-data", config=(OmitSubcommandPrefixes,)))


def prepare(source: Source) -> None:
    """Turn raw recordings into clips of one length, in canonical space, split into train and val."""
    from skel.skeleton.clip import AIMCLR, ClipConfig
    from skel.training import prepare as preparation
    from skel.training.dataset import save_split

    config = AIMCLR if source.clip == "aimclr" else ClipConfig()
    reader = preparation.READERS[source.dataset]
    clips = preparation.read_files(source.dataset, source.raw)
    parts, excluded = preparation.build(source.dataset, reader.SPLIT, reader.CLASSES, clips, config)
    made = preparation.provenance(shlex.join(["skel-data", *sys.argv[1:]]))
    folder = save_split(source.out, parts, [(e.file, e.reason) for e in excluded], made)
    print(folder)
