"""What is no API: health, metrics, documentation, the dashboard's page."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from justpaid import exact_json
from justpaid.app import open_api, openapi_document
from justpaid.db.pool import Pool
from justpaid.guides.library import list_guides
from justpaid.settings import Settings
from tests.api.whole_service import WholeService, whole_service


@pytest.fixture
async def site(service: WholeService) -> AsyncGenerator[httpx.AsyncClient]:
    """Visit the service without a key."""
    transport = httpx.ASGITransport(service.api.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_health_says_one_word(site: httpx.AsyncClient) -> None:
    """A balancer learns whether to send traffic here, and nothing else."""
    assert (await site.get("/healthz")).json() == {"status": "alive"}
    assert (await site.get("/readyz")).json() == {"status": "ready"}


async def test_the_document_needs_no_server(site: httpx.AsyncClient) -> None:
    """Types made from the code's own OpenAPI document fit what a server says of itself."""
    served: Any = exact_json.parse((await site.get("/openapi.json")).content)
    for beside_the_api in ("/healthz", "/readyz"):
        del served["paths"][beside_the_api]
    assert exact_json.parse(exact_json.encode(openapi_document())) == served


async def test_an_old_schema_is_not_ready(
    pool: Pool, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A process whose database another release has migrated takes no traffic."""
    data_dir = tmp_path_factory.mktemp("old")
    settings = Settings(database_url=database_url, data_dir=data_dir, metrics_bind=None)
    async with open_api(settings) as api:
        await pool.execute("UPDATE alembic_version SET version_num = '0000'")
        transport = httpx.ASGITransport(api.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "not ready"})


async def test_metrics_want_their_token(
    pool: Pool, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Metrics are served to whoever holds the token, and name no company and no key."""
    data_dir = tmp_path_factory.mktemp("metrics")
    async with whole_service(pool, database_url, data_dir, metrics_token="t" * 32) as service:
        company_id = await service.make_company()
        async with service.client(await service.make_key(company_id)) as caller:
            assert (await caller.get("/me")).status_code == 200
        transport = httpx.ASGITransport(service.api.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            assert (await client.get("/metrics")).status_code == 404
            wrong = await client.get("/metrics", headers={"authorization": "Bearer x"})
            answer = await client.get("/metrics", headers={"authorization": "Bearer " + "t" * 32})
    assert wrong.status_code == 404
    assert "justpaid_requests_total" in answer.text
    assert "key_" not in answer.text
    assert "cmp_" not in answer.text


async def test_every_guide_is_served_whole(site: httpx.AsyncClient) -> None:
    """The guides are there without a CDN or script, with this installation's own address."""
    assert set(list_guides()) >= {"authentication", "workflows", "expressions", "operations"}
    for name in list_guides():
        page = await site.get(f"/docs/{name}")
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for link in re.findall(r'href="#([^"]+)"', page.text):
            assert f'id="{link}"' in page.text, f"{name} links to #{link}"
    assert (await site.get("/docs/nowhere")).status_code == 404
    assert (await site.get("/docs")).status_code == 200


async def test_the_reference_shows_every_endpoint(site: httpx.AsyncClient) -> None:
    """The reference is made from the document, so nothing served is missing in it."""
    document = (await site.get("/openapi.json")).json()
    page = (await site.get("/docs/reference")).text
    for path, operations in document["paths"].items():
        assert path in page
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page


async def test_the_dashboard_answers_for_its_addresses(site: httpx.AsyncClient) -> None:
    """A person who opens a deep link gets the page; a program that guesses a file gets 404."""
    page = await site.get("/keys/key_1", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert (await site.get("/assets/../app.py")).status_code == 404
    assert (await site.get("/assets/nothing.js")).status_code == 404
    assert (await site.get("/favicon.ico", headers={"accept": "image/*"})).status_code == 404
