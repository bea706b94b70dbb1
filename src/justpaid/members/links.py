"""Makes the links that let somebody in. The token stands in the fragment, which no server log sees.

A link is stored as a hash, works once and for its time, and takes the place of an earlier one.
"""

from enum import StrEnum
from uuid import UUID

from justpaid import clock
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.service import get_company, list_companies
from justpaid.db.pool import Connection
from justpaid.errors import InvalidState, NotFound
from justpaid.members import link_repository, repository
from justpaid.members.model import RESET_LINK_LASTS, SETUP_LINK_LASTS, Visit
from justpaid.members.tokens import hash_token, new_token


class LinkPage(StrEnum):
    """Which page of the dashboard a link opens."""

    SETUP = "setup"
    INVITE = "invite"
    RESET = "reset"


def link_address(base_url: str, page: LinkPage, token: str) -> str:
    """Write a link as people copy it."""
    return f"{base_url}/{page}#{token}"


async def make_setup_link(connection: Connection, company_id: UUID | None) -> str:
    """Make the token of a set-up link, for one hour; the caller's transaction commits it.

    With None it is for the first company. Raises NotFound, or InvalidState where a set-up has
    nothing to do: the company has an owner, or there is a company already.
    """
    if company_id is None:
        if await list_companies(connection):
            raise InvalidState("There is a company already: name the one to set up.")
    else:
        company = await get_company(connection, company_id)
        if await repository.lock_owners(connection, company_id):
            raise InvalidState(
                f"{company.name} has an owner. A locked-out one: justpaid members reset-link EMAIL"
            )
    token = new_token()
    await link_repository.replace_setup_link(
        connection, company_id, hash_token(token), clock.now() + SETUP_LINK_LASTS
    )
    return token


async def make_setup_link_if_needed(connection: Connection) -> str | None:
    """Make the token of a set-up link where nobody owns anything yet: what a first start prints.

    None when somebody does, or when several companies wait and a person has to choose one.
    """
    companies = await list_companies(connection)
    if len(companies) > 1 or await repository.is_any_owner(connection):
        return None
    return await make_setup_link(connection, companies[0].id if companies else None)


async def make_reset_link(connection: Connection, audit: AuditLog, email: str, *, by: Actor) -> str:
    """Make the token of a link that sets a new password, for one hour; raises NotFound.

    Recorded in every company of the person; the caller's transaction commits it.
    """
    person = await repository.find_person(connection, email)
    if person is None:
        raise NotFound("Nobody has this e-mail.")
    token = new_token()
    await link_repository.replace_reset_link(
        connection,
        person.id,
        hash_token(token),
        by=by.name,
        expires_at=clock.now() + RESET_LINK_LASTS,
    )
    await record_everywhere(connection, audit, person.id, by=by, action="member.reset_link_made")
    return token


async def remove_second_factor(
    connection: Connection, audit: AuditLog, email: str, *, by: Actor
) -> None:
    """Take a person's second factor off, for one who lost it; raises NotFound."""
    person = await repository.find_person(connection, email)
    if person is None:
        raise NotFound("Nobody has this e-mail.")
    await repository.set_totp(connection, person.id, None)
    await record_everywhere(connection, audit, person.id, by=by, action="member.totp_disabled")


async def record_everywhere(
    connection: Connection, audit: AuditLog, person_id: UUID, *, by: Actor | Visit, action: str
) -> None:
    """Record an act on a person in every company they belong to; a visit is the person's own."""
    for company in sorted(
        await repository.list_companies_of(connection, person_id), key=lambda each: each.id
    ):
        member = await repository.find_member_of_person(connection, company.id, person_id)
        if member is None:
            continue
        await audit.record_event(
            connection,
            company.id,
            by=by.actor(member.id) if isinstance(by, Visit) else by,
            action=action,
            object_type="member",
            object_id=member.public_id,
        )
