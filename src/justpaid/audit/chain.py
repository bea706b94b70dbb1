"""The chain itself: each row's hash covers its content and the hash before it.

Guarantee: with the audit key outside the database, nobody who only has the database can change,
insert, reorder or drop a row without `verify` naming the first row that no longer fits.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

GENESIS: Final = bytes(32)

_FORMAT: Final = b"justpaid-audit-1"
_HEAD_FORMAT: Final = b"justpaid-audit-head-1"
_MIN_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class AuditSecret:
    """One key of the chain, and the version that rows name it by."""

    version: int
    secret: bytes

    def __post_init__(self) -> None:
        """Refuse a key short enough to be guessed."""
        if len(self.secret) < _MIN_SECRET_BYTES:
            raise ValueError(f"an audit key has at least {_MIN_SECRET_BYTES} bytes")


class AuditSecrets:
    """The key new rows are chained under, and older ones that earlier rows need."""

    def __init__(self, current: AuditSecret, older: Sequence[AuditSecret] = ()) -> None:
        self.current = current
        self._by_version = {known.version: known for known in (*older, current)}

    def find(self, version: int) -> AuditSecret | None:
        """Return the key of a version, or None when this installation does not have it."""
        return self._by_version.get(version)


@dataclass(frozen=True, slots=True)
class Link:
    """What one row's hash covers besides the hash before it: every stored column, as stored."""

    company_id: UUID
    seq: int
    id: UUID
    at: datetime
    actor: str
    address: str | None
    request_id: str | None
    action: str
    object_type: str
    object_id: str
    before: str | None
    after: str | None


def hash_link(link: Link, previous: bytes, secret: AuditSecret) -> bytes:
    """Compute a row's hash from its content and the hash of the row before it."""
    fields: tuple[str | None, ...] = (
        str(link.company_id),
        str(link.seq),
        str(link.id),
        link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        link.actor,
        link.address,
        link.request_id,
        link.action,
        link.object_type,
        link.object_id,
        link.before,
        link.after,
    )
    message = b"".join([_FORMAT, previous, *map(_framed, fields)])
    return hmac.digest(secret.secret, message, "sha256")


def sign_head(company_id: UUID, rows: int, head: bytes, at: datetime, secret: AuditSecret) -> bytes:
    """Sign the end of a chain as it was at a moment."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = (str(company_id), str(rows), head.hex(), moment)
    return hmac.digest(secret.secret, b"".join([_HEAD_FORMAT, *map(_framed, fields)]), "sha256")


def _framed(value: str | None) -> bytes:
    """Write a field so that no two different rows give the same bytes."""
    if value is None:
        return b"-"
    raw = value.encode()
    return b"+%d:" % len(raw) + raw
