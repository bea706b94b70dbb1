"""Connections to PostgreSQL: how one is opened, and the pool that requests share."""

from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Row: TypeAlias = asyncpg.Record

_SETTINGS: Final = {"jit": "off", "timezone": "UTC", "application_name": "justpaid"}
# A process that freezes in mid-request keeps what it has locked, a run or a company's audit chain,
# from everybody else. No request waits this long for anything but the database.
_REQUEST_SETTINGS: Final = _SETTINGS | {"idle_in_transaction_session_timeout": "15s"}
_CONNECT_SECONDS: Final = 10.0

# What asking a database raises while it cannot be reached, or is stopping or starting.
DATABASE_AWAY: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # we were frozen, and our transaction is undone
)


async def connect(
    dsn: str, settings: dict[str, str] | None = None
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection of the caller's own; `settings` are session parameters on top of ours."""
    return await asyncpg.connect(
        dsn, timeout=_CONNECT_SECONDS, server_settings=_SETTINGS | (settings or {})
    )


async def open_pool(dsn: str, *, max_size: int, min_size: int = 1) -> Pool:
    """Open the pool that a process's requests share; the caller closes it."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        timeout=_CONNECT_SECONDS,
        server_settings=_REQUEST_SETTINGS,
        reset=_reset,
    )


async def _reset(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    # asyncpg's own reset is a round trip at every release; our requests leave nothing behind
    # but, after a fault, a transaction.
    if connection.is_in_transaction():
        await connection.reset()
