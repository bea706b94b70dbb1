"""Writes what the counter counted every few seconds, and raises flags over it.

Guarantee: nothing here stands in a request's path, and a crash loses at most the counts of one
interval. What could not be written is counted again with the next batch.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from justpaid import clock
from justpaid.db.pool import Connection, Pool
from justpaid.usage import repository
from justpaid.usage.counter import Counted, UsageCounter
from justpaid.usage.model import Finding, FlagKind, is_spike, network_of

INTERVAL_SECONDS: Final = 5.0

_MAX_REMEMBERED: Final = 100_000

_log = structlog.get_logger(__name__)


class UsageRecorder:
    """The background task of an API process that keeps usage and flags."""

    def __init__(
        self, pool: Pool, counter: UsageCounter, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._pool = pool
        self._counter = counter
        self._now = now
        self._known_networks: set[tuple[UUID, UUID, str]] = set()
        self._awake: set[tuple[UUID, str]] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write every few seconds."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what is left, then stop."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.flush()

    async def flush(self) -> None:
        """Write what was counted so far in one transaction."""
        counted = self._counter.take()
        if counted.is_empty:
            return
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._write(connection, counted)
        except Exception:  # whatever it is, the counts go with the next batch
            self._counter.put_back(counted)
            _log.warning("usage_not_written", exc_info=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await self.flush()

    async def _write(self, connection: Connection, counted: Counted) -> None:
        now = self._now()
        findings = list(counted.findings)
        if counted.hours:
            findings += await self._find_dormant(connection, counted, now)
            await repository.add_hours(connection, counted.hours)
        if counted.sources:
            await repository.add_sources(connection, counted.sources)
            findings += await self._find_networks(connection, counted)
        if counted.hours:
            findings += await _find_spikes(connection, counted, now)
        for finding in findings:
            await repository.add_flag(connection, finding.company_id, finding)

    async def _find_dormant(
        self, connection: Connection, counted: Counted, now: datetime
    ) -> list[Finding]:
        """Find keys that wake after a long sleep; each key is asked about once a day."""
        day = f"{now:%Y-%m-%d}"
        keys = {(h.company_id, h.key_id) for h in counted.hours}
        unasked = [key for key in keys if (key[1], day) not in self._awake]
        if not unasked:
            return []
        if len(self._awake) > _MAX_REMEMBERED:
            self._awake.clear()
        self._awake |= {(key_id, day) for _, key_id in unasked}
        dormant = await repository.find_dormant(connection, unasked, now)
        return [
            Finding(
                company_id,
                key_id,
                FlagKind.DORMANT_USE,
                day,
                {"lastUsedAt": clock.to_wire(last), "daysSilent": (now - last).days},
            )
            for company_id, key_id, last in dormant
        ]

    async def _find_networks(self, connection: Connection, counted: Counted) -> list[Finding]:
        """Find networks that a key was not used from before."""
        seen = {
            (source.company_id, source.key_id, network): source
            for source in counted.sources
            if (network := network_of(source.address)) is not None
        }
        unknown = [key for key in seen if key not in self._known_networks]
        if not unknown:
            return []
        if len(self._known_networks) > _MAX_REMEMBERED:
            self._known_networks.clear()
        self._known_networks.update(unknown)
        fresh = await repository.add_networks(connection, unknown)
        return [
            Finding(
                key[0],
                key[1],
                FlagKind.NEW_NETWORK,
                key[2],
                {"network": key[2], "address": seen[key].address, "agent": seen[key].agent},
            )
            for key in fresh
        ]


async def _find_spikes(connection: Connection, counted: Counted, now: datetime) -> list[Finding]:
    """Find keys whose present hour is far above their own norm."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    keys = sorted({(h.company_id, h.key_id) for h in counted.hours})
    rates = await repository.read_rates(connection, keys, hour)
    return [
        Finding(
            rate.company_id,
            rate.key_id,
            FlagKind.RATE_SPIKE,
            f"{now:%Y-%m-%d}",
            {"requestsThisHour": rate.this_hour, "normAnHour": rate.norm},
        )
        for rate in rates
        if is_spike(rate.this_hour, rate.norm)
    ]
