"""Group commit: what callers submit while one flush is under way goes out with the next.

Guarantee: a submission is answered only after its commit; a bad row fails alone; a deadlock or a
lost connection is repeated (every statement behind a lane may be repeated). There is no timer: a
lane flushes as soon as two turns of the event loop bring nothing more.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import asyncpg
import structlog

from justpaid.clock import MonotonicClock, monotonic
from justpaid.db.pool import Connection
from justpaid.errors import Unavailable

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")

Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]

SESSION_SETTINGS: Final = {
    # A plan made on an empty table is otherwise a sequential scan until the first analyze.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
    # A process that freezes in a transaction keeps its runs locked, and nobody could go on with
    # them: ours wait for nothing but the database, so one that waits this long is not well.
    "idle_in_transaction_session_timeout": "5s",
}

# A commit costs several times what a row adds to it. While a process is busy each turn of its loop
# brings further submissions, and waiting for them is free: the other work goes on meanwhile.
_QUIET_TURNS: Final = 2
_MOST_TURNS: Final = 16

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 1.0
_PASSING_ERRORS: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,  # the server is stopping or starting
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # we were frozen for a while
)

_log = structlog.get_logger(__name__)


class HeldConnection:
    """One connection kept for one user, opened on first use and replaced after any error."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def get(self) -> Connection:
        """Return the connection, opening one when there is none or the last one broke."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    def discard(self) -> None:
        """Drop the connection: after an error nobody knows what state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """Close the connection in good order, or drop it where that is not possible."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=1.0)
        except Exception:
            connection.terminate()


class Lane(Generic[ItemT, AnswerT]):
    """Gathers submissions of one kind and flushes them together, one flush at a time."""

    def __init__(
        self,
        connect: Connect,
        flush: Callable[[Connection, Sequence[ItemT]], Awaitable[Sequence[AnswerT]]],
        *,
        most: int = 100,
        give_up_after_seconds: float | None = None,
        observe_batch: Callable[[int], None] | None = None,
        monotonic_clock: MonotonicClock = monotonic,
    ) -> None:
        """Flush at most `most` items at once; `flush` answers each in its place.

        With `give_up_after_seconds` submitters get Unavailable when the database stays away so
        long; without it the lane keeps trying.
        """
        self._held = HeldConnection(connect)
        self._flush = flush
        self._most = most
        self._give_up_after_seconds = give_up_after_seconds
        self._observe_batch = observe_batch
        self._monotonic = monotonic_clock
        self._waiting: deque[tuple[ItemT, asyncio.Future[AnswerT]]] = deque()
        self._drainer: asyncio.Task[None] | None = None

    async def submit(self, item: ItemT) -> AnswerT:
        """Hand in one item and return its answer, once committed."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain())
        return await future

    async def open(self) -> None:
        """Open the connection ahead of the first submission."""
        await self._held.get()

    async def close(self) -> None:
        """End the lane; submissions that still wait are cancelled."""
        if self._drainer is not None:
            self._drainer.cancel()
            await asyncio.gather(self._drainer, return_exceptions=True)
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        await self._held.close()

    async def _drain(self) -> None:
        batch: list[tuple[ItemT, asyncio.Future[AnswerT]]] = []
        try:
            while self._waiting:
                await self._gather()
                batch = [
                    self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))
                ]
                batch = [entry for entry in batch if not entry[1].done()]
                if batch:
                    await self._send(batch)
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        finally:
            self._drainer = None

    async def _gather(self) -> None:
        """Let others submit, for as long as the turns of the loop bring some."""
        quiet = 0
        for _ in range(_MOST_TURNS):
            known = len(self._waiting)
            if known >= self._most:
                return
            await asyncio.sleep(0)
            quiet = 0 if len(self._waiting) > known else quiet + 1
            if quiet == _QUIET_TURNS:
                return

    async def _send(self, batch: Sequence[tuple[ItemT, "asyncio.Future[AnswerT]"]]) -> None:
        if self._observe_batch is not None:
            self._observe_batch(len(batch))
        try:
            answers = await self._repeated([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
                return
            _log.warning("lane_flushes_one_by_one", rows=len(batch), error=repr(error))
            for entry in batch:
                await self._send([entry])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _repeated(self, items: Sequence[ItemT]) -> Sequence[AnswerT]:
        pause_seconds = _FIRST_PAUSE_SECONDS
        started = self._monotonic()
        while True:
            try:
                return await self._flush(await self._held.get(), items)
            except asyncpg.DataError:
                self._held.discard()
                raise
            except _PASSING_ERRORS as error:
                self._held.discard()
                _log.warning("lane_repeats", rows=len(items), error=repr(error))
                spent = self._monotonic() - started
                limit = self._give_up_after_seconds
                if limit is not None and spent + pause_seconds > limit:
                    raise Unavailable("The database does not answer.") from error
            except BaseException:
                self._held.discard()
                raise
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)


def _fail(future: "asyncio.Future[AnswerT]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
