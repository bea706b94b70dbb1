"""The page that a soak ends with: what was done, what was seen, and what held."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.faults.soak.customers import Market
from tests.faults.soak.provider import BUSY, Provider
from tests.faults.soak.reaper import Reaper
from tests.faults.soak.verdict import GUARANTEES, Journal, Verdict

_MOST_SHOWN = 5


@dataclass(frozen=True)
class Outcome:
    """Everything that a soak came to."""

    seed: int
    mutant: str
    seconds: float
    settled_seconds: float
    most_overdue_seconds: float
    reaper: Reaper
    market: Market
    provider: Provider
    journal: Journal
    verdict: Verdict


def print_page(console: Console, outcome: Outcome) -> None:
    """Print the page."""
    console.rule(f"Soak with seed {outcome.seed}{outcome.mutant and f', mutant {outcome.mutant}'}")
    done = Table(show_header=False, box=None)
    for name, value in _figures(outcome).items():
        done.add_row(name, value)
    console.print(done)
    held = Table("Guarantee", "Seen", box=None)
    for name, what in GUARANTEES.items():
        found = outcome.verdict.broken[name]
        held.add_row(what, "[green]held[/]" if not found else f"[red]broken {len(found)} times[/]")
    console.print(held)
    for name, found in outcome.verdict.broken.items():
        for line in found[:_MOST_SHOWN]:
            console.print(f"  {name}: {line}", markup=False, soft_wrap=True)
    for kind, status in Counter(outcome.reaper.nursery.ended_by_themselves).items():
        console.print(f"  ended by itself: {kind[0]} with {kind[1]}, {status} times")
    console.print("[green]Everything held.[/]" if outcome.verdict.holds else "[red]BROKEN.[/]")


def _figures(outcome: Outcome) -> dict[str, str]:
    reaper, book = outcome.reaper, outcome.provider.book
    statuses = Counter(row["status"] for row in outcome.journal.runs)
    repeats = len(book) - len({(each.key, each.place) for each in book})
    unanswered = outcome.market.client.unanswered
    lost = sum(row["error_code"] == "WORKER_LOST" for row in outcome.journal.runs)
    resolved = sum(row["resolved_at"] is not None for row in outcome.journal.effects)
    return {
        "Killed (SIGKILL)": f"{reaper.kills['worker']} workers,"
        f" {reaper.kills['api']} API processes",
        "And also": f"{reaper.freezes} workers frozen past their lease, {reaper.thefts} runs taken"
        " from a worker that went on",
        "Time": f"{outcome.seconds:.0f} s, and {outcome.settled_seconds:.1f} s from the last kill"
        " to the last end",
        "Runs": f"{len(outcome.journal.runs)}: "
        + ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())),
        "Asked": f"{len(outcome.market.orders)} orders; {unanswered} calls went unanswered and were"
        " repeated",
        "Provider": f"{len(book)} requests, {repeats} of them repeats;"
        f" {sum(outcome.provider.acts.values())} effects carried out;"
        f" {sum(each.status is None for each in book)} answers lost,"
        f" {sum(each.status == BUSY for each in book)} refused as too many",
        "By a person": f"{resolved} effects in doubt were looked up and resolved; {lost} runs"
        " were given up after five lost workers, and retried",
        "Most overdue": f"{outcome.most_overdue_seconds:.1f} s past a lease or timer, seen from"
        " outside",
    }
