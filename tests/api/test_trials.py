"""Testing a workflow: what it tells, that nothing leaves, and that it costs others little."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from justpaid import exact_json
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool
from justpaid.db.secrets import SecretRing, VersionedSecret
from justpaid.ids import Prefix, encode_id, new_id
from justpaid.scopes import Scope
from justpaid.trials import handlers
from justpaid.trials.room import make_trials
from justpaid.trials.routes import router
from justpaid.web.caller import CALLER_KEY, Caller
from justpaid.web.routing import EdgeResources
from tests.engine.stage import Stub, open_stub

KEYS = KeyRing(SecretRing("master_key", VersionedSecret(1, bytes(32))))
CHARGE: dict[str, Any] = {
    "id": "charge",
    "type": "action",
    "action": "http.request",
    "config": {
        "method": "POST",
        "url": "https://api.example.com/charges/{{input.id}}",
        "headers": {"X-Api-Key": "of-theirs", "X-Trace": "{{input.id}}"},
        "json": {"amount": "{{input.amount}}"},
    },
}


class Bench:
    """The route on a database, as one caller sees it."""

    def __init__(self, pool: Pool, company_id: UUID, http: httpx.AsyncClient) -> None:
        self.pool = pool
        self.company_id = company_id
        self.http = http
        self.workflow_id = new_id()

    async def define(self, *steps: Any, status: str = "draft", **top: Any) -> None:
        """Store a workflow, or its next version."""
        definition = {"name": "T", "trigger": {"type": "api"}, "steps": list(steps), **top}
        version = await self.pool.fetchval(
            "INSERT INTO workflows (id, company_id, name, status, trigger, created_by) "
            "VALUES ($1, $2, 'T', $3, '{}', 'mem_1') "
            "ON CONFLICT (id) DO UPDATE SET version = workflows.version + 1 RETURNING version",
            self.workflow_id,
            self.company_id,
            status,
        )
        await self.pool.execute(
            "INSERT INTO workflow_versions (workflow_id, version, company_id, definition, "
            "created_by) VALUES ($1, $2, $3, $4, 'mem_1')",
            self.workflow_id,
            version,
            self.company_id,
            exact_json.encode_text(definition),
        )

    async def post(self, body: Any = None) -> httpx.Response:
        """Ask for a test."""
        path = f"/workflows/{encode_id(Prefix.WORKFLOW, self.workflow_id)}/test"
        raw = exact_json.encode(body or {})
        return await self.http.post(path, content=raw, headers={"content-type": "application/json"})

    async def test(self, value: Any = None, **body: Any) -> Any:
        """Ask for a test that must be answered; return what it told."""
        answer = await self.post({"input": value or {}, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
async def bench(pool: Pool, company_id: UUID) -> AsyncIterator[Bench]:
    """Open the route."""
    app = FastAPI()
    app.include_router(router)
    app.state.edge = EdgeResources(pool, b"s" * 32)
    app.state.trials = make_trials(pool, KEYS)
    caller = Caller(company_id, "key_test", frozenset(Scope))

    async def with_caller(scope: Any, receive: Any, send: Any) -> None:
        scope[CALLER_KEY] = caller
        await app(scope, receive, send)

    transport = httpx.ASGITransport(with_caller)
    async with httpx.AsyncClient(transport=transport, base_url="http://api/api/v1") as http:
        yield Bench(pool, company_id, http)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """Serve what nobody should call."""
    async with open_stub() as opened:
        yield opened


def by_path(data: Any) -> dict[str, Any]:
    """Return the steps by their paths."""
    return {step["path"]: step for step in data["steps"]}


def a_transform(step_id: str, **mapping: Any) -> dict[str, Any]:
    """Make a transform step."""
    return {"id": step_id, "type": "transform", "config": {"mapping": mapping}}


async def test_a_draft_tells_what_it_would_send(bench: Bench, stub: Stub) -> None:
    """An effectful step without a mock is reported, its secrets masked, and its output is null."""
    step = {**CHARGE, "config": {**CHARGE["config"], "url": stub.url + "/charges/{{input.id}}"}}
    await bench.define(step, a_transform("after", got="{{steps.charge.output}}"))
    answer = await bench.post({"input": {"id": "a/b", "amount": exact_json.parse(b"2.90")}})
    data = answer.json()["data"]
    assert (data["status"], data["error"], data["cutShort"]) == ("completed", None, None)
    charge = by_path(data)["charge"]
    assert (charge["status"], charge["output"], charge["isMocked"]) == ("completed", None, False)
    assert charge["input"]["url"] == stub.url + "/charges/a%2Fb"
    assert "of-theirs" not in answer.text
    would_send = charge["wouldSend"]
    assert would_send["method"] == "POST"
    assert would_send["url"] == stub.url + "/charges/a%2Fb"
    assert would_send["body"] == '{"amount":2.90}'
    headers = {name.lower(): value for name, value in would_send["headers"]}
    assert (headers["x-api-key"], headers["x-trace"]) == ("***", "a/b")
    assert data["output"] == {"got": None}
    assert stub.calls == []


async def test_nothing_is_stored(bench: Bench) -> None:
    """A test leaves no run, no step, no effect and no approval behind."""
    await bench.define(CHARGE)
    await bench.test({"id": "1", "amount": 1})
    for table in ("runs", "steps", "effects", "run_logs", "approvals", "audit_log"):
        assert await bench.pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_mock_is_taken_for_granted(bench: Bench) -> None:
    """Later steps read the output given; the request is told all the same."""
    await bench.define(CHARGE, a_transform("after", total="{{steps.charge.output.body.total}}"))
    mocks = {"charge": {"body": {"total": 7}}}
    data = await bench.test({"id": "1", "amount": 1}, mocks=mocks)
    charge = by_path(data)["charge"]
    assert (charge["output"], charge["isMocked"]) == (mocks["charge"], True)
    assert charge["wouldSend"]["url"].endswith("/charges/1")
    assert data["output"] == {"total": 7}


async def test_a_missing_connection_is_told_unless_there_is_a_mock(bench: Bench) -> None:
    """A step that names a connection which is not there fails its test, but not its mock."""
    config = {**CHARGE["config"], "connectionId": encode_id(Prefix.CONNECTION, new_id())}
    await bench.define({**CHARGE, "config": config})
    given = {"id": "1", "amount": 1}
    data = await bench.test(given)
    assert (data["status"], by_path(data)["charge"]["error"]["code"]) == ("failed", "CONNECTION")
    data = await bench.test(given, mocks={"charge": 1})
    assert (data["status"], data["output"]) == ("completed", 1)


async def test_waits_pass_and_people_approve(bench: Bench) -> None:
    """What a run would wait for is told and passed over: timers, approvals, child runs."""
    child = encode_id(Prefix.WORKFLOW, new_id())
    await bench.define(
        {"id": "hold", "type": "wait", "config": {"duration": 3, "unit": "days"}},
        {
            "id": "ask",
            "type": "approval",
            "config": {"approvers": ["cfo@acme.example"], "then": ["yes"], "else": ["no"]},
        },
        a_transform("yes", said="{{steps.ask.output.approved}}"),
        a_transform("no", said=False),
        {"id": "sub", "type": "workflow", "config": {"workflowId": child, "input": {"a": 1}}},
    )
    data = await bench.test()
    steps = by_path(data)
    assert data["status"] == "completed", data
    assert steps["hold"]["output"]["waited"] == 3 * 86_400_000
    assert steps["ask"]["wouldSend"]["approvers"] == ["cfo@acme.example"]
    assert (steps["yes"]["output"], steps["no"]["skipReason"]) == ({"said": True}, "path")
    assert steps["sub"]["wouldSend"] == {"kind": "run", "workflowId": child, "input": {"a": 1}}
    data = await bench.test(mocks={"ask": {"approved": False}})
    assert by_path(data)["yes"]["skipReason"] == "path"


async def test_a_loop_is_gone_through(bench: Bench) -> None:
    """Every item of a loop is told by its path."""
    inner = a_transform("twice", n="{{item * 2}}")
    loop = {
        "id": "each",
        "type": "loop",
        "config": {"collection": "{{input.numbers}}", "steps": [inner]},
    }
    await bench.define(loop)
    data = await bench.test({"numbers": [1, 2, 3]})
    assert data["output"] == {"results": [{"n": 2}, {"n": 4}, {"n": 6}]}
    assert set(by_path(data)) == {"each", "each[0].twice", "each[1].twice", "each[2].twice"}


async def test_what_fails_is_told_like_in_a_run(bench: Bench) -> None:
    """A template that cannot be evaluated fails the test at its step."""
    await bench.define(a_transform("bad", x="{{1 / 0}}"), a_transform("never", x=1))
    data = await bench.test()
    assert (data["status"], data["error"]["stepId"]) == ("failed", "bad")
    assert by_path(data)["bad"]["error"]["code"] == "TEMPLATE"
    assert by_path(data)["never"]["status"] == "cancelled"


async def test_any_version_can_be_tested(bench: Bench) -> None:
    """Without a version the present one is run; an unknown one is refused by name."""
    await bench.define(a_transform("a", v=1), status="archived")
    await bench.define(a_transform("a", v=2))
    assert (await bench.test())["output"] == {"v": 2}
    first = await bench.test(version=1)
    assert (first["output"], first["workflowVersion"]) == ({"v": 1}, 1)
    answer = await bench.post({"version": 9})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "version"


async def test_everything_wrong_is_named_at_once(bench: Bench) -> None:
    """Input and mocks are checked together, each problem with its path."""
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    loop = {
        "id": "each",
        "type": "loop",
        "config": {"collection": [], "steps": [a_transform("in", x=1)]},
    }
    await bench.define(loop, inputSchema=schema)
    key = "wfk_QaG80Zus2bqDzvaTAqttnjdW2OCM6DahvRbCV6ygOIW0h3GVY"
    answer = await bench.post({"input": {}, "mocks": {"nope": 1, "each": 1, "in": [key]}})
    assert answer.status_code == 400
    fields = {problem["field"] for problem in answer.json()["error"]["details"]}
    assert fields == {"input.id", "mocks.nope", "mocks.each", "mocks.in[0]"}


async def test_a_foreign_workflow_is_not_there(bench: Bench) -> None:
    """What another company has cannot be tested."""
    bench.company_id = new_id()
    await bench.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'O')", bench.company_id)
    await bench.define(a_transform("a", v=1))
    assert (await bench.post()).status_code == 404


async def test_a_test_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would go on for long is ended early, and says so."""
    monkeypatch.setattr(handlers, "MOST_STEPS", 20)
    loop = {
        "id": "each",
        "type": "loop",
        "config": {
            "collection": "{{input.numbers}}",
            "steps": [a_transform("twice", n="{{item * 2}}")],
        },
    }
    await bench.define(loop)
    data = await bench.test({"numbers": list(range(100))})
    assert data["status"] == "cancelled"
    assert "at most 20 steps" in data["cutShort"]
    done = [step for step in data["steps"] if step["status"] == "completed"]
    assert 0 < len(done) <= 20


async def test_a_slow_test_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test has a second of computing, not more."""
    monkeypatch.setattr(handlers, "MOST_SECONDS", -1.0)
    await bench.define(a_transform("a", v=1))
    data = await bench.test()
    assert data["status"] == "cancelled"
    assert "computes" in data["cutShort"]


async def test_numbers_keep_their_digits(bench: Bench) -> None:
    """What goes in as 2.90 comes out as 2.90."""
    await bench.define(a_transform("a", v="{{input.total}}"))
    answer = await bench.post({"input": {"total": exact_json.parse(b"2.90")}})
    assert '"output":{"v":2.90}' in answer.text
