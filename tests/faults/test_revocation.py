"""No request is accepted on the old terms once a verb on a key has answered, whatever is slow.

API processes, the revoker and the tests are processes of their own on one real database.
"""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit
from uuid import UUID

import httpx
import pytest

from justpaid.api_keys.directory import KeyDirectory
from justpaid.api_keys.key_changes import KeyChanges, zero_tail
from justpaid.api_keys.model import ApiKey, CreatedKey
from justpaid.db.pool import Pool, connect
from justpaid.scopes import Category, Scope
from tests.api.gate_world import EVERYTHING, KEYS, OPERATOR, PEPPERS, World, running
from tests.faults.key_acts import operator
from tests.faults.key_load import Load, until
from tests.faults.processes import api_process

ROOT = Path(__file__).parents[2]
THINGS = "/api/v1/things"


class HoldableWire:
    """A way to the database that can be held: what the database says then no longer arrives."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._folder = folder
        self._url = urlsplit(database_url)
        self._query = {name: values[0] for name, values in parse_qs(self._url.query).items()}
        self._socket = f".s.PGSQL.{self._query.get('port', '5432')}"
        self._free = asyncio.Event()
        self._free.set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return the database's address by way of this wire."""
        query = urlencode({**self._query, "host": str(self._folder)})
        return urlunsplit(self._url._replace(query=query))

    def hold(self) -> None:
        """Let nothing through to the client any more."""
        self._free.clear()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(
            self._accept, str(self._folder / self._socket)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        real = str(Path(self._query["host"]) / self._socket)
        from_database, to_database = await asyncio.open_unix_connection(real)
        always = asyncio.Event()
        always.set()
        for source, sink, free in (
            (reader, to_database, always),
            (from_database, writer, self._free),
        ):
            task = asyncio.create_task(self._pump(source, sink, free))
            self._tasks.add(task)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, free: asyncio.Event
    ) -> None:
        try:
            while data := await source.read(65536):
                await free.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            return
        finally:
            sink.close()


@pytest.fixture
async def created(pool: Pool, company_id: UUID) -> CreatedKey:
    """Make the key that is going to be revoked."""
    async with pool.acquire() as connection, zero_tail(connection) as changes:
        return await KEYS.create_key(changes, company_id, EVERYTHING, by=OPERATOR)


async def test_a_held_back_notification_does_not_help_the_old_key(
    database_url: str, created: CreatedKey, tmp_path: Path
) -> None:
    """A process that the notification never reaches refuses the key all the same."""
    async with (
        HoldableWire(tmp_path, database_url) as wire,
        api_process(database_url, wire.url) as (_, address),
        operator(database_url, created.key) as acting,
    ):
        load = Load([address], created.secret, "/api/v1/rate-limits", callers=4)
        async with load.running():
            await load.more(100)
            wire.hold()
            revoked_at = await acting.act()
            await load.more(50)
    assert {each.status for each in load.seen} == {200, 401}
    assert {each.status for each in load.seen if each.asked_at > revoked_at} == {401}


@pytest.mark.parametrize("is_held", [False, True], ids=["notified", "cut off"])
async def test_a_frozen_process_wakes_up_knowing_nothing(
    database_url: str, created: CreatedKey, tmp_path: Path, *, is_held: bool
) -> None:
    """A process stopped before the revoke and continued after it accepts none of what waited."""
    async with (
        HoldableWire(tmp_path, database_url) as wire,
        api_process(database_url, wire.url) as (process, address),
        operator(database_url, created.key) as acting,
        httpx.AsyncClient(
            base_url=address, headers={"x-api-key": created.secret}, timeout=60
        ) as client,
    ):
        for _ in range(20):
            assert (await client.get("/api/v1/rate-limits")).status_code == 200
        if is_held:
            wire.hold()
        os.kill(process.pid, signal.SIGSTOP)
        await acting.act()
        asked = [asyncio.create_task(client.get("/api/v1/rate-limits")) for _ in range(50)]
        await asyncio.sleep(0)
        os.kill(process.pid, signal.SIGCONT)
        statuses = {response.status_code for response in await asyncio.gather(*asked)}
    assert statuses == {401}


async def test_a_killed_process_does_not_hold_up_a_revoke(
    database_url: str, created: CreatedKey, pool: Pool
) -> None:
    """A verb ends although a process died without a word: its lease lapses."""
    async with (
        api_process(database_url, database_url) as (process, _),
        operator(database_url, created.key) as acting,
    ):
        process.kill()
        await process.wait()
        await acting.act()
    status = await pool.fetchval("SELECT status FROM api_keys WHERE id = $1", created.key.id)
    assert status == "revoked"


async def test_the_listener_comes_back_after_the_database_cut_it_off(
    database_url: str, company_id: UUID, pool: Pool
) -> None:
    """After its listening connection was cut, a process serves, caches again, and hears again."""
    async with running(World(pool, database_url)) as world:
        created = await world.make_key(company_id)
        lease = world.directory.lease
        async with world.client(created.secret) as client:
            for _ in range(3):
                await pool.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE '%api_processes%' AND pid <> pg_backend_pid()"
                )
                await until(lambda: not lease.is_held)
                assert (await client.get(THINGS)).status_code == 200
                await until(lambda: lease.is_held)
            async with pool.acquire() as connection, zero_tail(connection) as changes:
                await KEYS.revoke_key(changes, company_id, created.key.id, by=OPERATOR)
            assert (await client.get(THINGS)).status_code == 401


Verb = Callable[[KeyChanges, ApiKey], Coroutine[Any, Any, object]]


async def _disable(changes: KeyChanges, key: ApiKey) -> object:
    return await KEYS.disable_key(changes, key.company_id, key.id, by=OPERATOR)


async def _narrow(changes: KeyChanges, key: ApiKey) -> object:
    wanted = replace(key, scopes=frozenset({Scope.RUNS_READ}))
    return await KEYS.update_key(changes, key.company_id, wanted, by=OPERATOR)


async def _bind(changes: KeyChanges, key: ApiKey) -> object:
    wanted = replace(key, allowed_ips=("203.0.113.1",))
    return await KEYS.update_key(changes, key.company_id, wanted, by=OPERATOR)


async def _limit(changes: KeyChanges, key: ApiKey) -> object:
    wanted = replace(key, limits={Category.READ: 1})
    return await KEYS.update_key(changes, key.company_id, wanted, by=OPERATOR)


@pytest.mark.parametrize(
    ("verb", "status"), [(_disable, 401), (_narrow, 403), (_bind, 403), (_limit, 429)]
)
async def test_every_change_of_terms_holds_at_once(
    database_url: str, company_id: UUID, pool: Pool, verb: Verb, status: int
) -> None:
    """After disable, scope, address or limit change the very next request meets the new terms."""
    heard: list[frozenset[UUID] | None] = []
    async with running(World(pool, database_url)) as world:
        created = await world.make_key(company_id)
        world.directory.on_changed(heard.append)
        async with world.client(created.secret) as client:
            for _ in range(3):
                assert (await client.get(THINGS)).status_code == 200
            assert world.directory.find_cached(created.secret) is not None
            async with pool.acquire() as connection, zero_tail(connection) as changes:
                await verb(changes, created.key)
            assert (await client.get(THINGS)).status_code == status
    assert frozenset({created.key.id}) in heard


async def test_a_long_answer_can_ask_whether_its_key_still_holds(
    database_url: str, company_id: UUID, pool: Pool
) -> None:
    """A stream of a revoked key ends because it is told of the change and asks."""
    async with running(World(pool, database_url)) as world:
        created = await world.make_key(company_id)
        assert await world.directory.is_in_force(company_id, created.key.id)
        async with pool.acquire() as connection, zero_tail(connection) as changes:
            await KEYS.revoke_key(changes, company_id, created.key.id, by=OPERATOR)
        assert not await world.directory.is_in_force(company_id, created.key.id)


class LingeringPool:
    """A pool whose answers about keys arrive only when the test says so."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.asked = asyncio.Event()
        self.free = asyncio.Event()

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[Self]:
        """Stand for a connection too."""
        yield self

    async def fetchrow(self, query: str, *arguments: object) -> object:
        """Read now, answer later."""
        row = await self._pool.fetchrow(query, *arguments)
        self.asked.set()
        await self.free.wait()
        return row


async def test_an_answer_that_a_change_has_overtaken_does_not_count(
    database_url: str, company_id: UUID, pool: Pool
) -> None:
    """A row read before the revoke and arriving after it lets nobody in."""
    lingering = LingeringPool(pool)
    world = World(pool, database_url)
    world.directory = KeyDirectory(cast("Pool", lingering), PEPPERS, partial(connect, database_url))
    async with running(world):
        created = await world.make_key(company_id)
        finding = asyncio.create_task(world.directory.find(created.secret, is_trusted=True))
        await lingering.asked.wait()
        async with pool.acquire() as connection, zero_tail(connection) as changes:
            await KEYS.revoke_key(changes, company_id, created.key.id, by=OPERATOR)
        lingering.free.set()
        found = await finding
    assert found is not None
    assert found.shut_because == "This API key has been revoked."


async def test_without_a_lease_nothing_is_remembered(
    database_url: str, company_id: UUID, pool: Pool
) -> None:
    """A process that never reached its listening connection asks about every request."""
    world = World(pool, database_url)  # its lease is not running
    async with pool.acquire() as connection, zero_tail(connection) as changes:
        created = await KEYS.create_key(changes, company_id, EVERYTHING, by=OPERATOR)
    for _ in range(2):
        assert await world.directory.find(created.secret, is_trusted=True) is not None
        assert world.directory.find_cached(created.secret) is None
    async with pool.acquire() as connection, zero_tail(connection) as changes:
        await KEYS.revoke_key(changes, company_id, created.key.id, by=OPERATOR)
    found = await world.directory.find(created.secret, is_trusted=True)
    assert found is not None
    assert found.shut_because is not None


async def test_a_database_that_is_away_is_503_and_never_401(
    database_url: str, company_id: UUID, pool: Pool
) -> None:
    """Callers are not told that their key is wrong when it cannot be looked up."""
    world = World(pool, database_url)
    async with pool.acquire() as connection, zero_tail(connection) as changes:
        created = await KEYS.create_key(changes, company_id, EVERYTHING, by=OPERATOR)
    pool.terminate()
    async with world.client(created.secret) as client:
        response = await client.get(THINGS)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert response.headers["retry-after"] == "1"
