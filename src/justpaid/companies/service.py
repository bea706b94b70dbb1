"""The verbs that make, find and change companies, and set their environment values."""

import re
import zoneinfo
from dataclasses import replace
from typing import Final
from uuid import UUID

from justpaid import clock, ids
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies import repository
from justpaid.companies.model import Company, CompanyChange, EnvironmentValue
from justpaid.db.pool import Connection
from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MAX_NAME: Final = 255
_VALUE_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_MAX_VALUE_BYTES: Final = 4096
_MOST_VALUES: Final = 200


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


async def change_company(
    connection: Connection,
    audit: AuditLog,
    company_id: UUID,
    change: CompanyChange,
    *,
    by: Actor,
) -> Company:
    """Change a company's settings; raises InvalidInput naming every field that is wrong."""
    before = await repository.lock(connection, company_id)
    if before is None:
        raise NotFound("There is no such company.")
    wanted = replace(
        before,
        name=before.name if change.name is None else change.name.strip(),
        time_zone=change.time_zone or before.time_zone,
        currency=change.currency or before.currency,
        leak_policy=change.leak_policy or before.leak_policy,
    )
    problems = find_problems(name=wanted.name, time_zone=wanted.time_zone, currency=wanted.currency)
    if problems:
        raise InvalidInput("The company is not valid.", problems)
    if wanted == before:
        return before
    after = await repository.update(connection, company_id, wanted)
    await audit.record_event(
        connection,
        company_id,
        by=by,
        action="company.changed",
        object_type="company",
        object_id=encode_id(Prefix.COMPANY, company_id),
        before=describe(before),
        after=describe(after),
    )
    return after


async def set_environment_value(
    connection: Connection,
    audit: AuditLog,
    company_id: UUID,
    name: str,
    value: str,
    *,
    by: Actor,
) -> EnvironmentValue:
    """Set a value that workflows read; raises InvalidInput for a name or value out of bounds.

    The audit log keeps the name alone, because people will put secrets here whatever they are told.
    """
    problems: list[Problem] = []
    if not _VALUE_NAME.fullmatch(name):
        problems.append(Problem("name", "must be capital letters, digits and _, a letter first"))
    if len(value.encode()) > _MAX_VALUE_BYTES:
        problems.append(Problem("value", f"must have at most {_MAX_VALUE_BYTES} bytes"))
    if await repository.count_other_values(connection, company_id, name) >= _MOST_VALUES:
        problems.append(Problem("name", f"there are {_MOST_VALUES} values already"))
    if problems:
        raise InvalidInput("The environment value cannot be set.", problems)
    stored = await repository.set_value(
        connection, company_id, name, value, at=clock.now(), by=by.name
    )
    await _record_value(connection, audit, company_id, "set", name, by)
    return stored


async def delete_environment_value(
    connection: Connection, audit: AuditLog, company_id: UUID, name: str, *, by: Actor
) -> None:
    """Delete a value that workflows read; raises NotFound."""
    if not await repository.delete_value(connection, company_id, name):
        raise NotFound("There is no such environment value.")
    await _record_value(connection, audit, company_id, "deleted", name, by)


def describe(company: Company) -> JsonObject:
    """Write a company's settings as the audit log keeps them."""
    return {
        "name": company.name,
        "timeZone": company.time_zone,
        "currency": company.currency,
        "leakPolicy": company.leak_policy.value,
    }


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


async def _record_value(
    connection: Connection, audit: AuditLog, company_id: UUID, verb: str, name: str, by: Actor
) -> None:
    await audit.record_event(
        connection,
        company_id,
        by=by,
        action=f"environment_value.{verb}",
        object_type="environment_value",
        object_id=name,
    )
