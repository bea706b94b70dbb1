"""The HTTP face of runs: start and wait, list, inspect, cancel, retry, restart."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request, Response

from justpaid import exact_json
from justpaid.audit.model import Actor
from justpaid.clock import to_wire
from justpaid.engine.model import RunStatus
from justpaid.errors import InvalidInput, NotFound, Problem
from justpaid.ids import Prefix, decode_id, encode_id
from justpaid.runs import bulk_retry, records, repository, start_call
from justpaid.runs.bulk_retry import BulkFilter
from justpaid.runs.effect_resolution import ResolutionOrder, Verdict
from justpaid.runs.log_lines import decode_tail, is_closed
from justpaid.runs.log_reader import read_log
from justpaid.runs.model import RunFilter, StartOrder
from justpaid.runs.room import RunsRoom
from justpaid.runs.schemas import (
    EFFECT_ID,
    EVENT,
    EVENTS_EXAMPLE,
    WORKFLOW_ID,
    BulkPreview,
    BulkResult,
    BulkRetryRequest,
    CancelRequested,
    Effect,
    LogPage,
    ResolveRequest,
    RestartRequest,
    Retried,
    RunAccepted,
    RunRecord,
    RunSummary,
    StartedRecord,
    StartedState,
    StartRequest,
)
from justpaid.runs.service import RestartOrder
from justpaid.scopes import Scope
from justpaid.web.answers import Page, Success
from justpaid.web.caller import Caller, allows
from justpaid.web.cursors import DEFAULT_LIMIT, decode_cursor, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.event_stream import MEDIA_TYPE as EVENTS
from justpaid.web.event_stream import EventStream
from justpaid.web.parameters import (
    After,
    Limit,
    Moment,
    NoBody,
    given_id,
    given_moment,
    path_id,
)
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection, Unit, current_unit

MAX_WAIT_SECONDS: Final = 30

router = api_router("Runs")


async def current_room(request: Request) -> RunsRoom:
    """Return the room that composition made for this app."""
    room: RunsRoom = request.app.state.runs
    return room


Room = Annotated[RunsRoom, Depends(current_room)]
Reader = Annotated[Caller, allows(Scope.RUNS_READ)]
Executor = Annotated[Caller, allows(Scope.WORKFLOWS_EXECUTE)]
RunId = Annotated[UUID, path_id(Prefix.RUN, "runId")]
# Of the busiest route: each further dependency costs about as much as the route's own work.
WorkflowId = Annotated[str, Path(alias="workflowId", examples=[WORKFLOW_ID])]
WaitSeconds = Annotated[
    int | None,
    Query(ge=1, le=MAX_WAIT_SECONDS, description="Wait so many seconds for the run's end."),
]


@router.post(
    "/workflows/{workflowId}/run",
    status_code=202,
    summary="Start a run",
    response_description="The run is accepted: it is stored and will be performed.",
    responses={
        202: {"model": Success[RunAccepted]},
        200: {
            "model": Success[StartedRecord | StartedState],
            "description": "The finished run (`wait`), or the first run of the idempotencyKey. "
            "The record of the run plus `runId`; without `runs:read` only `runId` and `status`.",
        },
    },
)
async def start_run(
    request: Request,
    caller: Executor,
    workflow: WorkflowId,
    body: StartRequest,
    wait: WaitSeconds = None,
) -> Answer:
    """Start a run of an active workflow with an input.

    A repeat with the same `idempotencyKey` and input is answered with the first run, whatever the
    workflow's state is by then; with another input it is a conflict.
    """
    room = await current_room(request)
    unit = await current_unit(request)
    if unit.has_begun:  # by the Idempotency-Key: the run belongs into the same transaction
        order = _order(caller, workflow, body, None)
        return await start_call.start_in_transaction(room, caller, order, wait, unit)
    order = _order(caller, workflow, body, None if wait is None else room.waiters.name)
    return await start_call.start(room, caller, order, wait)


async def _read_filter(
    workflow: Annotated[str | None, Query(alias="workflowId", examples=[WORKFLOW_ID])] = None,
    status: RunStatus | None = None,
    trigger_type: Annotated[str | None, Query(alias="triggerType", max_length=64)] = None,
    created_after: Annotated[Moment | None, Query(alias="createdAfter")] = None,
    created_before: Annotated[Moment | None, Query(alias="createdBefore")] = None,
) -> RunFilter:
    return RunFilter(
        workflow_id=given_id(workflow, Prefix.WORKFLOW, "workflowId"),
        status=status,
        trigger_type=trigger_type,
        created_after=given_moment(created_after, "createdAfter"),
        created_before=given_moment(created_before, "createdBefore"),
    )


@router.get(
    "/runs",
    summary="List runs",
    responses={200: {"model": Page[RunSummary]}},
)
async def list_runs(
    caller: Reader,
    connection: Connection,
    narrowed: Annotated[RunFilter, Depends(_read_filter)],
    after: After,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """List the company's runs, newest first, as narrow rows."""
    rows = await repository.list_runs(connection, caller.company_id, narrowed, after, limit + 1)
    shown, cursor = split_page(rows, limit, repository.created_position)
    return page([records.summary(row) for row in shown], cursor)


@router.get(
    "/runs/{runId}",
    summary="Get a run",
    responses={200: {"model": Success[RunRecord]}},
)
async def get_run(caller: Reader, run_id: RunId, connection: Connection, room: Room) -> Answer:
    """Return the whole record of a run, with every step of its version."""
    record = await records.get_record(connection, caller.company_id, run_id, room.outlines)
    return success(record)


@router.get(
    "/runs/{runId}/logs",
    summary="Read a run's log",
    responses={200: {"model": LogPage}},
)
async def list_logs(
    caller: Reader,
    run_id: RunId,
    connection: Connection,
    after: Annotated[
        str | None, Query(description="The `meta.cursor` of the page before; opaque.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """Return what happened in a run, step by step, oldest first.

    There is a cursor also after the last line: ask again with it to read what has come since.
    """
    lines = await read_log(connection, caller.company_id, run_id, decode_tail(after), limit)
    meta = {"cursor": lines.cursor, "hasMore": lines.has_more}
    return Answer(exact_json.encode({"success": True, "data": lines.lines, "meta": meta}))


@router.get(
    "/runs/{runId}/events",
    status_code=200,
    summary="Listen to a run",
    response_class=EventStream,
    responses={
        200: {
            "description": "Events until the run ends, or until the key's terms change.",
            "content": {EVENTS: {"schema": EVENT, "example": EVENTS_EXAMPLE}},
        },
        204: {"description": "The run has ended and everything was told: do not come again."},
    },
)
async def stream_events(
    caller: Reader,
    run_id: RunId,
    connection: Connection,
    room: Room,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="Go on after this event, without a gap."),
    ] = None,
) -> Response:
    """Tell what happens in a run as it happens, as server-sent events, from its beginning on.

    `log` events carry the lines of the run's log, one `end` event its final status. Comments come
    as signs of life every 15 seconds. A key may hold 20 streams at once.
    """
    position = decode_tail(last_event_id or None, "Last-Event-ID")
    run = await repository.get_run(connection, caller.company_id, run_id)
    if is_closed(position) and records.has_ended(run["status"]):
        return Response(status_code=204)
    return EventStream(room.streams.open(caller, run_id, position))


@router.get(
    "/runs/{runId}/effects",
    summary="Read a run's ledger of effects",
    responses={200: {"model": Page[Effect]}},
)
async def list_effects(caller: Reader, run_id: RunId, connection: Connection) -> Answer:
    """Return everything the run did outside: what was intended, and what came of it."""
    await repository.get_run(connection, caller.company_id, run_id)
    rows = await repository.list_effects(connection, caller.company_id, run_id)
    return page([records.effect_item(row) for row in rows], None)


@router.post(
    "/runs/{runId}/cancel",
    status_code=202,
    summary="Cancel a run",
    response_description="The run starts nothing new; effects in flight are finished first.",
    responses={202: {"model": Success[CancelRequested]}},
    dependencies=[NoBody],
)
async def cancel_run(
    caller: Executor, run_id: RunId, unit: Unit, connection: Connection, room: Room
) -> Answer:
    """End a run that is pending, running or suspended."""
    asked = await room.control.cancel(connection, caller.company_id, run_id, by=_actor(caller))
    cancelled = asked.cancelled
    if cancelled.release is not None:
        unit.after_commit(partial(room.let_in, cancelled.release, asked.release_limit))
    return success(
        {
            "runId": encode_id(Prefix.RUN, run_id),
            "status": asked.status,
            "cancelRequestedAt": to_wire(cancelled.requested_at),
        },
        202,
    )


@router.post(
    "/runs/{runId}/retry",
    status_code=202,
    summary="Retry a run",
    response_description="A new run of the same line is accepted.",
    responses={202: {"model": Success[Retried]}},
    dependencies=[NoBody],
)
async def retry_run(
    caller: Executor, run_id: RunId, unit: Unit, connection: Connection, room: Room
) -> Answer:
    """Start a failed or timed-out run anew from the steps that failed or never ended.

    What is settled and depends on none of them is kept, and shown as `reused`.
    """
    started = await room.control.retry(connection, caller.company_id, run_id, by=_actor(caller))
    unit.after_commit(partial(room.let_in_started, started))
    retried_from = encode_id(Prefix.RUN, run_id)
    return success({**records.accepted(started), "retriedFrom": retried_from}, 202)


@router.post(
    "/runs/{runId}/restart",
    status_code=202,
    summary="Restart a run from a step",
    response_description="A new run of the same line is accepted.",
    responses={202: {"model": Success[Retried]}},
)
async def restart_run(
    caller: Executor,
    run_id: RunId,
    body: RestartRequest,
    unit: Unit,
    connection: Connection,
    room: Room,
) -> Answer:
    """Start any ended run anew from a step on, also with another input or version.

    What is settled and does not depend on that step is kept, and shown as `reused`; a kept step is
    not computed again, also when the input differs.
    """
    order = RestartOrder(body.from_step, body.input, body.version)
    started = await room.control.restart(
        connection, caller.company_id, run_id, order, by=_actor(caller)
    )
    unit.after_commit(partial(room.let_in_started, started))
    retried_from = encode_id(Prefix.RUN, run_id)
    return success({**records.accepted(started), "retriedFrom": retried_from}, 202)


@router.post(
    "/runs/retry",
    summary="Retry many runs",
    responses={
        200: {"model": Success[BulkPreview], "description": "What would be retried."},
        202: {"model": Success[BulkResult], "description": "New runs are accepted."},
    },
)
async def retry_runs(
    caller: Executor, body: BulkRetryRequest, unit: Unit, connection: Connection, room: Room
) -> Answer:
    """Retry the runs of a filter that failed or timed out, oldest first, up to 500 a call.

    A preview tells how many there are and shows the first 20. A run that cannot be retried is
    skipped with the reason. While some remain, ask again with the cursor.
    """
    narrowed = BulkFilter(
        given_id(body.filter.workflow_id, Prefix.WORKFLOW, "filter.workflowId"),
        None if body.filter.status is None else RunStatus(body.filter.status),
        given_moment(body.filter.created_after, "filter.createdAfter"),
        given_moment(body.filter.created_before, "filter.createdBefore"),
        body.filter.error_code,
        decode_cursor(body.cursor),
    )
    company_id = caller.company_id
    if body.preview:
        matching, rows = await bulk_retry.preview(connection, company_id, narrowed)
        return success({"matching": matching, "runs": [records.summary(row) for row in rows]})
    most = bulk_retry.MOST_AT_ONCE
    batch = await bulk_retry.retry_many(
        connection, room.control, company_id, narrowed, by=_actor(caller), most=most
    )
    for workflow_id, limit in batch.release_limits.items():
        unit.after_commit(partial(room.let_in, workflow_id, limit))
    return success(records.bulk_item(batch), 202)


@router.post(
    "/runs/{runId}/effects/{effectId}/resolve",
    summary="Say whether an effect was done",
    responses={200: {"model": Success[Effect]}},
)
async def resolve_effect(
    caller: Executor,
    run_id: RunId,
    effect: Annotated[str, Path(alias="effectId", examples=[EFFECT_ID])],
    body: ResolveRequest,
    connection: Connection,
    room: Room,
) -> Answer:
    """Resolve an effect whose outcome is `unknown`; a run that waits for it goes on.

    `done` completes its step with the output given. `not_done` sends it again under the next
    generation's key. An effect of a run that has ended can be resolved too: for the record, and so
    that the run can be retried.
    """
    if body.outcome is Verdict.NOT_DONE and "output" in body.model_fields_set:
        problem = Problem("output", "goes with the outcome done only")
        raise InvalidInput("The request is not valid.", [problem])
    order = ResolutionOrder(body.outcome, body.comment, body.output)
    effect_id = decode_id(Prefix.EFFECT, effect)
    row = await room.resolver.resolve(
        connection, caller.company_id, run_id, effect_id, order, by=_actor(caller)
    )
    return success(records.effect_item(row))


def _order(caller: Caller, workflow: str, body: StartRequest, waiter: str | None) -> StartOrder:
    workflow_id = decode_id(Prefix.WORKFLOW, workflow)
    if workflow_id is None:
        raise NotFound("There is no such workflow.")
    return StartOrder(
        company_id=caller.company_id,
        workflow_id=workflow_id,
        started_by=caller.actor,
        input=body.input or {},
        connection_id=given_id(body.connection_id, Prefix.CONNECTION, "connectionId"),
        idempotency_key=body.idempotency_key,
        waiter=waiter,
    )


def _actor(caller: Caller) -> Actor:
    return Actor(caller.actor, caller.address, caller.request_id)
