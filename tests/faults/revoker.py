"""Revokes a key from a process of its own, as an operator's command line does.

Run as `python -m tests.faults.revoker DATABASE COMPANY KEY`; says when it is ready, revokes when it
is sent a line, and says when the verb has returned.
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[2]))

from justpaid.api_keys.key_changes import zero_tail
from justpaid.db.pool import connect
from tests.api.gate_world import KEYS, OPERATOR


async def revoke(database: str, company_id: UUID, key_id: UUID) -> None:
    """Revoke the key; return when no process accepts it any more."""
    connection = await connect(database)
    print("ready", flush=True)  # noqa: T201  the test waits for it
    sys.stdin.readline()
    async with zero_tail(connection) as changes:
        await KEYS.revoke_key(changes, company_id, key_id, by=OPERATOR)
    print("revoked", flush=True)  # noqa: T201  the test waits for it
    await connection.close()


if __name__ == "__main__":
    asyncio.run(revoke(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3])))
