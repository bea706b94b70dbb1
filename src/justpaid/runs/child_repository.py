"""The statements about runs that runs start: how a workflow stands, and what a line had before."""

from typing import Final
from uuid import UUID

from justpaid.db.pool import Connection, Row

_WORKFLOW: Final = """
SELECT status, version FROM workflows WHERE id = $2 AND CASE WHEN company_id = $1 THEN true END
"""
_EARLIER_CHILD: Final = """
SELECT c.id, c.workflow_id, c.version, c.status, c.origin_run_id, c.output, c.purged_at,
  (SELECT s.status FROM steps s WHERE s.run_id = p.id AND s.path = $3
    ORDER BY s.attempt DESC LIMIT 1) AS step_status
FROM runs p JOIN runs c ON c.parent_run_id = p.id AND c.parent_path = $3
WHERE (p.id = $2 OR p.origin_run_id = $2 AND p.origin_run_id <> p.id) AND p.company_id = $1
ORDER BY c.created_at DESC, c.id DESC LIMIT 1
"""
_NEWEST_OF_LINE: Final = """
SELECT id, workflow_id, version, status, origin_run_id, output, purged_at FROM runs
WHERE (id = $2 OR origin_run_id = $2 AND origin_run_id <> id) AND company_id = $1
ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def find_workflow(connection: Connection, company_id: UUID, workflow_id: UUID) -> Row | None:
    """Return (status, version) of a workflow, or None."""
    return await connection.fetchrow(_WORKFLOW, company_id, workflow_id)


async def find_earlier_child(
    connection: Connection, company_id: UUID, origin_run_id: UUID, path: str
) -> Row | None:
    """Return the run that a step of this line of runs started last, or None.

    `step_status` is what its starter has recorded of the step: a child may have ended unheard.
    """
    return await connection.fetchrow(_EARLIER_CHILD, company_id, origin_run_id, path)


async def find_newest_of_line(
    connection: Connection, company_id: UUID, origin_run_id: UUID
) -> Row | None:
    """Return the newest run of a line: the origin while nothing was retried."""
    return await connection.fetchrow(_NEWEST_OF_LINE, company_id, origin_run_id)
