"""Acts on keys for the bench, and what their callers see while a key is revoked."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import uvloop

from bench.load import open_connection, request_bytes
from bench.service import Service
from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.model import CreatedKey, KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, connect
from justpaid.db.secrets import load_secrets
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.scopes import Category, Scope
from justpaid.settings import Settings

_OPERATOR: Final = Actor("operator:bench")
_KEYS: Final = 20
_CALLERS_A_PROCESS: Final = 4
_REQUESTS_A_SECOND: Final = 500
_BEFORE_SECONDS: Final = 0.3
_AFTER_SECONDS: Final = 0.2
_PLENTY: Final = 1_000_000


@dataclass
class Revocations:
    """What was seen of all revocations together."""

    revoke_seconds: list[float] = field(default_factory=list)
    accepted_after: int = 0
    answers: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def make_key(service: Service, *, reads: int) -> str:
    """Make a key that may read so often a minute; return its text."""

    async def make() -> str:
        async with _opened(service) as (keys, connection):
            return (await _create(service, keys, connection, reads)).secret

    return uvloop.run(make())


async def measure_revocations(service: Service, ports: Sequence[int], path: str) -> Revocations:
    """Revoke one key after the other while callers of every process use it, 500 times a second."""
    seen = Revocations()
    async with _opened(service) as (keys, connection):
        for _ in range(_KEYS):
            created = await _create(service, keys, connection, _PLENTY)
            await _revoke_in_use(keys, connection, created, seen, (ports, path))
    return seen


async def _revoke_in_use(
    keys: ApiKeys,
    connection: Connection,
    created: CreatedKey,
    seen: Revocations,
    where: tuple[Sequence[int], str],
) -> None:
    ports, path = where
    request = request_bytes("GET", path, {"x-api-key": created.secret})
    accepted: list[float] = []
    pause = len(ports) * _CALLERS_A_PROCESS / _REQUESTS_A_SECOND
    begun = time.monotonic()
    is_over = asyncio.Event()

    async def call(port: int) -> None:
        connected = await open_connection(port)
        while not is_over.is_set():
            asked_at = time.monotonic()
            if await connected.send(request) == 200:
                accepted.append(asked_at)
            seen.answers += 1
            await asyncio.sleep(pause)
        connected.close()

    calling = [asyncio.create_task(call(port)) for port in ports for _ in range(_CALLERS_A_PROCESS)]
    await asyncio.sleep(_BEFORE_SECONDS)
    asked_at = time.monotonic()
    async with zero_tail(connection) as changes:
        await keys.revoke_key(changes, created.key.company_id, created.key.id, by=_OPERATOR)
    revoked_at = time.monotonic()
    await asyncio.sleep(_AFTER_SECONDS)
    is_over.set()
    await asyncio.gather(*calling)
    seen.seconds += time.monotonic() - begun
    seen.revoke_seconds.append(revoked_at - asked_at)
    seen.accepted_after += sum(moment > revoked_at for moment in accepted)
    assert accepted


async def _create(
    service: Service, keys: ApiKeys, connection: Connection, reads: int
) -> CreatedKey:
    request = KeyRequest(name="bench", scopes=frozenset(Scope), limits={Category.READ: reads})
    async with zero_tail(connection) as changes:
        return await keys.create_key(changes, service.company_id, request, by=_OPERATOR)


@asynccontextmanager
async def _opened(service: Service) -> AsyncGenerator[tuple[ApiKeys, Connection]]:
    """Open the installation's keys, as the command line does."""
    settings = Settings(database_url=service.dsn, data_dir=service.data_dir)
    connection = await connect(service.dsn)
    try:
        secrets = await load_secrets(settings, connection)
        yield ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets))), connection
    finally:
        await connection.close()
