"""The one table of moves, enforced by the database while runs of every kind go by."""

import asyncio

from justpaid.engine.model import ENDED, RUN_MOVES, RunStatus, StepStatus, unrecorded_step_status
from tests.engine.stage import Stage, transform, until

_GUARD = """
CREATE FUNCTION check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO moves VALUES (OLD.status, NEW.status) ON CONFLICT DO NOTHING;
  RETURN NEW;
END $$;
CREATE TABLE moves(before text, after text, PRIMARY KEY (before, after));
CREATE TRIGGER guard BEFORE UPDATE ON runs FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION check_move();
"""


async def test_runs_move_along_the_table_only(stage: Stage) -> None:
    """Whatever happens to runs, their states change as the table says, and ended ones never do."""
    await stage.pool.execute(_GUARD)
    wait = {"id": "w", "type": "wait", "config": {"duration": 1, "unit": "days"}}
    stage.stub.script["/bad"] = [400]
    gate = stage.stub.held["/held"] = asyncio.Event()
    plain = await stage.start(await stage.define([transform("a", x=1)]))
    failing = await stage.start(await stage.define([stage.action("/bad")]))
    waiting = await stage.start(await stage.define([wait]))
    dropped = await stage.start(await stage.define([wait]))
    held = await stage.start(await stage.define([stage.action("/held")]))
    late = await stage.start(
        await stage.define(
            [{"id": "w", "type": "wait", "config": {"duration": 4000}}], settings={"timeoutMs": 50}
        )
    )
    never = await stage.start(await stage.define([transform("a", x=1)]))
    await stage.cancel(never)
    async with stage.worker():
        await stage.reaches(waiting, "suspended")
        await stage.reaches(dropped, "suspended")
        await stage.cancel(dropped)
        await until(lambda: stage.stub.calls_of("/held"), "the call")
        await stage.pool.execute("UPDATE steps SET due_at=now() WHERE run_id=$1", waiting)
        await stage.pool.execute("UPDATE runs SET due_at=now() WHERE id=$1", waiting)
        gate.set()
        for run_id in (plain, failing, waiting, dropped, held, late):
            await stage.ended(run_id)
    moves = {
        (RunStatus(row["before"]), RunStatus(row["after"]))
        for row in await stage.pool.fetch("SELECT * FROM moves")
    }
    assert {(before, after) for before, after in moves if after not in RUN_MOVES[before]} == set()
    assert {after for _, after in moves} == set(RunStatus)
    assert not {before for before, _ in moves} & ENDED


def test_ended_states_are_final() -> None:
    """The table has a row for every state, and no way out of an ended one."""
    assert set(RUN_MOVES) == set(RunStatus)
    assert all(not RUN_MOVES[status] for status in ENDED)


def test_a_step_without_a_row_is_pending_until_the_end() -> None:
    """What was never started reads as pending, and as cancelled once the run has ended."""
    assert unrecorded_step_status(RunStatus.RUNNING) is StepStatus.PENDING
    assert unrecorded_step_status(RunStatus.FAILED) is StepStatus.CANCELLED
