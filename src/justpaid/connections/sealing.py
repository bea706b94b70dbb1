"""Seals a connection's credential for storage, opens it for use, and moves it to a new master key.

Guarantee: a credential is bound to its company and connection: a row copied elsewhere stays shut.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.connections import repository
from justpaid.connections.credentials import make_credential
from justpaid.connections.model import Connection
from justpaid.db import pool as database
from justpaid.db.encryption import Binding, KeyRing
from justpaid.outbound.messages import Credential

_PURPOSE: Final = "connection"
_BATCH: Final = 100


def seal_secrets(
    keys: KeyRing, company_id: UUID, connection_id: UUID, secrets: Mapping[str, str]
) -> bytes:
    """Seal the fields of a credential for one connection."""
    return keys.seal(exact_json.encode(dict(secrets)), _binding(company_id, connection_id))


def unseal_credential(keys: KeyRing, connection: Connection, sealed: bytes) -> Credential | None:
    """Open a connection's credential; None when it carries none. Raises CannotOpen."""
    opened = keys.unseal(sealed, _binding(connection.company_id, connection.id))
    fields = exact_json.stored(opened)
    secrets: dict[str, str] = {}
    if isinstance(fields, dict):
        secrets = {name: str(value) for name, value in fields.items()}
    return make_credential(connection.auth_type, secrets, connection.origins)


async def reseal_all(pool: database.Pool, keys: KeyRing) -> int:
    """Put every stored credential under the current master key; returns how many were moved.

    Works in small transactions while the service runs, and may be repeated at any time.
    """
    moved, after_id, is_done = 0, UUID(int=0), False
    while not is_done:
        async with pool.acquire() as connection, connection.transaction():
            rows = await repository.list_sealed(connection, after_id=after_id, limit=_BATCH)
            for connection_id, company_id, sealed in rows:
                fresh = keys.rewrap(sealed, _binding(company_id, connection_id))
                if fresh is not None:
                    await repository.reseal(connection, company_id, connection_id, fresh)
                    moved += 1
        is_done = len(rows) < _BATCH
        after_id = rows[-1][0] if rows else after_id
    return moved


def _binding(company_id: UUID, connection_id: UUID) -> Binding:
    return Binding(_PURPOSE, company_id, connection_id)
