"""Plays a soak: starts everything, kills, lets what was accepted end, and judges."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justpaid.db.embedded import start_embedded
from justpaid.db.migrate import migrate
from justpaid.db.pool import Connection, connect
from justpaid.settings import to_environment
from tests.faults.soak.customers import Client, Market, approve
from tests.faults.soak.provider import Provider, open_provider
from tests.faults.soak.reaper import Reaper
from tests.faults.soak.report import Outcome
from tests.faults.soak.shapes import Shape, child, quick_child, shapes
from tests.faults.soak.stage import Place, make_place, open_nursery, settings_for
from tests.faults.soak.verdict import judge, read_journal, watch_ends

_OVERDUE = """
SELECT coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8 FROM runs WHERE due_at < now()
"""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Plan:
    """How hard a soak is. `patience_seconds`: until everything has ended after the last kill."""

    kills: int
    seed: int
    gap_seconds: float = 0.4
    workers: int = 3
    customers: int = 40
    patience_seconds: float = 30.0
    mutant: str = ""


async def play(plan: Plan, tell: Callable[[int], None], database_url: str | None = None) -> Outcome:
    """Play a soak on an own PostgreSQL, or on a migrated database that is given."""
    with tempfile.TemporaryDirectory(prefix="justpaid-soak-") as folder:
        if database_url is not None:
            return await _play(plan, tell, database_url, Path(folder))
        options = {"fsync": "off", "full_page_writes": "off"}
        embedded = start_embedded(Path(folder) / "pg", options=options, dies_with_us=True)
        try:
            await migrate(embedded.superuser_dsn)
            return await _play(plan, tell, embedded.superuser_dsn, Path(folder))
        finally:
            embedded.destroy()


async def _play(plan: Plan, tell: Callable[[int], None], url: str, folder: Path) -> Outcome:
    chance = random.Random(plan.seed)  # noqa: S311  replayable
    connection = await connect(url)
    log = folder / "processes.log"
    try:
        await watch_ends(connection)
        async with open_provider(plan.seed) as provider:
            settings = settings_for(url, folder, provider.url)
            place = await make_place(settings)
            environment = to_environment(settings)
            async with open_nursery(environment, log, plan.mutant) as nursery:
                nursery.bear("api")
                for _ in range(plan.workers):
                    nursery.bear("worker")
                reaper = Reaper(nursery, connection, chance, plan.gap_seconds)
                return await _trade(plan, tell, place, provider, reaper)
    finally:
        await connection.close()


async def _trade(
    plan: Plan, tell: Callable[[int], None], place: Place, provider: Provider, reaper: Reaper
) -> Outcome:
    client, second = (
        Client(place.api_url, place.starter_key),
        Client(place.api_url, place.approver_key),
    )
    watcher = await connect(place.database_url)
    overdue: list[float] = [0.0]
    try:
        offers = await _define(client, provider.url)
        market = Market(client, provider, offers, random.Random(plan.seed))  # noqa: S311
        customers = [asyncio.create_task(market.shop()) for _ in range(plan.customers)]
        async with _beside(_watch(watcher, overdue), approve(second, market.chance)):
            began = time.monotonic()
            async with _beside(reaper.steal()):
                await reaper.reap(plan.kills, tell)
            market.is_closed = True
            last_kill = time.monotonic()
            _, late = await asyncio.wait(customers, timeout=plan.patience_seconds)
            settled = time.monotonic()
            for customer in late:
                customer.cancel()
            await asyncio.gather(*customers, return_exceptions=True)
            await _settle(watcher, plan.patience_seconds)
        journal = await read_journal(watcher)
        for customer in customers:
            if not customer.cancelled():
                customer.result()
    finally:
        await watcher.close()
        await client.http.close()
        await second.http.close()
    return Outcome(
        plan.seed,
        plan.mutant,
        settled - began,
        settled - last_kill,
        max(overdue),
        reaper,
        market,
        provider,
        journal,
        judge(journal, provider, market.orders),
    )


async def _settle(connection: Connection, seconds: float) -> None:
    """Give runs that nobody waits for, such as children of cancelled ones, time to end too."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        open_runs = await connection.fetchval(
            "SELECT count(*) FROM runs WHERE completed_at IS NULL"
        )
        if not open_runs:
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _define(client: Client, url: str) -> list[tuple[Shape, str]]:
    child_id, quick_id = await _store(client, child(url)), await _store(client, quick_child())
    return [(shape, await _store(client, shape)) for shape in shapes(url, child_id, quick_id)]


async def _store(client: Client, shape: Shape) -> str:
    status, made = await client.ask("POST", "workflows", shape.definition())
    assert status == 201, made
    status, _ = await client.ask("POST", f"workflows/{made['id']}/activate", {})
    assert status == 200
    workflow_id: str = made["id"]
    return workflow_id


async def _watch(connection: Connection, overdue: list[float]) -> None:
    while True:
        overdue.append(await connection.fetchval(_OVERDUE))
        await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _beside(*duties: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
