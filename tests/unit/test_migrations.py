"""The schema: one migration path, safe to run twice and to run at once."""

import asyncio
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest

from justpaid.db.migrate import migrate
from justpaid.db.pool import Pool, connect
from justpaid.db.schema import HEAD, UnknownSchema, find_revision, is_current


async def test_a_migrated_database_is_current(database_url: str) -> None:
    """A start after an upgrade finds its schema and does not migrate again."""
    connection = await connect(database_url)
    assert await is_current(connection)
    assert await find_revision(connection) == HEAD
    await connection.close()
    assert await migrate(database_url) is False


async def test_two_processes_migrate_at_once(postgres: str) -> None:
    """Two services started together on an empty database end with one schema and no error."""
    connection = await connect(postgres)
    await connection.execute("CREATE DATABASE at_once")
    url = urlunsplit(urlsplit(postgres)._replace(path="/at_once"))
    applied = await asyncio.gather(migrate(url), migrate(url))
    assert sorted(applied) == [False, True]
    await connection.execute("DROP DATABASE at_once WITH (FORCE)")
    await connection.close()


async def test_a_newer_schema_is_refused(pool: Pool) -> None:
    """An old release does not touch a database that a newer one has migrated."""
    await pool.execute("UPDATE alembic_version SET version_num = '9999'")
    async with pool.acquire() as connection:
        with pytest.raises(UnknownSchema, match="9999"):
            await is_current(connection)


async def test_a_company_can_be_made(pool: Pool, company_id: UUID) -> None:
    """The fixture's company is there for tests that build on it."""
    assert await pool.fetchval("SELECT name FROM companies WHERE id = $1", company_id)
