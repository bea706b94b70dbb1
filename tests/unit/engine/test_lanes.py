"""Group commit: what goes together, what fails alone, what is repeated."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import pytest

from justpaid.db.pool import Connection
from justpaid.engine.lanes import Lane
from justpaid.errors import Unavailable


class FakeConnection:
    """A connection that can be dropped."""

    def __init__(self) -> None:
        self.is_dropped = False

    def is_closed(self) -> bool:
        """Tell whether it was dropped."""
        return self.is_dropped

    def terminate(self) -> None:
        """Drop it."""
        self.is_dropped = True

    async def close(self, **_: float) -> None:
        """Close it in good order."""
        self.is_dropped = True


class Flushes:
    """Notes each flush; `fail` decides what goes wrong; `gate` holds flushes back."""

    def __init__(self, fail: Callable[[list[int]], Exception | None] = lambda _: None) -> None:
        self.batches: list[list[int]] = []
        self.connections: list[FakeConnection] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.fail = fail

    async def connect(self) -> Any:
        """Open a connection."""
        connection = FakeConnection()
        self.connections.append(connection)
        return connection

    async def flush(self, _: Connection, items: Sequence[int]) -> list[int]:
        """Note a batch and answer ten times each item."""
        self.batches.append(list(items))
        await self.gate.wait()
        error = self.fail(list(items))
        if error is not None:
            raise error
        return [10 * item for item in items]

    def lane(self, **options: Any) -> Lane[int, int]:
        """Make a lane that flushes here."""
        return Lane(self.connect, self.flush, **options)


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_idle_lane_flushes_at_once() -> None:
    """One submission alone waits for nobody, and gets its own answer."""
    flushes = Flushes()
    assert await flushes.lane().submit(4) == 40
    assert flushes.batches == [[4]]


async def test_what_comes_during_a_flush_goes_together() -> None:
    """Submissions gather while a flush is under way, in order, up to the most at once."""
    flushes = Flushes()
    lane = flushes.lane(most=3)
    flushes.gate.clear()
    tasks = [asyncio.create_task(lane.submit(0))]
    await _settled()
    tasks += [asyncio.create_task(lane.submit(number)) for number in range(1, 6)]
    await _settled()
    flushes.gate.set()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40, 50]
    assert flushes.batches == [[0], [1, 2, 3], [4, 5]]
    assert len(flushes.connections) == 1


async def test_what_comes_turn_by_turn_goes_together() -> None:
    """While a busy loop brings more each turn a flush waits for it, and never without end."""
    flushes = Flushes()
    lane = flushes.lane()

    async def submit_late(turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await lane.submit(turns)

    async with asyncio.TaskGroup() as group:
        for turns in range(60):
            group.create_task(submit_late(turns))
    sizes = [len(batch) for batch in flushes.batches]
    assert sum(sizes) == 60
    assert 1 < max(sizes) < 30


async def test_a_bad_row_fails_alone() -> None:
    """After a data error the batch is repeated one by one: only the bad one's submitter hears."""
    flushes = Flushes(lambda items: asyncpg.DataError("bad") if 2 in items else None)
    lane = flushes.lane()
    tasks = [asyncio.create_task(lane.submit(number)) for number in (1, 2, 3)]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[0] == 10
    assert isinstance(answers[1], asyncpg.DataError)
    assert answers[2] == 30
    assert flushes.batches == [[1, 2, 3], [1], [2], [3]]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("broken"),
        asyncpg.AdminShutdownError("stopping"),
        asyncpg.CannotConnectNowError("starting"),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_passes_is_repeated_on_a_new_connection(error: Exception) -> None:
    """A deadlock or a lost connection is repeated as it was; no connection outlives its error."""
    failures = [error]
    flushes = Flushes(lambda _: failures.pop() if failures else None)
    assert await flushes.lane().submit(1) == 10
    assert flushes.batches == [[1], [1]]
    assert [connection.is_dropped for connection in flushes.connections] == [True, False]


async def test_a_lane_with_a_limit_gives_up() -> None:
    """Whoever must answer a caller hears that the database is away; the lane works on after."""
    failures = [OSError()] * 3
    flushes = Flushes(lambda _: failures.pop() if failures else None)
    lane = flushes.lane(give_up_after_seconds=0.0)
    with pytest.raises(Unavailable):
        await lane.submit(1)
    failures.clear()
    assert await lane.submit(2) == 20


async def test_a_submitter_that_left_is_not_flushed() -> None:
    """What nobody waits for any more, because its lease was lost, is not written."""
    flushes = Flushes()
    lane = flushes.lane()
    flushes.gate.clear()
    first, second, third = (asyncio.create_task(lane.submit(number)) for number in (1, 2, 3))
    await _settled()
    late = asyncio.create_task(lane.submit(4))
    await _settled()
    late.cancel()
    flushes.gate.set()
    assert await asyncio.gather(first, second, third) == [10, 20, 30]
    await _settled()
    assert flushes.batches == [[1, 2, 3]]


async def test_closing_lets_submitters_go() -> None:
    """Nobody waits for ever on a lane that is closed."""
    flushes = Flushes()
    lane = flushes.lane()
    flushes.gate.clear()
    task = asyncio.create_task(lane.submit(1))
    await _settled()
    await lane.close()
    await asyncio.wait([task])
    assert task.cancelled()
    assert flushes.connections[0].is_dropped
