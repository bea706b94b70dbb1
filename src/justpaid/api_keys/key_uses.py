"""When and from where each key was last used: gathered in memory, written every few seconds.

Guarantee: `lastUsedAt` is fresh to well under a minute, and noting it neither delays a request nor
locks a key's row.
"""

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.db.pool import Pool
from justpaid.web.gate_contract import Identity

FLUSH_SECONDS: Final = 5.0

_BROKEN: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_log = structlog.get_logger(__name__)


class KeyUses:
    """The uses since the last write."""

    def __init__(self, pool: Pool, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._now = now
        self._uses: dict[UUID, tuple[datetime, str | None]] = {}

    def note(self, identity: Identity, address: str | None) -> None:
        """Note that a key was used now: the gate's `on_identified`."""
        key_id = identity.caller.key_id
        if key_id is not None:
            self._uses[key_id] = (self._now(), address)

    async def run(self) -> None:
        """Write what was noted every few seconds, and once more when cancelled."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await self._try_to_flush()
        finally:
            await self._try_to_flush()

    async def flush(self) -> None:
        """Write what was noted; keeps it for the next time when the database is away."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        rows = [(key_id, at, address) for key_id, (at, address) in uses.items()]
        try:
            async with self._pool.acquire() as connection:
                await repository.note_uses(connection, rows)
        except _BROKEN:
            self._uses = uses | self._uses
            raise

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except _BROKEN as error:
            _log.warning("key_uses_not_written", reason=str(error) or type(error).__name__)
