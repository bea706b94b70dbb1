"""Callers that ask API processes without a pause, each over one connection of its own.

They speak just enough HTTP/1.1 by hand: a client library would take more of the machine than what
it asks, and the load would be no load.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, islice
from typing import Final, NamedTuple

_PATIENCE_SECONDS: Final = 60


class Seen(NamedTuple):
    """One answer: from where, to which key, asked and come when (monotonic, of the machine)."""

    address: str
    key: str
    asked_at: float
    answered_at: float
    status: int
    head: str
    body: bytes


class Caller:
    """One program with one key, which it asks with until it is told to use another."""

    def __init__(self, address: str, key: str, path: str) -> None:
        self.address = address
        self.key = key
        self.asked_at: float | None = None  # while an answer is awaited
        self._path = path

    async def ask_forever(self, note: Callable[[Seen], None]) -> None:
        """Ask, note the answer, ask again, until cancelled."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            while True:
                note(await self._ask(reader, writer))
        finally:
            writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Seen:
        key, asked_at = self.key, time.monotonic()
        self.asked_at = asked_at
        writer.write(
            f"GET {self._path} HTTP/1.1\r\nHost: test\r\nx-api-key: {key}\r\n\r\n".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        self.asked_at = None
        status = int(head.split(" ", 2)[1])
        return Seen(self.address, key, asked_at, time.monotonic(), status, head, body)


class Load:
    """Several callers on each of some API processes, and all that they have seen."""

    def __init__(self, addresses: Sequence[str], key: str, path: str, *, callers: int = 12) -> None:
        self.callers = [Caller(each, key, path) for each in islice(cycle(addresses), callers)]
        self.seen: list[Seen] = []

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Ask for as long as the block lasts; what a caller cannot read fails the block."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.ask_forever(self.seen.append)) for each in self.callers]
            yield
            for task in tasks:
                task.cancel()

    async def more(self, answers: int, condition: Callable[[Seen], bool] = lambda _: True) -> None:
        """Wait until so many further answers of a kind have come."""
        begin = len(self.seen)
        await until(lambda: sum(map(condition, self.seen[begin:])) >= answers)

    async def more_everywhere(self, answers: int) -> None:
        """Wait until so many further answers have come from each process."""
        begin = len(self.seen)
        addresses = {each.address for each in self.callers}

        def fewest() -> int:
            seen = Counter(each.address for each in self.seen[begin:])
            return min(seen[address] for address in addresses)

        await until(lambda: fewest() >= answers)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that the tasks under way bring about."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  there is no event to wait for, only other tasks
            await asyncio.sleep(0.01)
