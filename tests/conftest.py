"""Fixtures of every test that needs the real thing: PostgreSQL, a migrated database, a company.

One embedded server for a test process; a database is cloned from a migrated template, which takes
a few hundredths of a second, so that each test that asks for one has its own.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from hypothesis import settings

from justpaid.db.embedded import start_embedded
from justpaid.db.migrate import migrate
from justpaid.db.pool import Pool, connect, open_pool
from justpaid.ids import new_id

# No test asserts a duration. Where CI says so, the same examples are tried on every run.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# Safe for kill -9 of any process; only a crash of the machine needs fsync, and no test makes one.
_TEST_OPTIONS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
_TEMPLATE = "template_justpaid"


def _at_database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real PostgreSQL for this test process; the value is its superuser's address."""
    data_dir: Path = tmp_path_factory.mktemp("postgres")
    embedded = start_embedded(data_dir, options=_TEST_OPTIONS, dies_with_us=True)
    try:
        yield embedded.superuser_dsn
    finally:
        embedded.destroy()


@pytest.fixture(scope="session")
def template_database(postgres: str) -> str:
    """Migrate one database that the others are cloned from."""

    async def make() -> None:
        connection = await connect(postgres)
        await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        await connection.close()
        await migrate(_at_database(postgres, _TEMPLATE))

    asyncio.run(make())
    return _TEMPLATE


@asynccontextmanager
async def _cloned(postgres: str, template_database: str) -> AsyncGenerator[str]:
    name = f"test_{new_id().hex}"
    connection = await connect(postgres)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield _at_database(postgres, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database_url(postgres: str, template_database: str) -> AsyncIterator[str]:
    """Give the test a migrated database of its own."""
    async with _cloned(postgres, template_database) as url:
        yield url


@pytest.fixture(scope="module")
async def module_database_url(postgres: str, template_database: str) -> AsyncIterator[str]:
    """Give all tests of a module one migrated database; each acts for its own company."""
    async with _cloned(postgres, template_database) as url:
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Open a pool on the test's database."""
    opened = await open_pool(database_url, max_size=20)
    yield opened
    opened.terminate()


@pytest.fixture
async def company_id(pool: Pool) -> UUID:
    """Make the company that the test acts for."""
    identity = new_id()
    await pool.execute("INSERT INTO companies (id, name) VALUES ($1, $2)", identity, "Acme GmbH")
    return identity
