"""The verbs on members: another role, and removal.

Guarantee: a company never loses its last owner, also when two leave at once; nobody but an owner
makes, demotes or removes one; whoever may invite no more leaves no invite behind to come back by;
and removing a member never breaks a key, which gets a new owner.
"""

from typing import Final, Protocol
from uuid import UUID

from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection
from justpaid.errors import InvalidInput, InvalidState, NotFound, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, decode_id
from justpaid.members import link_repository, repository, session_repository
from justpaid.members.model import Member
from justpaid.members.roles import PERMISSIONS, Role, require_right
from justpaid.web.caller import Caller
from justpaid.web.permissions import Permission


class KeyOwnership(Protocol):
    """What this room needs of API keys, whose owners are named as the audit log names members."""

    async def count_keys(self, connection: Connection, company_id: UUID, owner: str) -> int:
        """Count the keys of an owner, whatever their status."""
        ...

    async def move_keys(
        self, connection: Connection, company_id: UUID, owner: str, new_owner: str, *, by: Actor
    ) -> int:
        """Give all keys of an owner to another, each as valid as it was; return how many."""
        ...


_HEIR: Final = "newKeyOwner"


class Members:
    """The memberships of this installation; made once at composition."""

    def __init__(self, audit: AuditLog, keys: KeyOwnership) -> None:
        self._audit = audit
        self._keys = keys

    async def change_role(
        self,
        connection: Connection,
        caller: Caller,
        membership_id: UUID,
        role: Role,
        *,
        session_id: UUID,
        by: Actor,
    ) -> Member:
        """Give a member another role; their sessions end, but for the one that asks.

        Raises NotFound, Forbidden around owners, InvalidState for the last owner.
        """
        owners = await repository.lock_owners(connection, caller.company_id)
        member = await self._lock(connection, caller, membership_id)
        if member.role is role:
            return member
        require_right(caller, member.role, role)
        _keep_an_owner(owners, member)
        await repository.set_role(connection, caller.company_id, member.id, role)
        await session_repository.end_of_member(
            connection, caller.company_id, member.id, but=session_id
        )
        await self._withdraw_invites(connection, member, role, by)
        before, after = {"role": member.role.value}, {"role": role.value}
        await self._record(connection, member, "role_changed", by, {**before}, {**after})
        return await self._lock(connection, caller, membership_id)

    async def remove(
        self,
        connection: Connection,
        caller: Caller,
        membership_id: UUID,
        new_key_owner: str | None,
        *,
        by: Actor,
    ) -> int:
        """Take a member out of the company; their keys go to another. Return how many keys moved.

        Without a new owner named they go to whoever asks. Raises NotFound, Forbidden around owners,
        InvalidState for the last owner, InvalidInput for a new owner who cannot be one.
        """
        owners = await repository.lock_owners(connection, caller.company_id)
        member = await self._lock(connection, caller, membership_id)
        require_right(caller, member.role)
        _keep_an_owner(owners, member)
        heir = await self._find_heir(connection, caller, member, new_key_owner)
        moved = 0
        if heir is not None:
            moved = await self._keys.move_keys(
                connection, caller.company_id, member.public_id, heir.public_id, by=by
            )
        elif await self._keys.count_keys(connection, caller.company_id, member.public_id):
            raise _no_heir("is needed: the member owns keys")
        await repository.delete_member(connection, caller.company_id, member.id)
        await self._withdraw_invites(connection, member, None, by)
        after: JsonObject = {"keysMoved": moved, _HEIR: None if heir is None else heir.public_id}
        before: JsonObject = {"role": member.role.value}
        await self._record(connection, member, "removed", by, before, after)
        return moved

    async def _find_heir(
        self, connection: Connection, caller: Caller, leaving: Member, named: str | None
    ) -> Member | None:
        """Return who gets the keys; None when somebody leaves and names nobody."""
        heir_id = caller.member_id if named is None else decode_id(Prefix.MEMBER, named)
        if named is None and heir_id == leaving.id:
            return None
        heir = (
            None
            if heir_id is None
            else await repository.find_member(connection, caller.company_id, heir_id)
        )
        if heir is None or heir.id == leaving.id:
            raise _no_heir("is no other member of this company")
        if Permission.KEYS not in PERMISSIONS[heir.role]:
            raise _no_heir("must be a member who may manage keys")
        return heir

    async def _withdraw_invites(
        self, connection: Connection, member: Member, role: Role | None, by: Actor
    ) -> None:
        """Withdraw what a member invited and, in the role that is left, could not invite again."""
        for invite in await link_repository.delete_invites_by(
            connection, member.company_id, member.public_id, _beyond(role)
        ):
            await self._audit.record_event(
                connection,
                member.company_id,
                by=by,
                action="invite.withdrawn",
                object_type="invite",
                object_id=invite.public_id,
            )

    async def _lock(self, connection: Connection, caller: Caller, membership_id: UUID) -> Member:
        member = await repository.lock_member(connection, caller.company_id, membership_id)
        if member is None:
            raise NotFound("There is no such member.")
        return member

    async def _record(
        self,
        connection: Connection,
        member: Member,
        verb: str,
        by: Actor,
        before: JsonObject,
        after: JsonObject,
    ) -> None:
        await self._audit.record_event(
            connection,
            member.company_id,
            by=by,
            action=f"member.{verb}",
            object_type="member",
            object_id=member.public_id,
            before=before,
            after=after,
        )


def _beyond(role: Role | None) -> list[Role]:
    """List the roles that somebody in a role, or in none any more, may not invite to."""
    held = frozenset[Permission]() if role is None else PERMISSIONS[role]
    if Permission.MEMBERS not in held:
        return list(Role)
    return [] if Permission.OWNERS in held else [Role.OWNER]


def _keep_an_owner(owners: list[UUID], leaving: Member) -> None:
    if owners == [leaving.id]:
        raise InvalidState("This is the company's last owner. Make somebody else an owner first.")


def _no_heir(message: str) -> InvalidInput:
    return InvalidInput("The keys need a new owner.", [Problem(_HEIR, message)])
