"""What an export prints: the table of what was compared."""

from rich.console import Console
from rich.table import Table

from skel.export.verify import LARGEST_LOGIT_DIFFERENCE, LARGEST_LOSS, LEAST_SAME_TOP1, Verification


def print_verification(verification: Verification) -> None:
    """One column for the networks as trained and one for each file."""
    first, *files = verification.rows
    sample = verification.sample
    pairs = f" and {sample.pairs} pairs of them" if sample.pairs else ""
    table = Table(title=f"compared on {sample.description}{pairs}")
    table.add_column()
    for row in verification.rows:
        table.add_column(row.name, justify="right")
    table.add_row("arithmetic", *(row.arithmetic for row in verification.rows))
    table.add_row("MB", "", *(f"{row.size_mb:.1f}" for row in files))
    table.add_row("ms a clip", *(f"{row.ms_clip:.1f}" for row in verification.rows))
    if first.accuracy is not None:
        table.add_row("accuracy", *(f"{row.accuracy:.1%}" for row in verification.rows))
    table.add_row("same top-1", "", *(f"{row.same_top1:.1%}" for row in files))
    differences = {
        "Δ logits, max": [row.logit_max for row in files],
        "Δ logits, mean": [row.logit_mean for row in files],
        "Δ probability, max": [row.probability_max for row in files],
        "Δ probability, mean": [row.probability_mean for row in files],
    }
    for heading, values in differences.items():
        table.add_row(heading, "", *(f"{value:.1e}" for value in values))
    console = Console()
    console.print(table)
    console.print(
        f"Times: one person, one thread. Allowed: float32 {LARGEST_LOGIT_DIFFERENCE:.0e} in any logit; "
        f"otherwise {LARGEST_LOSS:.0%} of accuracy, and the same top-1 in at least {LEAST_SAME_TOP1:.0%}.",
        highlight=False,
    )
