"""The page that `justpaid prove` prints, and the same as JSON."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from justpaid.exact_json import JsonValue
from justpaid.proofs.model import Report

_HELD: Final = Text("held", style="green")
_BROKEN: Final = Text("BROKEN", style="bold red")


def print_page(console: Console, report: Report) -> None:
    """Print what was tried, what was seen and what held."""
    table = Table(title="What JustPaid Workflows promises, tried on this machine", show_lines=True)
    table.add_column("Promise", ratio=2)
    table.add_column("Tried", ratio=4, overflow="fold")
    table.add_column("Seen", ratio=4, overflow="fold")
    table.add_column("")
    for result in report.results:
        finding = result.finding
        table.add_row(
            Text(result.proof.claim),
            Text(finding.tried),
            Text(finding.seen),
            _HELD if finding.holds else _BROKEN,
        )
    console.print(table)
    held = sum(result.finding.holds for result in report.results)
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    console.print(f"{held} of {len(report.results)} held, in {report.seconds:.0f} s.")
    console.print(f"With {versions}.", soft_wrap=True)
    console.print("Everything that was started is stopped, and its folder deleted.")


def as_json(report: Report) -> JsonValue:
    """Write the report as one object."""
    return {
        "holds": report.holds,
        "seconds": round(report.seconds),
        "versions": dict(report.versions),
        "proofs": [
            {
                "name": result.proof.name,
                "claim": result.proof.claim,
                "tried": result.finding.tried,
                "seen": result.finding.seen,
                "holds": result.finding.holds,
                "milliseconds": round(result.seconds * 1000),
            }
            for result in report.results
        ],
    }
