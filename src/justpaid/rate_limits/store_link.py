"""One connection to Redis or Valkey that many requests share: sent together, answered in order.

Guarantee: nobody waits for a store that does not answer. A question to one that is gone fails at
once; one that hangs is given up within a tenth of a second, for all who wait. The link comes back
by itself, and only after the store has counted a probe.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.exceptions import RedisError

from justpaid.rate_limits.budget_script import NO_MARK, SCRIPT, script_arguments
from justpaid.settings import SettingsError

_CONNECT_SECONDS: Final = 1.0
_FIRST_RETRY_SECONDS: Final = 0.1
_LONGEST_RETRY_SECONDS: Final = 1.0
# Counted in turns of the event loop rather than on a clock: our own pause is not the store's.
_TICK_SECONDS: Final = 0.015
_PATIENT_TICKS: Final = 4
_PROBE: Final = script_arguments(
    "justpaid:budget:probe", 1, spends=True, known=NO_MARK, fresh=b"probe", owed={}
)

_log = structlog.get_logger(__name__)


class StoreAway(Exception):
    """The store does not answer now."""


class StoreLink:
    """The link of one API process; `run` keeps it for as long as the process serves."""

    def __init__(self, url: str, on_state: Callable[[bool], None], script: str = SCRIPT) -> None:
        """Read the address; raises SettingsError for one that cannot be an address."""
        try:
            options: dict[str, Any] = {**parse_url(url)}
        except ValueError as error:
            raise SettingsError(f"JUSTPAID_REDIS_URL: {error}") from None
        self._class: type[AbstractConnection] = options.pop("connection_class", Connection)
        options |= {"socket_connect_timeout": _CONNECT_SECONDS, "socket_timeout": None}
        self._options = options
        self._on_state = on_state
        self._script = script
        self._connection: AbstractConnection | None = None
        self._digest = b""
        self._outgoing: list[bytes] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._has_work = asyncio.Event()
        self._lost: asyncio.Future[str] | None = None
        self._first_up = asyncio.Event()
        self._last_reason = ""
        self._is_watched = False

    @property
    def is_up(self) -> bool:
        """Whether the store answered last."""
        return self._lost is not None and not self._lost.done()

    async def wait_until_up(self, seconds: float) -> None:
        """Wait for the first connection, but not for long: without it everything works locally."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first_up.wait()

    def ask(self, arguments: tuple[str | bytes | int, ...]) -> "asyncio.Future[Any]":
        """Run the script; the answer comes when its turn has. Raises StoreAway."""
        if self._connection is None or not self.is_up:
            raise StoreAway
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(answer)
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(_TICK_SECONDS, self._tick, answer, 1)
        self._outgoing += self._connection.pack_command("EVALSHA", self._digest, *arguments)
        self._has_work.set()
        return answer

    async def run(self) -> None:
        """Keep the link until cancelled."""
        pause = _FIRST_RETRY_SECONDS
        while True:
            reason = "it could not be reached in time"
            try:
                reason = await self._connect_and_serve()
                pause = _FIRST_RETRY_SECONDS
            except (OSError, RedisError, TimeoutError) as error:
                reason = str(error) or reason
            if reason != self._last_reason:
                self._last_reason = reason
                _log.warning("rate_limit_store_away", reason=reason, counting="locally")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)

    async def _connect_and_serve(self) -> str:
        """Connect, prove that the store counts, and serve; returns why the link ended."""
        connection = self._class(**self._options)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connection.connect()
                self._digest = await _call(connection, "SCRIPT", "LOAD", self._script)
                await _call(connection, "EVALSHA", self._digest, *_PROBE)
            return await self._serve(connection)
        finally:
            await connection.disconnect(nowait=True)

    async def _serve(self, connection: AbstractConnection) -> str:
        lost = asyncio.get_running_loop().create_future()
        self._connection, self._lost = connection, lost
        self._has_work.clear()
        self._report_up()
        tasks = [
            asyncio.create_task(self._send(connection)),
            asyncio.create_task(self._receive(connection)),
        ]
        try:
            done, _ = await asyncio.wait({*tasks, lost}, return_when=asyncio.FIRST_COMPLETED)
            return "; ".join({_reason_of(each) for each in done})
        finally:
            self._connection = self._lost = None
            self._on_state(False)  # noqa: FBT003  a gauge's hand
            self._give_up()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, connection: AbstractConnection) -> None:
        """Send what has gathered since the last time, in one piece."""
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            outgoing, self._outgoing = self._outgoing, []
            await connection.send_packed_command(outgoing, check_health=False)

    async def _receive(self, connection: AbstractConnection) -> None:
        """Hand each answer to the question that it belongs to."""
        while True:
            answer = cast("Any", await connection.read_response(timeout=math.inf))
            question = self._waiting.popleft()
            if not question.done():
                question.set_result(answer)

    def _tick(self, oldest: "asyncio.Future[Any]", ticks: int) -> None:
        """Watch the oldest question; the link is lost when it waits too long."""
        if not self._waiting or self._lost is None or self._lost.done():
            self._is_watched = False
            return
        if self._waiting[0] is not oldest:
            oldest, ticks = self._waiting[0], 0
        if ticks < _PATIENT_TICKS:
            loop = asyncio.get_running_loop()
            loop.call_later(_TICK_SECONDS, self._tick, oldest, ticks + 1)
            return
        self._is_watched = False
        self._lost.set_result("it does not answer")
        self._give_up()

    def _give_up(self) -> None:
        """Let everybody who waits go on without the store."""
        self._outgoing.clear()
        waiting, self._waiting = self._waiting, deque()
        for question in waiting:
            if not question.done():
                question.set_exception(StoreAway())

    def _report_up(self) -> None:
        self._on_state(True)  # noqa: FBT003  a gauge's hand
        self._first_up.set()
        if self._last_reason:
            self._last_reason = ""
            _log.info("rate_limit_store_back")


async def _call(connection: AbstractConnection, *words: str | bytes | int) -> Any:  # noqa: ANN401  as redis types it
    await connection.send_command(*words, check_health=False)
    return cast("Any", await connection.read_response(timeout=math.inf))


def _reason_of(ended: "asyncio.Future[Any]") -> str:
    error = ended.exception()
    return str(ended.result()) if error is None else str(error) or type(error).__name__
