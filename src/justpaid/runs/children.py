"""Makes the runs that runs start: children of a step, and what follows a failure.

Guarantee: a step that is done again, because its run was retried or restarted, goes on with the
line of the child that it had started before: nothing that the child has done is done a second time.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from uuid import UUID

from justpaid import exact_json, ids
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool, Row
from justpaid.engine.contract import Completed, Failed, Starts
from justpaid.engine.model import ENDED, ChildRun, ClaimedRun, ErrorCode, NewRun, StepStatus
from justpaid.engine.sealed import seal_input
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject
from justpaid.ids import Prefix, encode_id
from justpaid.runs import child_repository, repository
from justpaid.runs.input_check import check_input
from justpaid.runs.kept_steps import list_kept_paths
from justpaid.runs.step_list import step_id_of
from justpaid.workflows.program import Program
from justpaid.workflows.write_only import conceal

MAX_DEPTH: Final = 25
CHILD_TRIGGER: Final = "workflow"
FAILURE_TRIGGER: Final = "failure"

_ACTIVE: Final = "active"
_COMPLETED: Final = "completed"
_ENDING_TYPES: Final = frozenset({"stop"})
_WOULD_SHOW: Final = (
    "does not mark as writeOnly all that a writeOnly value is handed on to in its input."
)
_TOO_DEEP: Final = f"Runs that start runs are nested at most {MAX_DEPTH} deep."

LoadProgram: TypeAlias = Callable[[UUID, UUID, int], Awaitable[Program | None]]


class ChildRunMaker:
    """Made once by a worker, with its store of programs."""

    def __init__(self, pool: Pool, load_program: LoadProgram, keys: KeyRing) -> None:
        self._pool = pool
        self._load_program = load_program
        self._keys = keys

    async def prepare(
        self, parent: ClaimedRun, path: str, starts: Starts
    ) -> ChildRun | Completed | Failed:
        """Make the run of a step; Completed when an earlier child has come to its end since."""
        if parent.depth >= MAX_DEPTH:
            return Failed(ErrorCode.CHILD_RUN, _TOO_DEEP)
        place: JsonObject = {"stepPath": path, "runId": encode_id(Prefix.RUN, parent.id)}
        run = _new_run(parent, starts.workflow_id, starts.child_input, CHILD_TRIGGER, place)
        run = replace(run, parent_run_id=parent.id, parent_path=path)
        try:
            line = await self._find_line(parent, path, starts.workflow_id)
            if line is not None:
                return await self._go_on(run, starts, line)
            return ChildRun(await self._placed(run, starts.child_input, starts.shown_input))
        except _NotPossible as error:
            return Failed(ErrorCode.CHILD_RUN, str(error))

    async def prepare_follow_up(
        self, failed: ClaimedRun, workflow_id: UUID, record: JsonObject
    ) -> ChildRun | str:
        """Make the run that follows a failed one, or say why there is none."""
        if failed.depth >= MAX_DEPTH:
            return _TOO_DEEP
        place: JsonObject = {"runId": encode_id(Prefix.RUN, failed.id)}
        run = _new_run(failed, workflow_id, record, FAILURE_TRIGGER, place)
        try:
            return ChildRun(await self._placed(run, record, None))
        except _NotPossible as error:
            return str(error)

    async def _find_line(
        self, parent: ClaimedRun, path: str, workflow_id: UUID
    ) -> "_ChildLine | None":
        """Find the line of runs that this step of the parent's line has begun, if it has."""
        company_id, origin = parent.company_id, parent.origin_run_id
        if origin == parent.id:
            return None
        async with self._pool.acquire() as connection:
            earlier = await child_repository.find_earlier_child(
                connection, company_id, origin, path
            )
            if earlier is None or earlier["workflow_id"] != workflow_id:
                return None
            line = earlier["origin_run_id"]
            newest = await child_repository.find_newest_of_line(connection, company_id, line)
            unknown = await repository.find_unknown_effect(connection, company_id, line)
        had_completed = earlier["status"] == earlier["step_status"] == _COMPLETED
        return _ChildLine(line, newest or earlier, had_completed, unknown is not None)

    async def _placed(
        self,
        run: NewRun,
        input_: JsonObject,
        shown: JsonObject | None,
        version: int | None = None,
    ) -> NewRun:
        """Bind a run to a version of its workflow, the present one unless it is said.

        `shown` is its input without what its starter hides: that has to be hidden here as well.
        """
        async with self._pool.acquire() as connection:
            row = await child_repository.find_workflow(connection, run.company_id, run.workflow_id)
        name = encode_id(Prefix.WORKFLOW, run.workflow_id)
        if row is None:
            raise _NotPossible(f"There is no workflow {name}.")
        if row["status"] != _ACTIVE:
            raise _NotPossible(f"The workflow {name} is not active: it is {row['status']}.")
        present = await self._program(run, row["version"])
        program = present if version is None else await self._program(run, version)
        problems = await check_input(run.company_id, input_, run.input, program.input_schema, None)
        if problems:
            raise _NotPossible(f"The input does not fit the workflow {name}: {_told(problems)}")
        run = seal_input(self._keys, run, program.secret_places, input_)
        if shown is not None:
            safe, _ = conceal(program.secret_places, shown)
            if run.input != exact_json.encode_text(safe):
                raise _NotPossible(f"The workflow {name} {_WOULD_SHOW}")
        is_limited = present.settings.max_concurrent_runs is not None
        return replace(run, version=version or row["version"], held=is_limited)

    async def _program(self, run: NewRun, version: int) -> Program:
        name = encode_id(Prefix.WORKFLOW, run.workflow_id)
        try:
            program = await self._load_program(run.company_id, run.workflow_id, version)
        except InvalidInput as error:
            told = _told(error.problems)
            raise _NotPossible(f"The workflow {name} cannot be run: {told}") from None
        if program is None:
            raise _NotPossible(f"The workflow {name} has no version {version}.")
        return program

    async def _go_on(self, run: NewRun, starts: Starts, line: "_ChildLine") -> ChildRun | Completed:
        """Continue the line of an earlier child.

        A child whose step had completed is done again, as a restart of a completed step is meant.
        One that has completed unheard, its parent being lost, or by a retry since, gives its
        output; any other goes on from where it failed.
        """
        newest = line.newest
        name = encode_id(Prefix.RUN, newest["id"])
        if newest["status"] not in ENDED:
            raise _NotPossible(f"The run {name} of this step has not ended.")
        if newest["purged_at"] is not None and not line.had_completed:
            raise _NotPossible(f"The values of the run {name} were removed: its time was over.")
        if newest["status"] == _COMPLETED and not line.had_completed:
            output = newest["output"]
            return Completed(None if output is None else exact_json.stored(output))
        if line.is_in_doubt:
            raise _NotPossible(f"It is not known what the run {name} has done. Resolve it first.")
        run = replace(run, origin_run_id=line.id, retried_from=newest["id"], fence=1)
        if line.had_completed:
            return ChildRun(await self._placed(run, starts.child_input, starts.shown_input))
        run = await self._placed(run, starts.child_input, starts.shown_input, newest["version"])
        program = await self._program(run, run.version)
        async with self._pool.acquire() as connection:
            states = await repository.list_step_states(connection, run.company_id, newest["id"])
        return ChildRun(run, _kept_of(states, program))


@dataclass(frozen=True, slots=True)
class _ChildLine:
    """A line that a step has begun: its newest run, and whether child and step had completed."""

    id: UUID
    newest: Row
    had_completed: bool
    is_in_doubt: bool


class _NotPossible(Exception):
    """Why a run cannot be started."""


def _new_run(
    starter: ClaimedRun, workflow_id: UUID, input_: JsonObject, trigger: str, place: JsonObject
) -> NewRun:
    run_id = ids.new_id()
    return NewRun(
        id=run_id,
        company_id=starter.company_id,
        workflow_id=workflow_id,
        version=0,
        origin_run_id=run_id,
        trigger_type=trigger,
        input=exact_json.encode_text(input_),
        trigger=exact_json.encode_text({"type": trigger, **place}),
        started_by=starter.started_by,
        connection_id=starter.connection_id,
        depth=starter.depth + 1,
    )


def _kept_of(states: Sequence[Row], program: Program) -> tuple[str, ...]:
    statuses: dict[str, StepStatus] = {}
    for state in states:
        node = program.nodes.get(step_id_of(state["path"]))
        if node is not None and node.type == state["type"]:
            statuses[state["path"]] = StepStatus(state["status"])
    return tuple(list_kept_paths(program.steps, statuses, ending_types=_ENDING_TYPES))


def _told(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:5])
