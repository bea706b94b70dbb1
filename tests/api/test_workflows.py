"""The workflow endpoints over HTTP on a real database: every route, every refusal of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from justpaid import exact_json, ids
from justpaid.audit.chain import AuditSecret, AuditSecrets
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection, Pool
from justpaid.scopes import Scope as KeyScope
from justpaid.web.caller import CALLER_KEY, Caller
from justpaid.web.routing import EdgeResources
from justpaid.workflows.model import WorkflowChange
from justpaid.workflows.routes import router
from justpaid.workflows.service import Workflows
from justpaid.workflows.step_types import StepType, compile_expression_field

AUDIT = AuditLog(AuditSecrets(AuditSecret(1, b"a" * 32)))
KEY = "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi"
UNKNOWN_ID = ids.encode_id(ids.Prefix.WORKFLOW, ids.new_id())

STEP_TYPES = {
    step_type.name: step_type
    for step_type in (
        StepType(
            name="transform",
            title="Transform",
            config_schema={
                "type": "object",
                "required": ["mapping"],
                "properties": {"mapping": {"type": "object"}},
                "additionalProperties": False,
            },
        ),
        StepType(
            name="condition",
            title="Condition",
            has_paths=True,
            expression_fields={"conditions": compile_expression_field},
            config_schema={"type": "object", "required": ["conditions"]},
        ),
    )
}


def definition(**changes: Any) -> dict[str, Any]:
    """Make a definition that is valid, and differs by what the test is about."""
    return {
        "name": "Invoice a deal",
        "trigger": {"type": "api"},
        "steps": [
            {
                "id": "total",
                "type": "transform",
                "config": {"mapping": {"total": "{{ input.amount }}"}},
            }
        ],
        **changes,
    }


class As:
    """The gate's place in a test: names the caller that the test acts as."""

    def __init__(self, app: ASGIApp, caller: Caller) -> None:
        self.app = app
        self.caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request as the caller."""
        scope[CALLER_KEY] = self.caller
        await self.app(scope, receive, send)


@dataclass
class World:
    """One app on one database, and what its composition was told."""

    app: FastAPI
    pool: Pool
    company_id: UUID
    changes: list[WorkflowChange] = field(default_factory=list)
    reported: list[tuple[UUID, Sequence[str]]] = field(
        default_factory=list[tuple[UUID, Sequence[str]]]
    )

    def client(
        self, company_id: UUID | None = None, scopes: frozenset[KeyScope] = frozenset(KeyScope)
    ) -> httpx.AsyncClient:
        """Speak to the app as a key of a company with these scopes."""
        caller = Caller(company_id or self.company_id, "key_test", scopes, request_id="req-1")
        transport = httpx.ASGITransport(As(self.app, caller))
        return httpx.AsyncClient(transport=transport, base_url="http://test/api/v1")


@pytest.fixture
async def world(pool: Pool, company_id: UUID) -> World:
    """Compose the room as the app does, with listeners that remember."""
    app = FastAPI()
    app.include_router(router)
    made = World(app, pool, company_id)

    async def listen(_: Connection, change: WorkflowChange) -> None:
        made.changes.append(change)

    async def report(company: UUID, keys: Sequence[str]) -> None:
        made.reported.append((company, keys))

    app.state.edge = EdgeResources(pool, b"s" * 32)
    app.state.workflows = Workflows(AUDIT, STEP_TYPES, listeners=[listen], report_keys=report)
    return made


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Open the caller of most tests."""
    async with world.client() as opened:
        yield opened


async def create(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Store a workflow and return its record."""
    answer = await client.post("/workflows", json=definition(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def create_active(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Store a workflow and activate it."""
    made = await create(client, **changes)
    answer = await client.post(f"/workflows/{made['id']}/activate")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def fields_of(answer: httpx.Response) -> list[str]:
    """List the places that a refusal names."""
    return [detail["field"] for detail in answer.json()["error"]["details"]]


async def test_a_new_workflow_is_a_draft_of_version_one(client: httpx.AsyncClient) -> None:
    """Nothing starts before somebody activates it."""
    answer = await client.post("/workflows", json=definition(description="By hand"))
    record = answer.json()["data"]
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert (record["status"], record["version"], record["revision"]) == ("draft", 1, 1)
    assert record["createdBy"] == "key_test"
    read = await client.get(f"/workflows/{record['id']}")
    assert read.json()["data"] == record
    assert read.headers["etag"] == '"1"'


async def test_a_definition_comes_back_as_it_went_in(client: httpx.AsyncClient) -> None:
    """Digits and the order of names are the caller's: no float and no sorting touches them."""
    variables = '{"z":2.90,"a":123456789012345678901234567890,"m":1e3,"n":{"q":19.99,"b":[]}}'
    raw = exact_json.encode_text(definition()).removesuffix("}") + f',"variables":{variables}}}'
    made = await client.post(
        "/workflows", content=raw, headers={"content-type": "application/json"}
    )
    read = await client.get(f"/workflows/{made.json()['data']['id']}")
    assert '"z":2.90,"a":123456789012345678901234567890,' in read.text
    assert '"n":{"q":19.99,"b":[]}' in read.text


async def test_every_problem_is_named_at_once(client: httpx.AsyncClient) -> None:
    """Somebody who sends five mistakes reads of five mistakes."""
    answer = await client.post(
        "/workflows",
        json={
            "trigger": {"type": "schedule", "cron": "* *"},
            "steps": [
                {"id": "a", "type": "transform", "config": {"mapping": {"x": "{{ steps.b }}"}}},
                {"id": "b", "type": "nothing"},
            ],
            "colour": "blue",
        },
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
    assert set(fields_of(answer)) == {
        "name",
        "colour",
        "trigger.cron",
        "steps[0].config.mapping.x",
        "steps[1].type",
    }


async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient) -> None:
    """A list or a number is a mistake of the caller, not a fault of ours."""
    for body in ([], 5, "x", None):
        answer = await client.post("/workflows", json=body)
        assert answer.status_code == 400, body


async def test_validate_tells_and_stores_nothing(client: httpx.AsyncClient, world: World) -> None:
    """An editor can ask at every keystroke."""
    good = await client.post("/workflows/validate", json=definition())
    assert good.json()["data"] == {"valid": True, "problems": []}
    bad = await client.post("/workflows/validate", json=definition(name="", steps=[]))
    assert bad.status_code == 200
    assert bad.json()["data"]["valid"] is False
    assert [one["field"] for one in bad.json()["data"]["problems"]] == ["name", "steps"]
    assert await world.pool.fetchval("SELECT count(*) FROM workflows") == 0


async def test_an_api_key_in_a_definition_is_refused_and_reported(
    client: httpx.AsyncClient, world: World
) -> None:
    """A key pasted into a step reaches neither the table nor the answer, and can be flagged."""
    for body in (
        definition(variables={"token": f"Bearer {KEY}"}),
        definition(variables={KEY: 1}),
        definition(**{KEY: 1}),
    ):
        answer = await client.post("/workflows", json=body)
        assert answer.status_code == 400
        assert KEY not in answer.text
        assert world.reported[-1] == (world.company_id, [KEY])
    assert await world.pool.fetchval("SELECT count(*) FROM workflows") == 0


async def test_a_draft_changes_in_place(client: httpx.AsyncClient) -> None:
    """While nothing can run, saves make no history; every one raises the revision."""
    made = await create(client, description="Old", variables={"a": 1})
    answer = await client.put(
        f"/workflows/{made['id']}",
        json={"name": "New", "description": None, "changeSummary": "Rename"},
    )
    saved = answer.json()["data"]
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert (saved["name"], saved["version"], saved["revision"]) == ("New", 1, 2)
    assert "description" not in saved
    assert saved["variables"] == {"a": 1}
    versions = (await client.get(f"/workflows/{made['id']}/versions")).json()["data"]
    assert [(one["version"], one["changeSummary"]) for one in versions] == [(1, "Rename")]


async def test_a_save_on_an_active_workflow_makes_a_version(client: httpx.AsyncClient) -> None:
    """What runs are bound to never changes under them."""
    made = await create_active(client, layout={"total": {"x": 1}})
    path = f"/workflows/{made['id']}"
    saved = (await client.put(path, json={"layout": {}})).json()["data"]
    assert (saved["version"], saved["revision"], saved["status"]) == (2, 2, "active")
    await client.post(f"{path}/pause")
    paused = (await client.put(path, json={"name": "Third"})).json()["data"]
    assert (paused["version"], paused["status"]) == (3, "paused")
    first = (await client.get(f"{path}/versions/1")).json()["data"]
    assert first["definition"]["layout"] == {"total": {"x": 1}}
    assert first["definition"]["name"] == "Invoice a deal"


async def test_the_second_of_two_savers_is_told(client: httpx.AsyncClient) -> None:
    """With If-Match nobody overwrites a change that they have not seen."""
    made = await create(client)
    path = f"/workflows/{made['id']}"
    match = {"If-Match": '"1"'}
    assert (await client.put(path, json={"name": "A"}, headers=match)).status_code == 200
    late = await client.put(path, json={"name": "B"}, headers=match)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "CONFLICT")
    assert (await client.get(path)).json()["data"]["name"] == "A"
    for header in ("*", '"7", "3"', 'W/"4"'):
        answer = await client.put(path, json={"name": header}, headers={"If-Match": header})
        assert answer.status_code == 200, header
    odd = await client.put(path, json={"name": "C"}, headers={"If-Match": "2"})
    assert (odd.status_code, fields_of(odd)) == (400, ["If-Match"])


async def test_the_second_saver_is_told_of_the_first_and_not_of_mistakes(
    client: httpx.AsyncClient,
) -> None:
    """What fits the revision that was read, and no longer what is there, is a conflict."""
    made = await create(client)
    path = f"/workflows/{made['id']}"
    other = {**definition()["steps"][0], "id": "sum"}
    assert (await client.put(path, json={"steps": [other]})).status_code == 200
    mine = {"output": "{{ steps.total.output }}"}
    late = await client.put(path, json=mine, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "CONFLICT")


async def test_a_save_names_unknown_fields_with_all_else(client: httpx.AsyncClient) -> None:
    """An unknown field hides none of the other mistakes of a save."""
    made = await create(client)
    answer = await client.put(f"/workflows/{made['id']}", json={"status": "paused", "steps": []})
    assert (answer.status_code, sorted(fields_of(answer))) == (400, ["status", "steps"])


async def test_of_saves_at_the_same_moment_one_wins(client: httpx.AsyncClient) -> None:
    """However close together people save the same revision, exactly one of them is not told no."""
    made = await create_active(client)
    path = f"/workflows/{made['id']}"
    answers = await asyncio.gather(
        *(
            client.put(path, json={"name": f"By {number}"}, headers={"If-Match": '"1"'})
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]
    after = (await client.get(path)).json()["data"]
    assert (after["version"], after["revision"]) == (2, 2)
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert after == winner.json()["data"]


async def test_a_save_must_leave_a_valid_definition(client: httpx.AsyncClient) -> None:
    """A change is judged together with what stays."""
    made = await create(client)
    path = f"/workflows/{made['id']}"
    broken = await client.put(path, json={"output": "{{ steps.gone.output }}", "name": None})
    assert broken.status_code == 400
    assert set(fields_of(broken)) == {"output", "name"}
    unknown = await client.put(path, json={"status": "active", "id": "x", "changeSummary": 5})
    assert set(fields_of(unknown)) == {"status", "id", "changeSummary"}
    assert (await client.get(path)).json()["data"]["revision"] == 1


async def test_a_null_output_is_a_value(client: httpx.AsyncClient) -> None:
    """Saving a definition unchanged changes nothing, also when its output is null."""
    made = await create(client, output=None)
    saved = await client.put(f"/workflows/{made['id']}", json={"output": None, "layout": None})
    assert saved.json()["data"]["output"] is None
    assert "layout" not in saved.json()["data"]


MOVES = {
    "draft": {"activate": "active", "pause": None, "resume": None, "archive": "archived"},
    "active": {"activate": None, "pause": "paused", "resume": None, "archive": "archived"},
    "paused": {"activate": None, "pause": None, "resume": "active", "archive": "archived"},
    "archived": {"activate": None, "pause": None, "resume": None, "archive": None},
}


@pytest.mark.parametrize("origin", MOVES)
async def test_states_follow_the_one_table(client: httpx.AsyncClient, origin: str) -> None:
    """Draft → active ⇄ paused, any → archived; everything else is INVALID_STATE."""
    for verb, target in MOVES[origin].items():
        made = await create(client)
        path = f"/workflows/{made['id']}"
        if origin in {"active", "paused"}:
            await client.post(f"{path}/activate")
        if origin == "paused":
            await client.post(f"{path}/pause")
        if origin == "archived":
            await client.delete(path)
        moved = await (client.delete(path) if verb == "archive" else client.post(f"{path}/{verb}"))
        after = (await client.get(path)).json()["data"]["status"]
        if target is None:
            assert (moved.status_code, moved.json()["error"]["code"]) == (409, "INVALID_STATE")
            assert after == origin
        else:
            assert moved.status_code == 200
            assert moved.json()["data"]["status"] == after == target


async def test_an_archived_workflow_is_final(client: httpx.AsyncClient) -> None:
    """Nobody changes or restores what was archived, and everybody can still read it."""
    made = await create_active(client)
    path = f"/workflows/{made['id']}"
    await client.delete(path)
    for answer in (
        await client.put(path, json={"name": "Back"}),
        await client.post(f"{path}/versions/1/restore"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "INVALID_STATE")
    assert (await client.get(path)).status_code == 200
    assert (await client.get("/workflows")).json()["data"] == []
    archived = (await client.get("/workflows?status=archived")).json()["data"]
    assert [item["id"] for item in archived] == [made["id"]]


async def test_a_version_can_be_restored(client: httpx.AsyncClient) -> None:
    """Going back is a new version too: history only grows."""
    made = await create_active(client)
    path = f"/workflows/{made['id']}"
    await client.put(path, json={"name": "Second"})
    restored = (await client.post(f"{path}/versions/1/restore")).json()["data"]
    assert (restored["name"], restored["version"]) == ("Invoice a deal", 3)
    versions = (await client.get(f"{path}/versions")).json()["data"]
    assert [(one["version"], one["changeSummary"]) for one in versions] == [
        (3, "Restored version 1"),
        (2, None),
        (1, None),
    ]


async def test_versions_page_without_losing_any(client: httpx.AsyncClient) -> None:
    """Pages of one cover the whole history, newest first, each version once."""
    made = await create_active(client)
    path = f"/workflows/{made['id']}"
    for name in ("B", "C"):
        await client.put(path, json={"name": name})
    seen: list[int] = []
    query: dict[str, str] | None = {"limit": "1"}
    while query:
        answer = (await client.get(f"{path}/versions", params=query)).json()
        seen += [one["version"] for one in answer["data"]]
        cursor = answer["meta"]["cursor"]
        query = {"limit": "1", "cursor": cursor} if cursor else None
    assert seen == [3, 2, 1]


async def test_the_list_is_narrow_and_pages(client: httpx.AsyncClient) -> None:
    """Lists carry no steps; pages neither repeat nor lose a row while rows arrive."""
    made = [(await create(client, name=f"Flow {number}"))["id"] for number in range(4)]
    first = (await client.get("/workflows?limit=2")).json()
    await create(client, name="Arrives in between")
    cursor = first["meta"]["cursor"]
    second = (await client.get(f"/workflows?limit=2&cursor={cursor}")).json()
    assert [item["id"] for item in first["data"] + second["data"]] == made[::-1]
    assert set(first["data"][0]) == {
        "id",
        "name",
        "description",
        "status",
        "version",
        "trigger",
        "createdAt",
        "updatedAt",
    }
    assert second["meta"] == {"cursor": None, "hasMore": False}


async def test_the_list_can_be_searched(client: httpx.AsyncClient) -> None:
    """A part of the name in any case is enough, and % is a letter like others."""
    await create(client, name="Dunning 100%")
    await create_active(client, name="Quarterly CLOSE")
    names = {
        query: [item["name"] for item in (await client.get(f"/workflows?{query}")).json()["data"]]
        for query in ("search=close", "search=%25", "status=active", "status=draft", "search=x")
    }
    assert names == {
        "search=close": ["Quarterly CLOSE"],
        "search=%25": ["Dunning 100%"],
        "status=active": ["Quarterly CLOSE"],
        "status=draft": ["Dunning 100%"],
        "search=x": [],
    }


async def test_bad_parameters_are_refused(client: httpx.AsyncClient) -> None:
    """A typo in a filter is an answer of 400, never an unfiltered list."""
    made = await create(client)
    for query in ("status=sleeping", "limit=0", "limit=101", "cursor=zzz"):
        answer = await client.get(f"/workflows?{query}")
        assert answer.status_code == 400, query
        assert fields_of(answer) == [query.partition("=")[0]]
    path = f"/workflows/{made['id']}/versions"
    assert (await client.get(f"{path}?cursor=zzz")).status_code == 400
    assert (await client.get(f"{path}/0")).status_code == 400
    extra = await client.post(f"/workflows/{made['id']}/activate", json={"now": True})
    assert (extra.status_code, fields_of(extra)) == (400, ["now"])


ROUTES: list[tuple[str, str, object]] = [
    ("GET", "", None),
    ("PUT", "", {"name": "Stolen"}),
    ("DELETE", "", None),
    ("POST", "/activate", None),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("GET", "/versions", None),
    ("GET", "/versions/1", None),
    ("POST", "/versions/1/restore", None),
]


@pytest.mark.parametrize(("method", "rest", "body"), ROUTES)
async def test_another_company_s_workflow_does_not_exist(
    world: World, client: httpx.AsyncClient, method: str, rest: str, body: object
) -> None:
    """A foreign id answers exactly as one that never existed, whatever is asked of it."""
    made = await create(client)
    foreign = ids.new_id()
    await world.pool.execute("INSERT INTO companies (id, name) VALUES ($1, 'B')", foreign)
    async with world.client(foreign) as stranger:
        answers = [
            await stranger.request(method, f"/workflows/{identity}{rest}", json=body)
            for identity in (made["id"], UNKNOWN_ID)
        ]
        malformed = await stranger.request(method, f"/workflows/wf_1{rest}", json=body)
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert malformed.status_code == 404
    assert (await client.get(f"/workflows/{made['id']}")).json()["data"] == made


async def test_a_missing_version_does_not_exist(client: httpx.AsyncClient) -> None:
    """A version that was never made is not found, to read or to restore."""
    made = await create(client)
    path = f"/workflows/{made['id']}/versions/2"
    assert (await client.get(path)).status_code == 404
    assert (await client.post(f"{path}/restore")).status_code == 404


Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
READS: list[Ask] = [
    lambda client: client.get("/workflows"),
    lambda client: client.get(f"/workflows/{UNKNOWN_ID}"),
    lambda client: client.get(f"/workflows/{UNKNOWN_ID}/versions"),
    lambda client: client.get(f"/workflows/{UNKNOWN_ID}/versions/1"),
    lambda client: client.post("/workflows/validate", json=definition()),
]
WRITES: list[Ask] = [
    lambda client: client.post("/workflows", json=definition()),
    lambda client: client.put(f"/workflows/{UNKNOWN_ID}", json={}),
    lambda client: client.delete(f"/workflows/{UNKNOWN_ID}"),
    lambda client: client.post(f"/workflows/{UNKNOWN_ID}/activate"),
    lambda client: client.post(f"/workflows/{UNKNOWN_ID}/pause"),
    lambda client: client.post(f"/workflows/{UNKNOWN_ID}/resume"),
    lambda client: client.post(f"/workflows/{UNKNOWN_ID}/versions/1/restore"),
]


async def test_reading_and_writing_need_their_own_scopes(world: World) -> None:
    """A key that may only read changes nothing, and one that may only write reads nothing."""
    for asks, needed in ((READS, KeyScope.WORKFLOWS_READ), (WRITES, KeyScope.WORKFLOWS_WRITE)):
        others = frozenset(KeyScope) - {needed}
        async with world.client(scopes=others) as client:
            for ask in asks:
                answer = await ask(client)
                assert answer.status_code == 403
                assert answer.json()["error"]["details"] == [
                    {"field": "scope", "message": f"the scope {needed} is missing"}
                ]


async def test_every_change_is_told_and_audited(client: httpx.AsyncClient, world: World) -> None:
    """Schedules and event matching learn of each change, and the log says who made it."""
    made = await create_active(client)
    path = f"/workflows/{made['id']}"
    await client.put(path, json={"trigger": {"type": "schedule", "cron": "0 9 1 * *"}})
    await client.post(f"{path}/pause")
    await client.post(f"{path}/resume")
    await client.delete(path)
    told = [(change.status, change.version) for change in world.changes]
    assert told == [
        ("draft", 1),
        ("active", 1),
        ("active", 2),
        ("paused", 2),
        ("active", 2),
        ("archived", 2),
    ]
    assert world.changes[-1].trigger == {"type": "schedule", "cron": "0 9 1 * *"}
    rows = await world.pool.fetch("SELECT action, actor, object_id FROM audit_log ORDER BY seq")
    assert [row["action"] for row in rows] == [
        "workflow.created",
        "workflow.activated",
        "workflow.updated",
        "workflow.paused",
        "workflow.activated",
        "workflow.archived",
    ]
    assert {(row["actor"], row["object_id"]) for row in rows} == {("key_test", made["id"])}


async def test_a_refused_save_leaves_no_trace(client: httpx.AsyncClient, world: World) -> None:
    """What a listener above forbids is undone as a whole: no version, no audit row."""
    made = await create_active(client)

    async def forbid(_: Connection, __: WorkflowChange) -> None:
        raise RuntimeError("the room above cannot follow")

    world.app.state.workflows = Workflows(AUDIT, STEP_TYPES, listeners=[forbid])
    answer = await client.put(f"/workflows/{made['id']}", json={"name": "Half"})
    assert answer.status_code == 500
    assert (await client.get(f"/workflows/{made['id']}")).json()["data"] == made
    assert await world.pool.fetchval("SELECT count(*) FROM audit_log") == 2


async def test_a_repeated_create_makes_one_workflow(
    client: httpx.AsyncClient, world: World
) -> None:
    """With Idempotency-Key a client that lost the answer asks again without harm."""
    headers = {"Idempotency-Key": "once"}
    first = await client.post("/workflows", json=definition(), headers=headers)
    again = await client.post("/workflows", json=definition(), headers=headers)
    assert again.json()["data"] == first.json()["data"]
    assert again.headers["idempotent-replayed"] == "true"
    assert await world.pool.fetchval("SELECT count(*) FROM workflows") == 1


async def test_the_largest_definition_is_bounded_as_a_whole(client: httpx.AsyncClient) -> None:
    """Many small saves cannot grow a definition past what one request could carry."""
    made = await create(client, layout={"note": "x" * 600_000})
    answer = await client.put(
        f"/workflows/{made['id']}", json={"variables": {"note": "x" * 600_000}}
    )
    assert answer.status_code == 400
    assert "larger" in answer.json()["error"]["details"][0]["message"]


def references(value: Any) -> Iterator[str]:
    """Find every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_of_the_document_leads_somewhere(world: World) -> None:
    """Clients can be generated from the document."""
    document = world.app.openapi()
    found = set(references(document))
    assert found
    for reference in found:
        value = document
        for part in reference.removeprefix("#/").split("/"):
            value = value[part]


def test_the_reference_shows_the_whole_definition(world: World) -> None:
    """A reader of the reference sees every field with its meaning and an example."""
    document = world.app.openapi()
    schema = document["components"]["schemas"]["WorkflowDefinition"]
    assert schema["examples"][0]["steps"]
    create_body = document["paths"]["/api/v1/workflows"]["post"]["requestBody"]
    assert create_body["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/WorkflowDefinition"
    }
