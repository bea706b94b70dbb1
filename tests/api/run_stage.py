"""A stage for tests of runs: the room's routes on a real database, and a stand-in worker.

The worker here moves runs by the engine's own statements, so that a test decides when what happens.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from justpaid import exact_json, ids
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.service import AuditLog
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool, connect
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.engine import claims, journal
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.model import ClaimedRun, End, Entry, RunStatus, StepRecord
from justpaid.ids import Prefix, encode_id
from justpaid.runs.room import RunsRoom, make_room
from justpaid.runs.routes import router
from justpaid.scopes import Scope
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.web.caller import CALLER_KEY, Caller
from justpaid.web.routing import EdgeResources

SECRET = b"s" * 32
KEYS = KeyRing(SecretRing("master_key", VersionedSecret(1, bytes(32))))
ALL = frozenset(Scope)


@dataclass
class Stage:
    """The service as one caller sees it; `caller` may be changed between requests."""

    pool: Pool
    room: RunsRoom
    http: httpx.AsyncClient
    app: FastAPI
    caller: Caller

    def act_with(self, *scopes: Scope) -> None:
        """Go on with these scopes only."""
        self.caller = self.caller._replace(scopes=frozenset(scopes))

    def act_for(self, company_id: UUID) -> None:
        """Go on as another company's caller."""
        self.caller = self.caller._replace(company_id=company_id, actor="key_other")

    async def add_company(self) -> UUID:
        """Make a further company."""
        identity = ids.new_id()
        await self.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'Other')", identity)
        return identity

    async def add_workflow(self, status: str = "active", **definition: Any) -> UUID:
        """Store a workflow of the caller's company with one transform step, or as given."""
        identity = ids.new_id()
        step = {"id": "shape", "type": "transform", "config": {"mapping": {"a": "{{input.a}}"}}}
        whole = {"name": "Test", "trigger": {"type": "api"}, "steps": [step], **definition}
        await self.pool.execute(
            "INSERT INTO workflows (id, company_id, name, status, trigger, created_by) "
            "VALUES ($1, $2, $3, $4, $5, 'mem_1')",
            identity,
            self.caller.company_id,
            whole["name"],
            status,
            exact_json.encode_text(whole["trigger"]),
        )
        await self.pool.execute(
            "INSERT INTO workflow_versions (workflow_id, version, company_id, definition, "
            "created_by) VALUES ($1, 1, $2, $3, 'mem_1')",
            identity,
            self.caller.company_id,
            exact_json.encode_text(whole),
        )
        return identity

    async def start(self, workflow_id: UUID, **body: Any) -> httpx.Response:
        """Start a run by the API."""
        return await self.post(f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run", body)

    async def started(self, workflow_id: UUID, **body: Any) -> str:
        """Start a run that must be accepted; return its id."""
        answer = await self.start(workflow_id, **body)
        assert answer.status_code == 202, answer.text
        return answer.json()["data"]["runId"]

    async def post(
        self, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST a JSON body with exact numbers."""
        raw = b"" if body is None else exact_json.encode(body)
        announced = {"content-type": "application/json", **(headers or {})}
        return await self.http.post(path, content=raw, headers=announced)

    async def claim(self) -> list[ClaimedRun]:
        """Take every waiting run, as a worker does."""
        async with self.pool.acquire() as connection:
            return await claims.claim_runs(connection, 64, 10.0)

    async def record(self, run: ClaimedRun, *steps: StepRecord, **more: Any) -> None:
        """Write journal rows of a claimed run."""
        entry = Entry(run.id, run.fence, run.origin_run_id, steps=list(steps), **more)
        async with self.pool.acquire() as connection:
            assert await journal.record(connection, [entry]) == [True]

    async def end(
        self, run: ClaimedRun, status: RunStatus = RunStatus.COMPLETED, **fields: Any
    ) -> None:
        """End a claimed run."""
        entry = Entry(run.id, run.fence, run.origin_run_id)
        async with self.pool.acquire() as connection:
            ended = await journal.finish(connection, [End(entry, status, **fields)])
        assert ended[0] is not None


async def stage_may_read(_: Caller) -> bool:
    """Let every stream go on."""
    return True


@asynccontextmanager
async def open_stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncGenerator[Stage]:
    """Open the room and an HTTP client on its routes, without the gate."""
    caller = Caller(company_id, "key_test", ALL, key_id=ids.new_id(), request_id="req-1")
    app = FastAPI()
    app.include_router(router)
    room = make_room(
        pool,
        partial(connect, database_url, dict(SESSION_SETTINGS)),
        AuditLog(AuditSecrets(AuditSecret(1, SECRET))),
        STEP_TYPES,
        SECRET,
        KEYS,
        may_read=stage_may_read,
    )
    app.state.edge = EdgeResources(pool, SECRET)
    app.state.runs = room

    async def with_caller(scope: Any, receive: Any, send: Any) -> None:
        scope[CALLER_KEY] = stage.caller
        await app(scope, receive, send)

    transport = httpx.ASGITransport(with_caller)
    async with httpx.AsyncClient(transport=transport, base_url="http://api/api/v1") as http:
        stage = Stage(pool, room, http, app, caller)
        await room.open()
        try:
            yield stage
        finally:
            await room.close()
