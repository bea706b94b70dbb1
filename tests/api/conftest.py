"""One running service for all tests of a module: each test acts for a company of its own."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from justpaid.db.pool import open_pool
from tests.api.whole_service import WholeService, whole_service


@pytest.fixture(scope="module")
async def service(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[WholeService]:
    """Run the service on a database of the module's own."""
    pool = await open_pool(module_database_url, max_size=10)
    data_dir = tmp_path_factory.mktemp("service")
    async with whole_service(pool, module_database_url, data_dir) as running:
        yield running
    pool.terminate()


@pytest.fixture
async def own_company_id(service: WholeService) -> UUID:
    """Make a company in the module's service."""
    return await service.make_company()
