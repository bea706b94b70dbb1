"""Run records as the API shows them. Stored JSON goes out as its text, digit for digit."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.db.pool import Connection
from justpaid.engine.lanes import Connect, Lane
from justpaid.engine.model import ENDED, RunStatus
from justpaid.errors import NotFound
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.outbound.masking import mask_headers
from justpaid.runs import repository
from justpaid.runs.bulk_retry import Batch
from justpaid.runs.model import Columns, StartedRun, duration_ms, shown_status
from justpaid.runs.step_list import Outline, list_steps, outline_steps
from justpaid.web.cursors import encode_cursor

_MOST_REMEMBERED: Final = 500
_MOST_TOGETHER: Final = 32
_GIVE_UP_AFTER_SECONDS: Final = 10.0


class RecordReader:
    """Reads the records that waiting callers are answered with, many at once.

    Runs end in batches, and so their callers are told: one search serves them all.
    """

    def __init__(self, connect: Connect, outlines: "Outlines") -> None:
        self._lane: Lane[tuple[UUID, UUID], dict[str, Any] | None] = Lane(
            connect,
            partial(_read, outlines),
            most=_MOST_TOGETHER,
            give_up_after_seconds=_GIVE_UP_AFTER_SECONDS,
        )

    async def open(self) -> None:
        """Connect ahead of the first question."""
        await self._lane.open()

    async def close(self) -> None:
        """Give the connection back."""
        await self._lane.close()

    async def get(self, company_id: UUID, run_id: UUID) -> dict[str, Any]:
        """Return the whole record of a run as it stands now; raises NotFound."""
        record = await self._lane.submit((company_id, run_id))
        if record is None:
            raise NotFound("There is no such run.")
        return record


class Outlines:
    """The steps of versions that ran: a version that can run never changes, so they are kept."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, int], Outline] = {}

    async def get(
        self, connection: Connection, company_id: UUID, workflow_id: UUID, version: int
    ) -> Outline:
        """Return the steps of the version that a run of this company is bound to."""
        known = self._known.get((workflow_id, version))
        if known is None:
            text = await repository.find_definition(connection, company_id, workflow_id, version)
            known = outline_steps(None if text is None else exact_json.stored(text))
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[workflow_id, version] = known
        return known


async def get_record(
    connection: Connection, company_id: UUID, run_id: UUID, outlines: Outlines
) -> dict[str, Any]:
    """Return the whole record of a run with its steps; raises NotFound."""
    (record,) = await read_records(connection, [(company_id, run_id)], outlines)
    if record is None:
        raise NotFound("There is no such run.")
    return record


async def read_records(
    connection: Connection, asked: Sequence[tuple[UUID, UUID]], outlines: Outlines
) -> list[dict[str, Any] | None]:
    """Return the records of runs, each named after its company; None for one that is not there."""
    found: dict[UUID, dict[str, Any]] = {}
    for row in await repository.list_whole_runs(connection, asked):
        outline = await outlines.get(
            connection, row["company_id"], row["workflow_id"], row["version"]
        )
        found[row["id"]] = _record(row, row["steps"], outline)
    return [found.get(run_id) for _, run_id in asked]


def _record(row: Columns, steps: Sequence[Columns], outline: Outline) -> dict[str, Any]:
    shown = summary(row)
    status: RunStatus = shown["status"]
    origin = row["origin_run_id"]
    return {
        **shown,
        "trigger": _trigger(row),
        "connectionId": _id(Prefix.CONNECTION, row["connection_id"]),
        "input": embedded(row["input"]),
        "output": embedded(row["output"]),
        "waitingFor": embedded(row["waiting_for"]) if status is RunStatus.SUSPENDED else None,
        "cancelRequestedAt": None if row["cancel_at"] is None else to_wire(row["cancel_at"]),
        "retriedFrom": _id(Prefix.RUN, row["retried_from"]),
        "originRunId": shown["id"] if origin == row["id"] else encode_id(Prefix.RUN, origin),
        "parentRunId": _id(Prefix.RUN, row["parent_run_id"]),
        "startedBy": row["started_by"] or "system",
        "purgedAt": None if row["purged_at"] is None else to_wire(row["purged_at"]),
        "steps": list_steps(outline, steps, status),
    }


async def _read(
    outlines: Outlines, connection: Connection, asked: Sequence[tuple[UUID, UUID]]
) -> list[dict[str, Any] | None]:
    return await read_records(connection, asked, outlines)


def summary(row: Columns) -> dict[str, Any]:
    """Return a run as lists show it."""
    started_at, completed_at = row["started_at"], row["completed_at"]
    return {
        "id": encode_id(Prefix.RUN, row["id"]),
        "workflowId": encode_id(Prefix.WORKFLOW, row["workflow_id"]),
        "workflowVersion": row["version"],
        "status": shown_status(row["status"], started_at),
        "triggerType": row["trigger_type"],
        "startedAt": None if started_at is None else to_wire(started_at),
        "completedAt": None if completed_at is None else to_wire(completed_at),
        "durationMs": duration_ms(started_at, completed_at),
        "error": embedded(row["error"]),
        "createdAt": to_wire(row["created_at"]),
    }


def accepted(started: StartedRun, status: RunStatus = RunStatus.PENDING) -> JsonObject:
    """Return what a start is answered with before the run has ended."""
    return {
        "runId": encode_id(Prefix.RUN, started.run_id),
        "status": status,
        "workflowId": encode_id(Prefix.WORKFLOW, started.workflow_id),
        "workflowVersion": started.version,
    }


def effect_item(row: Columns) -> dict[str, Any]:
    """Return one row of the ledger."""
    return {
        "id": encode_id(Prefix.EFFECT, row["id"]),
        "runId": encode_id(Prefix.RUN, row["run_id"]),
        "stepPath": row["path"],
        "attempt": row["attempt"],
        "generation": row["generation"],
        "class": row["class"],
        "provider": row["provider"],
        "action": row["action"],
        "connectionId": _id(Prefix.CONNECTION, row["connection_id"]),
        "request": _request(row["request"]),
        "amount": row["amount"],
        "currency": row["currency"],
        "idempotencyKey": row["key"],
        "intendedAt": to_wire(row["intended_at"]),
        "sentAt": None if row["sent_at"] is None else to_wire(row["sent_at"]),
        "outcome": row["outcome"],
        "receipt": embedded(row["receipt"]),
        "resolvedAt": None if row["resolved_at"] is None else to_wire(row["resolved_at"]),
        "resolvedBy": row["resolved_by"],
        "comment": row["comment"],
    }


def bulk_item(batch: Batch) -> JsonObject:
    """Return what a bulk retry came to."""
    return {
        "retried": [
            {
                "runId": encode_id(Prefix.RUN, started.run_id),
                "retriedFrom": encode_id(Prefix.RUN, run_id),
            }
            for run_id, started in batch.retried
        ],
        "skipped": [
            {"runId": encode_id(Prefix.RUN, skipped.run_id), "reason": skipped.reason}
            for skipped in batch.skipped
        ],
        "remaining": batch.remaining,
        "cursor": encode_cursor(batch.last) if batch.remaining and batch.last else None,
    }


def embedded(text: str | None) -> Any:  # noqa: ANN401  raw JSON stands for any value
    """Let a stored JSON text stand in an answer; None for no value."""
    return None if text is None else exact_json.embed(text)


def has_ended(status: str) -> bool:
    """Say whether a run in this state moves no more."""
    return status in ENDED


def _trigger(row: Columns) -> Any:  # noqa: ANN401  raw JSON stands for any value
    stored = row["trigger"]
    return {"type": row["trigger_type"]} if stored is None else exact_json.embed(stored)


def _request(raw: bytes | None) -> JsonValue:
    stored = None if raw is None else exact_json.stored(raw)
    request = stored.get("request") if isinstance(stored, dict) else None
    if not isinstance(request, dict):
        return request
    return {**request, "headers": mask_headers(request.get("headers"))}


def _id(prefix: Prefix, value: UUID | None) -> str | None:
    return None if value is None else encode_id(prefix, value)
