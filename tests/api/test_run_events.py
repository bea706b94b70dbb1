"""Listening to a run: every line once, from any point on, and nobody listens on old terms."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from justpaid import ids
from justpaid.db.pool import Pool
from justpaid.engine.model import ClaimedRun, LogLine, RunStatus, StepStatus
from justpaid.ids import Prefix, decode_id
from justpaid.runs import streams
from justpaid.runs.log_lines import TailPosition
from justpaid.runs.stream_rows import Look, read_since
from justpaid.runs.streams import Stream
from justpaid.scopes import Scope
from justpaid.web.caller import Caller
from tests.api.run_stage import Stage, open_stage
from tests.api.test_runs import a_step, failed, read, started
from tests.engine.stage import until


@pytest.fixture
async def stage(pool: Pool, database_url: str, company_id: UUID) -> AsyncIterator[Stage]:
    """Open the room's routes on a database of their own."""
    async with open_stage(pool, database_url, company_id) as opened:
        yield opened


@dataclass
class Event:
    """One event as it came."""

    id: str
    name: str
    data: Any


def events_in(text: str) -> list[Event]:
    """Read a stream."""
    found: list[Event] = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if "data" in fields:
            found.append(Event(fields["id"], fields["event"], fields["data"]))
    return found


async def listen(stage: Stage, run_id: str, last: str | None = None) -> list[Event]:
    """Listen until the stream ends."""
    headers = {} if last is None else {"Last-Event-ID": last}
    answer = await stage.http.get(f"/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    return events_in(answer.text)


async def busy(stage: Stage) -> tuple[str, ClaimedRun]:
    """Make a run with steps in every state that a log speaks of."""
    run_id, run = await started(stage)
    await stage.record(run, a_step("shape", StepStatus.RUNNING, 1))
    await stage.record(run, a_step("shape", StepStatus.RETRYING, 2, error={"message": "reset"}))
    again = a_step("shape", StepStatus.RUNNING, 4, attempt=2)
    note = LogLine(3, run.started_at, "warning", None, "The worker was lost.")
    await stage.record(run, again, logs=[note])
    return run_id, run


async def test_a_listener_hears_what_the_log_says(stage: Stage) -> None:
    """Live or afterwards, the stream tells the lines of the log, and at last the run's status."""
    run_id, run = await busy(stage)
    listening = asyncio.create_task(listen(stage, run_id))
    await until(lambda: stage.room.streams.count, "the listener")
    await stage.record(run, a_step("shape", StepStatus.COMPLETED, 5, attempt=2, output_text="1"))
    await stage.end(run)
    live = await listening
    afterwards = await listen(stage, run_id)
    log = await stage.http.get(f"/runs/{run_id}/logs")
    told = {line["message"] for line in log.json()["data"]}
    assert [event.name for event in live] == ["log"] * (len(live) - 1) + ["end"]
    assert live[-1].data == '{"status":"completed"}'
    assert all(any(message in event.data for event in live) for message in told)
    assert len([event for event in live if '"Completed."' in event.data]) == 1
    assert len([event for event in afterwards if '"Completed."' in event.data]) == 1
    assert stage.room.streams.count == 0


async def test_a_stream_goes_on_after_any_event(stage: Stage) -> None:
    """Whoever lost the connection after an event gets exactly the events after it."""
    run_id, run = await busy(stage)
    await stage.record(
        run,
        a_step("shape", StepStatus.COMPLETED, 5, attempt=2, output_text="1"),
        a_step("charge", StepStatus.FAILED, 6, error={"message": "402"}),
        a_step("note", StepStatus.CANCELLED, 7),
    )
    await stage.end(run, RunStatus.FAILED, error='{"code":"HTTP_STATUS","message":"402"}')
    whole = await listen(stage, run_id)
    assert len(whole) > 8
    assert len({event.id for event in whole}) == len(whole)
    for place, event in enumerate(whole[:-1]):
        assert await listen(stage, run_id, event.id) == whole[place + 1 :]


async def test_a_stream_goes_on_after_a_retry_of_kept_steps(stage: Stage) -> None:
    """Lines of kept steps, which all carry the same number, are told once too."""
    run_id = await failed(stage)
    retried = (await stage.post(f"/runs/{run_id}/retry")).json()["data"]["runId"]
    (run,) = await stage.claim()
    await stage.end(run)
    whole = await listen(stage, retried)
    assert any("Reused from" in event.data for event in whole)
    for place, event in enumerate(whole[:-1]):
        assert await listen(stage, retried, event.id) == whole[place + 1 :]


async def test_who_was_told_everything_need_not_come_again(stage: Stage) -> None:
    """204 tells a browser's EventSource to stop; an id we did not make is 400."""
    run_id = await failed(stage)
    last = (await listen(stage, run_id))[-1].id
    path = f"/runs/{run_id}/events"
    answer = await stage.http.get(path, headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")
    bad = await stage.http.get(path, headers={"Last-Event-ID": "x"})
    assert bad.status_code == 400
    assert bad.json()["error"]["details"][0]["field"] == "Last-Event-ID"
    after = await read(stage, f"/runs/{run_id}/logs", after=last)
    assert after["data"] == []


async def test_another_company_hears_nothing(stage: Stage) -> None:
    """A foreign run is not there, and reading needs its scope."""
    run_id = await failed(stage)
    stage.act_with(*(set(Scope) - {Scope.RUNS_READ}))
    assert (await stage.http.get(f"/runs/{run_id}/events")).status_code == 403
    stage.act_with(*Scope)
    stage.act_for(await stage.add_company())
    assert (await stage.http.get(f"/runs/{run_id}/events")).status_code == 404


async def test_a_key_holds_twenty_streams(stage: Stage) -> None:
    """The 21st stream of a key is refused until one of the others has ended."""
    run_id, _ = await started(stage)
    opened = [await an_open_stream(stage, run_id) for _ in range(streams.MOST_STREAMS_A_CALLER)]
    refused = await stage.http.get(f"/runs/{run_id}/events")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    stage.room.streams.open(another_key(stage), opened[0].run_id, TailPosition()).close()
    opened.pop().close()
    opened.append(await an_open_stream(stage, run_id))
    for stream in opened:
        stream.close()
    assert stage.room.streams.count == 0


async def test_a_changed_key_ends_its_streams_and_no_others(stage: Stage) -> None:
    """On a change of a key's terms its listeners go, also those that have not been served yet."""
    run_id, _ = await started(stage)
    mine = await an_open_stream(stage, run_id)
    other = stage.room.streams.open(another_key(stage), mine.run_id, TailPosition())
    heard = [asyncio.create_task(collect(stream)) for stream in (mine, other)]
    stage.room.cut_off(frozenset({stage.caller.key_id}))
    await asyncio.wait_for(heard[0], 5)
    assert not heard[1].done()
    stage.room.cut_off(None)
    await asyncio.wait_for(heard[1], 5)


async def test_a_stream_is_judged_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that no longer counts loses its streams even if nobody told of the change."""
    monkeypatch.setattr(streams, "REAUTHORISE_SECONDS", 0.05)
    asked: list[Caller] = []

    async def may_read(caller: Caller) -> bool:
        asked.append(caller)
        return len(asked) < 3

    monkeypatch.setattr(stage.room.streams, "_may_read", may_read)
    run_id, _ = await started(stage)
    await asyncio.wait_for(collect(await an_open_stream(stage, run_id)), 5)
    assert len(asked) == 3


async def test_a_sessions_stream_asks_the_gate(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser comes again by itself: so its session is judged where sessions are judged."""
    monkeypatch.setattr(streams, "REAUTHORISE_SECONDS", 0.05)
    stage.caller = stage.caller._replace(key_id=None, member_id=ids.new_id())
    run_id, _ = await started(stage)
    await asyncio.wait_for(collect(await an_open_stream(stage, run_id)), 5)


async def test_silence_is_filled_with_signs_of_life(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing happens a comment shows that the connection stands."""
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.01)
    run_id, _ = await started(stage)
    stream = await an_open_stream(stage, run_id)
    async for piece in stream.pieces():
        if piece.startswith(b":"):
            break
    stream.close()


async def test_one_question_serves_all_streams(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many listen, the database is asked once about each run."""
    asked: list[list[UUID]] = []

    async def counting(connection: Any, looks: Any) -> Any:
        asked.append([look.run_id for look in looks])
        return await read_since(connection, looks)

    monkeypatch.setattr(streams, "read_since", counting)
    run_ids = [(await started(stage))[0] for _ in range(3)]
    opened = [await an_open_stream(stage, run_id) for run_id in run_ids * 4]
    everyone = {stream.run_id for stream in opened}
    await until(lambda: any(set(runs) == everyone for runs in asked), "one question for all")
    assert all(len(runs) == len(set(runs)) for runs in asked)
    for stream in opened:
        stream.close()


async def test_a_run_that_waits_costs_its_own_row(stage: Stage) -> None:
    """Of a run that nobody performs nothing but its row is read again."""
    run_id, run = await busy(stage)
    company_id = stage.caller.company_id
    async with stage.pool.acquire() as connection:
        new = (await read_since(connection, [Look(company_id, run.id, 0)]))[run.id]
        assert (len(new.steps), len(new.notes)) == (2, 1)
        await connection.execute("UPDATE runs SET status = 'suspended', due_at = NULL")
        look = Look(company_id, run.id, 0, "suspended", run.fence)
        same = (await read_since(connection, [look]))[run.id]
        assert (same.steps, same.notes) == ([], [])
        later = (await read_since(connection, [look._replace(fence=run.fence - 1)]))[run.id]
        assert len(later.steps) == 2
        foreign = await read_since(connection, [look._replace(company_id=ids.new_id())])
        assert foreign == {}
    assert decode_id(Prefix.RUN, run_id) == run.id


async def an_open_stream(stage: Stage, run_id: str) -> Stream:
    """Open a stream as the route does."""
    identity = decode_id(Prefix.RUN, run_id)
    assert identity is not None
    return stage.room.streams.open(stage.caller, identity, TailPosition())


async def collect(stream: Stream) -> list[bytes]:
    """Hear a stream to its end."""
    return [piece async for piece in stream.pieces()]


def another_key(stage: Stage) -> Caller:
    """Make a caller with another key of the same company."""
    return stage.caller._replace(key_id=ids.new_id())
