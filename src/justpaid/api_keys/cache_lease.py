"""This process's right to answer from its cache: a short lease on a listening connection.

Guarantee: while `is_held`, every change of a key that was settled has been heard of here. The lease
is counted on the monotonic clock from before its renewal was sent, so it ends here before it ends
for the database; a connection that breaks, or a process that was frozen, holds none. After a lapse
the lease begins anew with nothing remembered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeAlias
from uuid import UUID

import asyncpg
import structlog

from justpaid import clock, ids
from justpaid.api_keys import repository
from justpaid.api_keys.key_changes import CHANNEL
from justpaid.db.pool import Connection

LEASE_SECONDS: Final = 2.0
RENEW_SECONDS: Final = 0.5

_QUERY_SECONDS: Final = 1.5
_FIRST_RETRY_SECONDS: Final = 0.1
_LONGEST_RETRY_SECONDS: Final = 2.0
_BROKEN: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_log = structlog.get_logger(__name__)

ListeningConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connect: TypeAlias = Callable[[], Awaitable[ListeningConnection]]


class LeaseUser(Protocol):
    """What keeps things in mind only under the lease."""

    def forget(self, key_ids: Sequence[UUID]) -> None:
        """Drop what is known of keys that changed, at once."""
        ...

    def forget_all(self) -> None:
        """Drop everything: changes may have been missed."""
        ...

    async def learn_all(self, connection: Connection) -> None:
        """Prepare for a lease that has just begun."""
        ...

    async def learn(self, connection: Connection, key_ids: Sequence[UUID]) -> None:
        """Prepare for acknowledging a change of these keys."""
        ...


class CacheLease:
    """One API process's lease; `run` keeps it for as long as the process serves."""

    def __init__(
        self,
        connect: Connect,
        user: LeaseUser,
        *,
        monotonic: clock.MonotonicClock = clock.monotonic,
    ) -> None:
        self.process_id = ids.new_id()
        self._connect = connect
        self._user = user
        self._monotonic = monotonic
        self._held_until = 0.0
        self._heard = 0
        self._changed: list[UUID] = []
        self._woken = asyncio.Event()
        self._first_held = asyncio.Event()

    @property
    def is_held(self) -> bool:
        """Say whether what is remembered may be relied on at this moment."""
        return self._monotonic() < self._held_until

    async def wait_until_held(self) -> None:
        """Wait for the first lease: a process serves correctly without, only slower."""
        await self._first_held.wait()

    async def run(self) -> None:
        """Hold the lease until cancelled; a lost connection or lease is begun anew."""
        retry = _FIRST_RETRY_SECONDS
        while True:
            try:
                await self._serve()
            except _BROKEN as error:
                _log.warning("key_cache_lease_lost", reason=str(error) or type(error).__name__)
            if self._first_held.is_set():
                retry = _FIRST_RETRY_SECONDS
            await asyncio.sleep(retry)
            retry = min(retry * 2, _LONGEST_RETRY_SECONDS)

    async def _serve(self) -> None:
        """Listen, register, renew, acknowledge: until the connection breaks or the lease lapses."""
        connection = await self._connect()
        connection.add_termination_listener(self._lose)
        try:
            await self._register(connection)
            while await self._renew(connection):
                await self._pause()
        finally:
            self._lose()
            await self._part(connection)

    async def _register(self, connection: ListeningConnection) -> None:
        """Enter this process among those a change waits for, with nothing in mind yet.

        It listens first: what commits while it learns is heard, and learned with the first renewal.
        """
        self._user.forget_all()
        self._changed.clear()
        self._heard = 0
        await connection.add_listener(CHANNEL, self._hear)
        await self._user.learn_all(connection)
        async with connection.transaction():
            known = await repository.register_process(
                connection, self.process_id, lease_seconds=LEASE_SECONDS
            )
        self._heard = max(self._heard, known)

    async def _renew(self, connection: ListeningConnection) -> bool:
        """Prolong the lease and acknowledge what was heard; False when it had lapsed."""
        self._woken.clear()
        changed, self._changed = self._changed, []
        heard = self._heard
        async with asyncio.timeout(_QUERY_SECONDS):
            if changed:
                await self._user.learn(connection, changed)
            sent_at = self._monotonic()
            is_renewed = await repository.renew_process(
                connection, self.process_id, acknowledged=heard, lease_seconds=LEASE_SECONDS
            )
        if is_renewed and not connection.is_closed():
            self._held_until = sent_at + LEASE_SECONDS
            self._first_held.set()
            return True
        return False

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RENEW_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Take in a change: forgotten at once, acknowledged with the next renewal, sent now."""
        number, _, changed = str(payload).partition(" ")
        key_ids = [UUID(hex=text) for text in changed.split(",")]
        self._user.forget(key_ids)
        self._heard = max(self._heard, int(number))
        self._changed += key_ids
        self._woken.set()

    def _lose(self, _connection: object = None) -> None:
        self._held_until = 0.0
        self._user.forget_all()
        self._woken.set()

    async def _part(self, connection: ListeningConnection) -> None:
        """Leave the list of processes if the database can still be told, and hang up."""
        try:
            async with asyncio.timeout(_QUERY_SECONDS):
                if not connection.is_closed():
                    await repository.remove_process(connection, self.process_id)
                    await connection.close()
        except _BROKEN:
            connection.terminate()
