"""Sign-in: credentials become a session in one of the person's companies."""

from uuid import UUID

from justpaid.members import repository
from justpaid.members.model import NewSession, Visit
from justpaid.members.proof import Credentials, Proofs, refused
from justpaid.members.sessions import Sessions
from justpaid.web.unit_of_work import UnitOfWork


class SignIn:
    """One for an API process."""

    def __init__(self, proofs: Proofs, sessions: Sessions) -> None:
        self._proofs = proofs
        self._sessions = sessions

    async def sign_in(
        self,
        unit: UnitOfWork,
        credentials: Credentials,
        company_id: UUID | None,
        visit: Visit,
        *,
        replaces: str | None,
    ) -> NewSession:
        """Begin a session in that company, or in the one joined first; the replaced one ends.

        Raises Unauthenticated, alike for wrong credentials and a company that is not theirs, or
        RateLimited.
        """
        proven = await self._proofs.prove(credentials, visit.address)
        connection = await unit.connection()
        person = await self._proofs.settle(connection, proven)
        if company_id is None:
            own = await repository.list_companies_of(connection, person.id)
            company_id = own[0].id if own else None
        member = None
        if company_id is not None:
            member = await repository.find_member_of_person(connection, company_id, person.id)
        if member is None:
            raise refused()
        return await self._sessions.begin(connection, member, visit, replaces=replaces)
