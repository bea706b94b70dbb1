"""The verbs that make and find companies."""

import re
import zoneinfo
from typing import Final
from uuid import UUID

from justpaid import ids
from justpaid.companies import repository
from justpaid.companies.model import Company
from justpaid.db.pool import Connection
from justpaid.errors import InvalidInput, NotFound, Problem

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MAX_NAME: Final = 255


async def create_company(
    connection: Connection, *, name: str, time_zone: str = "UTC", currency: str = "USD"
) -> Company:
    """Make a company; raises InvalidInput for an empty name, unknown zone or odd currency."""
    name = name.strip()
    problems = find_problems(name=name, time_zone=time_zone, currency=currency)
    if problems:
        raise InvalidInput("The company is not valid.", problems)
    return await repository.insert(
        connection, ids.new_id(), name=name, time_zone=time_zone, currency=currency
    )


async def get_company(connection: Connection, company_id: UUID) -> Company:
    """Return a company; raises NotFound."""
    company = await repository.find(connection, company_id)
    if company is None:
        raise NotFound("There is no such company.")
    return company


async def list_companies(connection: Connection) -> list[Company]:
    """List every company, oldest first: for the operator, never for a caller."""
    return await repository.list_all(connection)


def find_problems(*, name: str, time_zone: str, currency: str) -> list[Problem]:
    """List what is wrong with a company's fields, by the names they have on the wire."""
    problems: list[Problem] = []
    if not 1 <= len(name) <= _MAX_NAME:
        problems.append(Problem("name", f"must have 1 to {_MAX_NAME} characters"))
    if time_zone not in zoneinfo.available_timezones():
        problems.append(Problem("timeZone", "must be a time zone such as Europe/Berlin"))
    if not _CURRENCY.fullmatch(currency):
        problems.append(Problem("currency", "must be three capital letters such as USD"))
    return problems
