"""writeOnly inputs over the API: taken, used, and shown by no answer."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.api.whole_service import WholeService
from tests.engine.stage import until

IBAN, OTHER = "DE89370400440532013000", "FR7630006000011234567890189"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["iban"],
    "properties": {"iban": {"type": "string", "minLength": 15, "writeOnly": True}},
}
# Nothing listens there: what it would have sent is recorded, and the run fails.
PAY: dict[str, Any] = {
    "id": "pay",
    "type": "action",
    "action": "http.request",
    "config": {
        "method": "POST",
        "url": "http://127.0.0.1:9/",
        "headers": {"x-iban": "{{ input.iban }}"},
        "json": {"iban": "{{ input.iban }}"},
    },
}
NOTE: dict[str, Any] = {
    "id": "note",
    "type": "transform",
    "config": {"mapping": {"all": "{{ input }}"}},
}
DEFINITION: dict[str, Any] = {
    "name": "Pay out",
    "trigger": {"type": "api"},
    "inputSchema": SCHEMA,
    "steps": [NOTE, PAY],
}


@pytest.fixture
async def client(service: WholeService, own_company_id: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """Call with every scope."""
    async with service.client(await service.make_key(own_company_id)) as caller:
        yield caller


async def define(client: httpx.AsyncClient, **changed: Any) -> str:
    """Store a workflow, active."""
    made = await client.post("/workflows", json={**DEFINITION, **changed})
    assert made.status_code == 201, made.text
    workflow_id: str = made.json()["data"]["id"]
    await client.post(f"/workflows/{workflow_id}/activate")
    return workflow_id


async def ended(client: httpx.AsyncClient, run_id: str) -> Any:
    """Wait for a run's end; return its record."""

    async def look() -> Any:
        record = (await client.get(f"/runs/{run_id}")).json()["data"]
        return record if record["completedAt"] else None

    return await until(look, "the run's end")


async def stands_anywhere(service: WholeService, *texts: str) -> bool:
    """Search every column of every table."""
    tables = await service.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in tables:
        rows = await service.pool.fetch(f'SELECT t::text AS row FROM "{name}" t')
        whole = "\n".join(row["row"] for row in rows)
        if any(text in whole or text.encode().hex() in whole for text in texts):
            return True
    return False


async def test_no_answer_and_no_table_tells_it(
    service: WholeService, client: httpx.AsyncClient
) -> None:
    """Record, steps, log, events, ledger, retries, a dry run and stored answers show the mask."""
    workflow_id = await define(client)
    order = {"input": {"iban": IBAN}, "idempotencyKey": "once"}
    run = f"/workflows/{workflow_id}/run"
    started = await client.post(f"{run}?wait=5", json=order, headers={"idempotency-key": "a"})
    run_id = started.json()["data"]["runId"]
    record = await ended(client, run_id)
    assert (record["status"], record["input"]) == ("failed", {"iban": "***"})
    answers = [started, await client.post(run, json=order), await client.get(f"/runs/{run_id}")]
    answers += [
        await client.get(f"/runs/{run_id}/{part}") for part in ("logs", "effects", "events")
    ]
    answers.append(
        await client.post(f"/workflows/{workflow_id}/test", json={"input": {"iban": IBAN}})
    )
    again = await client.post(f"/runs/{run_id}/retry")
    retried = again.json()["data"]["runId"]
    answers += [again, await client.get(f"/runs/{retried}")]
    assert (await ended(client, retried))["input"] == {"iban": "***"}
    more = {"filter": {"workflowId": workflow_id}, "preview": False}
    answers.append(await client.post("/runs/retry", json=more))
    changed = {"input": {"iban": OTHER}}
    last = answers[-1].json()["data"]["retried"][0]["runId"]
    await ended(client, last)
    answers.append(await client.post(f"/runs/{last}/restart", json=changed))
    assert [answer.status_code for answer in answers if answer.status_code >= 400] == []
    await ended(client, answers[-1].json()["data"]["runId"])
    assert not any(text in answer.text for answer in answers for text in (IBAN, OTHER))
    assert '"x-iban","***"' in answers[4].text.replace(" ", "")
    assert not await stands_anywhere(service, IBAN, OTHER)


async def test_a_repeat_is_judged_by_what_was_given(client: httpx.AsyncClient) -> None:
    """An idempotencyKey with another secret is a conflict, though both are shown alike."""
    run = f"/workflows/{await define(client)}/run"
    first = await client.post(run, json={"input": {"iban": IBAN}, "idempotencyKey": "once"})
    same = await client.post(run, json={"input": {"iban": IBAN}, "idempotencyKey": "once"})
    other = await client.post(run, json={"input": {"iban": OTHER}, "idempotencyKey": "once"})
    assert (first.status_code, same.status_code, other.status_code) == (202, 200, 409)


async def test_a_wrong_secret_is_refused_without_repeating_it(client: httpx.AsyncClient) -> None:
    """A value that does not match its schema is named by its path alone."""
    run = f"/workflows/{await define(client)}/run"
    answer = await client.post(run, json={"input": {"iban": "DE-geheim"}})
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["error"]["details"]] == ["input.iban"]
    assert "DE-geheim" not in answer.text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"output": "{{ input.iban }}"}, "output"),
        (
            {"steps": [{**NOTE, "config": {"mapping": {"x": "{{ upper(input.iban) }}"}}}]},
            "steps[0].config.mapping.x",
        ),
        ({"steps": [{**PAY, "when": "input.iban != null"}]}, "steps[0].when"),
        (
            {"inputSchema": {"allOf": [{"properties": {"a": {"writeOnly": True}}}]}},
            "inputSchema.allOf[0].properties.a.writeOnly",
        ),
    ],
)
async def test_what_would_tell_it_is_refused(
    client: httpx.AsyncClient, changed: dict[str, Any], field: str
) -> None:
    """Whatever is not the config of a step that acts outside cannot read it, when stored."""
    answer = await client.post("/workflows", json={**DEFINITION, **changed})
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["error"]["details"]] == [field]


async def test_a_dry_run_computes_with_what_it_does_not_show(client: httpx.AsyncClient) -> None:
    """A test without effects finds what the secret would break, and shows the mask for it."""
    body = {"last": "{{ substring(input.iban, length(input.iban) - 4, length(input.iban)) }}"}
    inner = await define(client)
    steps: list[dict[str, Any]] = [
        {**PAY, "config": {**PAY["config"], "json": body}},
        {"id": "ask", "type": "workflow", "config": {"workflowId": inner, "input": "{{ input }}"}},
    ]
    workflow_id = await define(client, steps=steps)
    answer = await client.post(f"/workflows/{workflow_id}/test", json={"input": {"iban": IBAN}})
    assert answer.json()["data"]["status"] == "completed", answer.text
    pay, ask = (step["wouldSend"] for step in answer.json()["data"]["steps"])
    assert ["x-iban", "***"] in pay["headers"]
    assert ask["input"] == {"iban": "***"}
    assert IBAN not in answer.text
    assert IBAN[-4:] not in answer.text
    steps[0]["config"]["json"] = {"n": "{{ input.iban + abs(input.iban) }}"}
    workflow_id = await define(client, steps=steps)
    answer = await client.post(f"/workflows/{workflow_id}/test", json={"input": {"iban": IBAN}})
    assert answer.json()["data"]["error"]["code"] == "TEMPLATE"
    assert IBAN not in answer.text
