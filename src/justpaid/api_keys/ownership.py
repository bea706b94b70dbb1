"""Whose keys are whose: a member who leaves breaks none, because each gets a new owner."""

from uuid import UUID

from justpaid.api_keys import repository
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection
from justpaid.ids import Prefix, encode_id


class KeyOwners:
    """The owners of this installation's keys, named as the audit log names members."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    async def count_keys(self, connection: Connection, company_id: UUID, owner: str) -> int:
        """Count the keys of an owner, whatever their status."""
        return await repository.count_owned(connection, company_id, owner)

    async def move_keys(
        self, connection: Connection, company_id: UUID, owner: str, new_owner: str, *, by: Actor
    ) -> int:
        """Give all keys of an owner to another; return how many. They stay as valid as they were.

        Nothing to announce: an owner is no term that requests are admitted on.
        """
        moved = await repository.move_owned(connection, company_id, owner, new_owner)
        for key_id in moved:
            await self._audit.record_event(
                connection,
                company_id,
                by=by,
                action="api_key.owner_changed",
                object_type="api_key",
                object_id=encode_id(Prefix.KEY, key_id),
                before={"owner": owner},
                after={"owner": new_owner},
            )
        return len(moved)
