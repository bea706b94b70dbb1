"""Brings a database to this release's schema, one process at a time."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from justpaid.db.pool import connect
from justpaid.db.schema import is_current

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6A7570_01  # the advisory lock that one migrating process holds


async def migrate(dsn: str) -> bool:
    """Apply what is missing under an advisory lock; tell whether anything was.

    Idempotent; a second process waits for the first. Raises UnknownSchema on a newer database.
    """
    guard = await connect(dsn)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if await is_current(guard):
            return False
        await _upgrade(dsn)
        return True
    finally:
        await guard.close()


async def _upgrade(dsn: str) -> None:
    async def open_connection() -> asyncpg.Connection:
        return await connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=open_connection)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run_alembic)
    finally:
        await engine.dispose()


def _run_alembic(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migrate_now(dsn: str) -> bool:
    """Run `migrate` from code that has no event loop."""
    return asyncio.run(migrate(dsn))
