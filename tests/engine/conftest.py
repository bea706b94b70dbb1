"""Fixtures of whole runs."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from justpaid.db.pool import Pool
from tests.engine.stage import Stage, open_stub
from tests.stub_providers import StubProviders, open_stub_providers


@pytest.fixture
async def stage(database_url: str, pool: Pool, company_id: UUID) -> AsyncGenerator[Stage]:
    """Set a stage with a stub server."""
    async with open_stub() as stub:
        yield Stage(database_url, pool, company_id, stub)


@pytest.fixture
async def providers() -> AsyncGenerator[StubProviders]:
    """Serve stand-ins for what the example workflows call."""
    async with open_stub_providers() as served:
        yield served
