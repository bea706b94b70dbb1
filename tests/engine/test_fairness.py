"""No company keeps another one waiting, however much it has queued and however slow it is."""

# ruff: noqa: SLF001  the statements are no one else's business

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from justpaid.db.pool import connect
from justpaid.engine import claims, journal
from justpaid.engine.lanes import SESSION_SETTINGS
from justpaid.engine.model import NewRun
from justpaid.engine.slots import Share, next_share
from justpaid.ids import new_id
from tests.engine.stage import Stage, transform, until

_NIL = UUID(int=0)
_ONE, _TWO, _THREE = (UUID(int=number) for number in (1, 2, 3))
_HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("held", "share"),
    [
        ([], Share(6)),
        ([_ONE] * 5, Share(1)),
        ([_ONE] * 6, Share(1, is_reserved=True, at_cap=(_ONE,))),
        ([_ONE] * 6 + [_TWO], Share(1, is_reserved=True, at_cap=(_ONE, _TWO))),
        ([_ONE] * 6 + [_TWO, _THREE], None),
    ],
)
def test_the_last_quarter_is_for_those_that_hold_little(
    held: Sequence[UUID], share: Share | None
) -> None:
    """Of eight slots six are for all, the others for companies that hold none."""
    assert next_share(8, held, len(held)) == share


def test_a_company_below_its_share_may_have_reserved_slots() -> None:
    """Of 64 slots a company gets reserved ones until it holds a quarter of the other 48."""
    held = [_ONE] * 37 + [_TWO] * 11
    assert next_share(64, held, 48) == Share(12, is_reserved=True, at_cap=(_ONE,))
    assert next_share(64, [*held, _TWO], 49) == Share(12, is_reserved=True, at_cap=(_ONE, _TWO))


def test_few_slots_have_no_reserve() -> None:
    """A worker with one slot uses it for whoever comes first."""
    assert next_share(1, [], 0) == Share(1)
    assert next_share(1, [_ONE], 1) is None


async def _other_company(stage: Stage) -> Stage:
    other = replace(stage, company_id=new_id())
    await stage.pool.execute(
        "INSERT INTO companies (id, name) VALUES ($1, 'Other AG')", other.company_id
    )
    return other


async def _queue(stage: Stage, workflow_id: UUID, runs: int) -> None:
    accepted: list[NewRun] = [stage.new_run(workflow_id) for _ in range(runs)]
    async with stage.pool.acquire() as connection:
        await journal.accept_runs(connection, accepted)


async def test_slow_steps_of_one_company_leave_slots_for_others(stage: Stage) -> None:
    """While one company's calls hang, it holds three quarters, and another one's run ends."""
    release = stage.stub.held["/slow"] = asyncio.Event()
    await _queue(stage, await stage.define([stage.action("/slow")]), 20)
    other = await _other_company(stage)
    async with stage.worker(slots=8):
        await until(lambda: len(stage.stub.calls_of("/slow")) == 6, "six slow calls")
        run_id = await other.start(await other.define([transform("a", x=1)]))
        assert (await other.ended(run_id))["status"] == "completed"
        assert len(stage.stub.calls_of("/slow")) == 6
        release.set()
        await until(lambda: len(stage.stub.calls_of("/slow")) == 20, "the other slow calls")


async def test_a_backlog_whose_places_have_come_due_hides_nobody(stage: Stage) -> None:
    """Behind hundreds of older runs of companies at their cap, the others are still found."""
    await _queue(stage, await stage.define([transform("a", x=1)]), 250)
    await stage.pool.execute("UPDATE runs SET rank = rank - $1", _HOUR_MS)
    other = await _other_company(stage)
    run_id = await other.start(await other.define([transform("a", x=1)]))
    async with stage.pool.acquire() as connection:

        async def claim(after: UUID) -> list[UUID]:
            found = await claims.claim_reserved_runs(
                connection, 5, 10.0, (stage.company_id,), after
            )
            return [run.id for run in found]

        assert await claim(other.company_id) == []
        assert await claim(_NIL) == [run_id]
        assert await claim(_NIL) == []


async def test_a_reserved_claim_takes_the_first_of_the_others(stage: Stage) -> None:
    """Among few waiting runs the reserved claim keeps their order, and leaves those at cap."""
    workflow_id = await stage.define([transform("a", x=1)])
    other = await _other_company(stage)
    theirs = await other.define([transform("a", x=1)])
    await stage.start(workflow_id)
    wanted = [await other.start(theirs) for _ in range(3)]
    async with stage.pool.acquire() as connection:
        found = await claims.claim_reserved_runs(connection, 2, 10.0, (stage.company_id,), _NIL)
    assert {run.id for run in found} == set(wanted[:2])


@pytest.mark.parametrize(
    ("statement", "arguments"),
    [
        (claims._CLAIM, "64, 10.0"),
        (claims._CLAIM_RESERVED, f"12, 10.0, ARRAY['{_ONE}'::uuid], '{_NIL}'"),
    ],
)
async def test_a_claim_planned_on_an_empty_table_goes_by_index(
    database_url: str, statement: str, arguments: str
) -> None:
    """The plan that a worker keeps scans no table, though it was made before there was a run."""
    connection = await connect(database_url, dict(SESSION_SETTINGS))
    try:
        await connection.execute(f"PREPARE asked AS {statement}")
        rows = await connection.fetch(f"EXPLAIN EXECUTE asked({arguments})")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "Index" in plan
    assert "Seq Scan" not in plan, plan
