"""What a stored key means at the gate: who calls, on which terms, and what its holder is told."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from justpaid.api_keys.model import EXPIRY_NOTICE, ApiKey, KeyStatus, read_network
from justpaid.ids import Prefix, encode_id
from justpaid.web.caller import Caller
from justpaid.web.gate_contract import Identity

_SHUT: Final = {
    KeyStatus.DISABLED: "This API key is disabled.",
    KeyStatus.REVOKED: "This API key has been revoked.",
}


def identify_key(key: ApiKey) -> Identity:
    """Make what the gate keeps of a key; expiry is a moment in it, not a status."""
    deprecated_at = _deprecated_at(key)
    return Identity(
        caller=Caller(
            company_id=key.company_id,
            actor=encode_id(Prefix.KEY, key.id),
            scopes=key.scopes,
            key_id=key.id,
            name=key.name,
            hint=key.hint,
            expires_at=key.expires_at,
        ),
        subject_id=key.id,
        company=encode_id(Prefix.COMPANY, key.company_id),
        limits=key.limits,
        shut_because=_SHUT.get(key.stored_status),
        expires_at=None if key.expires_at is None else key.expires_at.timestamp(),
        networks=tuple(map(read_network, key.allowed_ips)),
        notice_from=None if deprecated_at is None else deprecated_at.timestamp(),
        notice_headers=() if deprecated_at is None else _notice(key, deprecated_at),
    )


def _deprecated_at(key: ApiKey) -> datetime | None:
    """Say from when a key should be replaced: its rotation, else 30 days before its expiry.

    A rotated key that gets an expiry, so that its callers have until then, keeps the former.
    """
    if key.rotated_to is not None:
        return key.rotated_at
    return None if key.expires_at is None else key.expires_at - EXPIRY_NOTICE


def _notice(key: ApiKey, deprecated_at: datetime) -> tuple[tuple[bytes, bytes], ...]:
    """Write `Deprecation` (RFC 9745) and, where an expiry is set, `Sunset` (RFC 8594)."""
    deprecation = (b"deprecation", b"@%d" % int(deprecated_at.timestamp()))
    if key.expires_at is None:
        return (deprecation,)
    sunset = format_datetime(key.expires_at.astimezone(UTC), usegmt=True)
    return deprecation, (b"sunset", sunset.encode())
