"""Every statement on API keys. None returns or stores a key's own text."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from justpaid import exact_json
from justpaid.api_keys.key_changes import CHANGE_LOCK
from justpaid.api_keys.model import ROTATE_EVERY, ApiKey, KeyRequest, KeyStatus
from justpaid.db.pool import Connection, Row
from justpaid.scopes import Category, Scope

_COLUMNS = """k.id, k.company_id, k.name, k.hint, k.scopes, k.status, k.created_by, k.owner,
  k.created_at, k.expires_at, u.last_used_at, u.last_used_ip, k.rotated_from, k.rotated_to,
  k.rotated_at, k.revoked_at, k.revoked_reason, k.allowed_ips, k.limits, k.note, k.revision"""
_FROM = "FROM api_keys k LEFT JOIN api_key_uses u ON u.key_id = k.id"
_INSERT = """
INSERT INTO api_keys (company_id, id, name, digest, pepper_version, hint, scopes, created_by, owner,
  created_at, expires_at, rotated_from, allowed_ips, limits, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_FIND = f"SELECT {_COLUMNS} {_FROM} WHERE k.company_id = $1 AND k.id = $2"
_LOCK = "SELECT 1 FROM api_keys WHERE company_id = $1 AND id = $2 FOR UPDATE"
_FIND_BY_DIGEST = f"SELECT {_COLUMNS}, k.digest {_FROM} WHERE k.digest = ANY($1::bytea[])"
_FIND_BY_HINT = f"""
SELECT {_COLUMNS} {_FROM} WHERE k.company_id = $1 AND (k.name = $2 OR k.hint = $2)
ORDER BY k.created_at DESC, k.id DESC
"""
_LIST = f"""
SELECT {_COLUMNS} {_FROM}
WHERE k.company_id = $1
  AND ($2::timestamptz IS NULL OR (k.created_at, k.id) < ($2, $3))
  AND ($4::text IS NULL OR strpos(lower(k.name), lower($4)) > 0)
  AND ($5::text IS NULL OR $5 = CASE WHEN k.status = 'active' AND k.expires_at <= $6
    THEN 'expired' ELSE k.status END)
  AND ($8::timestamptz IS NULL OR (k.created_at <= $8 AND k.status = 'active'
    AND (k.expires_at IS NULL OR k.expires_at > $6)))
ORDER BY k.created_at DESC, k.id DESC LIMIT $7
"""
_REVOKE = """
UPDATE api_keys SET status = 'revoked', revoked_at = $3, revoked_reason = $4,
  revision = revision + 1
WHERE company_id = $1 AND id = $2
"""
_SET_STATUS = """
UPDATE api_keys SET status = $3, revision = revision + 1 WHERE company_id = $1 AND id = $2
"""
_UPDATE = """
UPDATE api_keys SET name = $3, scopes = $4, expires_at = $5, allowed_ips = $6, limits = $7,
  owner = $8, note = $9, revision = revision + 1
WHERE company_id = $1 AND id = $2
"""
_MARK_ROTATED = """
UPDATE api_keys SET rotated_to = $3, rotated_at = $4, revision = revision + 1
WHERE company_id = $1 AND id = $2
"""
_UNMARK_ROTATED = """
UPDATE api_keys SET rotated_to = NULL, rotated_at = NULL, revision = revision + 1
WHERE company_id = $1 AND rotated_to = $2 AND status <> 'revoked' RETURNING id
"""
_COUNT_OWNED = "SELECT count(*) FROM api_keys WHERE company_id = $1 AND owner = $2"
_MOVE_OWNED = """
UPDATE api_keys SET owner = $3, revision = revision + 1 WHERE company_id = $1 AND owner = $2
RETURNING id
"""
_COUNT = "SELECT count(*) FROM api_keys"
_DIGESTS = "SELECT digest FROM api_keys"
_DIGESTS_OF = "SELECT digest FROM api_keys WHERE id = ANY($1::uuid[])"
_NOTE_USES = """
INSERT INTO api_key_uses AS uses (key_id, company_id, last_used_at, last_used_ip)
SELECT k.id, k.company_id, n.at, n.address
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS n (key_id, at, address)
JOIN api_keys k ON k.id = n.key_id ORDER BY k.id
ON CONFLICT (key_id) DO UPDATE
SET last_used_at = excluded.last_used_at, last_used_ip = excluded.last_used_ip
WHERE uses.last_used_at < excluded.last_used_at
"""
_WAIT_FOR_CHANGES = "SELECT pg_advisory_xact_lock_shared($1)"
_REGISTER = """
INSERT INTO api_processes (id, lease_until, acknowledged)
SELECT $1, clock_timestamp() + make_interval(secs => $2),
  CASE WHEN is_called THEN last_value ELSE 0 END
FROM key_changes
ON CONFLICT (id) DO UPDATE
SET lease_until = excluded.lease_until, acknowledged = excluded.acknowledged
RETURNING acknowledged
"""
_RENEW = """
UPDATE api_processes SET lease_until = clock_timestamp() + make_interval(secs => $2),
  acknowledged = greatest(acknowledged, $3)
WHERE id = $1 AND lease_until > clock_timestamp()
RETURNING 1
"""
_REMOVE = "DELETE FROM api_processes WHERE id = $1"
_HAS_ELDER = """
SELECT EXISTS (SELECT 1 FROM api_processes elder
  LEFT JOIN api_processes own ON own.id = $1
  WHERE elder.id <> $1 AND elder.lease_until > clock_timestamp()
  AND (own.id IS NULL OR (elder.started_at, elder.id) < (own.started_at, own.id)))
"""


async def insert(
    connection: Connection,
    company_id: UUID,
    key_id: UUID,
    request: KeyRequest,
    *,
    digest: bytes,
    pepper_version: int,
    hint: str,
    created_by: str,
    created_at: datetime,
    rotated_from: UUID | None = None,
) -> None:
    """Store a new active key."""
    await connection.execute(
        _INSERT,
        company_id,
        key_id,
        request.name,
        digest,
        pepper_version,
        hint,
        _scope_texts(request.scopes),
        created_by,
        request.owner or created_by,
        created_at,
        request.expires_at,
        rotated_from,
        list(request.allowed_ips),
        exact_json.encode_text(dict(request.limits or {})),
        request.note,
    )


async def find(connection: Connection, company_id: UUID, key_id: UUID) -> ApiKey | None:
    """Return a company's key, or None."""
    row = await connection.fetchrow(_FIND, company_id, key_id)
    return None if row is None else _api_key(row)


async def lock(connection: Connection, company_id: UUID, key_id: UUID) -> ApiKey | None:
    """Lock a key's row until the transaction ends and return it as it then is, or None."""
    if await connection.fetchval(_LOCK, company_id, key_id) is None:
        return None
    return await find(connection, company_id, key_id)


async def find_by_digests(
    connection: Connection, digests: Sequence[bytes]
) -> tuple[ApiKey, bytes] | None:
    """Return the key stored under one of the digests, and under which, whatever its status.

    A key names its company, so this looks in any company.
    """
    row = await connection.fetchrow(_FIND_BY_DIGEST, list(digests))
    return None if row is None else (_api_key(row), row["digest"])


async def find_by_name_or_hint(connection: Connection, company_id: UUID, text: str) -> list[ApiKey]:
    """List a company's keys of exactly this name or hint, newest first."""
    return [_api_key(row) for row in await connection.fetch(_FIND_BY_HINT, company_id, text)]


async def list_page(
    connection: Connection,
    company_id: UUID,
    *,
    now: datetime,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    status: KeyStatus | None = None,
    search: str | None = None,
    due: bool = False,
) -> list[ApiKey]:
    """List a company's keys, newest first; `after` is (createdAt, id) of the last one seen.

    With `due`, only active ones that are old enough to be rotated.
    """
    created_at, key_id = after or (None, None)
    due_before = now - ROTATE_EVERY if due else None
    rows = await connection.fetch(
        _LIST, company_id, created_at, key_id, search, status, now, limit, due_before
    )
    return [_api_key(row) for row in rows]


async def revoke(
    connection: Connection, company_id: UUID, key_id: UUID, *, at: datetime, reason: str | None
) -> None:
    """End a key for good."""
    await connection.execute(_REVOKE, company_id, key_id, at, reason)


async def set_status(
    connection: Connection, company_id: UUID, key_id: UUID, status: KeyStatus
) -> None:
    """Disable a key or make it active again."""
    await connection.execute(_SET_STATUS, company_id, key_id, status)


async def update(connection: Connection, company_id: UUID, key: ApiKey) -> None:
    """Store a key's changed fields: name, scopes, expiry, addresses, limits, owner, note."""
    await connection.execute(
        _UPDATE,
        company_id,
        key.id,
        key.name,
        _scope_texts(key.scopes),
        key.expires_at,
        list(key.allowed_ips),
        exact_json.encode_text(dict(key.limits)),
        key.owner,
        key.note,
    )


async def mark_rotated(
    connection: Connection, company_id: UUID, key_id: UUID, *, successor_id: UUID, at: datetime
) -> None:
    """Point a key at its successor; it stays as valid as it was."""
    await connection.execute(_MARK_ROTATED, company_id, key_id, successor_id, at)


async def unmark_rotated(
    connection: Connection, company_id: UUID, successor_id: UUID
) -> UUID | None:
    """Take a successor from the unrevoked key that points at it; return that key's id."""
    key_id: UUID | None = await connection.fetchval(_UNMARK_ROTATED, company_id, successor_id)
    return key_id


async def count_owned(connection: Connection, company_id: UUID, owner: str) -> int:
    """Count the keys that a member owns."""
    count: int = await connection.fetchval(_COUNT_OWNED, company_id, owner)
    return count


async def move_owned(
    connection: Connection, company_id: UUID, owner: str, new_owner: str
) -> list[UUID]:
    """Give all keys of an owner to another and return which."""
    rows = await connection.fetch(_MOVE_OWNED, company_id, owner, new_owner)
    return sorted(row["id"] for row in rows)


async def count_all(connection: Connection) -> int:
    """Count the stored keys of any company."""
    count: int = await connection.fetchval(_COUNT)
    return count


async def all_digests(connection: Connection) -> list[bytes]:
    """Read the digest of every stored key of any company, whatever its status."""
    return [row["digest"] for row in await connection.fetch(_DIGESTS)]


async def digests_of(connection: Connection, key_ids: Sequence[UUID]) -> list[bytes]:
    """Read the digests of these keys, of any company: what changed is announced by id alone."""
    return [row["digest"] for row in await connection.fetch(_DIGESTS_OF, key_ids)]


async def note_uses(
    connection: Connection, uses: Sequence[tuple[UUID, datetime, str | None]]
) -> None:
    """Store when and from where keys were last used, in rows apart from the keys' own.

    One batch holds the keys of any company.
    """
    key_ids, moments, addresses = zip(*uses, strict=True)
    await connection.execute(_NOTE_USES, key_ids, moments, addresses)


async def register_process(
    connection: Connection, process_id: UUID, *, lease_seconds: float
) -> int:
    """Begin a process's lease; return the last key change (of any company) it need not hear of.

    Waits for a change that is between its number and its commit; the caller is in a transaction.
    """
    await connection.execute(_WAIT_FOR_CHANGES, CHANGE_LOCK)
    acknowledged: int = await connection.fetchval(_REGISTER, process_id, lease_seconds)
    return acknowledged


async def renew_process(
    connection: Connection, process_id: UUID, *, acknowledged: int, lease_seconds: float
) -> bool:
    """Prolong a lease that still holds, and acknowledge key changes of any company up to one."""
    return await connection.fetchval(_RENEW, process_id, lease_seconds, acknowledged) is not None


async def remove_process(connection: Connection, process_id: UUID) -> None:
    """End a process's lease at once, for keys of any company."""
    await connection.execute(_REMOVE, process_id)


async def has_elder_process(connection: Connection, process_id: UUID) -> bool:
    """Say whether another process, begun earlier, answers requests for any company now."""
    found: bool = await connection.fetchval(_HAS_ELDER, process_id)
    return found


def _scope_texts(scopes: frozenset[Scope]) -> list[str]:
    return [scope.value for scope in Scope if scope in scopes]


def _api_key(row: Row) -> ApiKey:
    limits = exact_json.stored(row["limits"])
    return ApiKey(
        id=row["id"],
        company_id=row["company_id"],
        name=row["name"],
        hint=row["hint"],
        scopes=frozenset(map(Scope, row["scopes"])),
        stored_status=KeyStatus(row["status"]),
        created_by=row["created_by"],
        owner=row["owner"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        last_used_ip=row["last_used_ip"],
        rotated_from=row["rotated_from"],
        rotated_to=row["rotated_to"],
        rotated_at=row["rotated_at"],
        revoked_at=row["revoked_at"],
        revoked_reason=row["revoked_reason"],
        allowed_ips=tuple(row["allowed_ips"]),
        limits=_limits(limits),
        note=row["note"],
        revision=row["revision"],
    )


def _limits(stored: exact_json.JsonValue) -> dict[Category, int]:
    if not isinstance(stored, dict):
        return {}
    return {Category(name): value for name, value in stored.items() if isinstance(value, int)}
