"""A whole API process in miniature: gate, keys, limits and a few routes on a real database."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Annotated, Any, cast
from uuid import UUID

import httpx
from fastapi import FastAPI

from justpaid.api_keys.directory import KeyDirectory
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.key_format import Pepper, Peppers
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.routes import router as self_router
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Pool, connect
from justpaid.rate_limits.failures import FailedAuthentications
from justpaid.rate_limits.limiter import MemoryLimiter
from justpaid.rate_limits.second_clock import NANOSECONDS, SecondClock
from justpaid.scopes import Scope
from justpaid.web.caller import Caller, allows
from justpaid.web.envelope import Answer, success
from justpaid.web.gate import Gate
from justpaid.web.gate_address import address_reader
from justpaid.web.gate_contract import FinishedRequest, GateHooks, Limiter
from justpaid.web.gate_routes import RouteTable
from justpaid.web.routing import EdgeResources, api_router

PEPPERS = Peppers(Pepper(1, b"p" * 32))
AUDIT = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
KEYS = ApiKeys(PEPPERS, AUDIT)
OPERATOR = Actor("operator:test")
EVERYTHING = KeyRequest(name="Everything", scopes=frozenset(Scope))
PROXY = "10.9.9.9"

things = api_router("Things")


@things.get("/things")
async def list_things(caller: Annotated[Caller, allows(Scope.WORKFLOWS_READ)]) -> Answer:
    """Answer with what the route sees of its caller."""
    return success({"actor": caller.actor, "address": caller.address, "id": caller.request_id})


@things.post("/things")
async def make_thing(_: Annotated[Caller, allows(Scope.WORKFLOWS_WRITE)]) -> Answer:
    """Stand for any write."""
    return success({}, 201)


@things.post("/things/{thingId}/run")
async def run_thing(_: Annotated[Caller, allows(Scope.WORKFLOWS_EXECUTE)]) -> Answer:
    """Stand for any execution."""
    return success({}, 202)


@things.post("/open")
async def open_to_all() -> Answer:
    """Stand for a public route."""
    return success({})


class Hands:
    """The limiter's clocks, moved by the test."""

    def __init__(self) -> None:
        self.monotonic = 0
        self.wall = 1_900_000_000 * NANOSECONDS

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.monotonic += round(seconds * NANOSECONDS)
        self.wall += round(seconds * NANOSECONDS)

    def clock(self) -> SecondClock:
        """Make a limiter's clock."""
        return SecondClock(lambda: self.monotonic, lambda: self.wall)


class CountingPool:
    """A pool that counts how often somebody takes a connection from it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.taken = 0

    def acquire(self) -> Any:
        """Take a connection."""
        self.taken += 1
        return self._pool.acquire()


@dataclass
class World:
    """The process and what the test watches of it; by default counting in memory."""

    pool: Pool
    dsn: str
    hands: Hands = field(default_factory=Hands)
    shared_limiter: Limiter | None = None
    finished: list[FinishedRequest] = field(default_factory=list)
    keys_in_urls: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Compose the process as the service does."""
        clock = self.hands.clock()
        self.limiter = self.shared_limiter or MemoryLimiter(clock)
        self.failures = FailedAuthentications(60, clock)
        self.lookups = CountingPool(self.pool)
        self.directory = KeyDirectory(
            cast("Pool", self.lookups), PEPPERS, lambda: connect(self.dsn)
        )
        app = FastAPI(openapi_url=None)
        app.state.edge = EdgeResources(self.pool, b"i" * 32)
        app.state.limiter = self.limiter
        routers = [self_router, things]
        for router in routers:
            app.include_router(router)

        @app.get("/healthz")
        async def alive() -> dict[str, str]:
            return {"status": "ok"}

        self.gate = Gate(
            app,
            RouteTable(
                [route for router in routers for route in router.routes],  # pyright: ignore[reportArgumentType]  an api_router holds ApiRoutes only
                frozenset({("POST", "/api/v1/open")}),
            ),
            self.directory,
            self.limiter,
            self.failures,
            address_reader([ip_network(PROXY)]),
            GateHooks(
                on_finished=self.finished.append,
                on_key_in_url=lambda query, _: self.keys_in_urls.append(query),
            ),
        )

    def client(
        self,
        key: str | None = None,
        address: str = "192.0.2.1",
        headers: dict[str, str] | None = None,
    ) -> httpx.AsyncClient:
        """Make a client that sends a key and comes from an address."""
        sent = {**(headers or {}), **({} if key is None else {"x-api-key": key})}
        transport = httpx.ASGITransport(self.gate, client=(address, 1234))  # pyright: ignore[reportArgumentType]  httpx spells the ASGI types differently
        return httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=sent)

    async def make_key(self, company_id: UUID, **terms: Any) -> CreatedKey:
        """Make a key as the command line does: over a connection of its own."""
        async with self.pool.acquire() as connection, zero_tail(connection) as changes:
            request = replace(EVERYTHING, **terms)
            return await KEYS.create_key(changes, company_id, request, by=OPERATOR)


@asynccontextmanager
async def running(world: World) -> AsyncGenerator[World]:
    """Run the process's background work for as long as the block lasts."""
    lease = asyncio.create_task(world.directory.lease.run())
    try:
        await asyncio.wait_for(world.directory.lease.wait_until_held(), 10)
        yield world
    finally:
        lease.cancel()
        with suppress(asyncio.CancelledError):
            await lease


def problems_of(response: httpx.Response) -> tuple[int, str, Sequence[dict[str, str]]]:
    """Read status, code and details of an error answer, whose envelope must be whole."""
    body = response.json()
    assert body["success"] is False
    error = body["error"]
    assert set(error) == {"code", "message", "details", "requestId"}
    assert error["requestId"] == response.headers["x-request-id"]
    return response.status_code, error["code"], error["details"]
