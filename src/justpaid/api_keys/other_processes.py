"""Whether other API processes answer requests on the same database, as their leases tell.

Guarantee: of several processes that each ask this after their own lease began, exactly the eldest
hears that it is alone. One that was killed is waited for until its lease has run out.
"""

import asyncio
from typing import Final
from uuid import UUID

from justpaid import clock
from justpaid.api_keys import repository
from justpaid.api_keys.cache_lease import LEASE_SECONDS
from justpaid.db.pool import Connection

_PAUSE_SECONDS: Final = 0.05
_MARGIN_SECONDS: Final = 0.5


async def is_alone(connection: Connection, process_id: UUID) -> bool:
    """Say whether no elder process answers requests; takes as long as a dead one's lease lasts."""
    deadline = clock.monotonic() + LEASE_SECONDS + _MARGIN_SECONDS
    while await repository.has_elder_process(connection, process_id):
        if clock.monotonic() > deadline:
            return False
        await asyncio.sleep(_PAUSE_SECONDS)
    return True
