"""`/api/v1/admin/company` and `/env`: what an owner or admin sets for the whole company."""

from typing import Annotated

from fastapi import Depends, Path, Request

from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies import repository, service
from justpaid.companies.schemas import (
    CompanyView,
    SetValue,
    UpdateCompany,
    ValueView,
    show_company,
    show_value,
)
from justpaid.scopes import Scope
from justpaid.web.answers import Done, Page, Success, answers
from justpaid.web.caller import Caller, allows, permits
from justpaid.web.envelope import Answer, page, success
from justpaid.web.permissions import Permission
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection

router = api_router("Company", "/api/v1/admin")


async def current_audit(request: Request) -> AuditLog:
    """Return the audit log that composition made for this app."""
    audit: AuditLog = request.app.state.audit
    return audit


Audit = Annotated[AuditLog, Depends(current_audit)]
AnySession = Annotated[Caller, permits(None)]
Manager = Annotated[Caller, permits(Permission.COMPANY)]
Reader = Annotated[Caller, allows(Scope.WORKFLOWS_READ)]
ValueName = Annotated[str, Path(alias="name", examples=["BILLING_URL"])]


@router.get("/company", summary="Get the company", responses=answers(Success[CompanyView]))
async def read_company(caller: AnySession, connection: Connection) -> Answer:
    """Show the company that the session is in."""
    return success(show_company(await service.get_company(connection, caller.company_id)))


@router.patch("/company", summary="Change the company", responses=answers(Success[CompanyView]))
async def update_company(
    caller: Manager, connection: Connection, audit: Audit, body: UpdateCompany
) -> Answer:
    """Change name, time zone, currency, or what a leak report does; what is left out stays."""
    changed = await service.change_company(
        connection, audit, caller.company_id, body.asked(), by=_actor(caller)
    )
    return success(show_company(changed))


@router.get("/env", summary="List environment values", responses=answers(Page[ValueView]))
async def list_values(caller: Reader, connection: Connection) -> Answer:
    """List all values that workflows read as `env.NAME`, by name. Not for secrets."""
    values = await repository.list_values(connection, caller.company_id)
    return page([show_value(value) for value in values], None)


@router.put(
    "/env/{name}", summary="Set an environment value", responses=answers(Success[ValueView])
)
async def set_value(
    caller: Manager, connection: Connection, audit: Audit, name: ValueName, body: SetValue
) -> Answer:
    """Set a value that workflows read, within five seconds; capitals, digits and `_` name it."""
    value = await service.set_environment_value(
        connection, audit, caller.company_id, name, body.value, by=_actor(caller)
    )
    return success(show_value(value))


@router.delete(
    "/env/{name}", summary="Delete an environment value", responses=answers(Success[Done])
)
async def delete_value(
    caller: Manager, connection: Connection, audit: Audit, name: ValueName
) -> Answer:
    """Delete a value; within five seconds workflows read null instead."""
    await service.delete_environment_value(
        connection, audit, caller.company_id, name, by=_actor(caller)
    )
    return success({"done": True})


def _actor(caller: Caller) -> Actor:
    return Actor(caller.actor, caller.address, caller.request_id)
