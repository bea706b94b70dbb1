"""The verbs on runs that exist: cancel, retry and restart.

Guarantee: a line of retries has one unfinished run; nothing is retried while it is unknown whether
an effect of the line was done; each act leaves its audit row in its own transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from justpaid import exact_json, ids
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Connection, Row
from justpaid.engine.journal import Cancelled, Moved, accept_runs, cancel_run, reuse_steps
from justpaid.engine.model import ENDED, NewRun, RunStatus, StepStatus
from justpaid.engine.sealed import seal_input
from justpaid.engine.sealed_journal import find_input
from justpaid.errors import Conflict, InvalidInput, InvalidState, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.runs import repository
from justpaid.runs.input_check import KeyReporter, check_input
from justpaid.runs.kept_steps import list_kept_paths
from justpaid.runs.model import StartedRun, shown_status
from justpaid.runs.step_list import step_id_of
from justpaid.workflows.program import Program, compile_definition
from justpaid.workflows.step_types import StepType

_ENDING_TYPES: Final = frozenset({"stop"})
_RETRIED: Final = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT})
_MOST_PROGRAMS: Final = 100


@dataclass(frozen=True, slots=True)
class CancelledRun:
    """What a cancel came to; `release_limit` when a run of that workflow may now be let in."""

    cancelled: Cancelled
    status: RunStatus
    release_limit: int | None


@dataclass(frozen=True, slots=True)
class RestartOrder:
    """From where a run is done again, with which input and version; None: as it was."""

    from_step: str | None = None
    input: JsonObject | None = None
    version: int | None = None


class RunControl:
    """The verbs; made once at composition with the audit log and the step types."""

    def __init__(
        self,
        audit: AuditLog,
        step_types: Mapping[str, StepType],
        keys: KeyRing,
        report_keys: KeyReporter | None = None,
    ) -> None:
        self._audit = audit
        self._keys = keys
        self._step_types = step_types
        self._report_keys = report_keys
        self._programs: dict[tuple[UUID, int], Program] = {}

    async def cancel(
        self, connection: Connection, company_id: UUID, run_id: UUID, *, by: Actor
    ) -> CancelledRun:
        """Ask for a run's end; a repeat keeps the first moment.

        Raises NotFound, or InvalidState when the run's end was recorded first.
        """
        row = await repository.get_run(connection, company_id, run_id)
        cancelled = await cancel_run(connection, company_id, run_id)
        if cancelled is None:
            raise InvalidState("The run has ended already: there is nothing left to cancel.")
        limit = None
        if cancelled.release is not None:
            limit = await repository.find_concurrency_limit(
                connection, company_id, cancelled.release
            )
        if row["cancel_at"] is None:
            await self._audit.record_event(
                connection,
                company_id,
                by=by,
                action="run.cancelled",
                object_type="run",
                object_id=encode_id(Prefix.RUN, run_id),
                before={"status": row["status"]},
            )
        status = shown_status(cancelled.status, row["started_at"])
        return CancelledRun(cancelled, status, limit)

    async def retry(
        self, connection: Connection, company_id: UUID, run_id: UUID, *, by: Actor
    ) -> StartedRun:
        """Start a new run of the line that keeps what is settled and does the rest again.

        Raises NotFound, InvalidState for a run that did not fail, and Conflict naming what stands
        in the way: a newer run of the line, or an effect that is unknown.
        """
        started = await self.retry_unaudited(connection, company_id, run_id, by=by)
        await self.note_retry(connection, company_id, run_id, started, by=by)
        return started

    async def retry_unaudited(
        self, connection: Connection, company_id: UUID, run_id: UUID, *, by: Actor
    ) -> StartedRun:
        """Do what `retry` does but for its audit row: `note_retry` writes that.

        Who retries many writes the rows at the end: the first one holds the company's chain.
        """
        row = await repository.get_run(connection, company_id, run_id)
        await repository.lock_run(connection, company_id, row["origin_run_id"])
        _require_failed(row)
        _require_values(row)
        await _require_newest(connection, company_id, row)
        program = await self._get_program(connection, company_id, row, row["version"])
        kept = await _find_kept(connection, company_id, row, program, None)
        return await _go_on(connection, _next_run(row, by, row["version"], row["input"]), kept)

    async def note_retry(
        self,
        connection: Connection,
        company_id: UUID,
        run_id: UUID,
        started: StartedRun,
        *,
        by: Actor,
        action: str = "run.retried",
    ) -> None:
        """Write the audit row of a retry, or of another act that began the line's next run."""
        await self._audit.record_event(
            connection,
            company_id,
            by=by,
            action=action,
            object_type="run",
            object_id=encode_id(Prefix.RUN, run_id),
            after={"runId": encode_id(Prefix.RUN, started.run_id)},
        )

    async def restart(
        self,
        connection: Connection,
        company_id: UUID,
        run_id: UUID,
        order: RestartOrder,
        *,
        by: Actor,
    ) -> StartedRun:
        """Start a new run of the line from a step on; what does not depend on it is kept.

        Raises NotFound, InvalidState while the run has not ended, InvalidInput naming what is
        wrong with the order, and Conflict as `retry` does for an unfinished run or an effect.
        """
        row = await repository.get_run(connection, company_id, run_id)
        await repository.lock_run(connection, company_id, row["origin_run_id"])
        version = order.version or row["version"]
        program = await self._get_program(connection, company_id, row, version)
        text = row["input"] if order.input is None else exact_json.encode_text(order.input)
        await self._check_restart(company_id, order, text, program)
        await self._require_kept_secret(connection, row, order, program)
        if row["status"] not in ENDED:
            raise InvalidState("The run has not ended: there is nothing to restart yet.")
        _require_values(row)
        from_step = order.from_step or program.steps.nodes[0].id
        kept = await _find_kept(connection, company_id, row, program, from_step)
        run = _next_run(row, by, version, text)
        if order.input is not None:
            run = seal_input(self._keys, run, program.secret_places, order.input)
        started = await _go_on(connection, run, kept, has_new_input=order.input is not None)
        await self.note_retry(
            connection, company_id, run_id, started, by=by, action="run.restarted"
        )
        return started

    async def _require_kept_secret(
        self, connection: Connection, row: Row, order: RestartOrder, program: Program
    ) -> None:
        """Refuse a version that would show what the run's own version hides of the same input."""
        if order.input is not None or order.version in {None, row["version"]}:
            return
        company_id = row["company_id"]
        earlier = await self._get_program(connection, company_id, row, row["version"])
        if not set(earlier.secret_places) <= set(program.secret_places):
            message = "does not mark all that was writeOnly of the input: give the input anew"
            raise InvalidInput("The request is not valid.", [Problem("version", message)])

    async def _get_program(
        self, connection: Connection, company_id: UUID, row: Row, version: int
    ) -> Program:
        # Read here, not from a store of programs: that would take a second connection of the pool.
        known = self._programs.get((row["workflow_id"], version))
        if known is not None:
            return known
        text = await repository.find_definition(connection, company_id, row["workflow_id"], version)
        if text is None:
            problem = Problem("version", "the workflow has no such version")
            raise InvalidInput("The request is not valid.", [problem])
        definition = exact_json.stored(text)
        program = compile_definition(
            definition if isinstance(definition, dict) else {}, self._step_types
        )
        # A version that ran never changes, and only such a one has runs to retry.
        if len(self._programs) >= _MOST_PROGRAMS:
            del self._programs[next(iter(self._programs))]
        self._programs[row["workflow_id"], version] = program
        return program

    async def _check_restart(
        self, company_id: UUID, order: RestartOrder, text: str, program: Program
    ) -> None:
        problems: list[Problem] = []
        if order.from_step is not None and order.from_step not in program.steps.by_id:
            message = "is no step of the version's top-level list"
            problems.append(Problem("fromStep", message))
        if order.input is not None:
            problems += await check_input(
                company_id, order.input, text, program.input_schema, self._report_keys
            )
        if problems:
            raise InvalidInput("The request is not valid.", problems)


async def _go_on(
    connection: Connection, run: NewRun, kept: list[str], *, has_new_input: bool = False
) -> StartedRun:
    """Accept the line's next run with the journal rows that it keeps."""
    source, company_id = run.retried_from or run.origin_run_id, run.company_id
    if not has_new_input:
        run = replace(run, sealed_input=await find_input(connection, company_id, source))
    await _require_known(connection, company_id, run.origin_run_id)
    limit = await repository.find_concurrency_limit(connection, company_id, run.workflow_id)
    run = replace(run, held=limit is not None)
    (obstacle,) = await accept_runs(connection, [run])
    if isinstance(obstacle, Moved):
        raise Conflict("Another run that continues this one has just ended. See what it came to.")
    if obstacle is not None:
        raise _unfinished(obstacle.run_id)
    await reuse_steps(connection, company_id, source, run.id, kept)
    return StartedRun(run.id, run.workflow_id, run.version, release_limit=limit)


async def _require_newest(connection: Connection, company_id: UUID, row: Row) -> None:
    newest = await repository.find_newest_of_line(connection, company_id, row["origin_run_id"])
    if newest == row["id"]:
        return
    state = await repository.find_status(connection, company_id, newest)
    if state is not None and state["status"] not in ENDED:
        raise _unfinished(newest)
    name = encode_id(Prefix.RUN, newest)
    raise Conflict(f"This run was retried since: only the newest, {name}, can be retried.")


async def _find_kept(
    connection: Connection, company_id: UUID, row: Row, program: Program, from_step: str | None
) -> list[str]:
    """List what the next run keeps: rows whose step the version has, of the same type."""
    states = await repository.list_step_states(connection, company_id, row["id"])
    statuses: dict[str, StepStatus] = {}
    for state in states:
        node = program.nodes.get(step_id_of(state["path"]))
        if node is not None and node.type == state["type"]:
            statuses[state["path"]] = StepStatus(state["status"])
    return list_kept_paths(program.steps, statuses, from_step=from_step, ending_types=_ENDING_TYPES)


def _require_failed(row: Row) -> None:
    status = RunStatus(row["status"])
    if status in _RETRIED:
        return
    if status not in ENDED:
        raise InvalidState("The run has not ended: there is nothing to retry yet.")
    raise InvalidState(f"Only a run that failed or timed out can be retried; this one {status}.")


def _require_values(row: Row) -> None:
    if row["purged_at"] is not None:
        raise InvalidState("The run's input and outputs were removed: its time was over.")


async def _require_known(connection: Connection, company_id: UUID, origin_run_id: UUID) -> None:
    unknown = await repository.find_unknown_effect(connection, company_id, origin_run_id)
    if unknown is not None:
        effect_id, path = unknown
        name = encode_id(Prefix.EFFECT, effect_id)
        raise Conflict(
            f"It is not known whether the effect {name} of step {path} was done. Resolve it first."
        )


def _unfinished(run_id: UUID) -> Conflict:
    name = encode_id(Prefix.RUN, run_id)
    return Conflict(f"The run {name} continues this one and has not ended.")


def _next_run(row: Row, by: Actor, version: int, text: str) -> NewRun:
    return NewRun(
        id=ids.new_id(),
        company_id=row["company_id"],
        workflow_id=row["workflow_id"],
        version=version,
        origin_run_id=row["origin_run_id"],
        trigger_type=row["trigger_type"],
        input=text,
        trigger=row["trigger"],
        started_by=by.name,
        connection_id=row["connection_id"],
        retried_from=row["id"],
        depth=row["depth"],
        fence=1,  # its first claim reads the journal that it is given
    )
