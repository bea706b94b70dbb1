"""Companies and their people, made in the database before the service starts."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher

from justpaid.audit.model import Actor
from justpaid.companies.service import create_company
from justpaid.db.pool import Connection
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.members import repository as members
from justpaid.members.roles import Role

PASSWORD: Final = "quiet-otter-harbour-7"
_HASH: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Someone:
    """A member of a company."""

    company_id: UUID
    membership_id: UUID
    email: str

    @property
    def actor(self) -> Actor:
        """Name them as the audit log does."""
        return Actor(encode_id(Prefix.MEMBER, self.membership_id), "203.0.113.5")


async def make_company(connection: Connection, name: str) -> UUID:
    """Make a company that has nobody yet."""
    company = await create_company(connection, name=name, time_zone="Europe/Berlin", currency="EUR")
    return company.id


async def add_member(
    connection: Connection, company_id: UUID, name: str, role: Role = Role.OWNER
) -> Someone:
    """Let a person join; whoever is called the same is the same person."""
    email = f"{name.lower().replace(' ', '.')}@people.example"
    person = await members.find_person(connection, email)
    person_id = new_id() if person is None else person.id
    if person is None:
        await connection.execute(
            "INSERT INTO people (id, email, name, password_hash) VALUES ($1, $2, $3, $4)",
            *(person_id, email, name, _HASH),
        )
    membership_id = new_id()
    await connection.execute(
        "INSERT INTO memberships (company_id, id, person_id, role) VALUES ($1, $2, $3, $4)",
        *(company_id, membership_id, person_id, role.value),
    )
    return Someone(company_id, membership_id, email)
