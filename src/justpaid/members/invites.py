"""The verbs on invites: send, withdraw, accept."""

from uuid import UUID

from justpaid import clock, ids
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, Pool
from justpaid.errors import Conflict, NotFound
from justpaid.exact_json import JsonObject
from justpaid.members import link_repository, repository
from justpaid.members.attempts import Attempts
from justpaid.members.joining import Joining
from justpaid.members.model import INVITE_LASTS, Invite, NewSession, Visit
from justpaid.members.proof import Credentials
from justpaid.members.roles import Role, require_right
from justpaid.members.sessions import Sessions
from justpaid.members.tokens import hash_token, is_token, new_token
from justpaid.web.caller import Caller
from justpaid.web.unit_of_work import UnitOfWork


class Invites:
    """One for an API process."""

    def __init__(
        self,
        pool: Pool,
        joining: Joining,
        sessions: Sessions,
        attempts: Attempts,
        audit: AuditLog,
        now: clock.Clock = clock.now,
    ) -> None:
        self._pool = pool
        self._joining = joining
        self._sessions = sessions
        self._attempts = attempts
        self._audit = audit
        self._now = now

    async def create(
        self, connection: Connection, caller: Caller, email: str, role: Role, *, by: Actor
    ) -> tuple[Invite, str]:
        """Invite an e-mail and return the link's token, which nothing can show again.

        An open invite to the same e-mail is replaced. Raises Conflict for a member, and Forbidden
        when somebody who is no owner invites an owner, or replaces such an invite.
        """
        await link_repository.lock_company(connection, caller.company_id)  # of two, one replaces
        replaced = await link_repository.list_invites_to(connection, caller.company_id, email)
        require_right(caller, role, *(each.role for each in replaced))
        if await repository.is_member(connection, caller.company_id, email):
            raise Conflict("This e-mail belongs to a member of the company.")
        token, now = new_token(), self._now()
        invite = await link_repository.insert_invite(
            connection,
            caller.company_id,
            ids.new_id(),
            email=email,
            role=role,
            token_hash=hash_token(token),
            by=by.name,
            at=now,
            expires_at=now + INVITE_LASTS,
        )
        await self._record(connection, invite, "created", by, {"role": role.value})
        return invite, token

    async def withdraw(
        self, connection: Connection, caller: Caller, invite_id: UUID, *, by: Actor
    ) -> None:
        """Let an invite's link work no more; raises NotFound, or Forbidden for an owner's."""
        invite = await link_repository.delete_invite(connection, caller.company_id, invite_id)
        if invite is None:
            raise NotFound("There is no such open invite.")
        require_right(caller, invite.role)
        await self._record(connection, invite, "withdrawn", by)

    async def accept(
        self,
        unit: UnitOfWork,
        token: str,
        name: str,
        password: str,
        codes: tuple[str | None, str | None],
        visit: Visit,
    ) -> NewSession:
        """Make whoever holds the link a member, and sign them in.

        `codes` are the authenticator's and a recovery code, for those who have an account with a
        second factor. Raises NotFound for a link that is wrong, used, withdrawn or too old.
        """
        await self._attempts.require_address(visit.address)
        token_hash = hash_token(token)
        async with self._pool.acquire() as reading:
            invite = (
                await link_repository.find_invite(reading, token_hash, self._now())
                if is_token(token)
                else None
            )
        if invite is None:
            await self._attempts.fail(visit.address)
            raise _stale()
        asked = Credentials(invite.email, password, *codes)
        joiner = await self._joining.identify(asked, name, visit.address)
        connection = await unit.connection()
        taken = await link_repository.take_invite(connection, token_hash, self._now())
        if taken is None:
            raise _stale()
        member = await self._joining.join(connection, taken.company_id, joiner, taken.role, visit)
        await self._record(connection, taken, "accepted", visit.actor(member.id))
        return await self._sessions.begin(connection, member, visit)

    async def _record(
        self,
        connection: Connection,
        invite: Invite,
        verb: str,
        by: Actor,
        after: JsonObject | None = None,
    ) -> None:
        await self._audit.record_event(
            connection,
            invite.company_id,
            by=by,
            action=f"invite.{verb}",
            object_type="invite",
            object_id=invite.public_id,
            after=after,
        )


def _stale() -> NotFound:
    return NotFound("This invite does not work any more. Ask for a new one.")
