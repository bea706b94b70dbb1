"""How somebody becomes a member: as a new person, or as one who proves to be a known one.

Guarantee: whoever holds a link can make an account for its e-mail only where there is none; a
person who has one joins by their own password and code, and their account is not changed.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

from justpaid import clock, ids
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, Pool
from justpaid.errors import Conflict, InvalidInput, Problem
from justpaid.members import repository
from justpaid.members.model import Member, Visit
from justpaid.members.password_rules import find_password_problem
from justpaid.members.passwords import Passwords
from justpaid.members.proof import Credentials, Proofs, Proven
from justpaid.members.roles import Role

_PASSWORD: Final = "password"  # noqa: S105  the field's name


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody without an account yet, whose password is hashed already."""

    email: str
    name: str
    password_hash: str = field(repr=False)


Joiner: TypeAlias = NewPerson | Proven


class Joining:
    """One for an API process."""

    def __init__(
        self,
        pool: Pool,
        passwords: Passwords,
        proofs: Proofs,
        audit: AuditLog,
        now: clock.Clock = clock.now,
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._proofs = proofs
        self._audit = audit
        self._now = now

    async def identify(
        self, asked: Credentials, name: str, address: str | None, *, path: str = ""
    ) -> Joiner:
        """Say who joins. Holds no database connection while it hashes.

        Raises InvalidInput for a new password that is refused (`path` stands before its field), and
        Unauthenticated or RateLimited for a known e-mail whose credentials are wrong.
        """
        async with self._pool.acquire() as connection:
            known = await repository.find_person(connection, asked.email)
        if known is not None:
            return await self._proofs.prove(asked, address)
        problem = find_password_problem(asked.password, email=asked.email, name=name)
        if problem is not None:
            raise refused_password(problem, f"{path}{_PASSWORD}")
        return NewPerson(asked.email, name, await self._passwords.hash(asked.password))

    async def join(
        self, connection: Connection, company_id: UUID, joiner: Joiner, role: Role, visit: Visit
    ) -> Member:
        """Make the joiner a member, within the transaction that spends the link."""
        now = self._now()
        if isinstance(joiner, NewPerson):
            person_id = await self._make_person(connection, joiner)
        else:
            person_id = (await self._proofs.settle(connection, joiner)).id
        if await repository.find_member_of_person(connection, company_id, person_id) is not None:
            raise Conflict("You are a member of this company already.")
        membership_id = ids.new_id()
        await repository.insert_member(
            connection, company_id, membership_id, person_id=person_id, role=role, at=now
        )
        member = await repository.find_member(connection, company_id, membership_id)
        if member is None:
            raise RuntimeError("a membership was neither made nor found")
        await self._audit.record_event(
            connection,
            company_id,
            by=visit.actor(membership_id),
            action="member.joined",
            object_type="member",
            object_id=member.public_id,
            after={"role": role.value},
        )
        return member

    async def _make_person(self, connection: Connection, joiner: NewPerson) -> UUID:
        person_id = ids.new_id()
        is_stored = await repository.insert_person(
            connection,
            person_id,
            email=joiner.email,
            name=joiner.name,
            password_hash=joiner.password_hash,
            at=self._now(),
        )
        if not is_stored:
            raise Conflict("This e-mail got an account a moment ago. Use its password.")
        return person_id


def refused_password(problem: str, field_name: str = _PASSWORD) -> InvalidInput:
    """Make the refusal of a new password."""
    return InvalidInput("The password cannot be used.", [Problem(field_name, problem)])
