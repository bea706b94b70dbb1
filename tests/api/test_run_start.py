"""Starting runs: what is accepted, refused, answered once for repeats, and waited for."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial
from uuid import UUID

import httpx
import pytest

from justpaid import exact_json, ids
from justpaid.db.pool import Pool, connect
from justpaid.engine.model import ClaimedRun, RunStatus
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.runs.waiters import Waiters
from justpaid.scopes import Scope
from tests.api.run_stage import Stage, open_stage

KEY = "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi"
SCHEMA = {
    "type": "object",
    "required": ["amount"],
    "properties": {
        "amount": {"type": "number", "minimum": 1},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
}


@pytest.fixture
async def stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncIterator[Stage]:
    """Open the room's routes on a database of their own."""
    async with open_stage(pool, database_url, company_id) as opened:
        yield opened


async def count_runs(stage: Stage) -> int:
    """Count the runs that are stored."""
    return await stage.pool.fetchval("SELECT count(*) FROM runs")


async def test_a_start_is_stored_before_it_is_answered(stage: Stage) -> None:
    """A run answered with 202 is in the database, waiting for a worker."""
    workflow_id = await stage.add_workflow()
    answer = await stage.start(workflow_id, input={"a": 1})
    assert answer.status_code == 202
    data = answer.json()["data"]
    assert data == {
        "runId": data["runId"],
        "status": "pending",
        "workflowId": encode_id(Prefix.WORKFLOW, workflow_id),
        "workflowVersion": 1,
    }
    row = await stage.pool.fetchrow("SELECT * FROM runs")
    assert row is not None
    assert encode_id(Prefix.RUN, row["id"]) == data["runId"]
    assert (row["status"], row["trigger_type"], row["started_by"]) == ("pending", "api", "key_test")


async def test_digits_of_an_input_survive(stage: Stage) -> None:
    """What goes in as 2.90, or with thirty digits, comes out with the same digits."""
    workflow_id = await stage.add_workflow()
    big = 123456789012345678901234567890
    run_id = await stage.started(workflow_id, input={"price": Decimal("2.90"), "big": big})
    shown = await stage.http.get(f"/runs/{run_id}")
    assert f'"input":{{"price":2.90,"big":{big}}}' in shown.text


async def test_an_input_may_be_left_out(stage: Stage) -> None:
    """An empty body starts a run with an empty input."""
    workflow_id = await stage.add_workflow()
    answer = await stage.post(f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run")
    assert answer.status_code == 202
    assert await stage.pool.fetchval("SELECT input::text FROM runs") == "{}"


@pytest.mark.parametrize("status", ["draft", "paused", "archived"])
async def test_only_an_active_workflow_starts(stage: Stage, status: str) -> None:
    """A draft, paused or archived workflow starts nothing and says INVALID_STATE."""
    workflow_id = await stage.add_workflow(status)
    answer = await stage.start(workflow_id)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "INVALID_STATE"
    assert await count_runs(stage) == 0


async def test_a_pause_holds_from_the_next_start_on(stage: Stage) -> None:
    """State is never remembered: a pause stops the start after it, a resume lets it again."""
    workflow_id = await stage.add_workflow(inputSchema=SCHEMA)
    assert (await stage.start(workflow_id, input={"amount": 5})).status_code == 202
    for status, expected in (("paused", 409), ("active", 202), ("archived", 409)):
        await stage.pool.execute(
            "UPDATE workflows SET status = $2 WHERE id = $1", workflow_id, status
        )
        assert (await stage.start(workflow_id, input={"amount": 5})).status_code == expected


async def test_a_new_version_is_taken_at_once(stage: Stage) -> None:
    """A start after a save runs the new version, under the new version's input schema."""
    workflow_id = await stage.add_workflow(inputSchema=SCHEMA)
    assert (await stage.start(workflow_id, input={})).status_code == 400
    await stage.pool.execute(
        "INSERT INTO workflow_versions (workflow_id, version, company_id, definition, created_by) "
        "VALUES ($1, 2, $2, '{}', 'mem_1')",
        workflow_id,
        stage.caller.company_id,
    )
    await stage.pool.execute("UPDATE workflows SET version = 2 WHERE id = $1", workflow_id)
    answer = await stage.start(workflow_id, input={})
    assert answer.json()["data"]["workflowVersion"] == 2


async def test_every_problem_of_an_input_is_named(stage: Stage) -> None:
    """A wrong input is refused with each place as the caller wrote it."""
    workflow_id = await stage.add_workflow(inputSchema=SCHEMA)
    answer = await stage.start(workflow_id, input={"amount": 0, "lines": ["a", 5]})
    assert answer.status_code == 400
    fields = [problem["field"] for problem in answer.json()["error"]["details"]]
    assert sorted(fields) == ["input.amount", "input.lines[1]"]


async def test_a_planted_key_is_refused(stage: Stage) -> None:
    """An API key in an input is refused by its place, and not repeated in the answer."""
    workflow_id = await stage.add_workflow()
    answer = await stage.start(workflow_id, input={"notes": [f"use {KEY}"]})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "input.notes[0]"
    assert KEY not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": {}}, "inputs"),
        ({"input": []}, "input"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"connectionId": "conn_nothing"}, "connectionId"),
        ({"connectionId": encode_id(Prefix.CONNECTION, ids.new_id())}, "connectionId"),
    ],
)
async def test_a_wrong_body_is_refused_by_field(stage: Stage, body: object, field: str) -> None:
    """Unknown fields, wrong types and unknown connections are 400 with the field's name."""
    workflow_id = await stage.add_workflow()
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run"
    answer = await stage.post(path, body)
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["error"]["details"]] == [field]


@pytest.mark.parametrize("wait", ["0", "31", "soon"])
async def test_a_wait_has_bounds(stage: Stage, wait: str) -> None:
    """A wait is 1 to 30 seconds."""
    workflow_id = await stage.add_workflow()
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run?wait={wait}"
    assert (await stage.post(path, {})).status_code == 400


async def test_a_foreign_workflow_is_not_there(stage: Stage) -> None:
    """Another company's workflow answers like one that never existed."""
    workflow_id = await stage.add_workflow()
    stage.act_for(await stage.add_company())
    answers = [await stage.start(workflow_id), await stage.start(ids.new_id())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


async def test_a_start_needs_its_scope(stage: Stage) -> None:
    """Without workflows:execute nothing starts."""
    workflow_id = await stage.add_workflow()
    stage.act_with(Scope.RUNS_READ, Scope.WORKFLOWS_READ, Scope.WORKFLOWS_WRITE)
    assert (await stage.start(workflow_id)).status_code == 403


# Repeats


async def test_a_repeat_is_answered_with_the_first_run(stage: Stage) -> None:
    """The same key and input give the first run, equal by value, whatever the state is by then."""
    workflow_id = await stage.add_workflow(inputSchema=SCHEMA)
    first = await stage.started(
        workflow_id, input={"amount": Decimal("2.90"), "lines": []}, idempotencyKey="k"
    )
    await stage.pool.execute("UPDATE workflows SET status = 'archived' WHERE id = $1", workflow_id)
    same = {"lines": [], "amount": Decimal("2.9")}
    again = await stage.start(workflow_id, input=same, idempotencyKey="k")
    assert again.status_code == 200
    data = again.json()["data"]
    assert (data["runId"], data["id"], data["status"]) == (first, first, "pending")
    assert await count_runs(stage) == 1


async def test_a_repeat_with_another_input_conflicts(stage: Stage) -> None:
    """A key stands for one input and one connection; the conflict comes before validation."""
    workflow_id = await stage.add_workflow(inputSchema=SCHEMA)
    await stage.started(workflow_id, input={"amount": 5}, idempotencyKey="k")
    answer = await stage.start(workflow_id, input={"amount": "not even valid"}, idempotencyKey="k")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    stage.act_with(Scope.WORKFLOWS_EXECUTE)
    repeat = await stage.start(workflow_id, input={"amount": 5}, idempotencyKey="k")
    assert set(repeat.json()["data"]) == {"runId", "status"}


async def test_keys_of_two_workflows_are_apart(stage: Stage) -> None:
    """An idempotencyKey is unique within its workflow only."""
    first, second = await stage.add_workflow(), await stage.add_workflow()
    await stage.started(first, input={"a": 1}, idempotencyKey="k")
    await stage.started(second, input={"a": 2}, idempotencyKey="k")
    assert await count_runs(stage) == 2


async def test_concurrent_repeats_make_one_run(stage: Stage) -> None:
    """However many ask at once, by either kind of key, one run is made and all learn of it."""
    workflow_id = await stage.add_workflow()
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run"
    body = {"input": {"a": 1}, "idempotencyKey": "k"}
    answers = await asyncio.gather(
        *(stage.post(path, body) for _ in range(20)),
        *(stage.post(path, body, {"Idempotency-Key": f"h{index}"}) for index in range(5)),
    )
    assert {answer.status_code for answer in answers} == {200, 202}
    assert sum(answer.status_code == 202 for answer in answers) == 1
    assert len({answer.json()["data"]["runId"] for answer in answers}) == 1
    assert await count_runs(stage) == 1


async def test_a_key_is_forgotten_after_ninety_days(stage: Stage) -> None:
    """A key older than 90 days names nothing any more: it starts a new run."""
    workflow_id = await stage.add_workflow()
    first = await stage.started(workflow_id, input={"a": 1}, idempotencyKey="k")
    await stage.pool.execute("UPDATE runs SET created_at = now() - interval '91 days'")
    second = await stage.started(workflow_id, input={"a": 2}, idempotencyKey="k")
    assert second != first


async def test_the_header_replays_the_first_answer(stage: Stage) -> None:
    """With an Idempotency-Key header the run commits with the stored answer, and is replayed."""
    workflow_id = await stage.add_workflow()
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run"
    first = await stage.post(path, {"input": {"a": 1}}, {"Idempotency-Key": "h"})
    again = await stage.post(path, {"input": {"a": 1}}, {"Idempotency-Key": "h"})
    other = await stage.post(path, {"input": {"a": 2}}, {"Idempotency-Key": "h"})
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert await count_runs(stage) == 1


# Limits


async def test_runs_past_the_limit_wait_outside(stage: Stage) -> None:
    """Under maxConcurrentRuns no more runs than that are claimed; the others stay pending."""
    workflow_id = await stage.add_workflow(settings={"maxConcurrentRuns": 2})
    for number in range(4):
        await stage.started(workflow_id, input={"a": number})
    claimed = await stage.claim()
    assert len(claimed) == 2
    shown = (await stage.http.get("/runs", params={"status": "pending"})).json()["data"]
    assert len(shown) == 2


# Waiting


async def wait_call(
    stage: Stage, workflow_id: UUID, body: object, **headers: str
) -> asyncio.Task[httpx.Response]:
    """Begin a start that waits for the run's end."""
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run?wait=30"
    return asyncio.create_task(stage.post(path, body, headers))


async def claim_one(stage: Stage) -> ClaimedRun:
    """Claim the run as soon as it has been accepted."""
    async with asyncio.timeout(20):
        while not (claimed := await stage.claim()):  # noqa: ASYNC110  a database has no event
            await asyncio.sleep(0.005)
    return claimed[0]


@pytest.mark.parametrize("header", [{}, {"Idempotency-Key": "h"}])
async def test_a_wait_answers_with_the_finished_run(stage: Stage, header: dict[str, str]) -> None:
    """A caller that waits gets the finished record when the run ends, digits and all."""
    workflow_id = await stage.add_workflow()
    call = await wait_call(stage, workflow_id, {"input": {"a": 1}}, **header)
    run = await claim_one(stage)
    await stage.end(run, output='{"total":2.90}')
    answer = await call
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    data = answer.json()["data"]
    assert data["runId"] == data["id"] == encode_id(Prefix.RUN, run.id)
    assert data["status"] == "completed"
    assert '"output":{"total":2.90}' in answer.text


async def test_a_wait_without_runs_read_tells_the_state_only(stage: Stage) -> None:
    """Who may execute but not read learns that the run ended, and nothing of it."""
    workflow_id = await stage.add_workflow()
    stage.act_with(Scope.WORKFLOWS_EXECUTE)
    call = await wait_call(stage, workflow_id, {})
    run = await claim_one(stage)
    await stage.end(run, RunStatus.FAILED, error='{"code":"INTERNAL","message":"secret"}')
    data = (await call).json()["data"]
    assert data == {"runId": encode_id(Prefix.RUN, run.id), "status": "failed"}


async def test_a_wait_ends_unfinished_with_the_state_so_far(stage: Stage) -> None:
    """After its seconds a wait answers 202 with the run as it stands."""
    workflow_id = await stage.add_workflow()
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run?wait=1"
    call = asyncio.create_task(stage.post(path, {}))
    await claim_one(stage)
    answer = await call
    assert (answer.status_code, answer.json()["data"]["status"]) == (202, "running")


async def test_a_repeat_may_wait_too(stage: Stage) -> None:
    """A repeat waits for the first run, also when that ended before anybody listened."""
    workflow_id = await stage.add_workflow()
    body = {"input": {}, "idempotencyKey": "k"}
    await stage.started(workflow_id, **body)
    call = await wait_call(stage, workflow_id, body)
    run = await claim_one(stage)
    await stage.end(run)
    for answer in (await call, await (await wait_call(stage, workflow_id, body))):
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, "completed")


async def test_a_lost_notification_costs_a_second(stage: Stage) -> None:
    """An end that nobody was told of is found by asking."""
    workflow_id = await stage.add_workflow()
    call = await wait_call(stage, workflow_id, {})
    run = await claim_one(stage)
    await stage.pool.execute("UPDATE runs SET waiter = NULL")
    await stage.end(run)
    assert (await call).status_code == 200


async def test_a_lost_connection_is_made_anew(stage: Stage) -> None:
    """The listener comes back after its connection was cut, and waits go on."""
    workflow_id = await stage.add_workflow()
    call = await wait_call(stage, workflow_id, {})
    run = await claim_one(stage)
    await stage.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    await stage.end(run)
    assert (await call).status_code == 200


async def test_a_full_house_turns_waiters_away(stage: Stage) -> None:
    """Past the bound a waiting start is 503, and no run is started for it."""
    workflow_id = await stage.add_workflow()
    stage.room.waiters.most = 0
    path = f"/workflows/{encode_id(Prefix.WORKFLOW, workflow_id)}/run?wait=5"
    answer = await stage.post(path, {})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await count_runs(stage) == 0


async def test_a_changed_key_ends_its_waits(stage: Stage) -> None:
    """Once a key's rights change, its waits end with what the caller knew: the run's id."""
    workflow_id = await stage.add_workflow()
    call = await wait_call(stage, workflow_id, {})
    run = await claim_one(stage)
    assert stage.caller.key_id is not None
    stage.room.waiters.end_waits_of({ids.new_id()})
    stage.room.waiters.end_waits_of({stage.caller.key_id})
    answer = await call
    assert answer.status_code == 202
    assert decode_id(Prefix.RUN, answer.json()["data"]["runId"]) == run.id


async def test_a_stop_lets_waiters_go(stage: Stage) -> None:
    """A process that stops answers its waiting callers instead of dropping them."""
    workflow_id = await stage.add_workflow()
    call = await wait_call(stage, workflow_id, {})
    await claim_one(stage)
    await stage.room.waiters.stop()
    assert (await call).status_code == 202


async def test_a_process_has_a_name_that_a_run_can_carry(stage: Stage) -> None:
    """A waiter's name fits a run's row and differs between processes."""
    other = Waiters(partial(connect, ""))
    assert stage.room.waiters.name != other.name
    assert len(other.name) <= 40
    assert exact_json.encode_text(other.name).isascii()
