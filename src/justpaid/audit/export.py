"""The audit log as people carry it away: rows, files with a signed head, and that head as text."""

from collections.abc import AsyncGenerator
from datetime import datetime
from uuid import UUID

from justpaid import clock, exact_json
from justpaid.audit import repository
from justpaid.audit.model import AuditChoice, AuditRow, SignedHead
from justpaid.db.pool import Pool
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.web.csv_lines import csv_line

_COLUMNS = ("at", "id", "actor", "ip", "requestId", "action", "object", "before", "after", "hash")


def show_row(row: AuditRow) -> JsonObject:
    """Write a row as the admin API shows it."""
    return {
        "id": encode_id(Prefix.AUDIT, row.id),
        "at": clock.to_wire(row.at),
        "actor": row.actor,
        "ip": row.address,
        "requestId": row.request_id,
        "action": row.action,
        "object": row.object_id,
        "before": row.before,
        "after": row.after,
        "hash": row.hash.hex(),
    }


def show_head(head: SignedHead) -> str:
    """Write a signed head as one word, to be kept and given to `justpaid audit verify --head`."""
    company = encode_id(Prefix.COMPANY, head.company_id)
    at = head.at.isoformat(timespec="microseconds")
    parts = (company, head.rows, head.hash.hex(), at, head.key_version, head.signature.hex())
    return ",".join(map(str, parts))


def read_head(text: str) -> SignedHead:
    """Read what `show_head` wrote; raises InvalidInput."""
    try:
        company, rows, row_hash, at, version, signature = text.strip().split(",")
        company_id = decode_id(Prefix.COMPANY, company)
        if company_id is not None:
            return SignedHead(
                company_id,
                int(rows),
                bytes.fromhex(row_hash),
                datetime.fromisoformat(at),
                int(version),
                bytes.fromhex(signature),
            )
    except ValueError:
        pass
    problem = Problem("head", "must be a head as the log or an export shows it")
    raise InvalidInput("The signed head is not valid.", [problem])


async def write_json_lines(
    pool: Pool, company_id: UUID, choice: AuditChoice, head: SignedHead
) -> AsyncGenerator[bytes]:
    """Write a row a line, oldest first, and the signed head at the end."""
    async for batch in _batches(pool, company_id, choice, head.rows):
        yield b"".join(exact_json.encode(show_row(row)) + b"\n" for row in batch)
    yield exact_json.encode({"signedHead": show_head(head)}) + b"\n"


async def write_csv(
    pool: Pool, company_id: UUID, choice: AuditChoice, head: SignedHead
) -> AsyncGenerator[bytes]:
    """Write a row a line, oldest first, and the signed head at the end."""
    yield csv_line(_COLUMNS).encode()
    async for batch in _batches(pool, company_id, choice, head.rows):
        yield "".join(_csv_row(row) for row in batch).encode()
    yield csv_line(["signedHead", show_head(head)]).encode()


async def _batches(
    pool: Pool, company_id: UUID, choice: AuditChoice, last_seq: int
) -> AsyncGenerator[list[AuditRow]]:
    """Read up to a row that is there already: a slow reader holds no connection meanwhile."""
    after = 0
    while True:
        async with pool.acquire() as connection:
            batch = await repository.list_forward(
                connection, company_id, choice, after_seq=after, last_seq=last_seq
            )
        if not batch:
            return
        yield batch
        after = batch[-1].seq


def _csv_row(row: AuditRow) -> str:
    shown = show_row(row)
    texts = {name: exact_json.encode_text(shown[name]) for name in ("before", "after")}
    cells = {**shown, **{n: "" if text == "null" else text for n, text in texts.items()}}
    return csv_line([str(cells[name]) if cells[name] is not None else "" for name in _COLUMNS])
