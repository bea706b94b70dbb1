"""An API key as the admin API and the command line show it: everything but the key itself."""

from datetime import datetime
from uuid import UUID

from justpaid import clock
from justpaid.api_keys.model import ROTATE_EVERY, ApiKey
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import Scope


def show_key(key: ApiKey) -> JsonObject:
    """Write a key."""
    now = clock.now()
    return {
        "id": encode_id(Prefix.KEY, key.id),
        "name": key.name,
        "hint": key.hint,
        "scopes": [*scopes_of(key)],
        "status": key.status_at(now).value,
        "createdBy": key.created_by,
        "owner": key.owner,
        "createdAt": clock.to_wire(key.created_at),
        "expiresAt": _moment(key.expires_at),
        "lastUsedAt": _moment(key.last_used_at),
        "lastUsedIp": key.last_used_ip,
        "rotatedFrom": _key_id(key.rotated_from),
        "rotatedTo": _key_id(key.rotated_to),
        "allowedIps": [*key.allowed_ips],
        "limits": {category.value: limit for category, limit in key.limits.items()},
        "note": key.note,
        "ageDays": (now - key.created_at).days,
        "rotateDue": now >= key.created_at + ROTATE_EVERY,
    }


def scopes_of(key: ApiKey) -> list[str]:
    """List a key's scopes in the order of the published page."""
    return [scope.value for scope in Scope if scope in key.scopes]


def _moment(at: datetime | None) -> str | None:
    return None if at is None else clock.to_wire(at)


def _key_id(key_id: UUID | None) -> str | None:
    return None if key_id is None else encode_id(Prefix.KEY, key_id)
