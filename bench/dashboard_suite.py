"""How long a person waits for the dashboard: a real browser, a service with 500 keys."""

import json
import statistics
import subprocess
from typing import Any

from rich.table import Table

from bench.workbench import Bench
from tests.e2e.browsing import DASHBOARD, browser_environment
from tests.e2e.stage import own_stage


def dashboard(bench: Bench) -> None:
    """Open the list of keys with nothing in the browser's cache, again, and read on to its end."""
    with own_stage() as told:
        turns = _measure(bench.repeats, told)
    first = [turn["first"] for turn in turns]
    again = [turn["again"] for turn in turns]
    further = [max(turn["further"]) for turn in turns]
    table = Table("what", "median ms", "least", "most", title="Keys page, 500 keys")
    _add(table, "painted, nothing cached", [page["paintedAt"] for page in first])
    _add(table, "painted, code cached", [page["paintedAt"] for page in again])
    _add(
        table, "of that after its data", [page["paintedAt"] - page["answeredAt"] for page in again]
    )
    _add(table, "the slowest further page of 50, up to all 500", further)
    bench.console.print(table)
    assert {turn["rows"] for turn in turns} == {500}


def _measure(repeats: int, told: dict[str, str]) -> list[dict[str, Any]]:
    answer = subprocess.run(
        ["node", "e2e/paint.ts", str(repeats)],
        cwd=DASHBOARD,
        env=browser_environment() | told,
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: list[dict[str, Any]] = json.loads(answer.stdout)
    return measured


def _add(table: Table, what: str, times: list[float]) -> None:
    figures = (statistics.median(times), min(times), max(times))
    table.add_row(what, *(f"{figure:.0f}" for figure in figures))
