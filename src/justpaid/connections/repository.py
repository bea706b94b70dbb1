"""Every statement on connections."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from justpaid import exact_json
from justpaid.connections.model import AuthType, Connection, ConnectionStatus
from justpaid.db import pool as database
from justpaid.exact_json import JsonObject
from justpaid.web.cursors import Position

_COLUMNS = (
    "id, company_id, name, provider, status, auth_type, external_account_id, scopes,"
    " allowed_origins, test_url, hints, expires_at, last_used_at, last_error, created_by,"
    " created_at, updated_at"
)
_INSERT = f"""
INSERT INTO connections (id, company_id, name, provider, status, auth_type, allowed_origins,
    test_url, hints, sealed, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, $10, $11, $11)
RETURNING {_COLUMNS}
"""
_FIND = f"SELECT {_COLUMNS} FROM connections WHERE company_id = $1 AND id = $2"
_LOCK = f"{_FIND} FOR UPDATE"
_FIND_SEALED = f"SELECT {_COLUMNS}, sealed FROM connections WHERE company_id = $1 AND id = $2"
_LIST = f"""
SELECT {_COLUMNS} FROM connections
WHERE company_id = $1
  AND ($2::text IS NULL OR provider = $2)
  AND ($3::text IS NULL OR status = $3)
  AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
ORDER BY created_at DESC, id DESC
LIMIT $6
"""
_LIST_ACTIVE = f"""
SELECT {_COLUMNS} FROM connections
WHERE company_id = $1 AND provider = $2 AND status = 'active'
ORDER BY created_at DESC, id DESC
LIMIT 2
"""
_UPDATE = f"""
UPDATE connections
SET name = $3, auth_type = $4, allowed_origins = $5, test_url = $6, hints = $7,
    sealed = coalesce($8, sealed), last_error = CASE WHEN $8::bytea IS NULL THEN last_error END,
    updated_at = $9
WHERE company_id = $1 AND id = $2
RETURNING {_COLUMNS}
"""
_NOTE_TEST = f"""
UPDATE connections SET last_used_at = $3, last_error = $4
WHERE company_id = $1 AND id = $2
RETURNING {_COLUMNS}
"""
_NOTE_USE = """
UPDATE connections SET last_used_at = $3
WHERE company_id = $1 AND id = $2
  AND (last_used_at IS NULL OR last_used_at < $3::timestamptz - interval '1 minute')
"""
_DELETE = f"DELETE FROM connections WHERE company_id = $1 AND id = $2 RETURNING {_COLUMNS}"
_LIST_SEALED = """
SELECT id, company_id, sealed FROM connections
WHERE sealed IS NOT NULL AND id > $1
ORDER BY id LIMIT $2
FOR UPDATE
"""
_RESEAL = "UPDATE connections SET sealed = $3 WHERE company_id = $1 AND id = $2"


async def insert(
    connection: database.Connection,
    company_id: UUID,
    connection_id: UUID,
    *,
    name: str,
    provider: str,
    auth_type: AuthType,
    allowed_origins: Sequence[str],
    test_url: str | None,
    hints: JsonObject,
    sealed: bytes,
    created_by: str,
    at: datetime,
) -> Connection:
    """Store a new, active connection."""
    row = await connection.fetchrow(
        _INSERT,
        connection_id,
        company_id,
        name,
        provider,
        auth_type,
        list(allowed_origins),
        test_url,
        exact_json.encode_text(hints),
        sealed,
        created_by,
        at,
    )
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _connection(row)


async def find(
    connection: database.Connection, company_id: UUID, connection_id: UUID
) -> Connection | None:
    """Return a connection, or None."""
    row = await connection.fetchrow(_FIND, company_id, connection_id)
    return None if row is None else _connection(row)


async def lock(
    connection: database.Connection, company_id: UUID, connection_id: UUID
) -> Connection | None:
    """Return a connection that nobody else changes until the transaction ends, or None."""
    row = await connection.fetchrow(_LOCK, company_id, connection_id)
    return None if row is None else _connection(row)


async def find_sealed(
    connection: database.Connection, company_id: UUID, connection_id: UUID
) -> tuple[Connection, bytes] | None:
    """Return a connection with its sealed credential as they stand together, or None."""
    row = await connection.fetchrow(_FIND_SEALED, company_id, connection_id)
    if row is None or row["sealed"] is None:
        return None
    return _connection(row), row["sealed"]


async def list_page(
    connection: database.Connection,
    company_id: UUID,
    *,
    provider: str | None,
    status: ConnectionStatus | None,
    after: Position | None,
    limit: int,
) -> list[Connection]:
    """List up to `limit` + 1 connections, newest first: one more than a page says there is more."""
    rows = await connection.fetch(
        _LIST,
        company_id,
        provider,
        status,
        after.created_at if after else None,
        after.id if after else None,
        limit + 1,
    )
    return [_connection(row) for row in rows]


async def list_active(
    connection: database.Connection, company_id: UUID, provider: str
) -> list[Connection]:
    """List a provider's active connections, two at most: whether there is exactly one is asked."""
    rows = await connection.fetch(_LIST_ACTIVE, company_id, provider)
    return [_connection(row) for row in rows]


async def update(
    connection: database.Connection,
    company_id: UUID,
    changed: Connection,
    *,
    sealed: bytes | None,
    at: datetime,
) -> Connection:
    """Store a changed connection; without a new sealed credential the old one stays."""
    row = await connection.fetchrow(
        _UPDATE,
        company_id,
        changed.id,
        changed.name,
        changed.auth_type,
        list(changed.allowed_origins),
        changed.test_url,
        exact_json.encode_text(dict(changed.hints)),
        sealed,
        at,
    )
    if row is None:
        raise RuntimeError("a locked row is gone")
    return _connection(row)


async def note_test(
    connection: database.Connection,
    company_id: UUID,
    connection_id: UUID,
    *,
    at: datetime,
    error: str | None,
) -> Connection | None:
    """Note what a test found; None when the connection is gone."""
    row = await connection.fetchrow(_NOTE_TEST, company_id, connection_id, at, error)
    return None if row is None else _connection(row)


async def note_use(
    connection: database.Connection, company_id: UUID, connection_id: UUID, *, at: datetime
) -> None:
    """Note that a connection was used, at most once a minute."""
    await connection.execute(_NOTE_USE, company_id, connection_id, at)


async def delete(
    connection: database.Connection, company_id: UUID, connection_id: UUID
) -> Connection | None:
    """Remove a connection with its credential; returns what it was, or None."""
    row = await connection.fetchrow(_DELETE, company_id, connection_id)
    return None if row is None else _connection(row)


async def list_sealed(
    connection: database.Connection, *, after_id: UUID, limit: int
) -> list[tuple[UUID, UUID, bytes]]:
    """List (id, company, sealed credential) of any company, by id, for rotating master keys."""
    rows = await connection.fetch(_LIST_SEALED, after_id, limit)
    return [(row["id"], row["company_id"], row["sealed"]) for row in rows]


async def reseal(
    connection: database.Connection, company_id: UUID, connection_id: UUID, sealed: bytes
) -> None:
    """Store a credential that was put under another master key."""
    await connection.execute(_RESEAL, company_id, connection_id, sealed)


def _connection(row: database.Row) -> Connection:
    hints = exact_json.stored(row["hints"])
    return Connection(
        id=row["id"],
        company_id=row["company_id"],
        name=row["name"],
        provider=row["provider"],
        status=ConnectionStatus(row["status"]),
        auth_type=AuthType(row["auth_type"]),
        external_account_id=row["external_account_id"],
        scopes=tuple(row["scopes"]),
        allowed_origins=tuple(row["allowed_origins"]),
        test_url=row["test_url"],
        hints={name: str(hint) for name, hint in hints.items()} if isinstance(hints, dict) else {},
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        last_error=row["last_error"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
