"""Tells people, now and then, of keys that end soon, grow old, or were used in an unusual way.

Guarantee: each thing is told once, however many processes watch, and also after a pause.
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import structlog

from justpaid import clock
from justpaid.db.pool import Connection, Pool
from justpaid.ids import Prefix, encode_id
from justpaid.key_admin import repository
from justpaid.key_admin.repository import Untold
from justpaid.notices import repository as notices
from justpaid.notices.model import News
from justpaid.usage.model import ADVICE, FlagKind

LOOK_SECONDS: Final = 60.0

_EXPIRY: Final = "key_expiry"
_AGE: Final = "key_age"
_FLAG: Final = "key_flag"
_MOST_AT_ONCE: Final = 500
_DAY: Final = timedelta(days=1)
_AGES_EVERY: Final = timedelta(minutes=15)  # this reads all keys, and days pass slowly

_FLAGGED: Final[Mapping[FlagKind, str]] = MappingProxyType(
    {
        FlagKind.NEW_NETWORK: "was used from a new network",
        FlagKind.DORMANT_USE: "was used after a long silence",
        FlagKind.RATE_SPIKE: "is used far more than usual",
        FlagKind.REFUSAL_BURST: "is refused again and again",
        FlagKind.KEY_IN_URL: "was sent in a URL",
        FlagKind.KEY_IN_DEFINITION: "was put into a workflow, an input, a table or a note",
        FlagKind.BROWSER_USE: "was used by a browser",
    }
)

_log = structlog.get_logger(__name__)


class KeyWatch:
    """The periodic task of an API process."""

    def __init__(self, pool: Pool, now: clock.Clock = clock.now) -> None:
        self._pool = pool
        self._now = now
        self._ages_due_at: datetime | None = None

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # whatever it is, the next look tells it
                _log.warning("notices_not_written", exc_info=True)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Tell what is new; return how many notices that made."""
        now = self._now()
        async with self._pool.acquire() as connection:
            found = await _find_flags(connection, now)
            if self._ages_due_at is None or now >= self._ages_due_at:
                self._ages_due_at = now + _AGES_EVERY
                found += await _find_ages(connection, now)
            told = 0
            for key, news in found:
                told += await notices.add(connection, key.company_id, news, now)
            return told


async def _find_flags(connection: Connection, now: datetime) -> list[tuple[Untold, News]]:
    flags = await repository.list_flags(connection, now, told_as=_FLAG, limit=_MOST_AT_ONCE)
    return [(key, _flag_news(key, FlagKind(kind))) for key, kind in flags]


async def _find_ages(connection: Connection, now: datetime) -> list[tuple[Untold, News]]:
    expiring = await repository.list_expiring(connection, now, told_as=_EXPIRY, limit=_MOST_AT_ONCE)
    aging = await repository.list_aging(connection, now, told_as=_AGE, limit=_MOST_AT_ONCE)
    return [
        *((key, _expiry_news(key, now)) for key in expiring),
        *((key, _age_news(key, now)) for key in aging),
    ]


def _expiry_news(key: Untold, now: datetime) -> News:
    days = math.ceil((key.at - now) / _DAY)
    return News(
        kind=_EXPIRY,
        title=f"The key {key.name} expires in {days} {'day' if days == 1 else 'days'}",
        body=f"{key.hint} ends on {key.at:%Y-%m-%d at %H:%M} UTC. Rotate it: make a successor, let"
        " the callers use it, then revoke this one.",
        distinct_by=key.distinct_by,
        link=_link(key),
    )


def _age_news(key: Untold, now: datetime) -> News:
    return News(
        kind=_AGE,
        title=f"The key {key.name} is {(now - key.at).days} days old",
        body=f"Keys are rotated at least every 90 days. Make a successor of {key.hint}, let the"
        " callers use it, then revoke this one.",
        distinct_by=key.distinct_by,
        link=_link(key),
    )


def _flag_news(key: Untold, kind: FlagKind) -> News:
    return News(
        kind=_FLAG,
        title=f"The key {key.name} {_FLAGGED[kind]}",
        body=f"{key.hint}: {ADVICE[kind]}",
        distinct_by=key.distinct_by,
        link=_link(key),
    )


def _link(key: Untold) -> str:
    return f"/keys/{encode_id(Prefix.KEY, key.key_id)}"
