"""One API process for the revocation tests: gate and keys, served over HTTP until killed.

Run as `python -m tests.faults.key_server PORT DATABASE LISTENING_DATABASE`; prints a line once its
cache lease is held.
"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from granian.constants import Interfaces
from granian.server.embed import Server

from justpaid.db.pool import open_pool
from tests.api.gate_world import World, running


async def serve(port: int, database: str, listening_database: str) -> None:
    """Serve until the process is killed."""
    pool = await open_pool(database, max_size=10)
    async with running(World(pool, listening_database)) as world:
        server = Server(
            world.gate,
            address="127.0.0.1",
            port=port,
            interface=Interfaces.ASGINL,
            websockets=False,
            log_enabled=False,
        )
        print("ready", flush=True)  # noqa: T201  the test waits for it
        await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
