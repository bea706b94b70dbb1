"""All SQL of the engine: a run's row is its place in the queue, its lease and its state.

Guarantee: every write of a worker carries the fence of its claim and is refused when another claim
came since; each transition is one statement. Accepts are idempotent by id, records by step path and
attempt, so that whoever is unsure whether a commit happened may repeat it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from justpaid import exact_json
from justpaid.connectors.model import EffectClass
from justpaid.db.pool import Connection, Row
from justpaid.engine.model import (
    JOURNAL_FORMAT,
    ChildRefused,
    ChildRun,
    ClaimedRun,
    EffectOutcome,
    EffectRecord,
    End,
    Entry,
    Finished,
    Journal,
    NewRun,
    Owner,
    Resolution,
    RunStatus,
    SkipReason,
    StepRecord,
    StepStatus,
    Suspension,
)
from justpaid.engine.questions import open_and_close
from justpaid.engine.sealed_journal import add_inputs, add_requests
from justpaid.engine.statements import PARTS as _PARTS
from justpaid.exact_json import JsonObject

RUNS_CHANNEL: Final = "runs"
ENDED_CHANNEL: Final = "ended"  # `<waiter> <run id>`, comma-separated
_FOLLOWED: Final = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT})
_SECONDS: Final = 30.0  # no statement of ours takes that long on a database that is well

_ACCEPT: Final = _PARTS["accept"]
_ACCEPTED: Final = _PARTS["accepted"]
_JOURNAL_STEPS: Final = _PARTS["journal_steps"]
_JOURNAL_EFFECTS: Final = _PARTS["journal_effects"]
_REUSE: Final = _PARTS["reuse"]
_RECORD: Final = "\n".join(_PARTS[name] for name in ("lock", "rows", "record"))
_FINISH: Final = "\n".join(_PARTS[name] for name in ("lock", "rows", "finish", "told"))
_FINISH_CHILDREN: Final = "\n".join(
    _PARTS[name] for name in ("lock", "rows", "finish", "told_with_parents")
)
_SUSPEND: Final = "\n".join(_PARTS[name] for name in ("lock", "rows", "suspend"))
_LOGS: Final = _PARTS["logs"]
_RENEW: Final = "\n".join(_PARTS[name] for name in ("lock", "renew"))
_HAND_BACK: Final = "\n".join(_PARTS[name] for name in ("lock", "hand_back"))
_WAKE: Final = _PARTS["wake"]
_CANCEL: Final = _PARTS["cancel"]
_DUE: Final = _PARTS["due"]
_RELEASE_LOCK: Final = _PARTS["release_lock"]
_RELEASE: Final = _PARTS["release"]
_RELEASE_WAITING: Final = _PARTS["release_waiting"]

_NEW_RUN: Final = attrgetter(
    "id", "company_id", "workflow_id", "version", "held", "origin_run_id", "idempotency_key",
    "idempotency_hash", "trigger_type", "trigger", "started_by", "input", "waiter", "fence",
    "retried_from", "parent_run_id", "depth", "connection_id", "parent_path", "if_active",
)  # fmt: skip
_STEP: Final = attrgetter(
    "path", "attempt", "type", "status", "skip_reason", "input", "output_text", "error_text",
    "effect_key", "due_at", "started_at", "completed_at", "seq",
)  # fmt: skip
_EFFECT: Final = attrgetter(
    "path", "generation", "attempt", "effect_class", "provider", "action", "key", "connection_id",
    "request", "fingerprint", "amount", "currency", "sent_at", "outcome", "receipt",
)  # fmt: skip
_LOG: Final = attrgetter("seq", "at", "level", "path", "message", "data")


class Obstacle(NamedTuple):
    """The run that stands where another was to be accepted; a `line` one is not a repeat."""

    run_id: UUID
    status: RunStatus
    version: int
    idempotency_hash: bytes | None
    is_repeat: bool


class Moved:
    """What a run was made for no longer holds: the state of its workflow, or that of its line."""


Accepted: TypeAlias = Obstacle | Moved | None


class Renewed(NamedTuple):
    """What a renewed lease tells."""

    wakes: int
    cancel_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The answer to a cancel: the moment it was first asked, and whether the run ended by it."""

    status: RunStatus
    requested_at: datetime
    release: UUID | None


async def accept_runs(connection: Connection, runs: Sequence[NewRun]) -> list[Accepted]:
    """Store runs and notify workers; answer each in its place: None, or why it was not stored.

    On a caller's connection it joins the caller's transaction. Runs under maxConcurrentRuns are
    stored `held`: call `release` afterwards. Moved is a run whose `if_active` does not hold, and
    one whose obstacle is gone already: a run of its line that has ended since.
    """
    is_sealed = any(run.sealed_input is not None for run in runs)
    rows_to_store = [_NEW_RUN(run) for run in runs]
    async with connection.transaction() if is_sealed else nullcontext():
        rows = await connection.fetch(_ACCEPT, rows_to_store, timeout=_SECONDS)
        answers: dict[UUID, Accepted] = {row["id"]: None for row in rows}
        if is_sealed:
            await add_inputs(connection, [run for run in runs if run.id in answers])
    missing = [run for run in runs if run.id not in answers]
    if missing:
        answers.update(await _obstacles(connection, missing))
    return [answers.get(run.id, Moved()) for run in runs]


async def _obstacles(connection: Connection, runs: Sequence[NewRun]) -> dict[UUID, Accepted]:
    rows = await connection.fetch(
        _ACCEPTED,
        [run.id for run in runs],
        [run.workflow_id for run in runs],
        [run.idempotency_key for run in runs],
        [run.origin_run_id for run in runs],
        timeout=_SECONDS,
    )
    return {
        row["asked_id"]: None  # its own row: the commit of a flush whose answer was lost
        if row["id"] == row["asked_id"]
        else Obstacle(
            row["id"],
            RunStatus(row["status"]),
            row["version"],
            row["idempotency_hash"],
            row["kind"] == "repeat",
        )
        for row in rows
    }


async def reuse_steps(
    connection: Connection,
    company_id: UUID,
    source_run_id: UUID,
    new_run_id: UUID,
    paths: Sequence[str],
) -> None:
    """Give a new run its source's journal rows of these paths, by reference.

    In the transaction that accepts the new run with fence 1, so that its first claim reads them.
    """
    await connection.execute(_REUSE, new_run_id, source_run_id, company_id, list(paths))


async def load_journals(connection: Connection, runs: Sequence[ClaimedRun]) -> dict[UUID, Journal]:
    """Read what is stored of claimed runs; the first claim of a new run has nothing to read."""
    journals = {run.id: Journal() for run in runs}
    steps = await connection.fetch(_JOURNAL_STEPS, list(journals), timeout=_SECONDS)
    for row in steps:
        journal = journals[row["run_id"]]
        if row["format"] != JOURNAL_FORMAT:
            journal.is_readable = False
            continue
        journal.steps.append(_step_record(row))
        journal.size += len(row["output"] or "") + row["input_size"]
    lines = {run.origin_run_id: journals[run.id] for run in runs}
    effects = await connection.fetch(_JOURNAL_EFFECTS, list(lines), timeout=_SECONDS)
    for row in effects:
        lines[row["origin_run_id"]].effects.append(_effect_record(row))
    return journals


def _step_record(row: Row) -> StepRecord:
    output, error, reason = row["output"], row["error"], row["skip_reason"]
    return StepRecord(
        path=row["path"],
        attempt=row["attempt"],
        type=row["type"],
        status=StepStatus(row["status"]),
        skip_reason=None if reason is None else SkipReason(reason),
        input=row["input"],
        output=None if output is None else exact_json.stored(output),
        output_text=output,
        error=None if error is None else _object(error),
        effect_key=row["effect_key"],
        due_at=row["due_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        reused_run_id=row["reused_run_id"],
    )


def _object(text: str) -> JsonObject:
    value = exact_json.stored(text)
    return value if isinstance(value, dict) else {"message": value}


def _effect_record(row: Row) -> EffectRecord:
    return EffectRecord(
        id=row["id"],
        path=row["path"],
        generation=row["generation"],
        attempt=row["attempt"],
        effect_class=EffectClass(row["class"]),
        provider=row["provider"],
        action=row["action"],
        key=row["key"],
        connection_id=row["connection_id"],
        request=row["request"],
        fingerprint=row["fingerprint"],
        amount=row["amount"],
        currency=row["currency"],
        sent_at=row["sent_at"],
        outcome=None if row["outcome"] is None else EffectOutcome(row["outcome"]),
        resolution=_resolution(row),
    )


def _resolution(row: Row) -> Resolution | None:
    if row["resolved_at"] is None:
        return None
    said = _object(row["resolution"])
    return Resolution(row["resolved_at"], row["resolved_by"], said.get("output"))


async def record(connection: Connection, entries: Sequence[Entry]) -> list[bool]:
    """Write rows of runs; tell for each entry whether its owner still holds the run."""
    owners = [(entry.run_id, entry.fence) for entry in entries]
    rows = await _write(connection, _RECORD, owners, entries)
    held = {(row["id"], row["fence"]) for row in rows}
    return [owner in held for owner in owners]


async def finish(connection: Connection, ends: Sequence[End]) -> list[Finished | None]:
    """End runs with their last rows; None for a run that its owner has lost."""
    owners: list[tuple[UUID, int | None]] = [(end.entry.run_id, end.entry.fence) for end in ends]
    parents = {end.parent_run_id for end in ends if end.parent_run_id is not None}
    ids = [*owners, *((parent, None) for parent in parents)]
    padding = [None] * len(parents)
    extra = (
        [*(end.status for end in ends), *padding],
        [*(end.output for end in ends), *padding],
        [*(end.error for end in ends), *padding],
    )
    follow_ups = [(end.entry, end.follow_up) for end in ends if end.follow_up is not None]
    statement = _FINISH_CHILDREN if parents else _FINISH
    rows = await _write(connection, statement, ids, [end.entry for end in ends], extra, follow_ups)
    ended = {
        (row["id"], row["fence"]): Finished(RunStatus(row["status"]), row["release"])
        for row in rows
    }
    return [ended.get((end.entry.run_id, end.entry.fence)) for end in ends]


async def suspend(
    connection: Connection, suspensions: Sequence[Suspension]
) -> list[RunStatus | None]:
    """Free the worker of runs that wait; `pending` for one that was woken since its claim."""
    owners = [(item.entry.run_id, item.entry.fence) for item in suspensions]
    extra = (
        [item.wakes for item in suspensions],
        [item.due_at for item in suspensions],
        [item.waiting_for for item in suspensions],
    )
    rows = await _write(connection, _SUSPEND, owners, [item.entry for item in suspensions], extra)
    statuses = {(row["id"], row["fence"]): RunStatus(row["status"]) for row in rows}
    return [statuses.get(owner) for owner in owners]


async def _write(
    connection: Connection,
    statement: str,
    owners: Sequence[tuple[UUID, int | None]],
    entries: Sequence[Entry],
    extra: Iterable[object] = (),
    follow_ups: Sequence[tuple[Entry, ChildRun]] = (),
) -> list[Row]:
    """Run a statement that writes rows; what comes with them joins its transaction."""
    arguments = (
        [run_id for run_id, _ in owners],
        [fence for _, fence in owners],
        [(entry.run_id, entry.fence, *_STEP(step)) for entry in entries for step in entry.steps],
        [
            (effect.id, entry.origin_run_id, entry.run_id, entry.fence, *_EFFECT(effect))
            for entry in entries
            for effect in entry.effects
        ],
        *extra,
    )
    attended = [entry for entry in entries if entry.is_attended]
    if not attended and not follow_ups:
        return await connection.fetch(statement, *arguments, timeout=_SECONDS)
    async with connection.transaction():
        rows = await connection.fetch(statement, *arguments, timeout=_SECONDS)
        held = {(row["id"], row["fence"]): row.get("status") for row in rows}
        present = [entry for entry in attended if (entry.run_id, entry.fence) in held]
        children = [child for entry in present for child in entry.children]
        children += [
            child for each, child in follow_ups if held.get((each.run_id, each.fence)) in _FOLLOWED
        ]
        await _accept_children(connection, children)
        await open_and_close(connection, present)
        await add_requests(connection, present)
        logs = [(each.run_id, each.fence, *_LOG(line)) for each in present for line in each.logs]
        if logs:
            columns = (list(column) for column in zip(*logs, strict=True))
            await connection.execute(_LOGS, *columns, timeout=_SECONDS)
    return rows


async def _accept_children(connection: Connection, children: Sequence[ChildRun]) -> None:
    if not children:
        return
    answers = await accept_runs(connection, [child.run for child in children])
    for child, answer in zip(children, answers, strict=True):
        if answer is not None:
            # Its line has had another run since it was prepared: nobody would wake the parent.
            raise ChildRefused(child.run.id)
        if child.kept and child.run.retried_from is not None:
            company_id, source = child.run.company_id, child.run.retried_from
            await reuse_steps(connection, company_id, source, child.run.id, child.kept)


async def renew_leases(
    connection: Connection, owners: Sequence[Owner], lease_seconds: float
) -> dict[Owner, Renewed]:
    """Extend the leases of held runs; one that does not come back is lost."""
    rows = await connection.fetch(_RENEW, *_owner_columns(owners), lease_seconds, timeout=_SECONDS)
    return {Owner(row["id"], row["fence"]): Renewed(row["wakes"], row["cancel_at"]) for row in rows}


async def hand_back_runs(connection: Connection, owners: Sequence[Owner]) -> None:
    """Put runs back among the waiting, without counting a lost lease."""
    await connection.fetch(_HAND_BACK, *_owner_columns(owners), timeout=_SECONDS)


def _owner_columns(owners: Sequence[Owner]) -> tuple[list[UUID], list[int]]:
    return [owner.run_id for owner in owners], [owner.fence for owner in owners]


async def wake_run(connection: Connection, company_id: UUID, run_id: UUID) -> None:
    """Wake a run; last in the transaction that records why, several in id order."""
    await connection.fetch(_WAKE, company_id, run_id)


async def cancel_run(connection: Connection, company_id: UUID, run_id: UUID) -> Cancelled | None:
    """Ask for a run's end; None when it has ended, or is no run of this company.

    Call `release` when the answer names a workflow.
    """
    row = await connection.fetchrow(_CANCEL, company_id, run_id)
    if row is None:
        return None
    return Cancelled(RunStatus(row["status"]), row["cancel_at"], row["release"])


async def wake_due(connection: Connection, most: int) -> tuple[int, float | None]:
    """Wake due timers and take back expired leases; how many, and seconds to the next moment."""
    row = await connection.fetchrow(_DUE, most, timeout=_SECONDS)
    return (0, None) if row is None else (row["woken"], row["next_in_seconds"])


async def release(connection: Connection, limits: Mapping[UUID, int | None]) -> None:
    """Let held runs of these workflows in up to their limits (None: no limit any more)."""
    async with connection.transaction():
        await connection.execute(_RELEASE_LOCK, list(limits))
        await connection.fetch(_RELEASE, list(limits), list(limits.values()))


async def list_held_workflows(connection: Connection) -> list[tuple[UUID, UUID]]:
    """Return the workflows that have held runs, each after its company."""
    rows = await connection.fetch(_RELEASE_WAITING, timeout=_SECONDS)
    return [(row["company_id"], row["workflow_id"]) for row in rows]
