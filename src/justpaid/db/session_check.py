"""Proves at start that a database is one we can work on: its version, and sessions that are ours.

The queue listens and migrations hold advisory locks, both of which belong to a session. A proxy
that pools transactions hands a session to somebody else between two statements.
"""

import asyncio
import secrets
from typing import Final

import asyncpg

from justpaid.db.pool import Connection, connect
from justpaid.errors import Unavailable

MINIMUM_MAJOR: Final = 15

_NOTIFY_SECONDS: Final = 5.0
# An address that cannot be read raises the last two, an absent or refusing server the others.
_CANNOT_CONNECT: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ValueError,
    OverflowError,
)


class UnusableDatabase(Unavailable):
    """The database cannot carry the service; the message says why and what to do."""


class UnreachableDatabase(UnusableDatabase):
    """The database does not answer. Trying again later may help, unlike with the others."""


async def reach_database(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection of the caller's own. Raises UnreachableDatabase, without the password."""
    try:
        return await connect(dsn)
    except _CANNOT_CONNECT as error:
        raise UnreachableDatabase(
            f"The database cannot be reached ({type(error).__name__}: {error}). Check DATABASE_URL,"
            " and that PostgreSQL runs there."
        ) from None


async def check_database(dsn: str) -> None:
    """Raise UnusableDatabase unless the database answers and its sessions are our own."""
    first = await reach_database(dsn)
    try:
        _check_version(first)
        second = await connect(dsn)
        try:
            await _check_locks(first, second)
            await _check_notifications(first, second)
        finally:
            await second.close()
    finally:
        await first.close()


def _check_version(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    major = connection.get_server_version().major
    if major < MINIMUM_MAJOR:
        raise UnusableDatabase(
            f"The database is PostgreSQL {major}; {MINIMUM_MAJOR} or later is needed."
        )


async def _check_locks(first: Connection, second: Connection) -> None:
    key = secrets.randbits(62)
    await first.execute("SELECT pg_advisory_lock($1)", key)
    is_shared = await second.fetchval("SELECT pg_try_advisory_lock($1)", key)
    if is_shared or not await first.fetchval("SELECT pg_advisory_unlock($1)", key):
        raise UnusableDatabase(_POOLED)


async def _check_notifications(
    first: "asyncpg.Connection[asyncpg.Record]", second: Connection
) -> None:
    channel, heard = f"justpaid_check_{secrets.token_hex(8)}", asyncio.Event()

    def hear(*_: object) -> None:
        heard.set()

    await first.add_listener(channel, hear)
    await second.execute("SELECT pg_notify($1, '')", channel)
    try:
        async with asyncio.timeout(_NOTIFY_SECONDS):
            await heard.wait()
    except TimeoutError:
        raise UnusableDatabase(_POOLED) from None
    finally:
        await first.remove_listener(channel, hear)


_POOLED: Final = (
    "The database is reached through a proxy that pools transactions: advisory locks and LISTEN do"
    " not hold there. Point DATABASE_URL at PostgreSQL itself, or at a session-pooling port."
)
