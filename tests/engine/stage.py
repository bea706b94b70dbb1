"""A stage for whole runs: a database, workers in this process, and a server that counts calls."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web

from justpaid import clock, exact_json
from justpaid.companies import repository as companies
from justpaid.connections.lookup import ConnectionLookup
from justpaid.connectors.perform import perform
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool, Row, connect
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.engine import journal
from justpaid.engine.contract import Resources, StepHandler
from justpaid.engine.dispatcher import Dispatcher, DispatcherOptions, WorkerLanes
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.model import Finished, NewRun
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.sealed_journal import SecretReader
from justpaid.ids import new_id
from justpaid.outbound.client import OutboundClient
from justpaid.outbound.policy import OutboundPolicy, parse_allow
from justpaid.runs.children import ChildRunMaker
from justpaid.steps.catalogue import STEP_TYPES, make_handlers
from justpaid.workflows.program_store import ProgramStore

DEADLINE_SECONDS = 60.0
_ENDED = ("completed", "failed", "timed_out", "cancelled")


@dataclass
class Call:
    """One request as the stub got it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class Stub:
    """An HTTP server that notes every call and answers as told.

    `script[path]` holds the statuses of the next answers, then it is 200. A path in `held` answers
    only once its event is set.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    script: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list[int]))
    headers: dict[str, str] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def calls_of(self, path: str) -> list[Call]:
        """Return the calls of one path."""
        return [call for call in self.calls if call.path == path]

    def keys_of(self, path: str) -> set[str | None]:
        """Return the idempotency keys that came with a path's calls."""
        return {call.headers.get("Idempotency-Key") for call in self.calls_of(path)}

    async def answer(self, request: web.Request) -> web.Response:
        """Note the call, then answer."""
        text = (await request.read()).decode()
        self.calls.append(Call(request.method, request.path, request.headers, text))
        if request.path in self.held:
            await self.held[request.path].wait()
        statuses = self.script[request.path]
        status = statuses.pop(0) if statuses else 200
        body = self.answers.get(request.path, '{"ok":true,"amount":19.90}')
        return web.Response(
            status=status, text=body, content_type="application/json", headers=self.headers
        )


@asynccontextmanager
async def open_stub() -> AsyncGenerator[Stub]:
    """Serve a stub on a free port."""
    stub = Stub()
    app = web.Application(client_max_size=8 << 20)
    app.router.add_route("*", "/{tail:.*}", stub.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stub
    finally:
        for event in stub.held.values():
            event.set()
        await runner.cleanup()


KEYS = KeyRing(SecretRing("master_key", VersionedSecret(1, bytes(32))))


@dataclass
class Stage:
    """What a test of whole runs works with."""

    database_url: str
    pool: Pool
    company_id: UUID
    stub: Stub
    keys: KeyRing = KEYS

    async def define(
        self,
        steps: Sequence[Mapping[str, Any]],
        version: int = 1,
        workflow_id: UUID | None = None,
        **top: Any,
    ) -> UUID:
        """Store a workflow, active, with these steps."""
        identity = workflow_id or new_id()
        definition = {"name": "Test", "trigger": {"type": "api"}, "steps": steps, **top}
        await self.pool.execute(
            "INSERT INTO workflows(id,company_id,name,status,version,trigger,created_by) "
            "VALUES($1,$2,'Test','active',$3,'{}','test') "
            "ON CONFLICT (id) DO UPDATE SET version=$3",
            identity,
            self.company_id,
            version,
        )
        await self.pool.execute(
            "INSERT INTO workflow_versions(workflow_id,version,company_id,definition,created_by) "
            "VALUES($1,$2,$3,$4,'test')",
            identity,
            version,
            self.company_id,
            exact_json.encode_text(definition),
        )
        return identity

    def new_run(self, workflow_id: UUID, value: Any = None, **fields: Any) -> NewRun:
        """Make a run to be accepted."""
        identity = fields.pop("id", None) or new_id()
        values: dict[str, Any] = {
            "id": identity,
            "company_id": self.company_id,
            "workflow_id": workflow_id,
            "version": 1,
            "origin_run_id": identity,
            "trigger_type": "api",
            "input": exact_json.encode_text({} if value is None else value),
        }
        return NewRun(**(values | fields))

    async def start(self, workflow_id: UUID, value: Any = None, **fields: Any) -> UUID:
        """Accept a run."""
        run = self.new_run(workflow_id, value, **fields)
        async with self.pool.acquire() as connection:
            assert await journal.accept_runs(connection, [run]) == [None]
        return run.id

    async def run(self, steps: Sequence[Mapping[str, Any]], value: Any = None, **top: Any) -> Row:
        """Define a workflow, run it with one worker, and return the ended run."""
        run_id = await self.start(await self.define(steps, **top), value)
        async with self.worker():
            return await self.ended(run_id)

    async def row(self, run_id: UUID) -> Row:
        """Return a run's row."""
        row = await self.pool.fetchrow("SELECT * FROM runs WHERE id=$1", run_id)
        assert row is not None
        return row

    async def ended(self, run_id: UUID) -> Row:
        """Wait for a run's end."""
        return await self.reaches(run_id, *_ENDED)

    async def reaches(self, run_id: UUID, *statuses: str) -> Row:
        """Wait until a run has one of these statuses."""

        async def look() -> Row | None:
            row = await self.row(run_id)
            return row if row["status"] in statuses else None

        return await until(look, f"run to be {' or '.join(statuses)}")

    async def steps(self, run_id: UUID) -> dict[str, Row]:
        """Return each step's last attempt."""
        rows = await self.pool.fetch(
            "SELECT * FROM steps WHERE run_id=$1 ORDER BY path, attempt", run_id
        )
        return {row["path"]: row for row in rows}

    async def statuses(self, run_id: UUID) -> dict[str, str]:
        """Return each step's status, with its reason when it was skipped."""
        return {
            path: row["skip_reason"] or row["status"]
            for path, row in (await self.steps(run_id)).items()
        }

    async def outputs(self, run_id: UUID) -> dict[str, Any]:
        """Return the outputs of completed steps."""
        return {
            path: exact_json.stored(row["output"])
            for path, row in (await self.steps(run_id)).items()
            if row["output"] is not None
        }

    async def effects(self, run_id: UUID) -> list[Row]:
        """Return the ledger of a run's line."""
        return await self.pool.fetch(
            "SELECT * FROM effects WHERE origin_run_id="
            "(SELECT origin_run_id FROM runs WHERE id=$1) ORDER BY path, generation",
            run_id,
        )

    async def cancel(self, run_id: UUID) -> journal.Cancelled | None:
        """Ask for a run's end."""
        async with self.pool.acquire() as connection:
            return await journal.cancel_run(connection, self.company_id, run_id)

    def action(self, path: str, **fields: Any) -> dict[str, Any]:
        """Make a step that calls the stub; fields of the config by name, of the step in `step`."""
        step: dict[str, Any] = fields.pop("step", {})
        return {
            "id": path.strip("/"),
            "type": "action",
            "action": "http.request",
            "config": {"url": self.stub.url + path, **fields},
            **step,
        }

    @asynccontextmanager
    async def worker(
        self,
        *,
        at: Callable[[str], None] = lambda _: None,
        handlers: Mapping[str, StepHandler] | None = None,
        load_program: Any = None,
        **options: Any,
    ) -> AsyncGenerator["Worker"]:
        """Run a worker on this loop, and stop it in good order."""
        worker = Worker(self, at, handlers, load_program, options)
        task = asyncio.create_task(worker.dispatcher.run(worker.stop))
        try:
            yield worker
        finally:
            worker.stop.set()
            await asyncio.wait_for(task, DEADLINE_SECONDS)
            await worker.lanes.close()
            await worker.client.close()


class Worker:
    """A worker of this process."""

    def __init__(
        self,
        stage: Stage,
        at: Callable[[str], None],
        handlers: Mapping[str, StepHandler] | None,
        load_program: Any,
        options: Mapping[str, Any],
    ) -> None:
        self.stop = asyncio.Event()
        self.finished: list[Finished] = []
        self.batches: list[tuple[str, int]] = []
        self.client = OutboundClient(OutboundPolicy(allow=parse_allow("127.0.0.1")))
        hold = partial(connect, stage.database_url, dict(SESSION_SETTINGS))
        self.lanes = WorkerLanes(hold, lambda lane, size: self.batches.append((lane, size)))
        lookup = ConnectionLookup(stage.pool, stage.keys)

        async def load_company(company_id: UUID) -> CompanyFacts:
            async with stage.pool.acquire() as connection:
                values = await companies.list_environment_values(connection, company_id)
            return CompanyFacts(values, "Europe/Berlin")

        async def load_limit(_company_id: UUID, workflow_id: UUID) -> int | None:
            return await stage.pool.fetchval(
                "SELECT (definition::json->'settings'->>'maxConcurrentRuns')::int "
                "FROM workflow_versions WHERE workflow_id=$1 ORDER BY version DESC LIMIT 1",
                workflow_id,
            )

        known = make_handlers(lookup, partial(perform, self.client))
        load = load_program or ProgramStore(stage.pool, STEP_TYPES).load
        resources = Resources(
            writes=self.lanes,
            handlers={**known, **(handlers or {})},
            load_program=load,
            load_company=load_company,
            clock=clock.now,
            monotonic=clock.monotonic,
            random=random.random,
            new_id=new_id,
            at=at,
            on_finished=self.finished.append,
            read_answers=self.lanes.read_answers,
            children=ChildRunMaker(stage.pool, load, stage.keys),
            read_secrets=SecretReader(stage.pool, stage.keys).read,
        )
        defaults: dict[str, Any] = {"fallback_seconds": 1.0, "grace_seconds": 5.0}
        self.dispatcher = Dispatcher(
            resources, hold, DispatcherOptions(**(defaults | dict(options))), load_limit=load_limit
        )

    def heard_wakes(self, run_id: UUID) -> int:
        """Tell how many wake-ups of a run it holds the worker knows of."""
        return self.dispatcher._active[run_id].wakes  # noqa: SLF001

    def heard_cancel(self, run_id: UUID) -> bool:
        """Tell whether the worker knows that a run it holds is to end."""
        return self.dispatcher._active[run_id].cancel_at is not None  # noqa: SLF001


async def until(look: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Poll until `look` gives something, or fail at the deadline."""
    deadline = clock.monotonic() + seconds
    while True:
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert clock.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


def stored(text: str | None) -> Any:
    """Read a JSON column."""
    return None if text is None else exact_json.stored(text)


def transform(step_id: str, **fields: Any) -> dict[str, Any]:
    """Make a transform step; `step` holds fields of the step itself."""
    step: dict[str, Any] = fields.pop("step", {})
    return {"id": step_id, "type": "transform", "config": {"mapping": fields}, **step}
