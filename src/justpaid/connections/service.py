"""The verbs that change connections; each leaves its audit row in the same transaction."""

from typing import Final
from uuid import UUID

from justpaid import clock, ids
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.connections import repository
from justpaid.connections.changes import ConnectionChange, NewConnection, check_change, check_new
from justpaid.connections.model import Connection
from justpaid.connections.sealing import seal_secrets, unseal_credential
from justpaid.connections.trial import Trial, try_out
from justpaid.db import pool as database
from justpaid.db.encryption import CannotOpen, KeyRing
from justpaid.errors import NotFound, Unavailable
from justpaid.exact_json import JsonObject
from justpaid.outbound.client import OutboundClient

MAX_TRIALS_AT_ONCE: Final = 8


class Connections:
    """The connections of this installation; made once at composition."""

    def __init__(self, keys: KeyRing, audit: AuditLog, client: OutboundClient) -> None:
        self._keys = keys
        self._audit = audit
        self._client = client
        self._trials = 0

    async def create_connection(
        self,
        connection: database.Connection,
        company_id: UUID,
        asked: NewConnection,
        *,
        by: Actor,
    ) -> Connection:
        """Store a connection with its credential sealed; raises InvalidInput."""
        checked = check_new(asked)
        new_id = ids.new_id()
        made = await repository.insert(
            connection,
            company_id,
            new_id,
            name=asked.name,
            provider=asked.provider,
            auth_type=checked.auth_type,
            allowed_origins=checked.allowed_origins,
            test_url=checked.test_url,
            hints=checked.hints,
            sealed=seal_secrets(self._keys, company_id, new_id, checked.secrets or {}),
            created_by=by.name,
            at=clock.now(),
        )
        await self._record(connection, made, "created", by, after=describe(made))
        return made

    async def change_connection(
        self,
        connection: database.Connection,
        company_id: UUID,
        connection_id: UUID,
        asked: ConnectionChange,
        *,
        by: Actor,
    ) -> Connection:
        """Change a connection; raises NotFound, or InvalidInput naming everything wrong."""
        now = await repository.lock(connection, company_id, connection_id)
        if now is None:
            raise _no_connection()
        changed, secrets = check_change(now, asked)
        sealed = None
        if secrets is not None:
            sealed = seal_secrets(self._keys, company_id, connection_id, secrets)
        stored = await repository.update(
            connection, company_id, changed, sealed=sealed, at=clock.now()
        )
        after = describe(stored) | {"credentialsReplaced": secrets is not None}
        await self._record(connection, stored, "changed", by, before=describe(now), after=after)
        return stored

    async def delete_connection(
        self, connection: database.Connection, company_id: UUID, connection_id: UUID, *, by: Actor
    ) -> None:
        """Remove a connection and its credential for good; raises NotFound."""
        gone = await repository.delete(connection, company_id, connection_id)
        if gone is None:
            raise _no_connection()
        await self._record(connection, gone, "deleted", by, before=describe(gone))

    async def try_connection(
        self, pool: database.Pool, company_id: UUID, connection_id: UUID
    ) -> Trial:
        """Read from the provider with the connection's credential, and say what came back.

        Holds no database connection while it waits. Raises NotFound, or Unavailable when too many
        are under way.
        """
        if self._trials >= MAX_TRIALS_AT_ONCE:
            raise Unavailable("Too many connections are being tested now. Try again shortly.")
        self._trials += 1
        try:
            async with pool.acquire() as reading:
                sealed = await repository.find_sealed(reading, company_id, connection_id)
            if sealed is None:
                raise _no_connection()
            try:
                credential = unseal_credential(self._keys, *sealed)
            except CannotOpen as error:
                raise Unavailable(f"The stored credential cannot be read: {error}.") from None
            return await try_out(self._client, sealed[0], credential, clock.now())
        finally:
            self._trials -= 1

    async def record_trial(
        self,
        connection: database.Connection,
        company_id: UUID,
        connection_id: UUID,
        trial: Trial,
        *,
        by: Actor,
    ) -> None:
        """Note what a trial found; raises NotFound when the connection has gone meanwhile."""
        noted = await repository.note_test(
            connection,
            company_id,
            connection_id,
            at=trial.tested_at,
            error=None if trial.ok else trial.message,
        )
        if noted is None:
            raise _no_connection()
        after: JsonObject = {"ok": trial.ok, "status": trial.status}
        await self._record(connection, noted, "tested", by, after=after)

    async def _record(
        self,
        connection: database.Connection,
        on: Connection,
        verb: str,
        by: Actor,
        *,
        before: JsonObject | None = None,
        after: JsonObject | None = None,
    ) -> None:
        await self._audit.record_event(
            connection,
            on.company_id,
            by=by,
            action=f"connection.{verb}",
            object_type="connection",
            object_id=on.public_id,
            before=before,
            after=after,
        )


async def get_connection(
    connection: database.Connection, company_id: UUID, connection_id: UUID
) -> Connection:
    """Return a connection; raises NotFound."""
    found = await repository.find(connection, company_id, connection_id)
    if found is None:
        raise _no_connection()
    return found


def describe(connection: Connection) -> JsonObject:
    """Return what the audit log keeps of a connection: no secret, and no hint of one."""
    return {
        "name": connection.name,
        "provider": connection.provider,
        "authType": connection.auth_type.value,
        "allowedOrigins": list(connection.allowed_origins),
        "testUrl": connection.test_url,
    }


def _no_connection() -> NotFound:
    return NotFound("There is no such connection.")
