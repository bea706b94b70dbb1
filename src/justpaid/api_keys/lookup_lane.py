"""How many lookups of keys the database is asked for at a time, and how often.

Guarantee: however many requests come with unknown keys, the questions they cost are few, and the
same question waiting for many is asked once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from justpaid import clock
from justpaid.errors import Unavailable
from justpaid.web.gate_contract import Identity

_ANY_NUMBER: Final = 10_000


class LookupLane:
    """Runs lookups a few at a time; those that wait for the same key become one.

    One that has begun is never joined: its answer may be older than the request that would join.
    """

    def __init__(self, width: int, *, most_waiting: int = _ANY_NUMBER) -> None:
        self._turns = asyncio.Semaphore(width)
        self._most_waiting = most_waiting
        self._waiting: dict[bytes, asyncio.Task[Identity | None]] = {}

    async def once(
        self, digest: bytes, look_up: Callable[[], Awaitable[Identity | None]]
    ) -> Identity | None:
        """Return the lookup's answer; raises Unavailable when too many are waiting already."""
        task = self._waiting.get(digest)
        if task is None:
            if len(self._waiting) >= self._most_waiting:
                raise Unavailable("Too many keys are being looked up. Try again shortly.")
            task = asyncio.ensure_future(self._take_turn(digest, look_up))
            self._waiting[digest] = task
        return await asyncio.shield(task)  # one caller who hangs up does not end it for the others

    async def _take_turn(
        self, digest: bytes, look_up: Callable[[], Awaitable[Identity | None]]
    ) -> Identity | None:
        async with self._turns:
            self._waiting.pop(digest, None)
            return await look_up()


class Allowance:
    """So many acts a second, and no more."""

    def __init__(self, a_second: int, monotonic: clock.MonotonicClock) -> None:
        self._a_second = a_second
        self._monotonic = monotonic
        self._second = 0
        self._left = a_second

    def take(self) -> bool:
        """Use one if there is one left in this second."""
        second = int(self._monotonic())
        if second != self._second:
            self._second, self._left = second, self._a_second
        self._left -= 1
        return self._left >= 0
