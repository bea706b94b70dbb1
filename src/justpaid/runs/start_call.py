"""The call that starts a run, from its order to its answer, with the wait in between.

Guarantee: an answer leaves only after the run has committed; a caller without `runs:read` learns a
run's id and state and no more.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from justpaid import ids
from justpaid.db.pool import Connection
from justpaid.engine.model import ENDED, RunStatus
from justpaid.errors import Unavailable
from justpaid.runs import records
from justpaid.runs.model import StartedRun, StartOrder
from justpaid.runs.room import RunsRoom
from justpaid.scopes import Scope
from justpaid.web.caller import Caller
from justpaid.web.envelope import Answer, success
from justpaid.web.unit_of_work import UnitOfWork

_ACCEPTED: Final = 202


async def start(
    room: RunsRoom, caller: Caller, order: StartOrder, wait_seconds: int | None
) -> Answer:
    """Start a run through the group commit, and wait for its end when asked to.

    With `wait_seconds` the order names this process as the one where somebody waits.
    Raises what `RunStarter.start` raises, and Unavailable when no further caller can wait.
    """
    run_id = ids.new_id()
    if wait_seconds is None:
        started = await room.starter.start(order, run_id)
        await room.let_in_started(started)
        return await _first_answer(room, caller, started, None)
    with room.waiters.open(run_id, _owner(caller)) as wait:
        started = await room.starter.start(order, run_id)
        await room.let_in_started(started)
        if not started.is_repeat:
            await wait.over(wait_seconds)
            return await _later_answer(room, caller, started, is_cut=wait.is_cut)
    return await _wait_and_answer(room, caller, started, wait_seconds)


async def start_in_transaction(
    room: RunsRoom, caller: Caller, order: StartOrder, wait_seconds: int | None, unit: UnitOfWork
) -> Answer:
    """Start a run in the request's transaction; the wait begins once that has committed.

    What is kept for a repeat of the request is the answer from before the wait.
    """
    connection = await unit.connection()
    started = await room.starter.start(order, ids.new_id(), connection)
    answer = await _first_answer(room, caller, started, connection)
    unit.after_commit(_afterwards(room, caller, started, wait_seconds, answer))
    return answer


def _afterwards(
    room: RunsRoom, caller: Caller, started: StartedRun, wait_seconds: int | None, answer: Answer
) -> Callable[[], Awaitable[None]]:
    async def go_on() -> None:
        await room.let_in_started(started)
        if wait_seconds is None:
            return
        try:
            later = await _wait_and_answer(room, caller, started, wait_seconds)
        except Unavailable:  # the run is accepted: that is the answer
            return
        answer.status_code, answer.body = later.status_code, later.body
        answer.headers["content-length"] = str(len(later.body))

    return go_on


async def _first_answer(
    room: RunsRoom, caller: Caller, started: StartedRun, connection: "Connection | None"
) -> Answer:
    if not started.is_repeat:
        return success(records.accepted(started), _ACCEPTED)
    if connection is None:
        return await _later_answer(room, caller, started, is_cut=False)
    record = await records.get_record(connection, caller.company_id, started.run_id, room.outlines)
    return _show(caller, started, record)


async def _wait_and_answer(
    room: RunsRoom, caller: Caller, started: StartedRun, wait_seconds: int
) -> Answer:
    """Wait for a run that may have ended before anybody listened."""
    with room.waiters.open(started.run_id, _owner(caller)) as wait:
        record = await room.records.get(caller.company_id, started.run_id)
        if record["status"] not in ENDED:
            await wait.over(wait_seconds)
        return await _later_answer(room, caller, started, is_cut=wait.is_cut)


async def _later_answer(
    room: RunsRoom, caller: Caller, started: StartedRun, *, is_cut: bool
) -> Answer:
    if is_cut:
        return success(records.accepted(started), _ACCEPTED)
    record = await room.records.get(caller.company_id, started.run_id)
    return _show(caller, started, record)


def _show(caller: Caller, started: StartedRun, record: dict[str, Any]) -> Answer:
    status: RunStatus = record["status"]
    if status not in ENDED and not started.is_repeat:
        return success(records.accepted(started, status), _ACCEPTED)
    run_id = record["id"]
    if Scope.RUNS_READ not in caller.scopes:
        return success({"runId": run_id, "status": status})
    return success({"runId": run_id, **record})


def _owner(caller: Caller) -> UUID | None:
    return caller.key_id or caller.member_id
