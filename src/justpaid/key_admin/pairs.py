"""A key and its successor: who still uses the old one, and whether it may be revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.api_keys import repository as api_keys
from justpaid.api_keys.model import ApiKey
from justpaid.db.pool import Connection
from justpaid.errors import NotFound
from justpaid.usage import repository as usage
from justpaid.usage.repository import Source

QUIET: Final = timedelta(hours=24)


class Verdict(StrEnum):
    """What to do about the old key of a pair, in a word."""

    UNUSED_SUCCESSOR = "unused_successor"
    STILL_USED = "still_used"
    SAFE_TO_REVOKE = "safe_to_revoke"


@dataclass(frozen=True, slots=True)
class Pair:
    """Both keys of a rotation, and what was seen of them."""

    predecessor: ApiKey
    successor: ApiKey
    successor_first_used_at: datetime | None
    old_traffic: list[Source]
    verdict: Verdict


async def get_pair(connection: Connection, company_id: UUID, key_id: UUID) -> Pair:
    """Return the pair that a key belongs to, as the old one rather than as the new.

    Raises NotFound for a key in no rotation, too: never rotated, or its successor was revoked.
    """
    key = await api_keys.find(connection, company_id, key_id)
    if key is None:
        raise NotFound("There is no such object.")
    old = key if key.rotated_to else await _find(connection, company_id, key.rotated_from)
    new = await _find(connection, company_id, key.rotated_to) if key.rotated_to else key
    if old is None or new is None or old.rotated_to != new.id:
        raise NotFound("This key is in no rotation.")
    now = clock.now()
    first_used = await usage.find_first_use(connection, company_id, new.id)
    traffic = await usage.list_sources(connection, company_id, old.id, now - QUIET)
    recent = [source for source in traffic if source.last_at > now - QUIET]
    used_at = first_used or new.last_used_at
    verdict = judge(successor_used_at=used_at, quiet_since=old.last_used_at, now=now)
    return Pair(old, new, used_at, recent, verdict)


def judge(
    *, successor_used_at: datetime | None, quiet_since: datetime | None, now: datetime
) -> Verdict:
    """Say how far a rotation has come."""
    if successor_used_at is None:
        return Verdict.UNUSED_SUCCESSOR
    if quiet_since is not None and quiet_since > now - QUIET:
        return Verdict.STILL_USED
    return Verdict.SAFE_TO_REVOKE


async def _find(connection: Connection, company_id: UUID, key_id: UUID | None) -> ApiKey | None:
    return None if key_id is None else await api_keys.find(connection, company_id, key_id)
