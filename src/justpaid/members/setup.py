"""Set-up: a one-time link makes the first company, or gives a company its first owner."""

from dataclasses import dataclass
from uuid import UUID

from justpaid import clock
from justpaid.audit.service import AuditLog
from justpaid.companies.model import CompanyChange, CompanyFields
from justpaid.companies.service import change_company, create_company, list_companies
from justpaid.companies.service import find_problems as find_company_problems
from justpaid.db.pool import Connection, Pool
from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.ids import Prefix, encode_id
from justpaid.members import link_repository, repository
from justpaid.members.attempts import Attempts
from justpaid.members.joining import Joiner, Joining
from justpaid.members.model import Member, NewSession, Visit
from justpaid.members.proof import Credentials
from justpaid.members.roles import Role
from justpaid.members.sessions import Sessions
from justpaid.members.tokens import hash_token, is_token
from justpaid.web.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What somebody with a set-up link asks for."""

    token: str
    company: CompanyFields | None
    name: str
    credentials: Credentials


class Setup:
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

    async def redeem(self, unit: UnitOfWork, asked: SetupRequest, visit: Visit) -> NewSession:
        """Make the owner, and the company where the link names none, and sign the owner in.

        Raises NotFound for a link that is wrong, used, too old or no longer needed. What is wrong
        with the rest leaves the link as it was.
        """
        await self._attempts.require_address(visit.address)
        token_hash = hash_token(asked.token)
        async with self._pool.acquire() as reading:
            known = is_token(asked.token) and await link_repository.is_setup_link(
                reading, token_hash, self._now()
            )
        if not known:
            await self._attempts.fail(visit.address)
            raise _stale()
        _check_company(asked.company)
        joiner = await self._joining.identify(
            asked.credentials, asked.name, visit.address, path="owner."
        )
        connection = await unit.connection()
        await link_repository.lock_setup(connection)
        link = await link_repository.take_setup_link(connection, token_hash, self._now())
        if link is None:
            raise _stale()
        (company_id,) = link
        if company_id is None:
            member = await self._make_first(connection, asked.company, joiner, visit)
        else:
            member = await self._take_over(connection, company_id, asked.company, joiner, visit)
        await link_repository.drop_setup_links(connection, None)
        await link_repository.drop_setup_links(connection, member.company_id)
        return await self._sessions.begin(connection, member, visit)

    async def _make_first(
        self,
        connection: Connection,
        fields: CompanyFields | None,
        joiner: Joiner,
        visit: Visit,
    ) -> Member:
        if await list_companies(connection):
            raise _stale()
        if fields is None:
            problem = Problem("company", "is needed: this link makes the first company")
            raise InvalidInput("Name the company.", [problem])
        company = await create_company(
            connection, name=fields.name, time_zone=fields.time_zone, currency=fields.currency
        )
        member = await self._joining.join(connection, company.id, joiner, Role.OWNER, visit)
        await self._audit.record_event(
            connection,
            company.id,
            by=visit.actor(member.id),
            action="company.created",
            object_type="company",
            object_id=encode_id(Prefix.COMPANY, company.id),
            after=fields.describe(),
        )
        return member

    async def _take_over(
        self,
        connection: Connection,
        company_id: UUID,
        fields: CompanyFields | None,
        joiner: Joiner,
        visit: Visit,
    ) -> Member:
        """Give an ownerless company its owner, who may name it anew in the same act."""
        await link_repository.lock_company(connection, company_id)
        if await repository.lock_owners(connection, company_id):
            raise _stale()
        member = await self._joining.join(connection, company_id, joiner, Role.OWNER, visit)
        if fields is not None:
            by = visit.actor(member.id)
            change = CompanyChange(fields.name, fields.time_zone, fields.currency)
            await change_company(connection, self._audit, company_id, change, by=by)
        return member


def _check_company(fields: CompanyFields | None) -> None:
    if fields is None:
        return
    problems = find_company_problems(
        name=fields.name, time_zone=fields.time_zone, currency=fields.currency
    )
    if problems:
        raise InvalidInput(
            "The company is not valid.",
            [Problem(f"company.{each.field}", each.message) for each in problems],
        )


def _stale() -> NotFound:
    return NotFound("This set-up link does not work any more. Print a new one: justpaid setup-link")
