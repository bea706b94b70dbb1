"""Zero tail under load: three busy processes, and nothing let in on old terms after the answer.

The processes, the one who acts on a key and the callers share nothing but a real database and the
machine's monotonic clock.
"""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.db.pool import Pool, open_pool
from justpaid.ids import new_id
from justpaid.scopes import Category, Scope
from tests.api.gate_world import KEYS, OPERATOR
from tests.faults.key_acts import operator
from tests.faults.key_load import Load, until
from tests.faults.processes import api_process

THINGS: Final = "/api/v1/things"
PROCESSES: Final = 3
REQUEST: Final = KeyRequest(
    name="billing", scopes=frozenset(Scope), limits={Category.READ: 1_000_000}
)

# Only the connection on which a process holds its lease says these.
LEASES: Final = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database()
  AND (query LIKE '%UPDATE api_processes SET lease_until%' OR query LIKE '%INTO api_processes%')
  AND pid <> pg_backend_pid() ORDER BY pid
"""
END: Final = "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid"


@dataclass(frozen=True, slots=True)
class Cluster:
    """API processes on one database."""

    database_url: str
    pool: Pool
    processes: list[Process]
    addresses: list[str]

    async def make_key(self) -> CreatedKey:
        """Make a key of a company of its own."""
        company_id = new_id()
        await self.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'A')", company_id)
        async with self.pool.acquire() as connection, zero_tail(connection) as changes:
            return await KEYS.create_key(changes, company_id, REQUEST, by=OPERATOR)

    async def leases(self) -> list[int]:
        """List the backends on which leases are held now."""
        return [row["pid"] for row in await self.pool.fetch(LEASES)]


@pytest.fixture(scope="module")
async def cluster(module_database_url: str) -> AsyncIterator[Cluster]:
    """Run the processes that all tests here ask; each test has its own key."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(module_database_url, max_size=4)
        stack.callback(pool.terminate)
        starting = [api_process(module_database_url, module_database_url) for _ in range(PROCESSES)]
        started = await asyncio.gather(*map(stack.enter_async_context, starting))
        processes = [process for process, _ in started]
        addresses = [address for _, address in started]
        yield Cluster(module_database_url, pool, processes, addresses)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("revoke", 401),
        ("disable", 401),
        ("compromised", 401),
        ("narrow", 403),
        ("bind", 403),
        ("limit", 429),
    ],
)
async def test_no_process_accepts_on_old_terms(cluster: Cluster, act: str, status: int) -> None:
    """Whatever the act, every request that starts after its answer meets the new terms."""
    created = await cluster.make_key()
    load = Load(cluster.addresses, created.secret, THINGS)
    async with operator(cluster.database_url, created.key, act) as acting, load.running():
        await load.more_everywhere(100)
        acted_at = await acting.act()
        await load.more_everywhere(100)
    _assert_no_tail(load, acted_at, status)


@asynccontextmanager
async def cut_off(cluster: Cluster) -> AsyncGenerator[None]:
    """Cut one process's lease off for as long as the block lasts, however often it comes back."""
    kept = (await cluster.leases())[1:]
    assert len(kept) == PROCESSES - 1
    cuts = 0

    async def cut() -> None:
        nonlocal cuts
        while True:
            cuts += len(
                await cluster.pool.fetch(END, list({*await cluster.leases()}.difference(kept)))
            )
            await asyncio.sleep(0.005)

    cutting = asyncio.create_task(cut())
    try:
        await until(lambda: cuts > 0)
        yield
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)


async def test_a_process_that_cannot_listen_accepts_nothing(cluster: Cluster) -> None:
    """A process whose listening connection the database ends, again and again, asks every time."""
    created = await cluster.make_key()
    load = Load(cluster.addresses, created.secret, THINGS)
    async with operator(cluster.database_url, created.key) as acting, load.running():
        await load.more_everywhere(100)
        async with cut_off(cluster):
            await load.more(100)
            acted_at = await acting.act()
            await load.more_everywhere(100)
    _assert_no_tail(load, acted_at, 401)


async def test_a_frozen_process_accepts_nothing_when_it_wakes(cluster: Cluster) -> None:
    """A process frozen through the act refuses what waited for it, and all that comes later."""
    created = await cluster.make_key()
    load = Load(cluster.addresses, created.secret, THINGS)
    frozen, address = cluster.processes[0], cluster.addresses[0]
    async with operator(cluster.database_url, created.key) as acting, load.running():
        await load.more_everywhere(100)
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            acted_at = await acting.act()
            await load.more(100)
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        await load.more(100, lambda seen: seen.address == address)
    _assert_no_tail(load, acted_at, 401)
    waited = {
        each.status
        for each in load.seen
        if each.address == address and each.asked_at < acted_at < each.answered_at
    }
    # What was past the gate when the process froze has its answer already: that one may leave.
    assert 401 in waited


def _assert_no_tail(load: Load, acted_at: float, status: int) -> None:
    """Hold all answers to the new terms from the act's answer on, and to the old before the act."""
    later = [each for each in load.seen if each.asked_at > acted_at]
    assert {each.status for each in later} == {status}
    assert {each.address for each in later} == {each.address for each in load.callers}
    assert {each.status for each in load.seen} == {200, status}
