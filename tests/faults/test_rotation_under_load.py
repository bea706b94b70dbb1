"""Keys change places under load: real API processes, callers that move when it suits them."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Pool
from justpaid.db.secrets import load_secrets
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.scopes import Category, Scope
from justpaid.settings import Settings
from tests.api.live_service import free_port
from tests.faults.key_load import Load, Seen
from tests.faults.processes import justpaid_api, until_answering

ME = "/api/v1/me"
OPERATOR = Actor("operator:test")
PLENTY = dict.fromkeys(Category, 1_000_000)


class Operator:
    """Does what the command line does, on a connection of its own."""

    def __init__(self, pool: Pool, keys: ApiKeys, company_id: UUID) -> None:
        self._pool = pool
        self._keys = keys
        self._company_id = company_id

    async def create(self) -> CreatedKey:
        """Make a key whose limits do not bind."""
        request = KeyRequest(name="billing", scopes=frozenset(Scope), limits=PLENTY)
        async with self._pool.acquire() as connection, zero_tail(connection) as changes:
            return await self._keys.create_key(changes, self._company_id, request, by=OPERATOR)

    async def rotate(self, key_id: UUID) -> CreatedKey:
        """Make a successor."""
        async with self._pool.acquire() as connection, zero_tail(connection) as changes:
            return await self._keys.rotate_key(changes, self._company_id, key_id, by=OPERATOR)

    async def end_at(self, key_id: UUID, moment: datetime) -> None:
        """Give the key until a moment."""
        async with self._pool.acquire() as connection, zero_tail(connection) as changes:
            key = await repository.find(connection, self._company_id, key_id)
            assert key is not None
            wanted = replace(key, expires_at=moment)
            await self._keys.update_key(changes, self._company_id, wanted, by=OPERATOR)


@pytest.fixture
async def operator(pool: Pool, database_url: str, tmp_path: Path, company_id: UUID) -> Operator:
    """Open the keys of the installation that the processes serve."""
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    async with pool.acquire() as connection:
        secrets = await load_secrets(settings, connection)
    keys = ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets)))
    return Operator(pool, keys, company_id)


@asynccontextmanager
async def processes(
    count: int, database_url: str, data_dir: Path, **settings: str
) -> AsyncGenerator[list[str]]:
    """Run so many API processes; gives their addresses."""
    async with AsyncExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        for port in ports:
            await stack.enter_async_context(
                justpaid_api(database_url, data_dir, JUSTPAID_PORT=str(port), **settings)
            )
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        await asyncio.gather(*map(until_answering, addresses))
        yield addresses


async def rotate_under_load(addresses: list[str], operator: Operator) -> None:
    """Rotate with a period of grace while callers ask, and let each move at its own time."""
    old = await operator.create()
    load = Load(addresses, old.secret, ME)

    def of_old(seen: Seen) -> bool:
        return seen.key == old.secret

    async with load.running():
        await load.more(200)
        new = await operator.rotate(old.key.id)
        rotated_at = time.monotonic()
        await load.more_everywhere(30)
        await operator.end_at(old.key.id, clock.now() + timedelta(hours=1))
        graced_at = time.monotonic()
        await load.more(100)
        for caller in load.callers:
            await load.more(20, of_old)
            caller.key = new.secret
        await load.more(200)
        in_grace = len(load.seen)
        assert {each.status for each in load.seen} == {200}, "nobody was refused at any time"
        assert {each.key for each in load.seen[-100:]} == {new.secret}

        await operator.end_at(old.key.id, clock.now() + timedelta(seconds=0.5))
        for caller in load.callers[::2]:
            caller.key = old.secret  # programs that nobody has told
        await load.more(20, lambda seen: seen.status == 401)
    late = [each for each in load.seen[in_grace:] if of_old(each) and each.status != 200]
    assert all(b"This API key has expired." in each.body for each in late)
    assert {each.status for each in late} == {401}
    assert {each.status for each in load.seen if not of_old(each)} == {200}
    olds = [each for each in load.seen if of_old(each) and each.status == 200]
    marked = [each for each in olds if each.asked_at > rotated_at]
    mark = f"deprecation: @{int(new.key.created_at.timestamp())}"
    assert all(mark in each.head for each in marked)
    assert all("sunset: " in each.head for each in marked if each.asked_at > graced_at)
    assert not any("deprecation: " in each.head for each in load.seen if not of_old(each))
    assert {each.address for each in marked} == set(addresses)


async def test_rotation_over_three_processes_refuses_nobody(
    database_url: str, tmp_path: Path, redis_url: str, operator: Operator
) -> None:
    """Callers of three processes move to a new key one by one, and none sees anything but 2xx."""
    async with processes(3, database_url, tmp_path, REDIS_URL=redis_url) as addresses:
        await rotate_under_load(addresses, operator)


async def test_rotation_on_one_process_refuses_nobody(
    database_url: str, tmp_path: Path, operator: Operator
) -> None:
    """The same holds for a process that counts in its memory."""
    async with processes(1, database_url, tmp_path) as addresses:
        await rotate_under_load(addresses, operator)
