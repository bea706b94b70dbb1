"""Announces that keys changed, and waits until no API process acts on the old terms any more.

Guarantee (zero tail): when `settle` returns, every process that answers requests has either
acknowledged the change, so its cache no longer holds the key as it was, or has lost its cache lease
by the database's clock, so it asks the database about every key. A notification alone cannot
promise that: it may be late, and the process frozen.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

from justpaid.db.pool import Connection, Pool
from justpaid.web.unit_of_work import UnitOfWork

CHANNEL: Final = "api_keys"

CHANGE_LOCK: Final = 0x6A7570_02
_LEASE_MARGIN_SECONDS: Final = 0.25
_FIRST_PAUSE_SECONDS: Final = 0.002
_LONGEST_PAUSE_SECONDS: Final = 0.05

# The lock makes the order of the numbers the order of the commits, and so of the notifications:
# whoever acknowledges number n has handled every change up to n.
_TAKE_NUMBER: Final = """
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
SELECT nextval('key_changes') FROM turn
"""
_LAST_NUMBER: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM key_changes"
_NOTIFY: Final = "SELECT pg_notify($1, $2)"
_SOMEBODY_BEHIND: Final = """
SELECT EXISTS (SELECT 1 FROM api_processes WHERE acknowledged < $1
  AND lease_until + make_interval(secs => $2) > clock_timestamp())
"""
_FORGET_DEAD: Final = """
DELETE FROM api_processes WHERE lease_until < clock_timestamp() - interval '1 hour'
"""


async def announce(connection: Connection, key_ids: Sequence[UUID]) -> int:
    """Tell every API process, at commit, that these keys changed; return the change's number.

    Call it last in the transaction: key changes are in line from here to the commit.
    """
    number: int = await connection.fetchval(_TAKE_NUMBER, CHANGE_LOCK)
    changed = ",".join(key_id.hex for key_id in key_ids)
    await connection.execute(_NOTIFY, CHANNEL, f"{number} {changed}")
    return number


async def settle(connection: Connection, number: int) -> None:
    """Wait, after the commit, until no process acts on what was true before change `number`.

    Milliseconds when all is well; at most the cache lease and its margin when a process is frozen
    or cut off. Idempotent; `connection` must not be in a transaction.
    """
    pause = _FIRST_PAUSE_SECONDS
    while await connection.fetchval(_SOMEBODY_BEHIND, number, _LEASE_MARGIN_SECONDS):
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    await connection.execute(_FORGET_DEAD)


async def settle_on(pool: Pool, number: int) -> None:
    """Settle on a connection of the pool: what a unit of work runs after its commit."""
    async with pool.acquire() as connection:
        await settle(connection, number)


async def settle_everything(pool: Pool) -> None:
    """Settle all changes that are committed, whoever made them."""
    async with pool.acquire() as connection:
        number: int = await connection.fetchval(_LAST_NUMBER)
        await settle(connection, number)


class KeyChanges:
    """What one transaction does to keys: announced at its end, settled after its commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._key_ids: list[UUID] = []

    def note(self, key_id: UUID) -> None:
        """Add a key that this transaction changed."""
        self._key_ids.append(key_id)

    async def announce(self) -> int | None:
        """Announce what was noted; None when nothing was."""
        return await announce(self.connection, self._key_ids) if self._key_ids else None


@asynccontextmanager
async def changing_keys(unit: UnitOfWork, pool: Pool) -> AsyncGenerator[KeyChanges]:
    """Run verbs on keys within a request; its answer leaves when the old terms are gone."""
    changes = KeyChanges(await unit.connection())
    yield changes
    number = await changes.announce()
    if number is not None:
        unit.after_commit(partial(settle_on, pool, number))


@asynccontextmanager
async def zero_tail(connection: Connection) -> AsyncGenerator[KeyChanges]:
    """Run verbs on keys in one transaction; leaving the block means the old terms are gone.

    For callers that own their connection, such as the command line. A request's unit of work
    instead announces inside its transaction and settles after the commit.
    """
    async with connection.transaction():
        changes = KeyChanges(connection)
        yield changes
        number = await changes.announce()
    if number is not None:
        await settle(connection, number)
