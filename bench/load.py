"""A load generator that costs little: keep-alive connections, one request at a time on each."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from typing_extensions import override

# Past its seconds a load may take so much longer: whatever hangs ends the bench with an error.
_GRACE_SECONDS: Final = 20.0
_STEADY_CONNECTIONS: Final = 8


@dataclass
class Load:
    """What a load saw: latencies in seconds, statuses, and how long it all took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return the latency, in milliseconds, that this share of the answers stayed within."""
        ordered = sorted(self.latencies)
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


class _Connection(asyncio.Protocol):
    """Sends a request when told to and calls back with the status of the whole answer."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiter: asyncio.Future[int] | None = None
        self._is_lost = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(ConnectionError("the server closed the connection"))

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) >= head_end + 4 + length and self._waiter:
            self._buffer = b""
            self._waiter.set_result(int(head.split(b" ", 2)[1]))

    async def send(self, request: bytes) -> int:
        """Send one request and return the status of its answer; raises ConnectionError."""
        if self._is_lost or self.transport is None:
            raise ConnectionError("the server closed the connection")
        self._waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._waiter

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()


async def open_connection(port: int) -> _Connection:
    """Connect to a server of this machine, to send one request after the other."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, "127.0.0.1", port)
    return connection


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Write one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def drive(
    port: int, make_request: Callable[[int], bytes], *, clients: int, seconds: float
) -> Load:
    """Send requests on `clients` connections for a while; `make_request` gets a running number.

    Raises ConnectionError when the server hangs up, TimeoutError when it hangs.
    """
    load = Load()
    numbers = iter(range(1_000_000_000))
    end = time.perf_counter() + seconds

    async def client() -> None:
        connection = await open_connection(port)
        while (start := time.perf_counter()) < end:
            status = await connection.send(make_request(next(numbers)))
            load.latencies.append(time.perf_counter() - start)
            load.statuses[status] = load.statuses.get(status, 0) + 1
        connection.close()

    begun = time.perf_counter()
    async with asyncio.timeout(seconds + _GRACE_SECONDS):
        await asyncio.gather(*(client() for _ in range(clients)))
    load.seconds = time.perf_counter() - begun
    return load


async def drive_steadily(port: int, request: bytes, rate: float, seconds: float) -> Load:
    """Send a request so many times a second, whatever the answers take, on a few connections.

    One that finds all connections waiting goes as soon as one is free, and counts from then.
    """
    load = Load(seconds)
    begun = time.perf_counter()

    async def client(first: int) -> None:
        connection = await open_connection(port)
        for number in range(first, int(rate * seconds), _STEADY_CONNECTIONS):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            start = time.perf_counter()
            status = await connection.send(request)
            load.latencies.append(time.perf_counter() - start)
            load.statuses[status] = load.statuses.get(status, 0) + 1
        connection.close()

    async with asyncio.timeout(seconds + _GRACE_SECONDS):
        await asyncio.gather(*map(client, range(_STEADY_CONNECTIONS)))
    return load
