"""What a worker needs of connections, on a real database: the right one, opened, and no other."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import SYSTEM
from justpaid.audit.service import AuditLog
from justpaid.connections.changes import NewConnection
from justpaid.connections.lookup import CACHE_SECONDS, Choice, ConnectionLookup
from justpaid.connections.sealing import reseal_all
from justpaid.connections.service import Connections
from justpaid.connectors.catalogue import PROVIDERS
from justpaid.db.encryption import KeyRing, version_of
from justpaid.db.pool import Pool
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.ids import new_id
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy
from justpaid.outbound.urls import parse_origin

_SECRET = "planted-token-7f3a9c"
_ORIGIN = "https://api.example.com"
_FIRST = VersionedSecret(1, b"1" * 32)
_SECOND = VersionedSecret(2, b"2" * 32)
_KEYS = KeyRing(SecretRing("master_key", _FIRST))
_HTTP = PROVIDERS["http"]


@dataclass
class Company:
    """A company with its connections, and a worker's fresh look-ups."""

    id: UUID
    pool: Pool
    connections: Connections

    async def connect(self) -> UUID:
        """Make a connection for one origin."""
        asked = NewConnection("API", "http", {"token": _SECRET}, allowed_origins=[_ORIGIN])
        async with self.pool.acquire() as connection, connection.transaction():
            made = await self.connections.create_connection(connection, self.id, asked, by=SYSTEM)
        return made.id

    async def choose(self, **given: Any) -> Choice:
        """Choose without a memory of earlier choices."""
        arguments: dict[str, Any] = {
            "wanted": None,
            "of_run": None,
            "origin": parse_origin(_ORIGIN),
        }
        return await ConnectionLookup(self.pool, _KEYS).choose(
            self.id, _HTTP, **(arguments | given)
        )


@pytest.fixture
async def company(pool: Pool, company_id: UUID) -> AsyncIterator[Company]:
    """Make a company that can have connections."""
    audit = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
    async with OutboundClient(OutboundPolicy()) as client:
        yield Company(company_id, pool, Connections(_KEYS, audit, client))


async def test_without_a_connection_an_http_step_goes_without(company: Company) -> None:
    """Calling an open address needs no connection."""
    assert await company.choose() == Choice()


async def test_the_only_connection_is_used_where_it_fits(company: Company) -> None:
    """Making one connection leaves steps that call other addresses as they were."""
    only = await company.connect()
    assert await company.choose() == Choice(only)
    assert await company.choose(origin=parse_origin("https://elsewhere.example")) == Choice()
    assert await company.choose(origin=None) == Choice()


async def test_two_connections_are_a_choice_that_nobody_made(company: Company) -> None:
    """Which of several to use is never guessed; the run may say."""
    first, second = await company.connect(), await company.connect()
    assert await company.choose() == Choice()
    assert await company.choose(of_run=first) == Choice(first)
    assert await company.choose(of_run=second) == Choice(second)
    elsewhere = parse_origin("https://elsewhere.example")
    assert await company.choose(of_run=second, origin=elsewhere) == Choice()


async def test_a_connection_that_a_step_names_must_fit(company: Company) -> None:
    """A step never runs without the credential it asks for, nor sends it to another address."""
    named = await company.connect()
    assert await company.choose(wanted=named) == Choice(named)
    elsewhere = parse_origin("https://elsewhere.example")
    for given in ({"origin": elsewhere}, {"origin": None}, {"wanted": new_id()}):
        choice = await company.choose(**{"wanted": named, **given})
        assert choice.connection_id is None
        assert choice.problem is not None
    assert (await company.choose(of_run=new_id())).problem is not None


async def test_only_an_active_connection_is_used(company: Company, pool: Pool) -> None:
    """An expired connection is a clear problem, not a request that is refused later."""
    expired = await company.connect()
    await pool.execute("UPDATE connections SET status = 'expired' WHERE id = $1", expired)
    assert await company.choose() == Choice()
    assert "expired" in str((await company.choose(wanted=expired)).problem)
    assert "expired" in str((await company.choose(of_run=expired)).problem)
    opened = await ConnectionLookup(pool, _KEYS).open_credential(company.id, expired)
    assert "expired" in str(opened.problem)


async def test_another_companys_connection_cannot_be_chosen(company: Company, pool: Pool) -> None:
    """A foreign id reads as one that never existed."""
    foreign = await company.connect()
    other = new_id()
    lookup = ConnectionLookup(pool, _KEYS)
    origin = parse_origin(_ORIGIN)
    choice = await lookup.choose(other, _HTTP, wanted=foreign, of_run=None, origin=origin)
    assert "There is no connection" in str(choice.problem)
    assert "There is no connection" in str((await lookup.open_credential(other, foreign)).problem)


async def test_a_row_copied_to_another_company_does_not_open(company: Company, pool: Pool) -> None:
    """Whoever can write rows still cannot make another company's credential their own."""
    await company.connect()
    other, copied = new_id(), new_id()
    await pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", other)
    await pool.execute(
        """
        INSERT INTO connections (id, company_id, name, provider, status, auth_type,
            allowed_origins, sealed, created_by)
        SELECT $1, $2, name, provider, status, auth_type, $3, sealed, created_by FROM connections
        """,
        copied,
        other,
        [_ORIGIN],
    )
    opened = await ConnectionLookup(pool, _KEYS).open_credential(other, copied)
    assert opened.credential is None
    assert "cannot be read" in str(opened.problem)


async def test_master_keys_rotate_under_a_running_service(company: Company, pool: Pool) -> None:
    """Credentials move to the new key while both are at hand, and open with it alone after."""
    ids = [await company.connect() for _ in range(3)]
    both = KeyRing(SecretRing("master_key", _SECOND, (_FIRST,)))
    assert await reseal_all(pool, both) == 3
    assert await reseal_all(pool, both) == 0
    rows = await pool.fetch("SELECT sealed FROM connections")
    assert {version_of(row["sealed"]) for row in rows} == {2}
    lookup = ConnectionLookup(pool, KeyRing(SecretRing("master_key", _SECOND)))
    for each in ids:
        opened = await lookup.open_credential(company.id, each)
        assert opened.credential is not None
        assert opened.credential.header_value == f"Bearer {_SECRET}"


async def test_a_deletion_reaches_a_worker_within_the_cache_time(
    company: Company, pool: Pool
) -> None:
    """A worker forgets what it found after two seconds, by its own clock; a use is noted."""
    moment = 100.0
    lookup = ConnectionLookup(pool, _KEYS, monotonic=lambda: moment)
    used = await company.connect()
    assert (await lookup.open_credential(company.id, used)).problem is None
    assert await pool.fetchval("SELECT last_used_at FROM connections WHERE id = $1", used)
    async with pool.acquire() as connection, connection.transaction():
        await company.connections.delete_connection(connection, company.id, used, by=SYSTEM)
    moment += CACHE_SECONDS
    assert "There is no connection" in str((await lookup.open_credential(company.id, used)).problem)
