"""Every statement on the audit log. Rows are only ever added; the head row serialises a company."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from justpaid import exact_json
from justpaid.audit.chain import GENESIS, Link
from justpaid.audit.model import EVERYTHING, AuditChoice, AuditRow, Head
from justpaid.db.pool import Connection, Row

_LOCK_HEAD = """
INSERT INTO audit_heads AS head (company_id, rows, hash) VALUES ($1, 0, $2)
ON CONFLICT (company_id) DO UPDATE SET rows = head.rows
RETURNING rows, hash
"""
_APPEND = """
WITH added AS (
  INSERT INTO audit_log (company_id, seq, id, at, actor, address, request_id, action,
    object_type, object_id, before, after, key_version, hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))
UPDATE audit_heads SET rows = $2, hash = $14 WHERE company_id = $1
"""
_FIND_HEAD = "SELECT rows, hash FROM audit_heads WHERE company_id = $1"
_COLUMNS = """seq, id, at, actor, address, request_id, action, object_type, object_id,
  before, after, key_version, hash"""
_CHAIN = (
    f"SELECT {_COLUMNS} FROM audit_log WHERE company_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
)
_CHOSEN = """FROM audit_log WHERE company_id = $1 AND ($2::text IS NULL OR actor = $2)
  AND ($3::text IS NULL OR action = $3 OR starts_with(action, $3 || '.'))
  AND ($4::text IS NULL OR object_id = $4)
  AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)"""
_LIST = f"""
SELECT {_COLUMNS} {_CHOSEN} AND ($7::uuid IS NULL OR
  seq < (SELECT last.seq FROM audit_log last WHERE last.company_id = $1 AND last.id = $7))
ORDER BY seq DESC LIMIT $8
"""
_CHOSEN_CHAIN = f"SELECT {_COLUMNS} {_CHOSEN} AND seq > $7 AND seq <= $8 ORDER BY seq LIMIT $9"
_HEADS = "SELECT company_id, rows, hash FROM audit_heads ORDER BY company_id"
_BATCH = 1000


async def lock_head(connection: Connection, company_id: UUID) -> Head:
    """Lock the end of a company's chain until the transaction ends, and return it."""
    row = await connection.fetchrow(_LOCK_HEAD, company_id, GENESIS)
    if row is None:
        raise RuntimeError("the audit head was neither made nor found")
    return Head(row["rows"], row["hash"])


async def append(
    connection: Connection, company_id: UUID, link: Link, key_version: int, row_hash: bytes
) -> None:
    """Add a row and move the head to it; the caller holds the head's lock."""
    await connection.execute(
        _APPEND,
        company_id,
        link.seq,
        link.id,
        link.at,
        link.actor,
        link.address,
        link.request_id,
        link.action,
        link.object_type,
        link.object_id,
        link.before,
        link.after,
        key_version,
        row_hash,
    )


async def find_head(connection: Connection, company_id: UUID) -> Head | None:
    """Return the end of a company's chain, or None while nothing was recorded."""
    row = await connection.fetchrow(_FIND_HEAD, company_id)
    return None if row is None else Head(row["rows"], row["hash"])


async def read_chain(
    connection: Connection, company_id: UUID
) -> AsyncIterator[tuple[Link, int, bytes]]:
    """Yield (content, key version, hash) of every row from the first to the last, in batches."""
    after = 0
    while rows := await connection.fetch(_CHAIN, company_id, after, _BATCH):
        for row in rows:
            yield _link(company_id, row), row["key_version"], row["hash"]
        after = rows[-1]["seq"]


async def list_rows(
    connection: Connection,
    company_id: UUID,
    choice: AuditChoice = EVERYTHING,
    *,
    after: UUID | None = None,
    limit: int = 50,
) -> list[AuditRow]:
    """List the chosen rows, the newest first; `after` is the last row of the page before."""
    rows = await connection.fetch(_LIST, company_id, *_chosen(choice), after, limit)
    return [_audit_row(row) for row in rows]


async def list_forward(
    connection: Connection, company_id: UUID, choice: AuditChoice, *, after_seq: int, last_seq: int
) -> list[AuditRow]:
    """List the next batch of chosen rows, the oldest first; empty at the end."""
    rows = await connection.fetch(
        _CHOSEN_CHAIN, company_id, *_chosen(choice), after_seq, last_seq, _BATCH
    )
    return [_audit_row(row) for row in rows]


async def list_heads(connection: Connection) -> list[tuple[UUID, Head]]:
    """List the end of every chain, of any company."""
    rows = await connection.fetch(_HEADS)
    return [(row["company_id"], Head(row["rows"], row["hash"])) for row in rows]


def _chosen(
    choice: AuditChoice,
) -> tuple[str | None, str | None, str | None, datetime | None, datetime | None]:
    return choice.actor, choice.action, choice.object_id, choice.since, choice.until


def _link(company_id: UUID, row: Row) -> Link:
    return Link(
        company_id=company_id,
        seq=row["seq"],
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        address=row["address"],
        request_id=row["request_id"],
        action=row["action"],
        object_type=row["object_type"],
        object_id=row["object_id"],
        before=row["before"],
        after=row["after"],
    )


def _audit_row(row: Row) -> AuditRow:
    before, after = row["before"], row["after"]
    return AuditRow(
        id=row["id"],
        seq=row["seq"],
        at=row["at"],
        actor=row["actor"],
        address=row["address"],
        request_id=row["request_id"],
        action=row["action"],
        object_type=row["object_type"],
        object_id=row["object_id"],
        before=None if before is None else exact_json.stored(before),
        after=None if after is None else exact_json.stored(after),
        hash=row["hash"],
    )
