"""`Idempotency-Key` on any POST: the first answer again, whatever happens in between.

Scope of a key: company, caller, method, concrete path. Kept 24 hours. The body is compared by a
keyed hash; 5xx, 429 and validation errors are not kept, nor is a secret that an answer showed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import Response

from justpaid import exact_json
from justpaid.db.pool import Connection
from justpaid.errors import IdempotencyConflict, InvalidInput, Problem
from justpaid.web.envelope import Answer

HEADER: Final = b"idempotency-key"
REPLAYED: Final = "Idempotent-Replayed"

_MAX_LENGTH: Final = 255
_NOT_KEPT: Final = {400, 429}
_FIRST_SERVER_ERROR: Final = 500
_KEPT_HEADERS: Final = ("etag", "location", "retry-after")

_LOCK = "SELECT pg_try_advisory_xact_lock($1)"
_FIND = """
SELECT body_hash, status, headers, body FROM idempotency_keys
WHERE company_id = $1 AND scope_hash = $2 AND created_at > now() - interval '24 hours'
"""
_STORE = """
INSERT INTO idempotency_keys (company_id, scope_hash, body_hash, status, headers, body)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (company_id, scope_hash) DO UPDATE SET body_hash = excluded.body_hash,
  status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = now()
"""


_PURGE = """
DELETE FROM idempotency_keys WHERE (company_id, scope_hash) IN (SELECT company_id, scope_hash
  FROM idempotency_keys WHERE created_at < now() - interval '24 hours' LIMIT 10000)
"""


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """One use of a key: whose it is, and what was asked."""

    company_id: UUID
    scope_hash: bytes
    body_hash: bytes


def identify(
    secret: bytes, company_id: UUID, actor: str, method: str, path: str, key: str, body: bytes
) -> IdempotentRequest:
    """Hash a request and its key under `secret`; raises InvalidInput for an unusable key."""
    if not 1 <= len(key) <= _MAX_LENGTH:
        problem = Problem("Idempotency-Key", f"must have 1 to {_MAX_LENGTH} characters")
        raise InvalidInput("The idempotency key is not usable.", [problem])
    scope = f"{actor}\n{method}\n{path}\n{key}".encode()
    return IdempotentRequest(
        company_id,
        hmac.digest(secret, b"scope\n" + scope, hashlib.sha256),
        hmac.digest(secret, b"body\n" + body, hashlib.sha256),
    )


async def find_answer(connection: Connection, request: IdempotentRequest) -> Response | None:
    """Take the key's lock for this transaction and return the first answer, if there is one.

    Raises IdempotencyConflict while the first request is under way, or for another body.
    """
    lock = int.from_bytes(request.scope_hash[:8], "big", signed=True)
    if not await connection.fetchval(_LOCK, lock):
        raise IdempotencyConflict(
            "The first request with this Idempotency-Key is still under way.", retry_after_seconds=1
        )
    row = await connection.fetchrow(_FIND, request.company_id, request.scope_hash)
    if row is None:
        return None
    if not hmac.compare_digest(row["body_hash"], request.body_hash):
        raise IdempotencyConflict("This Idempotency-Key was used before with another body.")
    headers = exact_json.stored(row["headers"])
    kept: Mapping[str, str] = (
        {name: str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    )
    return Answer(row["body"], row["status"], {**kept, REPLAYED: "true"})


async def keep_answer(
    connection: Connection, request: IdempotentRequest, response: Response
) -> None:
    """Store an answer for repeats, unless its kind is never kept."""
    if response.status_code in _NOT_KEPT or response.status_code >= _FIRST_SERVER_ERROR:
        return
    replay = response.replay if isinstance(response, Answer) else None
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    await connection.execute(
        _STORE,
        request.company_id,
        request.scope_hash,
        request.body_hash,
        response.status_code,
        exact_json.encode_text(headers),
        bytes(response.body) if replay is None else replay,
    )


async def purge_answers(connection: Connection) -> None:
    """Forget the answers, of any company, whose day is over; a small batch at a time."""
    await connection.execute(_PURGE)
