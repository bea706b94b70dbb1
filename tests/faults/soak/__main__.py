"""`make faults`: random kills under load, and what held. The seed is printed; give it again."""

import argparse
import asyncio
import secrets
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.soak.mutants import MUTANTS
from tests.faults.soak.play import Plan, play
from tests.faults.soak.report import print_page


def main() -> int:
    """Play one soak; the exit status says whether everything held."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--gap", type=float, default=0.4, help="seconds between kills, on average")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after the last kill")
    parser.add_argument("--mutant", default="", choices=["", *MUTANTS], help="an engine to catch")
    asked = parser.parse_args()
    errors = Console(stderr=True)
    errors.print(f"Seed {asked.seed}: {asked.kills} kills, one every {asked.gap:g} s.")
    plan = Plan(
        asked.kills,
        asked.seed,
        gap_seconds=asked.gap,
        patience_seconds=asked.patience,
        mutant=asked.mutant,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=errors) as progress:
        task = progress.add_task("Killing", total=plan.kills)

        def tell(kills: int) -> None:
            progress.update(task, completed=kills)
            if not errors.is_terminal and kills % 50 == 0:
                errors.print(f"{kills} of {plan.kills} killed")

        outcome = asyncio.run(play(plan, tell))
    print_page(Console(width=None if sys.stdout.isatty() else 120), outcome)
    return 0 if outcome.verdict.holds else 1


sys.exit(main())
