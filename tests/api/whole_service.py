"""The service whole, in this process: the API behind its gate, and a worker, on a real database."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from justpaid.api_keys.key_changes import zero_tail
from justpaid.api_keys.key_format import hint_of
from justpaid.api_keys.model import KeyRequest
from justpaid.api_keys.service import ApiKeys
from justpaid.app import Api, open_api
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.companies.service import create_company
from justpaid.db.pool import Connection, Pool, connect
from justpaid.db.secrets import load_secrets
from justpaid.ids import new_id
from justpaid.keyrings import audit_secrets_of, peppers_of
from justpaid.scopes import Category, Scope
from justpaid.settings import Settings
from justpaid.worker import work

OPERATOR = Actor("operator:test")
PLENTY = dict.fromkeys(Category, 1_000_000)


@dataclass
class WholeService:
    """The service as its callers meet it."""

    api: Api
    settings: Settings
    pool: Pool

    async def make_company(self, name: str = "Acme GmbH") -> UUID:
        """Make a company."""
        company_id = new_id()
        await self.pool.execute(
            "INSERT INTO companies (id, name) VALUES ($1, $2)", company_id, name
        )
        return company_id

    async def make_key(self, company_id: UUID, *scopes: Scope, limited: bool = False) -> str:
        """Make a key with these scopes, or all; its limits do not bind unless `limited`."""
        request = KeyRequest(
            name="test",
            scopes=frozenset(scopes or Scope),
            limits=dict.fromkeys(Category, 1) if limited else PLENTY,
        )
        return await _store_key(self.settings, company_id, request)

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        """Make a client that sends this key."""
        transport = httpx.ASGITransport(self.api.asgi, raise_app_exceptions=False)
        headers = {} if key is None else {"x-api-key": key}
        return httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1/api/v1", headers=headers
        )


@asynccontextmanager
async def whole_service(
    pool: Pool, database_url: str, data_dir: Path, **settings: Any
) -> AsyncGenerator[WholeService]:
    """Open the API and a worker on a database."""
    wanted = Settings(database_url=database_url, data_dir=data_dir, metrics_bind=None, **settings)
    stop = asyncio.Event()
    async with open_api(wanted) as api:
        working = asyncio.create_task(work(wanted, stop))
        try:
            yield WholeService(api, wanted, pool)
        finally:
            stop.set()
            await working


async def make_company_and_key(database_url: str, data_dir: Path) -> str:
    """Make a company and a key with every scope, as an operator does beside a running service."""
    connection = await connect(database_url)
    company = await create_company(connection, name="Acme GmbH")
    await connection.close()
    request = KeyRequest(name="test", scopes=frozenset(Scope), limits=PLENTY)
    settings = Settings(database_url=database_url, data_dir=data_dir)
    return await _store_key(settings, company.id, request)


async def revoke_key(database_url: str, data_dir: Path, secret: str) -> None:
    """Revoke a key as an operator does; return when no process accepts it any more."""
    settings = Settings(database_url=database_url, data_dir=data_dir)
    connection = await connect(database_url)
    keys = await _open_keys(settings, connection)
    row = await connection.fetchrow(
        "SELECT company_id, id FROM api_keys WHERE hint = $1", hint_of(secret)
    )
    assert row is not None
    async with zero_tail(connection) as changes:
        await keys.revoke_key(changes, row["company_id"], row["id"], by=OPERATOR)
    await connection.close()


async def _open_keys(settings: Settings, connection: Connection) -> ApiKeys:
    secrets = await load_secrets(settings, connection)
    return ApiKeys(peppers_of(secrets), AuditLog(audit_secrets_of(secrets)))


async def _store_key(settings: Settings, company_id: UUID, request: KeyRequest) -> str:
    connection = await connect(settings.database_url or "")
    keys = await _open_keys(settings, connection)
    async with zero_tail(connection) as changes:
        created = await keys.create_key(changes, company_id, request, by=OPERATOR)
    await connection.close()
    return created.secret
