"""Every statement on sessions. A session belongs to a person; its company can be switched."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.members.model import SESSION_IDLE, Session, SessionRow
from justpaid.members.roles import Role
from justpaid.web.cursors import Position

_TOUCH_EVERY = timedelta(minutes=1)

_LIVE = "s.expires_at > $2 AND s.last_seen_at > $3"
_FIND_LIVE = f"""
SELECT s.id, s.company_id, s.person_id, s.membership_id, m.role, p.name, s.csrf_token,
  s.last_seen_at, s.expires_at
FROM sessions s JOIN memberships m ON m.id = s.membership_id JOIN people p ON p.id = s.person_id
WHERE s.token_hash = $1 AND {_LIVE}
"""
_IS_LIVE = f"""
SELECT EXISTS (SELECT 1 FROM sessions s JOIN memberships m ON m.id = s.membership_id
WHERE s.id = $1 AND {_LIVE} AND s.company_id = $4 AND m.role = $5)
"""
_TOUCH = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2"
_INSERT = """
INSERT INTO sessions (company_id, id, person_id, membership_id, token_hash, csrf_token, agent,
  address, created_at, last_seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
"""
_SWITCH = """
UPDATE sessions SET company_id = $1, membership_id = $3, token_hash = $4, csrf_token = $5
WHERE id = $2
"""
_ROTATE = "UPDATE sessions SET token_hash = $3, csrf_token = $4 WHERE company_id = $1 AND id = $2"
_LIST = f"""
SELECT s.id, s.agent, s.address, s.created_at, s.last_seen_at FROM sessions s
WHERE s.person_id = $1 AND {_LIVE}
  AND ($4::timestamptz IS NULL OR (s.created_at, s.id) < ($4, $5))
ORDER BY s.created_at DESC, s.id DESC LIMIT $6
"""
_END = "DELETE FROM sessions WHERE person_id = $1 AND id = $2 RETURNING company_id"
_END_OTHERS = """
DELETE FROM sessions WHERE person_id = $1 AND id <> coalesce($2, gen_random_uuid()) RETURNING id
"""
_END_OF_MEMBER = """
DELETE FROM sessions
WHERE company_id = $1 AND membership_id = $2 AND id <> coalesce($3, gen_random_uuid()) RETURNING id
"""
_END_PRESENTED = """
DELETE FROM sessions s USING memberships m WHERE m.id = s.membership_id AND s.token_hash = $1
RETURNING s.id, s.company_id, s.membership_id
"""
_PURGE = "DELETE FROM sessions WHERE expires_at < $1 OR last_seen_at < $2"


async def find_live(connection: Connection, token_hash: bytes, now: datetime) -> Session | None:
    """Return the session of a token unless it is over; a token names its company, so any company.

    Notes that it was seen, at most once a minute.
    """
    row = await connection.fetchrow(_FIND_LIVE, token_hash, now, now - SESSION_IDLE)
    if row is None:
        return None
    session = _session(row)
    if now - session.last_seen_at >= _TOUCH_EVERY:
        await connection.execute(_TOUCH, session.id, now)
    return session


async def is_live(
    connection: Connection, company_id: UUID, session: Session, now: datetime
) -> bool:
    """Say whether a session is not over, and still in this company in the same role."""
    found: bool = await connection.fetchval(
        _IS_LIVE, session.id, now, now - SESSION_IDLE, company_id, session.role.value
    )
    return found


async def insert(
    connection: Connection,
    company_id: UUID,
    session_id: UUID,
    *,
    person_id: UUID,
    membership_id: UUID,
    token_hash: bytes,
    csrf_token: str,
    agent: str,
    address: str | None,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Store a new session."""
    await connection.execute(
        _INSERT,
        company_id,
        session_id,
        person_id,
        membership_id,
        token_hash,
        csrf_token,
        agent,
        address,
        at,
        expires_at,
    )


async def switch(
    connection: Connection,
    company_id: UUID,
    session_id: UUID,
    *,
    membership_id: UUID,
    token_hash: bytes,
    csrf_token: str,
) -> None:
    """Move a session to another company of its person, under a new token."""
    await connection.execute(_SWITCH, company_id, session_id, membership_id, token_hash, csrf_token)


async def list_page(
    connection: Connection,
    person_id: UUID,
    *,
    now: datetime,
    after: Position | None,
    limit: int,
) -> Sequence[SessionRow]:
    """List up to limit + 1 of a person's live sessions, in any company, the newest first."""
    created_at, session_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(
        _LIST, person_id, now, now - SESSION_IDLE, created_at, session_id, limit + 1
    )
    return [SessionRow(**dict(row)) for row in rows]


async def end(connection: Connection, person_id: UUID, session_id: UUID) -> bool:
    """End one session of a person, in any company; False when it is not theirs."""
    return await connection.fetchval(_END, person_id, session_id) is not None


async def end_others(connection: Connection, person_id: UUID, *, but: UUID | None) -> list[UUID]:
    """End every session of a person, in any company, but one; return which."""
    return [row["id"] for row in await connection.fetch(_END_OTHERS, person_id, but)]


async def end_of_member(
    connection: Connection, company_id: UUID, membership_id: UUID, *, but: UUID | None = None
) -> int:
    """End every session of a member in this company but one; return how many."""
    return len(await connection.fetch(_END_OF_MEMBER, company_id, membership_id, but))


async def end_by_token(connection: Connection, token_hash: bytes) -> tuple[UUID, UUID, UUID] | None:
    """End the session of a token, in any company: (session, company, membership), or None."""
    row = await connection.fetchrow(_END_PRESENTED, token_hash)
    return None if row is None else (row["id"], row["company_id"], row["membership_id"])


async def purge(connection: Connection, now: datetime) -> None:
    """Delete the sessions, of any company, that are over."""
    await connection.execute(_PURGE, now, now - SESSION_IDLE)


def _session(row: Row) -> Session:
    return Session(
        id=row["id"],
        company_id=row["company_id"],
        person_id=row["person_id"],
        membership_id=row["membership_id"],
        role=Role(row["role"]),
        name=row["name"],
        csrf_token=row["csrf_token"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
    )
