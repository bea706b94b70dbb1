"""Live streams of runs: whoever listens hears each line of a run's log once, until the run ends.

Guarantee: one question to the database a quarter of a second serves all streams of a process; a
stream ends within a second of a change to its API key, and holds no connection of the database.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from itertools import islice
from typing import Final, TypeAlias
from uuid import UUID

import structlog

from justpaid import clock, exact_json
from justpaid.engine.lanes import Connect, HeldConnection
from justpaid.errors import RateLimited, Unavailable
from justpaid.runs.log_lines import (
    TailPosition,
    close,
    encode_tail,
    first_unread_seq,
    is_closed,
    iterate_lines,
)
from justpaid.runs.model import shown_status
from justpaid.runs.stream_rows import Look, NewRows, read_since
from justpaid.web.caller import Caller

MOST_STREAMS: Final = 2_000
MOST_STREAMS_A_CALLER: Final = 20
HEARTBEAT_SECONDS: Final = 15.0
REAUTHORISE_SECONDS: Final = 30.0

_POLL_SECONDS: Final = 0.25
_PAUSE_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 15
_MOST_AT_ONCE: Final = 500
_FIRST: Final = b"retry: 1000\n\n"  # how long a listener waits before it comes again
_HEARTBEAT: Final = b": heartbeat\n\n"

# Says whether a caller may still read runs, as things stand now.
MayRead: TypeAlias = Callable[[Caller], Awaitable[bool]]

_log = structlog.get_logger(__name__)


class Stream:
    """One listener's stream of one run."""

    def __init__(
        self, caller: Caller, run_id: UUID, position: TailPosition, streams: "Streams"
    ) -> None:
        self.caller = caller
        self.run_id = run_id
        self.position = position
        self.known: tuple[str, int] | None = None  # status and fence when it had read everything
        self._pieces: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._is_over = False
        self._streams = streams

    @property
    def owner(self) -> UUID | None:
        """The API key, or the membership, that listens."""
        return self.caller.key_id or self.caller.member_id

    @property
    def is_hungry(self) -> bool:
        """Whether everything fed so far has gone out."""
        return not self._pieces and not self._is_over

    def feed(self, rows: NewRows | None) -> None:
        """Take in what is new of the run; None: it is there no more."""
        if rows is None:
            self.end()
            return
        lines = iterate_lines(rows.run, rows.steps, rows.notes, self.position)
        fed = 0
        for line, cursor in islice(lines, _MOST_AT_ONCE):
            self._pieces.append(_event("log", cursor, exact_json.encode(line)))
            fed += 1
        status = rows.run["status"]
        has_all = fed < _MOST_AT_ONCE
        self.known = (status, rows.fence) if has_all else None
        if has_all and close(self.position, rows.run):
            told = {"status": shown_status(status, rows.run["started_at"])}
            cursor = encode_tail(self.position)
            self._pieces.append(_event("end", cursor, exact_json.encode(told)))
        if has_all and is_closed(self.position):
            self._is_over = True
        if self._pieces or self._is_over:
            self._news.set()

    def end(self) -> None:
        """Let the listener go once it has what was fed."""
        self._is_over = True
        self._news.set()

    def cut(self) -> None:
        """Let the listener go at once: it may no longer read the run."""
        self._pieces.clear()
        self.end()

    def close(self) -> None:
        """Leave the others."""
        self._is_over = True
        self._streams.leave(self)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give what is to be sent, with a sign of life where nothing happens."""
        yield _FIRST
        check_at = clock.monotonic() + REAUTHORISE_SECONDS
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if self._is_over:
                return
            self._news.clear()
            left = check_at - clock.monotonic()
            try:
                async with asyncio.timeout(max(min(left, HEARTBEAT_SECONDS), 0.0)):
                    await self._news.wait()
            except TimeoutError:
                yield _HEARTBEAT
            if clock.monotonic() >= check_at:
                if not await self._streams.may_go_on(self.caller):
                    return
                check_at = clock.monotonic() + REAUTHORISE_SECONDS


def _event(name: str, cursor: str, data: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), name.encode(), data)


class Streams:
    """All streams of this API process."""

    def __init__(self, connect: Connect, may_read: MayRead) -> None:
        self._held = HeldConnection(connect)
        self._may_read = may_read
        self._streams: set[Stream] = set()
        self._of_owner: Counter[UUID | None] = Counter()
        self._has_come = asyncio.Event()
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many listen now."""
        return len(self._streams)

    async def start(self) -> None:
        """Begin to look for news whenever somebody listens."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Let every listener go and stop looking."""
        self.end_all()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._held.close()

    def open(self, caller: Caller, run_id: UUID, position: TailPosition) -> Stream:
        """Add a listener; it has to be closed. Raises RateLimited, or Unavailable."""
        stream = Stream(caller, run_id, position, self)
        if self._of_owner[stream.owner] >= MOST_STREAMS_A_CALLER:
            message = f"A key may hold {MOST_STREAMS_A_CALLER} streams at once. End one first."
            raise RateLimited(message, retry_after_seconds=_RETRY_SECONDS)
        if len(self._streams) >= MOST_STREAMS or self._is_stopped:
            raise Unavailable("Too many callers listen to runs now. Read the log instead.")
        self._streams.add(stream)
        self._of_owner[stream.owner] += 1
        self._has_come.set()
        return stream

    def leave(self, stream: Stream) -> None:
        """Take a listener out; harmless when repeated."""
        if stream in self._streams:
            self._streams.remove(stream)
            self._of_owner[stream.owner] -= 1
            if not self._of_owner[stream.owner]:
                del self._of_owner[stream.owner]

    def cut_streams_of(self, owners: Container[object] | None) -> None:
        """End the streams of API keys whose terms have changed; None: of any.

        A listener that still may comes again with its Last-Event-ID and misses nothing.
        """
        for stream in tuple(self._streams):
            if owners is None or stream.owner in owners:
                stream.cut()

    def end_all(self) -> None:
        """Let every listener go, and take no further one: the process stops."""
        self._is_stopped = True
        for stream in tuple(self._streams):
            stream.end()

    async def may_go_on(self, caller: Caller) -> bool:
        """Judge a stream anew; a session's listener comes again, and is judged at the gate."""
        if caller.key_id is None:
            return False
        try:
            return await self._may_read(caller)
        except Exception as error:  # nobody can say: the listener asks the gate
            _log.warning("stream_not_reauthorised", error=repr(error))
            return False

    async def _watch(self) -> None:
        while True:
            self._has_come.clear()
            if not self._streams:
                await self._has_come.wait()
            try:
                await self._look()
            except Exception as error:
                _log.warning("streams_not_fed", error=repr(error))
                self._held.discard()
                await asyncio.sleep(_PAUSE_SECONDS)
            await asyncio.sleep(_POLL_SECONDS)

    async def _look(self) -> None:
        """Ask once for all that can take something in."""
        hungry: dict[UUID, list[Stream]] = {}
        for stream in self._streams:
            if stream.is_hungry:
                hungry.setdefault(stream.run_id, []).append(stream)
        if not hungry:
            return
        connection = await self._held.get()
        found = await read_since(connection, [_look_of(streams) for streams in hungry.values()])
        for run_id, streams in hungry.items():
            for stream in streams:
                stream.feed(found.get(run_id))


def _look_of(streams: list[Stream]) -> Look:
    first = streams[0]
    known = {stream.known for stream in streams}
    status, fence = known.pop() or (None, None) if len(known) == 1 else (None, None)
    from_seq = min(first_unread_seq(stream.position) for stream in streams)
    return Look(first.caller.company_id, first.run_id, from_seq, status, fence)
