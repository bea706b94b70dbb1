"""Deletes what is over: sessions, links, and attempts that count no more."""

from justpaid import clock
from justpaid.db.pool import Connection
from justpaid.members import link_repository, repository, session_repository
from justpaid.members.attempts import FORGOTTEN_AFTER


async def purge_expired(connection: Connection) -> None:
    """Delete them, of any company; safe to repeat, and by several processes at once."""
    now = clock.now()
    await session_repository.purge(connection, now)
    await link_repository.purge(connection, now)
    await repository.purge_attempts(connection, now - FORGOTTEN_AFTER)
