"""Callers who wait for a run's end: told by the database, and asked for once a second besides.

Guarantee: no wait outlives its seconds, its API key's rights, or this process; a lost notification
or a lost connection costs a waiting caller at most a second.
"""

import asyncio
import secrets
from collections.abc import Callable, Container
from typing import Final, Self
from uuid import UUID

import asyncpg
import structlog

from justpaid.engine.journal import ENDED_CHANNEL
from justpaid.engine.lanes import Connect
from justpaid.errors import Unavailable
from justpaid.runs import repository

MOST_WAITS: Final = 1000

_POLL_SECONDS: Final = 1.0
_RECONNECT_SECONDS: Final = 0.25

_log = structlog.get_logger(__name__)


class Wait:
    """One caller's wait for one run; held as long as its `with` block lasts."""

    def __init__(self, run_id: UUID, owner: UUID | None, leave: "Callable[[Wait], None]") -> None:
        self.run_id = run_id
        self.owner = owner
        self.is_cut = False
        self._leave = leave
        self._over = asyncio.get_running_loop().create_future()

    def __enter__(self) -> Self:
        """Hold the wait."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the wait's place to another caller."""
        self._leave(self)

    def end(self) -> None:
        """Let the caller go on."""
        if not self._over.done():
            self._over.set_result(None)

    def cut(self) -> None:
        """Let the caller go with what it knew before: it may no longer read the run."""
        self.is_cut = True
        self.end()

    async def over(self, seconds: float) -> None:
        """Return when the run has ended, when nobody may wait any longer, or after `seconds`."""
        timer = self._over.get_loop().call_later(seconds, self.end)
        try:
            await self._over
        finally:
            timer.cancel()


class Waiters:
    """All waits of this API process. `name` is what a run carries while somebody here waits."""

    def __init__(self, connect: Connect, *, most: int = MOST_WAITS) -> None:
        self.name: Final = f"api-{secrets.token_hex(8)}"  # a run's waiter has at most 40 characters
        self._connect = connect
        self.most = most
        self._waits: dict[UUID, set[Wait]] = {}
        self._count = 0
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._watch())

    def end_all(self) -> None:
        """Let every caller go, and take no further one: the process stops."""
        self._stopped = True
        for run_id in list(self._waits):
            self._end_run(run_id)

    async def stop(self) -> None:
        """Let every caller go and stop listening."""
        self.end_all()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def open(self, run_id: UUID, owner: UUID | None) -> Wait:
        """Hold a wait; open it before the run can end. Raises Unavailable when the house is full.

        `owner` is the API key or member whose change of rights ends the wait.
        """
        if self._count >= self.most or self._stopped:
            raise Unavailable("Too many callers wait for runs now. Start without `wait` and ask.")
        wait = Wait(run_id, owner, self._leave)
        self._waits.setdefault(run_id, set()).add(wait)
        self._count += 1
        return wait

    def _leave(self, wait: Wait) -> None:
        self._count -= 1
        remaining = self._waits[wait.run_id]
        remaining.discard(wait)
        if not remaining:
            del self._waits[wait.run_id]

    def end_waits_of(self, owners: Container[object] | None) -> None:
        """Let the callers of API keys or members go whose rights have changed; None: of any."""
        for waits in self._waits.values():
            for wait in waits:
                if owners is None or wait.owner in owners:
                    wait.cut()

    def _end_run(self, run_id: UUID) -> None:
        for wait in self._waits.get(run_id, ()):
            wait.end()

    async def _watch(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever broke the connection, a new one is made
                _log.warning("waiters_reconnect", error=repr(error))
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen(self) -> None:
        connection = await self._connect()
        try:
            await connection.add_listener(ENDED_CHANNEL, self._hear)
            while not connection.is_closed():
                await self._poll(connection)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            connection.terminate()

    async def _poll(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        if self._waits:
            for run_id in await repository.list_ended(connection, list(self._waits)):
                self._end_run(run_id)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        for told in str(payload).split(","):
            waiter, _, run_id = told.partition(" ")
            if waiter == self.name:
                self._end_run(UUID(run_id))
