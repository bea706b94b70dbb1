"""Writes the signed end of every chain to the log once a day, where nobody with the database is."""

import asyncio
from datetime import date
from typing import Final

import structlog

from justpaid import clock
from justpaid.audit.export import show_head
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Pool

_LOOK_SECONDS: Final = 600.0

_log = structlog.get_logger(__name__)


class HeadLog:
    """The daily task of an API process; several of them write a line each."""

    def __init__(self, pool: Pool, audit: AuditLog, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._audit = audit
        self._now = now
        self._written_on: date | None = None

    async def run(self) -> None:
        """Write at the start, and on each new day, until cancelled."""
        while True:
            try:
                await self.write_if_due()
            except Exception:  # whatever it is, the next look tries again
                _log.warning("audit_heads_not_written", exc_info=True)
            await asyncio.sleep(_LOOK_SECONDS)

    async def write_if_due(self) -> bool:
        """Write the heads unless today's are written; say whether it did."""
        today = self._now().date()
        if today == self._written_on:
            return False
        async with self._pool.acquire() as connection:
            heads = await self._audit.sign_all(connection)
        for head in heads:
            _log.info("audit_head", head=show_head(head))
        self._written_on = today
        return True
