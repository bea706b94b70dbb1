"""A throwaway instance of the service, as a proof asks it, breaks it and looks into it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import aiohttp

from justpaid import exact_json
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.service import create_company
from justpaid.db.pool import Connection, connect
from justpaid.db.secrets import load_secrets
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.proofs.outside import Outside
from justpaid.scopes import Category, Scope
from justpaid.settings import Settings
from justpaid.supervisor import Supervisor

OPERATOR: Final = Actor("operator:prove")
ENDED: Final = frozenset({"completed", "failed", "timed_out", "cancelled"})

_PLENTY: Final = 1_000_000
_PATIENCE_SECONDS: Final = 40.0
_LOOK_SECONDS: Final = 0.05
_TEND_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 35.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said: its status, headers, text, and the data in it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def data(self) -> Any:  # noqa: ANN401  JSON
        """The answer's data, with exact numbers."""
        value: Any = exact_json.parse(self.text)
        return value.get("data")


@dataclass(slots=True)
class Instance:
    """The running service, with a key whose limits do not bind."""

    supervisor: Supervisor
    outside: Outside
    connection: Connection
    keys: ApiKeys
    audit: AuditLog
    company_id: UUID
    http: aiohttp.ClientSession
    key: str = ""

    async def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        """Ask the API once."""
        headers = {"x-api-key": self.key if key is None else key}
        raw = None if body is None else exact_json.encode(body)
        async with self.http.request(method, path, data=raw, headers=headers) as answer:
            return Answer(answer.status, answer.headers, await answer.text())

    async def make_key(self, name: str, limits: Mapping[Category, int] | None = None) -> CreatedKey:
        """Make a key as an operator does."""
        request = KeyRequest(name=name, scopes=frozenset(Scope), limits=limits)
        async with zero_tail(self.connection) as changes:
            return await self.keys.create_key(changes, self.company_id, request, by=OPERATOR)

    async def revoke_key(self, key_id: UUID) -> None:
        """Revoke a key as an operator does."""
        async with zero_tail(self.connection) as changes:
            await self.keys.revoke_key(changes, self.company_id, key_id, by=OPERATOR)

    async def define(self, steps: list[dict[str, Any]], output: object = None) -> str:
        """Store and activate a workflow; return its id."""
        trigger = {"type": "api"}
        definition: dict[str, Any] = {"name": "Proof", "trigger": trigger, "steps": steps}
        if output is not None:
            definition["output"] = output
        made = await self.ask("POST", "workflows", definition)
        if made.status != 201:  # noqa: PLR2004  created
            raise RuntimeError(f"A proof's own workflow was refused: {made.text}")
        workflow_id: str = made.data["id"]
        await self.ask("POST", f"workflows/{workflow_id}/activate", {})
        return workflow_id

    async def start(self, workflow_id: str, given: object, *, wait: bool = False) -> Answer:
        """Start a run; with `wait` answer with its end."""
        path = f"workflows/{workflow_id}/run{'?wait=20' if wait else ''}"
        return await self.ask("POST", path, {"input": given})

    async def reaches(self, run_id: str, *statuses: str) -> dict[str, Any]:
        """Return a run's record once it has one of these statuses, or as it is when time is up."""
        record: dict[str, Any] = {}

        async def look() -> bool:
            nonlocal record
            record = (await self.ask("GET", f"runs/{run_id}")).data
            return record["status"] in statuses

        await self.until(look)
        return record

    async def until(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Look again and again; False when it does not come true in time."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not await look():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_LOOK_SECONDS)
        return True

    def kill_worker(self) -> int:
        """Kill the worker as the system would, without a word; return its process id."""
        pid = next(child.pid for child in self.supervisor.children if child.name == "worker")
        if pid is None:
            raise RuntimeError("There is no worker to kill.")
        os.kill(pid, signal.SIGKILL)
        return pid


@asynccontextmanager
async def open_instance(
    settings: Settings, supervisor: Supervisor, outside: Outside
) -> AsyncGenerator[Instance]:
    """Make a company and a key, and look after the processes meanwhile."""
    connection = await connect(supervisor.dsn)
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    tending = asyncio.create_task(_tend(supervisor))
    try:
        async with aiohttp.ClientSession(
            f"{settings.base_url}/api/v1/", headers=headers, timeout=timeout, connector=connector
        ) as http:
            secrets = await load_secrets(settings, connection)
            audit = AuditLog(audit_secrets_of(secrets))
            keys = ApiKeys(peppers_of(secrets), audit)
            company = await create_company(connection, name="Acme GmbH", currency="EUR")
            instance = Instance(supervisor, outside, connection, keys, audit, company.id, http)
            made = await instance.make_key("prove", dict.fromkeys(Category, _PLENTY))
            instance.key = made.secret
            yield instance
    finally:
        tending.cancel()
        with suppress(asyncio.CancelledError):
            await tending
        await connection.close()


async def _tend(supervisor: Supervisor) -> None:
    while True:
        await asyncio.to_thread(supervisor.tend)
        await asyncio.sleep(_TEND_SECONDS)
