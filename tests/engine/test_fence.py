"""One worker at a time: what a late worker writes, and that it would be noticed if it counted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from justpaid.engine import claims, journal
from justpaid.engine.model import (
    ClaimedRun,
    End,
    Entry,
    Owner,
    RunStatus,
    StepRecord,
    StepStatus,
    Suspension,
)
from justpaid.ids import new_id
from tests.engine.stage import Stage, stored, transform, until


def _entry(run: ClaimedRun, said: str) -> Entry:
    row = StepRecord("a", 1, "transform", StepStatus.RUNNING)
    row.input = f'"{said}"'
    return Entry(run.id, run.fence, run.origin_run_id, [row])


async def _two_claims(stage: Stage) -> tuple[ClaimedRun, ClaimedRun]:
    """Claim a run, lose its lease, and claim it again: the first owner is late from here on."""
    run_id = await stage.start(await stage.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:
        (early,) = await claims.claim_runs(connection, 10, 10.0)
        await connection.execute("UPDATE runs SET due_at=now() WHERE id=$1", run_id)
        assert (await journal.wake_due(connection, 10))[0] == 1
        (late,) = await claims.claim_runs(connection, 10, 10.0)
    assert (early.id, early.fence + 1, late.expiries) == (late.id, late.fence, 1)
    return early, late


async def _late_writes(stage: Stage, early: ClaimedRun, late: ClaimedRun) -> list[str]:
    """Let the late owner try everything; name what got through."""
    got_through: list[str] = []
    async with stage.pool.acquire() as connection:
        # In one batch with the present owner's rows, where a wrong join would let them slip in.
        first, second = await journal.record(
            connection, [_entry(early, "late"), _entry(late, "present")]
        )
        assert second
        if first or stored((await stage.steps(late.id))["a"]["input"]) != "present":
            got_through.append("record")
        owner = Owner(early.id, early.fence)
        if await journal.renew_leases(connection, [owner], 99.0):
            got_through.append("renew")
        suspension = Suspension(_entry(early, "late"), early.wakes, None, None)
        if (await journal.suspend(connection, [suspension]))[0] is not None:
            got_through.append("suspend")
        await journal.hand_back_runs(connection, [owner])
        end = End(_entry(early, "late"), RunStatus.COMPLETED, '"late"')
        if (await journal.finish(connection, [end]))[0] is not None:
            got_through.append("finish")
    row = await stage.row(late.id)
    if row["status"] != "running" or row["fence"] != late.fence:
        got_through.append("state")
    return got_through


async def test_a_late_worker_writes_nothing(stage: Stage) -> None:
    """Every write carries its claim's fence; after another claim none of them counts."""
    assert await _late_writes(stage, *await _two_claims(stage)) == []


def _without_fence(statement: str) -> str:
    return statement.replace("ELSE r.fence = i.fence AND r.status = 'running' END", "ELSE true END")


def _joined_on_id_alone(statement: str) -> str:
    return statement.replace("ON l.id = s.run_id AND l.fence = s.fence", "ON l.id = s.run_id")


@pytest.mark.parametrize("mutate", [_without_fence, _joined_on_id_alone])
async def test_dropping_the_fence_would_be_noticed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, mutate: Callable[[str], str]
) -> None:
    """The test above has teeth: without the fence, in lock or join, late writes get through."""
    for name in ("_RECORD", "_FINISH", "_FINISH_CHILDREN", "_SUSPEND", "_RENEW", "_HAND_BACK"):
        monkeypatch.setattr(journal, name, mutate(getattr(journal, name)))
    early, late = await _two_claims(stage)
    async with stage.pool.acquire() as connection:
        entries = [_entry(late, "present"), _entry(early, "late")]
        await journal.record(connection, entries)
    has_slipped_in = stored((await stage.steps(late.id))["a"]["input"]) == "late"
    assert has_slipped_in or await _late_writes(stage, early, late)


async def test_a_late_effect_row_is_refused(stage: Stage) -> None:
    """The ledger is fenced as the journal is."""
    early, _ = await _two_claims(stage)
    run_id = await stage.start(await stage.define([stage.action("/a")]))
    async with stage.worker():
        await stage.ended(run_id)
    (effect,) = await stage.effects(run_id)
    entry = Entry(early.id, early.fence, early.origin_run_id)
    async with stage.pool.acquire() as connection:
        known = journal._effect_record(effect)  # noqa: SLF001
        entry.effects.append(replace(known, path="late"))
        assert await journal.record(connection, [entry]) == [False]
    assert len(await stage.effects(early.id)) == 0


async def test_a_completed_step_is_never_changed(stage: Stage) -> None:
    """Not even its owner overwrites a completed row."""
    await stage.start(await stage.define([transform("a", x=1)]))
    done = StepRecord("a", 1, "transform", StepStatus.COMPLETED, output_text="1")
    again = replace(done, status=StepStatus.FAILED, output_text=None)
    async with stage.pool.acquire() as connection:
        (run,) = await claims.claim_runs(connection, 10, 10.0)
        for row in (done, again):
            await journal.record(connection, [Entry(run.id, run.fence, run.id, [row])])
        await journal.record(connection, [Entry(run.id, run.fence, run.id, [again, done, again])])
    assert await stage.statuses(run.id) == {"a": "completed"}


async def test_an_ended_run_never_changes(stage: Stage) -> None:
    """Whoever writes to an ended run, its owner among them, is refused."""
    await stage.start(await stage.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:
        (run,) = await claims.claim_runs(connection, 10, 10.0)
        end = End(Entry(run.id, run.fence, run.id), RunStatus.COMPLETED)
        assert (await journal.finish(connection, [end]))[0] is not None
        before = tuple(await stage.row(run.id))
        other = End(Entry(run.id, run.fence, run.id), RunStatus.FAILED)
        assert await journal.finish(connection, [other]) == [None]
        assert await journal.record(connection, [_entry(run, "late")]) == [False]
        assert await journal.cancel_run(connection, stage.company_id, run.id) is None
        await journal.wake_run(connection, stage.company_id, run.id)
    assert tuple(await stage.row(run.id)) == before


async def test_a_wake_before_the_suspend_is_not_lost(stage: Stage) -> None:
    """A run that was woken while its worker was about to suspend it goes on at once."""
    await stage.start(await stage.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:
        (run,) = await claims.claim_runs(connection, 10, 10.0)
        await journal.wake_run(connection, stage.company_id, run.id)
        due_at = datetime(2099, 1, 1, tzinfo=UTC)
        suspension = Suspension(Entry(run.id, run.fence, run.id), run.wakes, due_at, None)
        assert await journal.suspend(connection, [suspension]) == ["pending"]


async def test_a_run_that_kills_its_workers_ends(stage: Stage) -> None:
    """After five leases lost without a new row a run fails as WORKER_LOST; doubt stays doubt."""
    unsafe = stage.action("/a", method="POST", json=1, idempotency="none")
    run_id = await stage.start(await stage.define([unsafe]))
    async with stage.pool.acquire() as connection:
        (run,) = await claims.claim_runs(connection, 10, 10.0)
        assert run.id == run_id
        await connection.execute(
            "UPDATE runs SET expiries=5, due_at=now() - interval '1 second' WHERE id=$1", run_id
        )
    async with stage.worker():
        row = await stage.ended(run_id)
    assert (row["status"], stored(row["error"])["code"]) == ("failed", "WORKER_LOST")
    assert stage.stub.calls == []


async def test_progress_sets_lost_leases_back(stage: Stage) -> None:
    """A new journal row counts as progress, a repeated intent does not."""
    early, late = await _two_claims(stage)
    assert early.expiries == 0
    async with stage.pool.acquire() as connection:
        await journal.record(connection, [_entry(late, "new")])
        assert (await stage.row(late.id))["expiries"] == 0
        await connection.execute("UPDATE runs SET expiries=3 WHERE id=$1", late.id)
        await journal.record(connection, [_entry(late, "again")])
    assert (await stage.row(late.id))["expiries"] == 3


async def test_an_expired_lease_is_taken_over(stage: Stage) -> None:
    """The due statement takes back a run whose worker is gone, and its log tells it."""
    run_id = await stage.start(await stage.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:
        await claims.claim_runs(connection, 10, 0.0)
    async with stage.worker():
        await stage.ended(run_id)
        logs = await until(
            lambda: stage.pool.fetch("SELECT * FROM run_logs WHERE run_id=$1", run_id), "the log"
        )
    assert (logs[0]["level"], "worker was lost" in logs[0]["message"]) == ("warning", True)
    assert logs[0]["seq"] > 2 << 32


async def test_the_line_of_a_run_has_one_unfinished_run(stage: Stage) -> None:
    """A second retry is answered with the one that is under way; the same id is no repeat."""
    workflow_id = await stage.define([transform("a", x=1)])
    origin = await stage.start(workflow_id)
    first = stage.new_run(workflow_id, origin_run_id=origin, fence=1)
    second = stage.new_run(workflow_id, origin_run_id=origin, fence=1)
    async with stage.pool.acquire() as connection:
        assert await journal.accept_runs(connection, [first]) == [None]
        assert await journal.accept_runs(connection, [first]) == [None]
        (obstacle,) = await journal.accept_runs(connection, [second])
    assert isinstance(obstacle, journal.Obstacle)
    assert (obstacle.run_id, obstacle.is_repeat) == (first.id, False)


async def test_an_idempotency_key_finds_its_first_run(stage: Stage) -> None:
    """The same key of the same workflow starts nothing and names the run it started before."""
    workflow_id = await stage.define([transform("a", x=1)])
    first, second = (stage.new_run(workflow_id, idempotency_key="k") for _ in range(2))
    async with stage.pool.acquire() as connection:
        answers = await journal.accept_runs(connection, [first, second])
    winner, obstacle = (first, answers[1]) if answers[0] is None else (second, answers[0])
    assert isinstance(obstacle, journal.Obstacle)
    assert (obstacle.run_id, obstacle.is_repeat) == (winner.id, True)


async def test_a_run_is_stored_only_while_its_workflow_stands_so(stage: Stage) -> None:
    """Who assumes a workflow's state is left out where it has changed; others of the batch are not.

    A batch that is repeated after a lost answer finds what it has stored, whatever changed since.
    """
    paused, active = [await stage.define([transform("a", x=1)]) for _ in range(2)]
    stored_before = stage.new_run(paused, if_active=True)
    moved = stage.new_run(paused, if_active=True)
    old = stage.new_run(active, if_active=True, version=2)
    foreign = stage.new_run(active, if_active=True, company_id=new_id())
    fitting, unasked = stage.new_run(active, if_active=True), stage.new_run(paused)
    async with stage.pool.acquire() as connection:
        assert await journal.accept_runs(connection, [stored_before]) == [None]
        await connection.execute("UPDATE workflows SET status='paused' WHERE id=$1", paused)
        answers = await journal.accept_runs(
            connection, [stored_before, moved, old, foreign, fitting, unasked]
        )
        count = await connection.fetchval("SELECT count(*) FROM runs")
    is_moved = [isinstance(answer, journal.Moved) for answer in answers]
    assert is_moved == [False, True, True, True, False, False]
    assert [answers[place] for place in (0, 4, 5)] == [None] * 3
    assert count == 3


async def test_a_limit_lets_runs_in_one_after_another(stage: Stage) -> None:
    """Under maxConcurrentRuns runs stay pending until one before them has ended."""
    workflow_id = await stage.define([stage.action("/a")], settings={"maxConcurrentRuns": 1})
    runs = [stage.new_run(workflow_id, held=True) for _ in range(4)]
    async with stage.pool.acquire() as connection:
        await journal.accept_runs(connection, runs)
        await journal.release(connection, {workflow_id: 1})
    async with stage.worker():
        for run in runs:
            await stage.ended(run.id)
    rows = [await stage.row(run.id) for run in runs]
    spans = sorted((row["started_at"], row["completed_at"]) for row in rows)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
