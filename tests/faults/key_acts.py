"""Another process that is ready to act on a key: its own start must not give leases time."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from justpaid.api_keys.model import ApiKey
from tests.faults.processes import line_of, start


class Operator:
    """A process that will do one act when it is told."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def act(self) -> float:
        """Act now; return the moment, of the machine's monotonic clock, of the verb's answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"now\n")
        async with asyncio.timeout(30):
            return float(await self._process.stdout.readline())


@asynccontextmanager
async def operator(database_url: str, key: ApiKey, act: str = "revoke") -> AsyncGenerator[Operator]:
    """Run a process that will do this act on the key, by its name in `revoker`."""
    process = await start("revoker", database_url, str(key.company_id), str(key.id), act)
    try:
        await line_of(process, b"ready")
        yield Operator(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
