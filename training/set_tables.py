"""What `skel-data info` shows of a prepared set, as tables."""

from typing import Any

from rich.console import Console
from rich.table import Table

from skel.training.dataset import PARTS


def print_report(report: dict[str, Any], console: Console) -> None:
    """Show `describe`'s result as tables."""
    clip = report["clip"]
    console.print(f"[bold]{report['dataset']} {report['split']}[/bold] in {report['folder']}", soft_wrap=True)
    console.print(
        f"{clip['frames']} frames, {clip['layout']}, {clip['max_bodies']} bodies, gaps {clip['gaps']}, "
        f"centring {clip['centring']}, yaw {clip['yaw']}" + (f", people {report['people']}" if report["people"] else "")
    )
    console.print(_parts_table(report))
    classes = Table("class", *PARTS)
    for row in report["classes"]:
        classes.add_row(row["name"], *(str(row[part]) for part in PARTS))
    console.print(classes)
    bones = Table("bone", "median cm")
    for bone, length in report["bones_cm"].items():
        bones.add_row(bone, f"{length:.1f}")
    console.print(bones)
    checks = Table("check", "share of clips")
    for what, share in report["checks"].items():
        checks.add_row(what, f"{share:.1%}")
    console.print(checks)
    for warning in report["warnings"]:
        console.print(f"[yellow]warning:[/yellow] {warning}", soft_wrap=True)


def _parts_table(report: dict[str, Any]) -> Table:
    table = Table("part", "clips", "MB", "subjects", "shortest, median, longest s", "second body", "most untracked joint")
    for name, part in report["parts"].items():
        table.add_row(
            name,
            str(part["clips"]),
            f"{part['megabytes']:g}",
            ranges(part["subjects"]) or "unknown",
            ", ".join(f"{length:.2f}" for length in (part["lengths_s"] or {}).values()) or "unknown",
            f"{part['second_body_share']:.1%}",
            _most_missing(part["missing_joints"]),
        )
    return table


def _most_missing(shares: dict[str, float]) -> str:
    if not shares:
        return "unknown"
    joint = max(shares, key=lambda name: shares[name])
    return f"{joint} {shares[joint]:.1%}" if shares[joint] else "none"


def ranges(numbers: list[int]) -> str:
    """1, 2, 3, 5 as "1–3 5"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
