"""`/api/v1/connections`: list, read, make, change, test and delete a company's connections."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from justpaid.audit.model import Actor
from justpaid.connections import repository
from justpaid.connections.model import Connection as StoredConnection
from justpaid.connections.model import ConnectionStatus
from justpaid.connections.schemas import (
    ConnectionAnswer,
    ConnectionPage,
    CreateConnection,
    DeletedAnswer,
    TrialAnswer,
    UpdateConnection,
    show_connection,
    show_trial,
)
from justpaid.connections.service import Connections, get_connection
from justpaid.connectors.catalogue import PROVIDERS
from justpaid.errors import InvalidInput, Problem
from justpaid.ids import Prefix
from justpaid.scopes import Scope
from justpaid.web.caller import Caller, allows
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, NoBody, path_id
from justpaid.web.routing import EdgeResources, api_router
from justpaid.web.unit_of_work import Connection, Unit

router = api_router("Connections")


async def current_connections(request: Request) -> Connections:
    """Return the connections that composition made for this app."""
    connections: Connections = request.app.state.connections
    return connections


Room = Annotated[Connections, Depends(current_connections)]
Reader = Annotated[Caller, allows(Scope.CONNECTIONS_READ)]
Writer = Annotated[Caller, allows(Scope.CONNECTIONS_WRITE)]
ConnectionId = Annotated[UUID, path_id(Prefix.CONNECTION, "connectionId")]


@router.get("/connections", summary="List connections", responses={200: {"model": ConnectionPage}})
async def list_connections(
    caller: Reader,
    connection: Connection,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
    provider: Annotated[str | None, Query(description="Only this provider's.")] = None,
    status: Annotated[ConnectionStatus | None, Query(description="Only in this state.")] = None,
) -> Answer:
    """List the company's connections, newest first. Secrets show as hints only."""
    rows = await repository.list_page(
        connection, caller.company_id, provider=provider, status=status, after=after, limit=limit
    )
    items, cursor = split_page(rows, limit, _position)
    return page([show_connection(item) for item in items], cursor)


@router.get(
    "/connections/{connectionId}",
    summary="Get a connection",
    responses={200: {"model": ConnectionAnswer}},
)
async def read_connection(
    caller: Reader, connection: Connection, connection_id: ConnectionId
) -> Answer:
    """Return one connection. Secrets show as hints only."""
    found = await get_connection(connection, caller.company_id, connection_id)
    return success(show_connection(found))


@router.get("/connections/{provider}/auth-url", summary="Begin signing in to a provider")
async def begin_sign_in(
    _: Writer,
    provider: Annotated[str, Path(examples=["http"])],
    redirect_url: Annotated[
        str | None, Query(alias="redirectUrl", description="Where the person comes back to.")
    ] = None,
    connection_name: Annotated[
        str | None, Query(alias="connectionName", description="The new connection's name.")
    ] = None,
) -> Answer:
    """Say where a person signs in to connect a provider. No provider is connected that way yet."""
    del redirect_url, connection_name  # for providers with a sign-in page
    if provider not in PROVIDERS:
        message = f"must be one of {', '.join(sorted(PROVIDERS))}"
        raise InvalidInput("There is no such provider.", [Problem("provider", message)])
    raise InvalidInput(
        f"The provider {provider} has no sign-in page. Make the connection with "
        "POST /api/v1/connections and its credentials.",
        [Problem("provider", "is not connected by signing in")],
    )


@router.post(
    "/connections",
    status_code=201,
    summary="Create a connection",
    responses={201: {"model": ConnectionAnswer}},
)
async def create_connection(
    caller: Writer, connection: Connection, room: Room, body: CreateConnection
) -> Answer:
    """Store a credential, encrypted, and the origins that may receive it."""
    made = await room.create_connection(
        connection, caller.company_id, body.asked(), by=_actor(caller)
    )
    return success(show_connection(made), 201)


@router.put(
    "/connections/{connectionId}",
    summary="Change a connection",
    responses={200: {"model": ConnectionAnswer}},
)
async def update_connection(
    caller: Writer,
    connection: Connection,
    room: Room,
    connection_id: ConnectionId,
    body: UpdateConnection,
) -> Answer:
    """Change name, credentials, origins or test address; what is left out stays.

    To allow another origin, or another way to authenticate, send the credentials again.
    """
    changed = await room.change_connection(
        connection, caller.company_id, connection_id, body.asked(), by=_actor(caller)
    )
    return success(show_connection(changed))


@router.post(
    "/connections/{connectionId}/test",
    summary="Test a connection",
    responses={200: {"model": TrialAnswer}},
    dependencies=[NoBody],
)
async def test_connection(
    caller: Writer, unit: Unit, room: Room, request: Request, connection_id: ConnectionId
) -> Answer:
    """Read from the provider with the credential, and report what came back."""
    edge: EdgeResources = request.app.state.edge
    trial = await room.try_connection(edge.pool, caller.company_id, connection_id)
    await room.record_trial(
        await unit.connection(), caller.company_id, connection_id, trial, by=_actor(caller)
    )
    return success(show_trial(trial))


@router.delete(
    "/connections/{connectionId}",
    summary="Delete a connection",
    responses={200: {"model": DeletedAnswer}},
    dependencies=[NoBody],
)
async def delete_connection(
    caller: Writer, connection: Connection, room: Room, connection_id: ConnectionId
) -> Answer:
    """Remove a connection and its credential for good; steps that name it will fail."""
    await room.delete_connection(connection, caller.company_id, connection_id, by=_actor(caller))
    return success({"deleted": True})


def _actor(caller: Caller) -> Actor:
    return Actor(caller.actor, caller.address, caller.request_id)


def _position(connection: StoredConnection) -> Position:
    return Position(connection.created_at, connection.id)
