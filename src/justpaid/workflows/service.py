"""The verbs on workflows: create, save, move from state to state, restore.

Guarantee: what is stored compiles; a version that a run may be bound to never changes; of two
people who save at once with the same revision, the second is told.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias
from uuid import UUID

from justpaid import clock, exact_json, ids
from justpaid.api_keys.key_format import find_keys_in
from justpaid.audit.model import Actor
from justpaid.audit.service import AuditLog
from justpaid.db.pool import Connection
from justpaid.errors import Conflict, InvalidInput, InvalidState, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.workflows import repository
from justpaid.workflows.definition_schema import TOP_LEVEL_FIELDS
from justpaid.workflows.model import (
    MOVES,
    Verb,
    Workflow,
    WorkflowChange,
    WorkflowStatus,
    WorkflowSummary,
)
from justpaid.workflows.program import Program, compile_definition
from justpaid.workflows.step_types import StepType

MAX_DEFINITION_BYTES: Final = 1 << 20
MAX_CHANGE_SUMMARY: Final = 1000
_CHANGE_SUMMARY: Final = "changeSummary"
_REQUIRED: Final = ("name", "trigger", "steps")

# Told inside the transaction; what it raises undoes the change.
ChangeListener: TypeAlias = Callable[[Connection, WorkflowChange], Awaitable[None]]
# Told which API keys a refused definition held; must not need the refused transaction.
KeyReporter: TypeAlias = Callable[[UUID, Sequence[str]], Awaitable[None]]


class Workflows:
    """The workflows of this installation, made once at composition."""

    def __init__(
        self,
        audit: AuditLog,
        step_types: Mapping[str, StepType],
        *,
        listeners: Sequence[ChangeListener] = (),
        report_keys: KeyReporter | None = None,
    ) -> None:
        self._audit = audit
        self._step_types = step_types
        self._listeners = listeners
        self._report_keys = report_keys

    async def validate(self, company_id: UUID, definition: JsonObject) -> Program:
        """Compile a definition that somebody sent; raises InvalidInput naming every problem.

        API keys in it are reported, so that they can be flagged.
        """
        keys = [key for _, key in find_keys_in(definition)]
        if keys and self._report_keys is not None:
            await self._report_keys(company_id, keys)
        problems: list[Problem] = []
        if len(exact_json.encode(definition)) > MAX_DEFINITION_BYTES:
            problems.append(Problem("", f"is larger than {MAX_DEFINITION_BYTES} bytes"))
            raise InvalidInput("The workflow definition is not valid.", problems)
        return compile_definition(definition, self._step_types)

    async def create_workflow(
        self, connection: Connection, company_id: UUID, definition: JsonObject, *, by: Actor
    ) -> Workflow:
        """Store a new workflow as a draft, version 1; raises InvalidInput."""
        await self.validate(company_id, definition)
        workflow_id = ids.new_id()
        await repository.insert_workflow(
            connection, company_id, workflow_id, definition, created_by=by.name, at=clock.now()
        )
        workflow = await repository.get_workflow(connection, company_id, workflow_id)
        await self._finish(connection, company_id, workflow.summary, "created", by)
        return workflow

    async def update_workflow(
        self,
        connection: Connection,
        company_id: UUID,
        workflow_id: UUID,
        changes: JsonObject,
        *,
        change_summary: str | None,
        expected_revisions: frozenset[int] | None,
        by: Actor,
    ) -> Workflow:
        """Save top-level fields over the present ones; null takes an optional field away.

        `expected_revisions`: who read another revision is refused with Conflict. Raises NotFound,
        InvalidInput, InvalidState when archived.
        """
        before = await repository.get_workflow(connection, company_id, workflow_id, is_locked=True)
        if expected_revisions is not None and before.summary.revision not in expected_revisions:
            raise Conflict(
                f"Somebody else saved this workflow: its revision is {before.summary.revision}."
            )
        definition = merge(before.definition, changes)
        await self.validate(company_id, definition)
        return await self._save(connection, company_id, before, definition, change_summary, by)

    async def restore_version(
        self,
        connection: Connection,
        company_id: UUID,
        workflow_id: UUID,
        version: int,
        *,
        by: Actor,
    ) -> Workflow:
        """Make an earlier version's definition the newest; raises NotFound, InvalidState."""
        before = await repository.get_workflow(connection, company_id, workflow_id, is_locked=True)
        chosen = await repository.get_version(connection, company_id, workflow_id, version)
        await self.validate(company_id, chosen.definition)
        summary = f"Restored version {version}"
        return await self._save(connection, company_id, before, chosen.definition, summary, by)

    async def move_workflow(
        self, connection: Connection, company_id: UUID, workflow_id: UUID, verb: Verb, *, by: Actor
    ) -> Workflow:
        """Activate, pause, resume or archive; raises NotFound, InvalidState.

        Pausing and archiving stop new starts only: runs under way go on.
        """
        before = await repository.get_workflow(connection, company_id, workflow_id, is_locked=True)
        origins, target = MOVES[verb]
        if before.summary.status not in origins:
            raise InvalidState(f"A workflow that is {before.summary.status} cannot {verb}.")
        await repository.set_status(connection, company_id, workflow_id, target, at=clock.now())
        after = await repository.get_workflow(connection, company_id, workflow_id)
        await self._finish(
            connection, company_id, after.summary, _EVENTS[verb], by, before=before.summary
        )
        return after

    async def _save(
        self,
        connection: Connection,
        company_id: UUID,
        before: Workflow,
        definition: JsonObject,
        change_summary: str | None,
        by: Actor,
    ) -> Workflow:
        known = before.summary
        if known.status is WorkflowStatus.ARCHIVED:
            raise InvalidState("An archived workflow cannot be changed.")
        now = clock.now()
        version = known.version
        if known.status is WorkflowStatus.DRAFT:
            await repository.replace_version(
                connection,
                company_id,
                known.id,
                version,
                definition,
                change_summary,
                created_by=by.name,
            )
        else:
            version += 1
            await repository.insert_version(
                connection,
                company_id,
                known.id,
                version,
                definition,
                change_summary,
                created_by=by.name,
                at=now,
            )
        await repository.save_workflow(
            connection, company_id, known.id, definition, version, at=now
        )
        after = await repository.get_workflow(connection, company_id, known.id)
        await self._finish(connection, company_id, after.summary, "updated", by, before=known)
        return after

    async def _finish(
        self,
        connection: Connection,
        company_id: UUID,
        summary: WorkflowSummary,
        event: str,
        by: Actor,
        before: WorkflowSummary | None = None,
    ) -> None:
        """Tell the rooms above, then the audit log: it is written last and held shortest."""
        change = WorkflowChange(
            company_id, summary.id, summary.status, summary.version, summary.trigger
        )
        for listener in self._listeners:
            await listener(connection, change)
        await self._audit.record_event(
            connection,
            company_id,
            by=by,
            action=f"workflow.{event}",
            object_type="workflow",
            object_id=encode_id(Prefix.WORKFLOW, summary.id),
            before=None if before is None else _describe(before),
            after=_describe(summary),
        )


# A resumed workflow is active again: the log has one word for it.
_EVENTS: Final = {
    Verb.ACTIVATE: "activated",
    Verb.PAUSE: "paused",
    Verb.RESUME: "activated",
    Verb.ARCHIVE: "archived",
}


def read_changes(body: JsonObject) -> tuple[JsonObject, str | None]:
    """Take a save's body apart: top-level fields, and what the person says about them.

    Which fields there are is for the compiler to judge, together with all else that is wrong.
    """
    changes = {name: value for name, value in body.items() if name != _CHANGE_SUMMARY}
    problems: list[Problem] = []
    summary = body.get(_CHANGE_SUMMARY)
    if summary is not None and not isinstance(summary, str):
        problems.append(Problem(_CHANGE_SUMMARY, "must be a string"))
    elif summary is not None and len(summary) > MAX_CHANGE_SUMMARY:
        problems.append(Problem(_CHANGE_SUMMARY, f"has over {MAX_CHANGE_SUMMARY} characters"))
    if problems:
        problems += [
            Problem(name, "is not a known field")
            for name in changes
            if name not in TOP_LEVEL_FIELDS
        ]
        raise InvalidInput("The changes are not valid.", problems)
    return changes, summary if isinstance(summary, str) else None


def merge(definition: JsonObject, changes: JsonObject) -> JsonObject:
    """Put top-level fields over a definition; the order of its fields stays.

    Null takes an optional field away, except `output`, for which null is a value.
    """
    merged = {**definition, **changes}
    removable = set(TOP_LEVEL_FIELDS) - set(_REQUIRED) - {"output"}
    return {
        name: value
        for name, value in merged.items()
        if not (value is None and name in removable and name in changes)
    }


def _describe(summary: WorkflowSummary) -> JsonObject:
    described: dict[str, JsonValue] = {
        "name": summary.name,
        "status": summary.status,
        "version": summary.version,
        "revision": summary.revision,
    }
    return described
