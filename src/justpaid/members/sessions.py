"""The verbs on sessions: begin, switch, end. Each leaves its audit row in the same transaction.

Guarantee: a session's token changes whenever what it stands for does, so that a token planted or
seen before is worth nothing after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from justpaid import clock, ids
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.model import Company
from justpaid.companies.service import get_company
from justpaid.db.pool import Connection
from justpaid.errors import NotFound
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.members import repository, session_repository
from justpaid.members.model import (
    SESSION_LONGEST,
    Member,
    NewSession,
    OwnCompany,
    Session,
    Visit,
)
from justpaid.members.tokens import hash_token, new_token

_LONGEST_AGENT = 400


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with everything that its person sees of it."""

    session: Session
    member: Member
    company: Company
    companies: Sequence[OwnCompany]


class Sessions:
    """The sessions of this installation; made once at composition."""

    def __init__(self, audit: AuditLog, now: clock.Clock = clock.now) -> None:
        self._audit = audit
        self._now = now

    async def begin(
        self,
        connection: Connection,
        member: Member,
        visit: Visit,
        *,
        replaces: str | None = None,
    ) -> NewSession:
        """Make a session for a member; the session of the token it replaces ends."""
        if replaces is not None:
            await self._end_presented(connection, replaces, visit)
        now = self._now()
        session = Session(
            id=ids.new_id(),
            company_id=member.company_id,
            person_id=member.person_id,
            membership_id=member.id,
            role=member.role,
            name=member.name,
            csrf_token=new_token(),
            last_seen_at=now,
            expires_at=now + SESSION_LONGEST,
        )
        token = new_token()
        await session_repository.insert(
            connection,
            session.company_id,
            session.id,
            person_id=session.person_id,
            membership_id=session.membership_id,
            token_hash=hash_token(token),
            csrf_token=session.csrf_token,
            agent=_printable(visit.agent),
            address=visit.address,
            at=now,
            expires_at=session.expires_at,
        )
        await self._record(
            connection, session.company_id, "begun", session.id, visit.actor(member.id)
        )
        return NewSession(session, token)

    async def switch(
        self, connection: Connection, session: Session, company_id: UUID, visit: Visit
    ) -> NewSession:
        """Take a session to another company of its person; raises NotFound for any other."""
        member = await repository.find_member_of_person(connection, company_id, session.person_id)
        if member is None:
            raise NotFound("There is no such company among yours.")
        token = new_token()
        switched = replace(
            session,
            company_id=company_id,
            membership_id=member.id,
            role=member.role,
            csrf_token=new_token(),
        )
        await session_repository.switch(
            connection,
            company_id,
            session.id,
            membership_id=member.id,
            token_hash=hash_token(token),
            csrf_token=switched.csrf_token,
        )
        await self._record(connection, company_id, "switched", session.id, visit.actor(member.id))
        return NewSession(switched, token)

    async def end(self, connection: Connection, session: Session, *, by: Actor) -> None:
        """End the session that asks for it."""
        await session_repository.end(connection, session.person_id, session.id)
        await self._record(connection, session.company_id, "ended", session.id, by)

    async def end_one(
        self, connection: Connection, session: Session, other_id: UUID, *, by: Actor
    ) -> None:
        """End another session of the same person; raises NotFound for anybody else's."""
        if not await session_repository.end(connection, session.person_id, other_id):
            raise NotFound("There is no such session.")
        await self._record(connection, session.company_id, "ended", other_id, by)

    async def end_others(self, connection: Connection, session: Session, *, by: Actor) -> int:
        """End every session of the person but the one that asks; return how many."""
        ended = await session_repository.end_others(connection, session.person_id, but=session.id)
        if ended:
            after: JsonObject = {"ended": len(ended)}
            await self._record(
                connection, session.company_id, "others_ended", session.id, by, after
            )
        return len(ended)

    async def view(self, connection: Connection, session: Session) -> SessionView:
        """Read what a session shows of itself."""
        member = await repository.find_member(connection, session.company_id, session.membership_id)
        if member is None:
            raise NotFound("You are no member of this company any more.")
        return SessionView(
            session,
            member,
            await get_company(connection, session.company_id),
            await repository.list_companies_of(connection, session.person_id),
        )

    async def _end_presented(self, connection: Connection, token: str, visit: Visit) -> None:
        ended = await session_repository.end_by_token(connection, hash_token(token))
        if ended is not None:
            session_id, company_id, membership_id = ended
            by = visit.actor(membership_id)
            await self._record(connection, company_id, "ended", session_id, by)

    async def _record(
        self,
        connection: Connection,
        company_id: UUID,
        verb: str,
        session_id: UUID,
        by: Actor,
        after: JsonObject | None = None,
    ) -> None:
        await self._audit.record_event(
            connection,
            company_id,
            by=by,
            action=f"session.{verb}",
            object_type="session",
            object_id=encode_id(Prefix.SESSION, session_id),
            after=after,
        )


def _printable(agent: str) -> str:
    return "".join(filter(str.isprintable, agent))[:_LONGEST_AGENT]
