"""Every statement on people and memberships."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from justpaid.db.pool import Connection, Row
from justpaid.members.model import Member, OwnCompany, Person
from justpaid.members.roles import Role
from justpaid.web.cursors import Position

_PERSON = """id, email, name, password_hash, totp_sealed, totp_confirmed_at, totp_last_step,
  recovery_hashes"""
_FIND_PERSON = f"SELECT {_PERSON} FROM people WHERE email = $1"
_FIND_PERSON_BY_ID = f"SELECT {_PERSON} FROM people WHERE id = $1"
_LOCK_PERSON = f"SELECT {_PERSON} FROM people WHERE id = $1 FOR NO KEY UPDATE"
_INSERT_PERSON = """
INSERT INTO people (id, email, name, password_hash, password_changed_at, created_at)
VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (email) DO NOTHING RETURNING id
"""
_UPDATE_HASH = "UPDATE people SET password_hash = $2, password_changed_at = $3 WHERE id = $1"
_SET_TOTP = """
UPDATE people SET totp_sealed = $2, totp_confirmed_at = NULL, recovery_hashes = '{}' WHERE id = $1
"""
_CONFIRM_TOTP = """
UPDATE people SET totp_confirmed_at = $2, totp_last_step = $3, recovery_hashes = $4 WHERE id = $1
"""
_USE_STEP = """
UPDATE people SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2 RETURNING id
"""
_USE_RECOVERY = """
UPDATE people SET recovery_hashes = array_remove(recovery_hashes, $2)
WHERE id = $1 AND $2 = ANY (recovery_hashes) RETURNING id
"""
_LOCK_SEALED = """
SELECT id, totp_sealed FROM people WHERE totp_sealed IS NOT NULL AND id > $1
ORDER BY id LIMIT $2 FOR NO KEY UPDATE
"""
_RESEAL = "UPDATE people SET totp_sealed = $2 WHERE id = $1"

# An attempt is counted before it is judged, so that many at once are slowed down like one by one.
# While attempts are free nothing is compared: of two at once the later may have the earlier clock.
# $3 is when attempts are forgotten, $4 how many are free, $5 the longest wait in seconds.
_COUNT_ATTEMPT = """
INSERT INTO sign_in_attempts AS known (email_hash, attempts, last_at, open_at)
VALUES ($1, 1, $2, '-infinity')
ON CONFLICT (email_hash) DO UPDATE SET
  attempts = CASE WHEN known.last_at < $3 THEN 1 ELSE known.attempts + 1 END,
  last_at = $2,
  open_at = CASE WHEN known.last_at < $3 OR known.attempts + 1 < $4 THEN '-infinity'
    ELSE $2 + make_interval(secs => least($5, 2 ^ least(known.attempts + 2 - $4, 20))) END
WHERE known.open_at <= $2
RETURNING attempts
"""
_FIND_OPENING = "SELECT open_at FROM sign_in_attempts WHERE email_hash = $1"
_FORGET_ATTEMPTS = "DELETE FROM sign_in_attempts WHERE email_hash = $1"
_PURGE_ATTEMPTS = "DELETE FROM sign_in_attempts WHERE last_at < $1"

_MEMBER = """m.id, m.company_id, m.person_id, p.name, p.email, m.role,
  p.totp_confirmed_at IS NOT NULL AS has_totp, m.created_at,
  (SELECT max(s.last_seen_at) FROM sessions s WHERE s.membership_id = m.id) AS last_seen_at"""
_MEMBERS = f"SELECT {_MEMBER} FROM memberships m JOIN people p ON p.id = m.person_id"
_FIND_MEMBER = f"{_MEMBERS} WHERE m.company_id = $1 AND m.id = $2"
_FIND_MEMBER_OF = f"{_MEMBERS} WHERE m.company_id = $1 AND m.person_id = $2"
_LIST_MEMBERS = f"""
{_MEMBERS} WHERE m.company_id = $1
  AND ($2::timestamptz IS NULL OR (m.created_at, m.id) < ($2, $3))
ORDER BY m.created_at DESC, m.id DESC LIMIT $4
"""
_INSERT_MEMBER = """
INSERT INTO memberships (company_id, id, person_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
"""
_SET_ROLE = "UPDATE memberships SET role = $3 WHERE company_id = $1 AND id = $2"
_DELETE_MEMBER = "DELETE FROM memberships WHERE company_id = $1 AND id = $2"
_LOCK_OWNERS = """
SELECT id FROM memberships WHERE company_id = $1 AND role = 'owner' ORDER BY id FOR UPDATE
"""
_LOCK_MEMBER = "SELECT 1 FROM memberships WHERE company_id = $1 AND id = $2 FOR UPDATE"
_IS_MEMBER = """
SELECT EXISTS (SELECT 1 FROM memberships m JOIN people p ON p.id = m.person_id
WHERE m.company_id = $1 AND p.email = $2)
"""
_LIST_COMPANIES = """
SELECT c.id, c.name, m.role FROM memberships m JOIN companies c ON c.id = m.company_id
WHERE m.person_id = $1 ORDER BY m.created_at, m.id
"""
_ANY_OWNER = "SELECT EXISTS (SELECT 1 FROM memberships WHERE role = 'owner')"


async def find_person(connection: Connection, email: str) -> Person | None:
    """Return the person of an e-mail, whatever company (any company) they belong to."""
    row = await connection.fetchrow(_FIND_PERSON, email)
    return None if row is None else _person(row)


async def find_person_by_id(connection: Connection, person_id: UUID) -> Person | None:
    """Return a person, of any company, or None."""
    row = await connection.fetchrow(_FIND_PERSON_BY_ID, person_id)
    return None if row is None else _person(row)


async def lock_person(connection: Connection, person_id: UUID) -> Person | None:
    """Lock a person, who may belong to any company, and return them as they now are."""
    row = await connection.fetchrow(_LOCK_PERSON, person_id)
    return None if row is None else _person(row)


async def insert_person(
    connection: Connection,
    person_id: UUID,
    *,
    email: str,
    name: str,
    password_hash: str,
    at: datetime,
) -> bool:
    """Store a new person, of no company yet, so any company; False when the e-mail is taken."""
    stored = await connection.fetchval(_INSERT_PERSON, person_id, email, name, password_hash, at)
    return stored is not None


async def set_password(
    connection: Connection, person_id: UUID, password_hash: str, at: datetime
) -> None:
    """Store a new password of a person of any company."""
    await connection.execute(_UPDATE_HASH, person_id, password_hash, at)


async def set_totp(connection: Connection, person_id: UUID, sealed: bytes | None) -> None:
    """Store a secret to be confirmed, or take the second factor off; for any company."""
    await connection.execute(_SET_TOTP, person_id, sealed)


async def confirm_totp(
    connection: Connection,
    person_id: UUID,
    *,
    at: datetime,
    step: int,
    recovery_hashes: Sequence[bytes],
) -> None:
    """Turn the second factor on, for any company."""
    await connection.execute(_CONFIRM_TOTP, person_id, at, step, recovery_hashes)


async def lock_sealed(
    connection: Connection, *, after_id: UUID, limit: int
) -> list[tuple[UUID, bytes]]:
    """Lock the next second factors, of people of any company, by person."""
    rows = await connection.fetch(_LOCK_SEALED, after_id, limit)
    return [(row["id"], row["totp_sealed"]) for row in rows]


async def reseal(connection: Connection, person_id: UUID, sealed: bytes) -> None:
    """Store a second factor under another master key, for a person of any company."""
    await connection.execute(_RESEAL, person_id, sealed)


async def use_totp_step(connection: Connection, person_id: UUID, step: int) -> bool:
    """Spend a time step's code, for any company; False when it or a newer one was spent."""
    return await connection.fetchval(_USE_STEP, person_id, step) is not None


async def use_recovery_code(connection: Connection, person_id: UUID, code_hash: bytes) -> bool:
    """Spend a recovery code, for any company; False when there is no such code."""
    return await connection.fetchval(_USE_RECOVERY, person_id, code_hash) is not None


async def count_attempt(
    connection: Connection,
    email_hash: bytes,
    *,
    at: datetime,
    forgotten_after: timedelta,
    free: int,
    longest_wait_seconds: float,
) -> datetime | None:
    """Count an attempt on an e-mail of any company; returns when to come back if it is too soon."""
    counted = await connection.fetchval(
        _COUNT_ATTEMPT, email_hash, at, at - forgotten_after, free, longest_wait_seconds
    )
    if counted is not None:
        return None
    opening: datetime | None = await connection.fetchval(_FIND_OPENING, email_hash)
    return opening


async def forget_attempts(connection: Connection, email_hash: bytes) -> None:
    """Forget the attempts on an e-mail, of any company: its person has come."""
    await connection.execute(_FORGET_ATTEMPTS, email_hash)


async def purge_attempts(connection: Connection, before: datetime) -> None:
    """Delete attempts, on e-mails of any company, that count no more."""
    await connection.execute(_PURGE_ATTEMPTS, before)


async def find_member(
    connection: Connection, company_id: UUID, membership_id: UUID
) -> Member | None:
    """Return a member, or None."""
    row = await connection.fetchrow(_FIND_MEMBER, company_id, membership_id)
    return None if row is None else _member(row)


async def find_member_of_person(
    connection: Connection, company_id: UUID, person_id: UUID
) -> Member | None:
    """Return a person's membership of this company, or None."""
    row = await connection.fetchrow(_FIND_MEMBER_OF, company_id, person_id)
    return None if row is None else _member(row)


async def list_members(
    connection: Connection, company_id: UUID, *, after: Position | None, limit: int
) -> list[Member]:
    """List up to limit + 1 members, the newest first."""
    created_at, membership_id = (None, None) if after is None else (after.created_at, after.id)
    rows = await connection.fetch(_LIST_MEMBERS, company_id, created_at, membership_id, limit + 1)
    return [_member(row) for row in rows]


async def insert_member(
    connection: Connection,
    company_id: UUID,
    membership_id: UUID,
    *,
    person_id: UUID,
    role: Role,
    at: datetime,
) -> None:
    """Make a person a member of a company."""
    await connection.execute(_INSERT_MEMBER, company_id, membership_id, person_id, role, at)


async def set_role(
    connection: Connection, company_id: UUID, membership_id: UUID, role: Role
) -> None:
    """Give a member another role."""
    await connection.execute(_SET_ROLE, company_id, membership_id, role)


async def delete_member(connection: Connection, company_id: UUID, membership_id: UUID) -> None:
    """Take a membership away, with its sessions."""
    await connection.execute(_DELETE_MEMBER, company_id, membership_id)


async def lock_owners(connection: Connection, company_id: UUID) -> list[UUID]:
    """Lock a company's owners, so that two who leave at once do not both see the other stay."""
    return [row["id"] for row in await connection.fetch(_LOCK_OWNERS, company_id)]


async def lock_member(
    connection: Connection, company_id: UUID, membership_id: UUID
) -> Member | None:
    """Lock a membership and return it as it now is, or None."""
    if await connection.fetchval(_LOCK_MEMBER, company_id, membership_id) is None:
        return None
    return await find_member(connection, company_id, membership_id)


async def is_member(connection: Connection, company_id: UUID, email: str) -> bool:
    """Say whether an e-mail belongs to a member of this company."""
    found: bool = await connection.fetchval(_IS_MEMBER, company_id, email)
    return found


async def list_companies_of(connection: Connection, person_id: UUID) -> list[OwnCompany]:
    """List the companies of a person, any company among them, the oldest membership first."""
    return [
        OwnCompany(row["id"], row["name"], Role(row["role"]))
        for row in await connection.fetch(_LIST_COMPANIES, person_id)
    ]


async def is_any_owner(connection: Connection) -> bool:
    """Say whether any company has an owner."""
    found: bool = await connection.fetchval(_ANY_OWNER)
    return found


def _person(row: Row) -> Person:
    return Person(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        password_hash=row["password_hash"],
        totp_sealed=row["totp_sealed"],
        totp_confirmed_at=row["totp_confirmed_at"],
        totp_last_step=row["totp_last_step"],
        recovery_hashes=tuple(row["recovery_hashes"]),
    )


def _member(row: Row) -> Member:
    return Member(
        id=row["id"],
        company_id=row["company_id"],
        person_id=row["person_id"],
        name=row["name"],
        email=row["email"],
        role=Role(row["role"]),
        has_totp=row["has_totp"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
    )
