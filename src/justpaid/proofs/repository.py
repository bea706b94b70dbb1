"""The SQL of proofs: what somebody with the database in their hands would do."""

from typing import Final
from uuid import UUID

from justpaid.db.pool import Connection

_CHANGE_ACTOR: Final = """
UPDATE audit_log SET actor = 'operator:somebody-else'
WHERE company_id = $1 AND seq = (SELECT max(seq) / 2 + 1 FROM audit_log WHERE company_id = $1)
RETURNING id
"""


async def change_audit_row(connection: Connection, company_id: UUID) -> UUID:
    """Write another name into a row in the middle of a company's log; return the row's id."""
    changed: UUID = await connection.fetchval(_CHANGE_ACTOR, company_id)
    return changed
