"""What a soak runs on: a database, two keys of two people, and processes that may die."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.service import create_company
from justpaid.db.pool import connect
from justpaid.db.secrets import load_secrets
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.scopes import Category, Scope
from justpaid.settings import Settings
from tests.api.live_service import free_port

ROOT = Path(__file__).parents[3]
LEASE_SECONDS = 2
_PLENTY = 1_000_000
_READY_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """Where the service of a soak is, and with which keys it is asked."""

    database_url: str
    api_url: str
    company_id: UUID
    starter_key: str
    approver_key: str


@dataclass
class Nursery:
    """The living API and worker processes; whichever ends is replaced at once."""

    process: Process
    living: dict[int, str] = field(default_factory=dict)
    ended_by_themselves: list[tuple[str, int]] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)

    def bear(self, kind: str) -> None:
        """Ask for a further process."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{kind}\n".encode())

    async def attend(self) -> None:
        """Note births and deaths, and replace the dead, until stdout closes."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            match line.decode().split():
                case ["born", kind, pid]:
                    self.living[int(pid)] = kind
                case ["dead", pid, status]:
                    kind = self.living.pop(int(pid))
                    if int(pid) not in self.killed:
                        self.ended_by_themselves.append((kind, int(status)))
                        await asyncio.sleep(0.1)
                    self.bear(kind)
                case _:
                    pass


async def make_place(settings: Settings) -> Place:
    """Make a company with one key that starts runs and one of somebody else who approves."""
    dsn = settings.database_url or ""
    connection = await connect(dsn)
    try:
        secrets = await load_secrets(settings, connection)
        keys = ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets)))
        company = await create_company(connection, name="Acme GmbH", currency="EUR")
        made: list[str] = []
        for name in ("starter", "approver"):
            request = KeyRequest(
                name=name, scopes=frozenset(Scope), limits=dict.fromkeys(Category, _PLENTY)
            )
            async with zero_tail(connection) as changes:
                by = Actor(f"operator:{name}")
                made.append((await keys.create_key(changes, company.id, request, by=by)).secret)
    finally:
        await connection.close()
    return Place(dsn, settings.base_url, company.id, *made)


def settings_for(database_url: str, folder: Path, provider_url: str) -> Settings:
    """Choose the settings of every process of a soak."""
    return Settings(
        database_url=database_url,
        data_dir=folder,
        port=free_port(),
        lease_seconds=LEASE_SECONDS,
        outbound_allow=provider_url.removeprefix("http://"),
        metrics_bind=None,
        log_level="error",
        database_pool_size=8,
    )


@asynccontextmanager
async def open_nursery(
    environment: dict[str, str], log: Path, mutant: str
) -> AsyncGenerator[Nursery]:
    """Start the process that forks the others; all of them end with the block."""
    lifeline, held = os.pipe()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUSTPAID_")}
    paths = os.pathsep.join([str(ROOT), *sys.path])
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.soak.nursery", str(lifeline), mutant),
            stdin=PIPE,
            stdout=PIPE,
            stderr=stderr,
            pass_fds=[lifeline],
            cwd=ROOT,
            env=kept | environment | {"PYTHONPATH": paths},
        )
    os.close(lifeline)
    nursery = Nursery(process)
    assert process.stdout is not None
    async with asyncio.timeout(_READY_SECONDS):
        assert (await process.stdout.readline()).strip() == b"ready"
    attending = asyncio.create_task(nursery.attend())
    try:
        yield nursery
    finally:
        attending.cancel()
        with suppress(asyncio.CancelledError):
            await attending
        os.close(held)
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(_READY_SECONDS):
            await process.wait()
