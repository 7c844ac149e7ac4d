"""`skel-data`: prepare raw data sets for training, and look at prepared ones."""

import os
import platform
import shlex
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import tyro
from tyro.conf import OmitSubcommandPrefixes, Positional

from skel.skeleton.errors import UserError, run_command
from skel.training.data_options import Asked, Own, Recorded, Synthetic

if TYPE_CHECKING:
    from skel.training.blocks import Source
    from skel.training.prepare import Prepared

_MOST_WARNED = 5  # of what looks wrong; skel-data info has all


def main() -> None:
    """Console entry."""
    commands: dict[str, Callable[..., None]] = {"prepare": prepare, "info": info}
    run_command(lambda: tyro.extras.subcommand_cli_from_dict(commands, prog="skel-data", config=(OmitSubcommandPrefixes,)))


def prepare(source: Asked) -> None:
    """Turn raw recordings into labelled clips of one length in canonical space, split into train and val.

    Stopped, the same command goes on where it was.
    """
    from skel.skeleton.clip import AIMCLR, ClipConfig
    from skel.training.prepare import prepare as prepare_set
    from skel.training.prepare import said_of

    if getattr(source, "people", "tracked") == "reference" and source.clip != "aimclr":
        raise UserError("--people reference is the published parsing, which needs the published clips: add --clip aimclr")
    if source.jobs < 0:
        raise UserError(f"--jobs must be 0 (one a core) or more, not {source.jobs}")
    if not isinstance(source, Synthetic):
        _check_apart(source)
    config = AIMCLR if source.clip == "aimclr" else ClipConfig()
    splits = () if isinstance(source, Synthetic) else source.split
    jobs = source.jobs or os.cpu_count() or 1
    try:
        prepared = prepare_set(_source(source), source.out, config, _provenance(), splits, jobs)
    except KeyboardInterrupt:
        print("what is finished is kept: the same command goes on from here", file=sys.stderr)
        raise
    for line in (*said_of(prepared[0]), *_warnings(prepared[0].folder)):
        print(line, file=sys.stderr)
    _print_summary(prepared)
    folders = " and ".join(str(one.folder) for one in prepared)
    excluded = prepared[0].excluded
    print(f"{len(excluded)} left out; written to {folders}, see more with skel-data info {prepared[0].folder}")


def _warnings(folder: Path) -> list[str]:
    """What looks wrong with the bodies and labels of a new set, which is the same in each of its protocols."""
    from skel.training.set_report import first_warnings

    warnings = first_warnings(folder)
    lines = [f"warning: {warning}" for warning in warnings[:_MOST_WARNED]]
    if len(warnings) > _MOST_WARNED:
        lines.append(f"and {len(warnings) - _MOST_WARNED} warnings more, see skel-data info {folder}")
    return lines


def _check_apart(asked: Recorded) -> None:
    """`UserError` where what is written would be read as raw recordings the next time, or take their place."""
    from skel.training.sources import READERS

    out = asked.out.resolve()
    splits = [out / split for split in READERS[asked.dataset].splits]
    for raw in asked.raw:
        whole = raw.resolve()
        if out.is_relative_to(whole):
            raise UserError(f"--out {asked.out} lies inside --raw {raw}: give another folder")
        if any(whole.is_relative_to(split) for split in splits):
            raise UserError(f"--raw {raw} lies where --out {asked.out} is written to: give another folder")


def _source(asked: Asked) -> "Source":
    from skel.training.option_checks import check_seed
    from skel.training.raw import Options, read_names
    from skel.training.readers.recordings import earlier_sides
    from skel.training.sources import READERS, Performed, Recorded

    if isinstance(asked, Synthetic):
        check_seed(asked.seed)
        return Performed(asked.clips, asked.seed)
    names = ("people", "pauses", "train_share", "fps", "unlabelled")
    chosen = {name: getattr(asked, name) for name in names if hasattr(asked, name)}
    if isinstance(asked, Own) and (sides := earlier_sides(asked.out)):
        chosen["sides"] = sides
        print(f"recordings that {asked.out} has already stay on their side; to divide them anew, give another --out")
    exclude = read_names(asked.exclude, READERS[asked.dataset]) if asked.exclude else ()
    source = Recorded(asked.dataset, asked.raw, Options(**chosen, exclude=exclude), getattr(asked, "recordings", False))
    if exclude:
        there = {PurePosixPath(item.name).stem for item in source.items()}.intersection(exclude)
        print(f"{len(there)} of {len(exclude)} names of {asked.exclude} are there")
    return source


def info(folder: Positional[Path], json: bool = False, plot: Path | None = None) -> None:
    """Show a prepared set: sizes, classes, subjects, lengths, bones, and what looks wrong.

    Args:
        folder: the prepared set.
        json: print one JSON object instead of tables.
        plot: also draw it into this picture, e.g. set.png.
    """
    from skel.training.set_report import describe

    report = describe(folder)
    if plot:
        from skel.training.set_plot import draw

        draw(folder, report, plot)
    if json:
        from json import dumps

        print(dumps(report, ensure_ascii=False))
    else:
        from rich.console import Console

        from skel.training.set_tables import print_report

        print_report(report, Console())


def _provenance() -> dict[str, Any]:
    return {
        "command": shlex.join(["skel-data", *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("skel-action", "numpy")} | {"python": platform.python_version()},
    }


def _print_summary(prepared: Sequence["Prepared"]) -> None:
    from rich.console import Console
    from rich.table import Table

    from skel.training.set_tables import ranges

    table = Table("protocol", "part", "clips", "classes", "subjects", "lengths s")
    for one in prepared:
        for part, rows in one.parts.items():
            unlabelled = rows.extra.get("unlabelled", 0)
            table.add_row(
                one.folder.name,
                part,
                str(len(rows.names)) + (f", {unlabelled} without a label" if unlabelled else ""),
                str(len(set(rows.labels)) - bool(unlabelled)),
                ranges(sorted({subject for subject in rows.subjects if subject >= 0})) or "unknown",
                f"{min(rows.durations_s):.2f} to {max(rows.durations_s):.2f}",
            )
    Console().print(table)
