"""Every statement on links that let somebody in: set-up links, invites, password resets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.members.model import Invite
from justpaid.members.roles import Role
from justpaid.web.cursors import Position

# Set-ups are rare and decide who owns what: one at a time.
_LOCK_SETUP = "SELECT pg_advisory_xact_lock($1)"
_SETUP_LOCK = 0x6A7570_05
_LOCK_COMPANY = "SELECT 1 FROM companies WHERE id = $1 FOR NO KEY UPDATE"
_REPLACE_SETUP = "DELETE FROM setup_links WHERE company_id IS NOT DISTINCT FROM $1"
_INSERT_SETUP = """
INSERT INTO setup_links (company_id, token_hash, expires_at) VALUES ($1, $2, $3)
"""
_FIND_SETUP = "SELECT company_id FROM setup_links WHERE token_hash = $1 AND expires_at > $2"
_TAKE_SETUP = """
DELETE FROM setup_links WHERE token_hash = $1 AND expires_at > $2 RETURNING company_id
"""

_REPLACE_RESET = "DELETE FROM password_resets WHERE person_id = $1"
_INSERT_RESET = """
INSERT INTO password_resets (person_id, token_hash, created_by, expires_at) VALUES ($1, $2, $3, $4)
"""
_FIND_RESET = "SELECT person_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2"
_TAKE_RESET = """
DELETE FROM password_resets WHERE token_hash = $1 AND expires_at > $2 RETURNING person_id
"""

_INVITE = "id, company_id, email, role, created_by, created_at, expires_at"
_OPEN = "accepted_at IS NULL"
_INSERT_INVITE = f"""
INSERT INTO invites (company_id, id, email, role, token_hash, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {_INVITE}
"""
_REPLACE_INVITE = f"DELETE FROM invites WHERE company_id = $1 AND email = $2 AND {_OPEN}"
_LIST_INVITES = f"""
SELECT {_INVITE} FROM invites WHERE company_id = $1 AND {_OPEN}
  AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3))
ORDER BY created_at DESC, id DESC LIMIT $4
"""
_FIND_INVITES_TO = f"""
SELECT {_INVITE} FROM invites WHERE company_id = $1 AND email = $2 AND {_OPEN}
"""
_DELETE_INVITES_BY = f"""
DELETE FROM invites WHERE company_id = $1 AND created_by = $2 AND role = ANY($3) AND {_OPEN}
RETURNING {_INVITE}
"""
_DELETE_INVITE = f"""
DELETE FROM invites WHERE company_id = $1 AND id = $2 AND {_OPEN} RETURNING {_INVITE}
"""
_FIND_INVITE = f"""
SELECT {_INVITE} FROM invites WHERE token_hash = $1 AND {_OPEN} AND expires_at > $2
"""
_TAKE_INVITE = f"""
UPDATE invites SET accepted_at = $2 WHERE token_hash = $1 AND {_OPEN} AND expires_at > $2
RETURNING {_INVITE}
"""
_PURGE = (
    "DELETE FROM setup_links WHERE expires_at < $1",
    "DELETE FROM password_resets WHERE expires_at < $1",
)


async def lock_setup(connection: Connection) -> None:
    """Let other set-ups, of any company, wait until this transaction ends."""
    await connection.execute(_LOCK_SETUP, _SETUP_LOCK)


async def lock_company(connection: Connection, company_id: UUID) -> None:
    """Let other changes of who owns a company wait until this transaction ends."""
    await connection.execute(_LOCK_COMPANY, company_id)


async def replace_setup_link(
    connection: Connection, company_id: UUID | None, token_hash: bytes, expires_at: datetime
) -> None:
    """Store a set-up link in the place of an earlier one; None is for the first company."""
    await connection.execute(_REPLACE_SETUP, company_id)
    await connection.execute(_INSERT_SETUP, company_id, token_hash, expires_at)


async def drop_setup_links(connection: Connection, company_id: UUID | None) -> None:
    """Forget the set-up links of a company, or those for the first one."""
    await connection.execute(_REPLACE_SETUP, company_id)


async def is_setup_link(connection: Connection, token_hash: bytes, now: datetime) -> bool:
    """Say whether a set-up link, of any company, may still be used."""
    return await connection.fetchrow(_FIND_SETUP, token_hash, now) is not None


async def take_setup_link(
    connection: Connection, token_hash: bytes, now: datetime
) -> tuple[UUID | None] | None:
    """Spend a set-up link and return (its company, if any company is named); None for no link."""
    row = await connection.fetchrow(_TAKE_SETUP, token_hash, now)
    return None if row is None else (row["company_id"],)


async def replace_reset_link(
    connection: Connection, person_id: UUID, token_hash: bytes, *, by: str, expires_at: datetime
) -> None:
    """Store a reset link of a person, of any company, in the place of an earlier one."""
    await connection.execute(_REPLACE_RESET, person_id)
    await connection.execute(_INSERT_RESET, person_id, token_hash, by, expires_at)


async def drop_reset_link(connection: Connection, person_id: UUID) -> None:
    """Forget the reset link of a person, of any company."""
    await connection.execute(_REPLACE_RESET, person_id)


async def find_reset_link(connection: Connection, token_hash: bytes, now: datetime) -> UUID | None:
    """Return whose password a link resets, whatever company (any company) they belong to."""
    person_id: UUID | None = await connection.fetchval(_FIND_RESET, token_hash, now)
    return person_id


async def take_reset_link(connection: Connection, token_hash: bytes, now: datetime) -> UUID | None:
    """Spend a reset link, of a person of any company; None when it was used meanwhile."""
    person_id: UUID | None = await connection.fetchval(_TAKE_RESET, token_hash, now)
    return person_id


async def insert_invite(
    connection: Connection,
    company_id: UUID,
    invite_id: UUID,
    *,
    email: str,
    role: Role,
    token_hash: bytes,
    by: str,
    at: datetime,
    expires_at: datetime,
) -> Invite:
    """Store an invite in the place of an earlier one to the same e-mail."""
    await connection.execute(_REPLACE_INVITE, company_id, email)
    row = await connection.fetchrow(
        _INSERT_INVITE, company_id, invite_id, email, role, token_hash, by, at, expires_at
    )
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _invite(row)


async def list_invites(
    connection: Connection, company_id: UUID, *, after: Position | None, limit: int
) -> list[Invite]:
    """List up to limit + 1 invites that nobody has accepted, the newest first."""
    created_at, invite_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(_LIST_INVITES, company_id, created_at, invite_id, limit + 1)
    return [_invite(row) for row in rows]


async def delete_invite(connection: Connection, company_id: UUID, invite_id: UUID) -> Invite | None:
    """Withdraw an invite and return it; None when there is no such open one."""
    row = await connection.fetchrow(_DELETE_INVITE, company_id, invite_id)
    return None if row is None else _invite(row)


async def list_invites_to(connection: Connection, company_id: UUID, email: str) -> list[Invite]:
    """List the open invites to an e-mail."""
    return [_invite(row) for row in await connection.fetch(_FIND_INVITES_TO, company_id, email)]


async def delete_invites_by(
    connection: Connection, company_id: UUID, created_by: str, roles: Sequence[Role]
) -> list[Invite]:
    """Withdraw the open invites that somebody made to these roles; return them."""
    names = [role.value for role in roles]
    rows = await connection.fetch(_DELETE_INVITES_BY, company_id, created_by, names)
    return [_invite(row) for row in rows]


async def find_invite(connection: Connection, token_hash: bytes, now: datetime) -> Invite | None:
    """Return the invite of a link; a link names its company, so any company."""
    row = await connection.fetchrow(_FIND_INVITE, token_hash, now)
    return None if row is None else _invite(row)


async def take_invite(connection: Connection, token_hash: bytes, now: datetime) -> Invite | None:
    """Spend the invite of a link, of any company; None when it was spent meanwhile."""
    row = await connection.fetchrow(_TAKE_INVITE, token_hash, now)
    return None if row is None else _invite(row)


async def purge(connection: Connection, now: datetime) -> None:
    """Delete links, of any company, whose time is over; invites stay to be seen."""
    for statement in _PURGE:
        await connection.execute(statement, now)


def _invite(row: Row) -> Invite:
    return Invite(
        id=row["id"],
        company_id=row["company_id"],
        email=row["email"],
        role=Role(row["role"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
