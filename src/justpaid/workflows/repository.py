"""Every statement on workflows and their versions."""

from datetime import datetime
from typing import Final
from uuid import UUID

from justpaid import exact_json
from justpaid.db.pool import Connection, Row
from justpaid.errors import NotFound
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.model import (
    VersionSummary,
    Workflow,
    WorkflowStatus,
    WorkflowSummary,
    WorkflowVersion,
)

_COLUMNS: Final = """w.id, w.name, w.description, w.status, w.version, w.revision, w.trigger,
  w.created_by, w.created_at, w.updated_at"""
_WITH_DEFINITION: Final = f"""
SELECT {_COLUMNS}, v.definition
FROM workflows w JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.version
WHERE w.company_id = $1 AND w.id = $2
"""
_LIST: Final = f"""
SELECT {_COLUMNS} FROM workflows w
WHERE w.company_id = $1
  AND ($2::timestamptz IS NULL OR (w.created_at, w.id) < ($2, $3))
  AND CASE WHEN $4::text IS NULL THEN w.status <> 'archived' ELSE w.status = $4 END
  AND ($5::text IS NULL OR strpos(lower(w.name), lower($5)) > 0)
ORDER BY w.created_at DESC, w.id DESC LIMIT $6
"""
_INSERT: Final = """
INSERT INTO workflows (company_id, id, name, description, trigger, created_by, created_at,
  updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
"""
_INSERT_VERSION: Final = """
INSERT INTO workflow_versions (company_id, workflow_id, version, definition, change_summary,
  created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_REPLACE_VERSION: Final = """
UPDATE workflow_versions SET definition = $4, change_summary = $5, created_by = $6
WHERE company_id = $1 AND workflow_id = $2 AND version = $3
"""
_SAVE: Final = """
UPDATE workflows SET name = $3, description = $4, trigger = $5, version = $6,
  revision = revision + 1, updated_at = $7
WHERE company_id = $1 AND id = $2
"""
_SET_STATUS: Final = """
UPDATE workflows SET status = $3, updated_at = $4::timestamptz,
  archived_at = CASE WHEN $3 = 'archived' THEN $4::timestamptz END
WHERE company_id = $1 AND id = $2
"""
_VERSION_COLUMNS: Final = "v.version, v.change_summary, v.created_by, v.created_at"
_FIND_VERSION: Final = f"""
SELECT {_VERSION_COLUMNS}, v.definition FROM workflow_versions v
WHERE v.company_id = $1 AND v.workflow_id = $2 AND v.version = $3
"""
_LIST_VERSIONS: Final = f"""
SELECT {_VERSION_COLUMNS} FROM workflow_versions v
WHERE v.company_id = $1 AND v.workflow_id = $2 AND ($3::integer IS NULL OR v.version < $3)
ORDER BY v.version DESC LIMIT $4
"""


async def get_workflow(
    connection: Connection, company_id: UUID, workflow_id: UUID, *, is_locked: bool = False
) -> Workflow:
    """Return a workflow with its present definition; raises NotFound.

    `is_locked` holds it until the transaction ends, against everybody who would change it.
    """
    if is_locked:
        # A lock of its own first: joined rows would be read as of before a wait for it.
        await connection.fetchval(
            "SELECT 1 FROM workflows WHERE company_id = $1 AND id = $2 FOR NO KEY UPDATE",
            company_id,
            workflow_id,
        )
    row = await connection.fetchrow(_WITH_DEFINITION, company_id, workflow_id)
    if row is None:
        raise NotFound("There is no such workflow.")
    return Workflow(_summary(row), _definition(row))


async def list_workflows(
    connection: Connection,
    company_id: UUID,
    *,
    status: WorkflowStatus | None,
    search: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[WorkflowSummary]:
    """Return up to `limit` workflows, newest first; archived ones only when asked for."""
    created_at, identity = before or (None, None)
    rows = await connection.fetch(_LIST, company_id, created_at, identity, status, search, limit)
    return [_summary(row) for row in rows]


async def insert_workflow(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    definition: JsonObject,
    *,
    created_by: str,
    at: datetime,
) -> None:
    """Store a new draft with its first version."""
    await connection.execute(
        _INSERT,
        company_id,
        workflow_id,
        definition["name"],
        definition.get("description"),
        exact_json.encode_text(definition["trigger"]),
        created_by,
        at,
    )
    await insert_version(
        connection, company_id, workflow_id, 1, definition, None, created_by=created_by, at=at
    )


async def insert_version(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    version: int,
    definition: JsonObject,
    change_summary: str | None,
    *,
    created_by: str,
    at: datetime,
) -> None:
    """Store a further version."""
    text = exact_json.encode_text(definition)
    await connection.execute(
        _INSERT_VERSION, company_id, workflow_id, version, text, change_summary, created_by, at
    )


async def replace_version(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    version: int,
    definition: JsonObject,
    change_summary: str | None,
    *,
    created_by: str,
) -> None:
    """Change a draft's version in place; no run is bound to it."""
    text = exact_json.encode_text(definition)
    await connection.execute(
        _REPLACE_VERSION, company_id, workflow_id, version, text, change_summary, created_by
    )


async def save_workflow(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    definition: JsonObject,
    version: int,
    *,
    at: datetime,
) -> None:
    """Make a stored version the present one; the revision rises."""
    await connection.execute(
        _SAVE,
        company_id,
        workflow_id,
        definition["name"],
        definition.get("description"),
        exact_json.encode_text(definition["trigger"]),
        version,
        at,
    )


async def set_status(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    status: WorkflowStatus,
    *,
    at: datetime,
) -> None:
    """Move a workflow to a state."""
    await connection.execute(_SET_STATUS, company_id, workflow_id, status, at)


async def get_version(
    connection: Connection, company_id: UUID, workflow_id: UUID, version: int
) -> WorkflowVersion:
    """Return one version with its definition; raises NotFound."""
    row = await connection.fetchrow(_FIND_VERSION, company_id, workflow_id, version)
    if row is None:
        raise NotFound("There is no such version.")
    return WorkflowVersion(workflow_id, _version_summary(row), _definition(row))


async def list_versions(
    connection: Connection,
    company_id: UUID,
    workflow_id: UUID,
    *,
    below: int | None,
    limit: int,
) -> list[VersionSummary]:
    """Return up to `limit` versions, newest first, from the one below `below` on."""
    rows = await connection.fetch(_LIST_VERSIONS, company_id, workflow_id, below, limit)
    return [_version_summary(row) for row in rows]


def _summary(row: Row) -> WorkflowSummary:
    return WorkflowSummary(
        row["id"],
        row["name"],
        row["description"],
        WorkflowStatus(row["status"]),
        row["version"],
        row["revision"],
        exact_json.stored(row["trigger"]),
        row["created_by"],
        row["created_at"],
        row["updated_at"],
    )


def _version_summary(row: Row) -> VersionSummary:
    return VersionSummary(
        row["version"], row["change_summary"], row["created_by"], row["created_at"]
    )


def _definition(row: Row) -> JsonObject:
    definition: JsonValue = exact_json.stored(row["definition"])
    if not isinstance(definition, dict):
        raise TypeError("a stored definition is an object")
    return definition
