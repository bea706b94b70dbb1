"""Servers to compare the API's edge with: the same Granian, the same answer, less around it.

`bare` answers with constant bytes by Starlette alone; `gated` is the same behind the service's own
gate, directory, limiter (in Redis where that is set) and counters, which with the word `silent` do
not hear of requests and with `written` are written to the database too; `query` asks the database
for a page of workflows and writes it, by Starlette alone and for anybody.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import uvloop
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.asgi import serve
from justpaid.api_keys.directory import KeyDirectory
from justpaid.api_keys.key_uses import KeyUses
from justpaid.clock import to_wire
from justpaid.db.pool import connect, open_pool
from justpaid.db.secrets import load_secrets
from justpaid.ids import Prefix, encode_id
from justpaid.keyrings import peppers_of
from justpaid.rate_limits.opening import open_failures, open_limiter
from justpaid.scopes import Scope
from justpaid.settings import load_settings
from justpaid.usage.counter import UsageCounter
from justpaid.usage.recorder import UsageRecorder
from justpaid.web.caller import Caller, allows
from justpaid.web.cursors import Position, split_page
from justpaid.web.envelope import page
from justpaid.web.gate import Gate
from justpaid.web.gate_address import address_reader
from justpaid.web.gate_contract import GateHooks
from justpaid.web.gate_routes import RouteTable
from justpaid.workflows import repository
from justpaid.workflows.model import WorkflowSummary

PATH: Final = "/api/v1/workflows"
LIMIT: Final = 50


def constant(body: bytes) -> Starlette:
    """Make the smallest app that answers with these bytes."""

    async def answer(_: Request) -> Response:
        return Response(body, media_type="application/json")

    return _starlette(answer)


def _starlette(answer: Callable[[Request], Awaitable[Response]]) -> Starlette:
    return Starlette(routes=[Route(PATH, answer)])


async def _serve_gated(port: int, body: bytes, usage: str = "") -> None:
    settings = load_settings()
    dsn = settings.database_url or ""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        pool = await open_pool(dsn, max_size=2)
        async with pool.acquire() as connection:
            secrets = await load_secrets(settings, connection)
        directory = KeyDirectory(pool, peppers_of(secrets), partial(connect, dsn))
        limiter = await open_limiter(pool, settings.redis_url, stack)
        uses, counter = KeyUses(pool), UsageCounter()
        hooks = GateHooks(on_identified=uses.note, on_finished=counter.note)
        gate = Gate(
            constant(body),
            RouteTable([_route()]),
            directory,
            limiter,
            open_failures(limiter, "bench", settings.auth_failures_per_minute),
            address_reader(()),
            GateHooks() if usage == "silent" else hooks,
        )
        if usage == "written":
            await UsageRecorder(pool, counter).start()
            group.create_task(uses.run())
        group.create_task(directory.lease.run())
        await serve(gate, port)


def _route() -> APIRoute:
    """Describe the path to the gate: a route that is not the service's own goes to the app."""
    router = APIRouter()

    async def answer(_: Annotated[Caller, allows(Scope.WORKFLOWS_READ)]) -> None: ...

    router.add_api_route(PATH, answer)
    (route,) = router.routes
    assert isinstance(route, APIRoute)
    return route


async def _serve_query(port: int, dsn: str, company_id: UUID) -> None:
    pool = await open_pool(dsn, max_size=16)

    async def answer(_: Request) -> Response:
        async with pool.acquire() as connection:
            rows = await repository.list_workflows(
                connection, company_id, status=None, search=None, before=None, limit=LIMIT + 1
            )
        shown, cursor = split_page(rows, LIMIT, lambda row: Position(row.created_at, row.id))
        return page([_item(row) for row in shown], cursor)

    await serve(_starlette(answer), port)


def _item(row: WorkflowSummary) -> dict[str, Any]:
    return {
        "id": encode_id(Prefix.WORKFLOW, row.id),
        "name": row.name,
        "description": row.description,
        "status": row.status,
        "version": row.version,
        "trigger": row.trigger,
        "createdAt": to_wire(row.created_at),
        "updatedAt": to_wire(row.updated_at),
    }


def main() -> None:
    """Serve what the command line names: kind, port, and what the kind needs."""
    kind, port, *rest = sys.argv[1:]
    if kind == "bare":
        uvloop.run(serve(constant(Path(rest[0]).read_bytes()), int(port)))
    elif kind == "gated":
        uvloop.run(_serve_gated(int(port), Path(rest[0]).read_bytes(), *rest[1:]))
    else:
        uvloop.run(_serve_query(int(port), rest[0], UUID(rest[1])))


if __name__ == "__main__":
    main()
