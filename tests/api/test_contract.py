"""The API against its own document: nothing undocumented and no 500, whatever a generator sends."""

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.live_service import live_service
from tests.api.whole_service import make_company_and_key

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


_GENTLY = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def live(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[str, str]]:
    """Run the service as a process, with a key that may do everything."""
    data_dir = tmp_path_factory.mktemp("live")
    with live_service(module_database_url, data_dir) as address:
        key = asyncio.run(make_company_and_key(module_database_url, data_dir))
        yield address, key


def test_nothing_undocumented_happens(live: tuple[str, str]) -> None:
    """Every answer to generated requests has a documented status, type, header and shape.

    Each operation is asked about unknown ids and about objects that exist.
    """
    address, key = live
    headers = {"x-api-key": key}
    document: Any = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    seen: set[int] = set()
    for operation in operations:
        with httpx.Client(base_url=f"{address}/api/v1", headers=headers) as client:
            known = _make_things(client)
        for ids in ({}, known):
            _GENTLY(given(operation.as_strategy())(_asker(ids, headers, seen)))()
    assert {200, 201, 202, 400, 404, 409} <= seen


def _asker(ids: dict[str, str], headers: dict[str, str], seen: set[int]) -> Callable[[Any], None]:
    def ask(case: Any) -> None:
        known = {name: ids[name] for name in case.path_parameters if name in ids}
        case.path_parameters.update(known)
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        seen.add(response.status_code)

    return ask


def _make_things(client: httpx.Client) -> dict[str, str]:
    """Make one of everything, and return the ids by the names they have in paths."""
    step = {"id": "a", "type": "transform", "config": {"mapping": {"x": "{{ input.x }}"}}}
    definition = {"name": "Mine", "trigger": {"type": "api"}, "steps": [step]}
    workflow = client.post("/workflows", json=definition).json()["data"]["id"]
    client.post(f"/workflows/{workflow}/activate")
    run = client.post(f"/workflows/{workflow}/run?wait=20", json={"input": {"x": 1}})
    connection = client.post(
        "/connections",
        json={
            "provider": "http",
            "name": "Mine",
            "authType": "bearer",
            "credentials": {"token": "a-token-of-mine"},
            "allowedOrigins": ["https://127.0.0.1:1"],
        },
    )
    return {
        "workflowId": workflow,
        "runId": run.json()["data"]["runId"],
        "connectionId": connection.json()["data"]["id"],
        "version": "1",
    }


def test_the_document_is_openapi_3_1(live: tuple[str, str]) -> None:
    """Generators of clients read the document: version, key, scopes, errors with examples."""
    document = httpx.get(f"{live[0]}/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "x-api-key"
    for path, operations in document["paths"].items():
        if not path.startswith("/api/"):
            continue
        for method, operation in operations.items():
            responses = operation["responses"]
            if "security" not in operation:  # public: it refuses nobody
                continue
            assert {"401", "403", "429", "500"} <= set(responses), f"{method} {path}"
            limited = responses["429"]
            assert "Retry-After" in limited["headers"]
            example = limited["content"]["application/json"]["example"]
            assert example["error"]["code"] == "RATE_LIMITED"
