"""What a worker counts, and the small server that tells it: `/metrics` and `/healthz`.

No metric carries a company, a workflow or a run: their number has no bound.
"""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from justpaid.engine.model import ENDED, ClaimedRun, Finished

_REQUEST_SECONDS: Final = 5.0
_MAX_HEAD_BYTES: Final = 8192
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 100)
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class WorkerMeters:
    """The worker's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._finished = Counter(
            "justpaid_runs_finished", "Runs that ended.", ["status"], registry=self.registry
        )
        self._claimed = Histogram(
            "justpaid_run_claim_seconds",
            "From a run's acceptance to its first claim.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._batches = Histogram(
            "justpaid_lane_batch_size",
            "How many writes one commit carried.",
            ["lane"],
            buckets=_BATCHES,
            registry=self.registry,
        )
        # Looking a label up costs several times what counting does.
        self._ended = {status: self._finished.labels(status.value) for status in ENDED}
        self._by_lane: dict[str, Histogram] = {}
        self._slots = Gauge(
            "justpaid_worker_slots_used", "Runs this worker holds now.", registry=self.registry
        )

    def finished(self, finished: Finished) -> None:
        """Count an ended run."""
        self._ended[finished.status].inc()

    def claimed(self, runs: Sequence[ClaimedRun]) -> None:
        """Count first claims by how long their runs stood in the queue."""
        for run in runs:
            if run.fence == 1:
                waited = run.started_at - run.created_at
                self._claimed.observe(max(waited.total_seconds(), 0.0))

    def batch(self, lane: str, size: int) -> None:
        """Count a commit."""
        batches = self._by_lane.get(lane)
        if batches is None:
            batches = self._by_lane[lane] = self._batches.labels(lane)
        batches.observe(size)

    def read_slots_from(self, count: Callable[[], int]) -> None:
        """Have the number of held runs read when it is asked for."""
        self._slots.set_function(count)


async def serve_meters(
    bind: tuple[str, int], meters: WorkerMeters, token: str | None
) -> asyncio.Server:
    """Answer scrapes on an address of their own; with a token, only to whoever bears it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_respond(head.decode("latin-1"), meters, token))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or speaks no HTTP
        finally:
            writer.close()

    return await asyncio.start_server(answer, bind[0], bind[1], limit=_MAX_HEAD_BYTES)


def _respond(head: str, meters: WorkerMeters, token: str | None) -> bytes:
    line, *fields = head.split("\r\n")
    path = line.split(" ")[1].partition("?")[0] if line.count(" ") > 1 else ""
    if path == "/healthz":
        return _response("200 OK", b"ok\n")
    if path != "/metrics":
        return _response("404 Not Found", b"There is /metrics and /healthz.\n")
    if token is not None and not _bears(fields, token):
        return _response("401 Unauthorized", b"The metrics need their token.\n")
    return _response("200 OK", generate_latest(meters.registry))


def _bears(fields: Sequence[str], token: str) -> bool:
    for field in fields:
        name, _, value = field.partition(":")
        if name.strip().lower() == "authorization":
            return hmac.compare_digest(value.strip().encode(), f"Bearer {token}".encode())
    return False


def _response(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
