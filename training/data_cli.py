"""`skel-data`: prepare raw data sets for training, and look at prepared ones."""

import platform
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from tyro.conf import OmitSubcommandPrefixes, Positional, subcommand

from skel.skeleton.errors import run_command

if TYPE_CHECKING:
    from skel.training.prepare import Prepared

ClipName = Literal["default", "aimclr"]


@dataclass(frozen=True)
class Recorded:
    """A data set in its authors' files.

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
class Synthetic:
    """Clips of the synthetic actor: one person a minute of recording, every fifth person validates.

    Attributes:
        out: folder to write to; the prepared set gets a subfolder named after its protocol.
        clips: how many, both parts together.
        seed: the same seed gives the same clips.
        clip: how clips are made: our default, or the published preprocessing of AimCLR.
    """

    out: Path
    clips: int = 2000
    seed: int = 0
    clip: ClipName = "default"


def _recorded(dataset: str, description: str) -> Any:
    return subcommand(dataset, description=description, constructor=partial(Recorded, dataset))


Source = (
    Annotated[Recorded, _recorded("utd-mhad-kinect2", "UTD-MHAD, Kinect v2: 10 actions; odd subjects train.")]
    | Annotated[Recorded, _recorded("utd-mhad", "UTD-MHAD, Kinect v1: 27 actions; odd subjects train.")]
    | Annotated[Recorded, _recorded("nw-ucla", "Northwestern-UCLA: 10 actions; views 1 and 2 train.")]
    | Annotated[Synthetic, subcommand("synthetic")]
)


def main() -> None:
    """Console entry."""
    commands: dict[str, Callable[..., None]] = {"prepare": prepare, "info": info}
    run_command(lambda: tyro.extras.subcommand_cli_from_dict(commands, prog="skel-data", config=(OmitSubcommandPrefixes,)))


def prepare(source: Source) -> None:
    """Turn raw recordings into labelled clips of one length in canonical space, split into train and val."""
    from skel.skeleton.clip import AIMCLR, ClipConfig
    from skel.training.dataset import save_split
    from skel.training.prepare import prepare_recorded, prepare_synthetic

    config = AIMCLR if source.clip == "aimclr" else ClipConfig()
    if isinstance(source, Synthetic):
        prepared = prepare_synthetic(source.clips, source.seed, config)
    else:
        prepared = prepare_recorded(source.dataset, source.raw, config)
    excluded = [(item.file, item.reason) for item in prepared.excluded]
    folder = save_split(source.out, prepared.parts, excluded, _provenance())
    for file, reason in excluded:
        print(f"left out {file}: {reason}", file=sys.stderr)
    _print_summary(prepared)
    print(f"{len(excluded)} left out; written to {folder}, see more with skel-data info {folder}")


def info(folder: Positional[Path], json: bool = False) -> None:
    """Show a prepared set: sizes, classes, subjects, lengths, bones, and what looks wrong.

    Args:
        folder: the prepared set.
        json: print one JSON object instead of tables.
    """
    from skel.training.set_report import describe, print_report

    report = describe(folder)
    if json:
        from json import dumps

        print(dumps(report, ensure_ascii=False))
    else:
        from rich.console import Console

        print_report(report, Console())


def _provenance() -> dict[str, Any]:
    return {
        "command": shlex.join(["skel-data", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("skel-action", "numpy")} | {"python": platform.python_version()},
    }


def _print_summary(prepared: "Prepared") -> None:
    from rich.console import Console
    from rich.table import Table

    from skel.training.set_report import ranges

    table = Table("part", "clips", "classes", "subjects", "lengths s")
    for part, clips in prepared.parts.items():
        table.add_row(
            part,
            str(len(clips)),
            str(len(set(clips.labels.tolist()))),
            ranges(sorted(set(clips.subjects.tolist()))),
            f"{clips.durations_s.min():.2f} to {clips.durations_s.max():.2f}",
        )
    Console().print(table)
