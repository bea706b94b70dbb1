"""Takes waiting runs for a worker: each claim raises a run's fence and starts its lease.

Guarantee: a run is claimed by one worker at a time; what a late one still writes is refused.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from justpaid.db.pool import Connection
from justpaid.engine.model import ClaimedRun
from justpaid.engine.statements import PARTS as _PARTS

_CLAIM: Final = "\n".join(_PARTS[name] for name in ("next_runs", "claim"))
_CLAIM_RESERVED: Final = "\n".join(_PARTS[name] for name in ("next_reserved_runs", "claim"))
_SECONDS: Final = 30.0  # no claim takes that long on a database that is well


async def claim_runs(connection: Connection, most: int, lease_seconds: float) -> list[ClaimedRun]:
    """Take the runs that stand first, each with a new fence and a lease."""
    rows = await connection.fetch(_CLAIM, most, lease_seconds, timeout=_SECONDS)
    return [ClaimedRun(*row) for row in rows]


async def claim_reserved_runs(
    connection: Connection, most: int, lease_seconds: float, at_cap: Sequence[UUID], after: UUID
) -> list[ClaimedRun]:
    """Take the runs that stand first among those of companies that are not `at_cap`.

    Behind a long backlog of those it looks at the companies that come `after` one, 50 at a time: go
    on with the greatest company that was returned, and from the nil id after an empty answer.
    """
    rows = await connection.fetch(
        _CLAIM_RESERVED, most, lease_seconds, at_cap, after, timeout=_SECONDS
    )
    return [ClaimedRun(*row) for row in rows]
