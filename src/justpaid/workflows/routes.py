"""The HTTP face of workflows: the life cycle, the versions, and validation without storing."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Path, Query, Request

from justpaid.audit.model import Actor
from justpaid.clock import to_wire
from justpaid.errors import InvalidInput, Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.scopes import Scope
from justpaid.web.answers import Page, Success
from justpaid.web.caller import Caller, allows
from justpaid.web.cursors import DEFAULT_LIMIT, Position, split_page
from justpaid.web.envelope import Answer, page, success
from justpaid.web.parameters import After, Limit, NoBody, Revisions, path_id
from justpaid.web.routing import api_router
from justpaid.web.unit_of_work import Connection
from justpaid.workflows import repository
from justpaid.workflows.model import (
    Verb,
    VersionSummary,
    Workflow,
    WorkflowStatus,
    WorkflowSummary,
    WorkflowVersion,
)
from justpaid.workflows.schemas import (
    EXAMPLE_DEFINITION,
    Validation,
    VersionItem,
    VersionRecord,
    WorkflowItem,
    WorkflowRecord,
    changes_schema,
)
from justpaid.workflows.service import Workflows, read_changes

router = api_router("Workflows")

_MAX_VERSION: Final = 2_147_483_647
_ETAG_HEADER: Final[dict[str, Any]] = {
    "ETag": {
        "description": "The workflow's revision, for `If-Match`.",
        "schema": {"type": "string"},
        "example": '"3"',
    }
}
_ONE: Final[dict[str, Any]] = {"model": Success[WorkflowRecord], "headers": _ETAG_HEADER}


async def current_workflows(request: Request) -> Workflows:
    """Return the workflows that composition made for this app."""
    workflows: Workflows = request.app.state.workflows
    return workflows


async def body_object(request: Request) -> JsonObject:
    """Return the body as it was sent: an object; its content is for the compiler to judge."""
    body: JsonValue = await request.json()
    if not isinstance(body, dict):
        raise InvalidInput("The body is not valid.", [Problem("", "must be an object")])
    return body


Service = Annotated[Workflows, Depends(current_workflows)]
Reader = Annotated[Caller, allows(Scope.WORKFLOWS_READ)]
Writer = Annotated[Caller, allows(Scope.WORKFLOWS_WRITE)]
WorkflowId = Annotated[UUID, path_id(Prefix.WORKFLOW, "workflowId")]
VersionNumber = Annotated[int, Path(ge=1, le=_MAX_VERSION, examples=[1])]
Body = Annotated[JsonObject, Depends(body_object)]


def _request_body(schema: JsonObject, example: object) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_DEFINITION: Final = _request_body(
    {"$ref": "#/components/schemas/WorkflowDefinition"}, EXAMPLE_DEFINITION
)


@router.get("/workflows", summary="List workflows", responses={200: {"model": Page[WorkflowItem]}})
async def list_workflows(
    caller: Reader,
    connection: Connection,
    after: After,
    status: WorkflowStatus | None = None,
    search: Annotated[
        str | None, Query(max_length=255, description="Part of the name, in any case.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """List the company's workflows, newest first; archived ones only with `status=archived`."""
    rows = await repository.list_workflows(
        connection,
        caller.company_id,
        status=status,
        search=search,
        before=None if after is None else (after.created_at, after.id),
        limit=limit + 1,
    )
    shown, cursor = split_page(rows, limit, lambda row: Position(row.created_at, row.id))
    return page([_item(row) for row in shown], cursor)


@router.post(
    "/workflows",
    status_code=201,
    summary="Create a workflow",
    responses={201: _ONE},
    openapi_extra=_DEFINITION,
)
async def create_workflow(
    caller: Writer, connection: Connection, definition: Body, workflows: Service
) -> Answer:
    """Store a definition as a new draft, version 1."""
    workflow = await workflows.create_workflow(
        connection, caller.company_id, definition, by=_actor(caller)
    )
    return _record(workflow, 201)


@router.post(
    "/workflows/validate",
    summary="Validate a definition",
    responses={200: {"model": Success[Validation]}},
    openapi_extra=_DEFINITION,
)
async def validate_workflow(caller: Reader, definition: Body, workflows: Service) -> Answer:
    """Say whether a definition could be stored, with everything that is wrong; stores nothing."""
    try:
        await workflows.validate(caller.company_id, definition)
    except InvalidInput as refused:
        problems = [{"field": one.field, "message": one.message} for one in refused.problems]
        return success({"valid": False, "problems": problems})
    return success({"valid": True, "problems": []})


@router.get("/workflows/{workflowId}", summary="Get a workflow", responses={200: _ONE})
async def get_workflow(caller: Reader, connection: Connection, workflow_id: WorkflowId) -> Answer:
    """Return a workflow with its whole definition; the ETag is its revision."""
    return _record(await repository.get_workflow(connection, caller.company_id, workflow_id))


@router.put(
    "/workflows/{workflowId}",
    summary="Save changes",
    responses={200: _ONE},
    openapi_extra=_request_body(
        changes_schema(), {"name": "Invoice a deal", "changeSummary": "Shorter name"}
    ),
)
async def update_workflow(
    caller: Writer,
    connection: Connection,
    workflow_id: WorkflowId,
    body: Body,
    revisions: Revisions,
    workflows: Service,
) -> Answer:
    """Save any top-level fields over the present ones; null takes an optional field away.

    A draft's version 1 changes in place, an active or paused workflow gets a new version. Send the
    ETag you read as `If-Match`, and a save that somebody else was faster with is a conflict.
    """
    changes, change_summary = read_changes(body)
    workflow = await workflows.update_workflow(
        connection,
        caller.company_id,
        workflow_id,
        changes,
        change_summary=change_summary,
        expected_revisions=revisions,
        by=_actor(caller),
    )
    return _record(workflow)


@router.delete(
    "/workflows/{workflowId}",
    summary="Archive a workflow",
    responses={200: _ONE},
    dependencies=[NoBody],
)
async def archive_workflow(
    caller: Writer, connection: Connection, workflow_id: WorkflowId, workflows: Service
) -> Answer:
    """Archive a workflow for good: nothing starts it any more, runs under way go on."""
    return await _move(caller, connection, workflow_id, Verb.ARCHIVE, workflows)


@router.post(
    "/workflows/{workflowId}/activate",
    summary="Activate a workflow",
    responses={200: _ONE},
    dependencies=[NoBody],
)
async def activate_workflow(
    caller: Writer, connection: Connection, workflow_id: WorkflowId, workflows: Service
) -> Answer:
    """Let a draft's trigger and calls start runs."""
    return await _move(caller, connection, workflow_id, Verb.ACTIVATE, workflows)


@router.post(
    "/workflows/{workflowId}/pause",
    summary="Pause a workflow",
    responses={200: _ONE},
    dependencies=[NoBody],
)
async def pause_workflow(
    caller: Writer, connection: Connection, workflow_id: WorkflowId, workflows: Service
) -> Answer:
    """Stop new starts of an active workflow; runs under way go on."""
    return await _move(caller, connection, workflow_id, Verb.PAUSE, workflows)


@router.post(
    "/workflows/{workflowId}/resume",
    summary="Resume a workflow",
    responses={200: _ONE},
    dependencies=[NoBody],
)
async def resume_workflow(
    caller: Writer, connection: Connection, workflow_id: WorkflowId, workflows: Service
) -> Answer:
    """Let a paused workflow start runs again."""
    return await _move(caller, connection, workflow_id, Verb.RESUME, workflows)


@router.get(
    "/workflows/{workflowId}/versions",
    summary="List versions",
    responses={200: {"model": Page[VersionItem]}},
)
async def list_versions(
    caller: Reader,
    connection: Connection,
    workflow_id: WorkflowId,
    after: After,
    limit: Limit = DEFAULT_LIMIT,
) -> Answer:
    """List a workflow's versions, newest first."""
    await repository.get_workflow(connection, caller.company_id, workflow_id)
    rows = await repository.list_versions(
        connection,
        caller.company_id,
        workflow_id,
        below=None if after is None else min(after.id.int, _MAX_VERSION),
        limit=limit + 1,
    )
    shown, cursor = split_page(
        rows, limit, lambda row: Position(row.created_at, UUID(int=row.version))
    )
    return page([_version_item(workflow_id, row) for row in shown], cursor)


@router.get(
    "/workflows/{workflowId}/versions/{version}",
    summary="Get a version",
    responses={200: {"model": Success[VersionRecord]}},
)
async def get_version(
    caller: Reader, connection: Connection, workflow_id: WorkflowId, version: VersionNumber
) -> Answer:
    """Return one version with its definition."""
    found = await repository.get_version(connection, caller.company_id, workflow_id, version)
    return success(_version_record(found))


@router.post(
    "/workflows/{workflowId}/versions/{version}/restore",
    summary="Restore a version",
    responses={200: _ONE},
    dependencies=[NoBody],
)
async def restore_version(
    caller: Writer,
    connection: Connection,
    workflow_id: WorkflowId,
    version: VersionNumber,
    workflows: Service,
) -> Answer:
    """Make an earlier version's definition the newest version."""
    workflow = await workflows.restore_version(
        connection, caller.company_id, workflow_id, version, by=_actor(caller)
    )
    return _record(workflow)


async def _move(
    caller: Caller, connection: Connection, workflow_id: UUID, verb: Verb, workflows: Workflows
) -> Answer:
    workflow = await workflows.move_workflow(
        connection, caller.company_id, workflow_id, verb, by=_actor(caller)
    )
    return _record(workflow)


def _actor(caller: Caller) -> Actor:
    return Actor(caller.actor, caller.address, caller.request_id)


def _record(workflow: Workflow, status: int = 200) -> Answer:
    known = workflow.summary
    record: JsonObject = {
        "id": encode_id(Prefix.WORKFLOW, known.id),
        "status": known.status,
        "version": known.version,
        "revision": known.revision,
        **workflow.definition,
        "createdBy": known.created_by,
        "createdAt": to_wire(known.created_at),
        "updatedAt": to_wire(known.updated_at),
    }
    return success(record, status, headers={"ETag": f'"{known.revision}"'})


def _item(row: WorkflowSummary) -> JsonObject:
    return {
        "id": encode_id(Prefix.WORKFLOW, row.id),
        "name": row.name,
        "description": row.description,
        "status": row.status,
        "version": row.version,
        "trigger": row.trigger,
        "createdAt": to_wire(row.created_at),
        "updatedAt": to_wire(row.updated_at),
    }


def _version_item(workflow_id: UUID, row: VersionSummary) -> JsonObject:
    return {
        "workflowId": encode_id(Prefix.WORKFLOW, workflow_id),
        "version": row.version,
        "changeSummary": row.change_summary,
        "createdBy": row.created_by,
        "createdAt": to_wire(row.created_at),
    }


def _version_record(found: WorkflowVersion) -> JsonObject:
    return {
        **_version_item(found.workflow_id, found.summary),
        "definition": found.definition,
    }
