"""Acts on a key from a process of its own, as an operator's command line does.

Run as `python -m tests.faults.revoker DATABASE COMPANY KEY ACT`; says when it is ready, acts when
it is sent a line, and says at which moment (monotonic, of the machine) the verb had returned.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[2]))

from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import KeyChanges, zero_tail
from justpaid.api_keys.model import ApiKey
from justpaid.db.pool import connect
from justpaid.scopes import Category, Scope
from tests.api.gate_world import KEYS, OPERATOR

Act = Callable[[KeyChanges, ApiKey], Awaitable[object]]


def _change(**terms: object) -> Act:
    async def change(changes: KeyChanges, key: ApiKey) -> object:
        wanted = replace(key, **terms)  # pyright: ignore[reportArgumentType]  fields of a key
        return await KEYS.update_key(changes, key.company_id, wanted, by=OPERATOR)

    return change


ACTS: dict[str, Act] = {
    "revoke": lambda changes, key: KEYS.revoke_key(changes, key.company_id, key.id, by=OPERATOR),
    "disable": lambda changes, key: KEYS.disable_key(changes, key.company_id, key.id, by=OPERATOR),
    "compromised": lambda changes, key: KEYS.replace_key(
        changes, key.company_id, key.id, by=OPERATOR
    ),
    "narrow": _change(scopes=frozenset({Scope.RUNS_READ})),
    "bind": _change(allowed_ips=("203.0.113.1",)),
    "limit": _change(limits={Category.READ: 1}),
}


async def act_on(database: str, company_id: UUID, key_id: UUID, act: Act) -> None:
    """Act on the key; return when no process acts on its old terms any more."""
    connection = await connect(database)
    key = await repository.find(connection, company_id, key_id)
    assert key is not None
    print("ready", flush=True)  # noqa: T201  the test waits for it
    sys.stdin.readline()
    async with zero_tail(connection) as changes:
        await act(changes, key)
    print(time.monotonic(), flush=True)  # noqa: T201  the test waits for it
    await connection.close()


if __name__ == "__main__":
    asyncio.run(act_on(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3]), ACTS[sys.argv[4]]))
