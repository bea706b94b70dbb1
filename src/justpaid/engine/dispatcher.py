"""Decides when to claim, keeps leases alive, fires timers: one worker's clockwork.

Guarantee: a run that should move is found by its notification, by the fallback claim, or by its due
moment; a run whose lease was lost is dropped at once; a graceful stop hands every run back. A run's
time is the database's, whatever the worker's own clock says.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from justpaid.clock import MonotonicClock, clock_since
from justpaid.db.pool import Connection
from justpaid.engine import claims, journal
from justpaid.engine.contract import Resources
from justpaid.engine.executor import advance
from justpaid.engine.lanes import Connect, HeldConnection, Lane
from justpaid.engine.model import (
    Answer,
    ClaimedRun,
    End,
    Entry,
    Finished,
    Journal,
    Owner,
    Question,
    RunStatus,
    Suspension,
)
from justpaid.engine.questions import read_answers
from justpaid.engine.run_state import ActiveRun, LeaseLost
from justpaid.engine.slots import Share, next_share

_CLAIM_BATCH: Final = 64
_FALLBACK_SECONDS: Final = 5.0
_LONGEST_TIMER_SECONDS: Final = 0.5
_DUE_BATCH: Final = 500
_RENEW_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.2
_RESERVE_SECONDS: Final = 0.02  # between two looks for what may have a reserved slot
_NIL: Final = UUID(int=0)

_log = structlog.get_logger(__name__)


class WorkerLanes:
    """The lanes of one worker: records, ends and suspensions of its runs, gathered."""

    def __init__(self, connect: Connect, observe_batch: Callable[[str, int], None]) -> None:
        self._record: Lane[Entry, bool] = Lane(
            connect, journal.record, observe_batch=lambda size: observe_batch("record", size)
        )
        self._finish: Lane[End, Finished | None] = Lane(
            connect, journal.finish, observe_batch=lambda size: observe_batch("finish", size)
        )
        self._suspend: Lane[Suspension, RunStatus | None] = Lane(
            connect, journal.suspend, observe_batch=lambda size: observe_batch("suspend", size)
        )
        self._hand_back: Lane[Owner, None] = Lane(connect, _hand_back)
        self._answers: Lane[Question, list[Answer]] = Lane(connect, read_answers)

    async def record(self, entry: Entry) -> bool:
        """Write rows; False when the run is another worker's."""
        return await self._record.submit(entry)

    async def finish(self, end: End) -> Finished | None:
        """End the run; None when it is another worker's."""
        return await self._finish.submit(end)

    async def suspend(self, suspension: Suspension) -> RunStatus | None:
        """Free the worker; None when the run is another worker's."""
        return await self._suspend.submit(suspension)

    async def hand_back(self, owner: Owner) -> None:
        """Put the run back among the waiting."""
        await self._hand_back.submit(owner)

    async def read_answers(self, question: Question) -> list[Answer]:
        """Return what a run's waiting steps have been told."""
        return await self._answers.submit(question)

    async def open(self) -> None:
        """Open the connections ahead of the first run."""
        await self._record.open()
        await self._finish.open()

    async def close(self) -> None:
        """Close the lanes; what was not committed is refused."""
        for lane in (self._record, self._finish, self._suspend, self._hand_back):
            await lane.close()
        await self._answers.close()


async def _hand_back(connection: Connection, owners: Sequence[Owner]) -> Sequence[None]:
    await journal.hand_back_runs(connection, owners)
    return [None] * len(owners)


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """A worker's measures. `grace_seconds`: how long a stop waits for effects in flight."""

    slots: int = 64
    lease_seconds: float = 10.0
    grace_seconds: float = 20.0
    fallback_seconds: float = _FALLBACK_SECONDS
    renew_seconds: float = _RENEW_SECONDS


class Dispatcher:
    """Claims runs for one worker and keeps them until they end, wait or are lost."""

    def __init__(
        self,
        resources: Resources,
        connect: Connect,
        options: DispatcherOptions,
        *,
        load_limit: Callable[[UUID, UUID], Awaitable[int | None]],
        observe_claim: Callable[[Sequence[ClaimedRun]], None] = lambda _: None,
    ) -> None:
        """`load_limit` tells the present maxConcurrentRuns of a company's workflow."""
        self._observe_finished = resources.on_finished
        self._release_asked = asyncio.Event()
        self._resources = replace(
            resources, on_finished=self._finished, on_held=self._release_asked.set
        )
        self._connect = connect
        self._options = options
        self._load_limit = load_limit
        self._observe_claim = observe_claim
        self._monotonic: MonotonicClock = resources.monotonic
        self._active: dict[UUID, ActiveRun] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._work = asyncio.Event()
        self._attention = asyncio.Event()  # the renewer should not wait for its interval
        self._is_full = False  # a slot that gets free is worth a claim
        self._reserve_opens_at = self._monotonic()
        self._looked_up_to = _NIL
        self._is_stopping = False

    @property
    def slots_used(self) -> int:
        """How many runs this worker holds."""
        return len(self._active)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then hand back what is held, and return."""
        duties = [
            asyncio.create_task(duty)
            for duty in (
                self._kept(self._claim),
                self._kept(self._wake_due),
                self._kept(self._renew),
                self._kept(self._release),
                self._listen(),
            )
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *duties], return_when=asyncio.FIRST_COMPLETED)
            self._is_stopping = True
            duties[0].cancel()
            await self._hand_back_all()
        finally:
            for task in (stopping, *duties, *self._tasks.values()):
                task.cancel()
            await asyncio.gather(stopping, *duties, *self._tasks.values(), return_exceptions=True)

    async def _kept(self, duty: Callable[[HeldConnection], Coroutine[None, None, None]]) -> None:
        """Keep up one duty on a connection of its own, through every failure of the database."""
        held = HeldConnection(self._connect)
        try:
            while True:
                try:
                    await duty(held)
                except Exception as error:
                    _log.warning("worker_duty_failed", duty=duty.__name__, error=repr(error))
                    held.discard()
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await held.close()

    # Claiming

    async def _claim(self, held: HeldConnection) -> None:
        self._work.clear()
        share = next_share(
            self._options.slots,
            (run.claimed.company_id for run in self._active.values()),
            len(self._active),
        )
        if share is None:
            self._is_full = True
            await _wait(self._work, self._options.fallback_seconds)
            return
        if share.is_reserved and (pause := self._reserve_opens_at - self._monotonic()) > 0:
            await _wait(self._work, pause)
            return
        asked = min(share.most, _CLAIM_BATCH)
        # Taken before the statement: the database's clock starts the lease later than ours.
        asked_at = self._monotonic()
        connection = await held.get()
        claimed = await self._take(connection, share, asked)
        if claimed:
            await self._start(connection, claimed, asked_at)
        self._is_full = share.is_reserved or len(claimed) == asked
        if len(claimed) < asked:
            await _wait(self._work, self._options.fallback_seconds)

    async def _take(self, connection: Connection, share: Share, asked: int) -> list[ClaimedRun]:
        lease_seconds = self._options.lease_seconds
        if not share.is_reserved:
            return await claims.claim_runs(connection, asked, lease_seconds)
        self._reserve_opens_at = self._monotonic() + _RESERVE_SECONDS
        claimed = await claims.claim_reserved_runs(
            connection, asked, lease_seconds, share.at_cap, self._looked_up_to
        )
        self._looked_up_to = max((run.company_id for run in claimed), default=_NIL)
        return claimed

    async def _start(
        self, connection: Connection, claimed: Sequence[ClaimedRun], asked_at: float
    ) -> None:
        # All workers go by the database's clock: a timer is neither early nor late by one of ours.
        clock = clock_since(claimed[0].claimed_at, self._monotonic(), self._monotonic)
        resources = replace(self._resources, clock=clock)
        known = [run for run in claimed if run.fence > 1]
        journals = await journal.load_journals(connection, known) if known else {}
        self._observe_claim(claimed)
        for run in claimed:
            active = ActiveRun(run, asked_at + self._options.lease_seconds)
            if run.id in self._tasks:  # ours until its lease was lost, and nobody told us
                self._tasks[run.id].cancel()
            self._active[run.id] = active
            stored = journals.get(run.id) or Journal()
            task = asyncio.create_task(self._advance(resources, active, stored))
            self._tasks[run.id] = task

    async def _advance(self, resources: Resources, run: ActiveRun, stored: Journal) -> None:
        try:
            await advance(resources, run, stored)
        except LeaseLost:
            _log.info("lease_lost", run_id=str(run.claimed.id))
        except Exception:
            _log.exception("run_left_to_its_lease", run_id=str(run.claimed.id))
        finally:
            # A newer claim of the same run may stand here already.
            if self._active.get(run.claimed.id) is run:
                del self._active[run.claimed.id]
                del self._tasks[run.claimed.id]
            if self._is_full:
                self._work.set()

    # Leases and timers

    async def _renew(self, held: HeldConnection) -> None:
        await _wait(self._attention, self._options.renew_seconds)
        self._attention.clear()
        runs = list(self._active.values())  # those that end as well: their commit may take its time
        if not runs:
            return
        lease_until = self._monotonic() + self._options.lease_seconds
        renewed = await journal.renew_leases(
            await held.get(), [run.owner for run in runs], self._options.lease_seconds
        )
        for run in runs:
            told = renewed.get(run.owner)
            if told is not None:
                run.lease_until = lease_until
                run.renewed.set()
                if told.wakes != run.wakes:  # a cancel, or an answer to what it waits for
                    run.wakes, run.cancel_at = told.wakes, told.cancel_at
                    run.changed.set()
            elif not run.is_closing:
                task = self._tasks.get(run.claimed.id)
                if task is not None and self._active.get(run.claimed.id) is run:
                    _log.info("lease_lost", run_id=str(run.claimed.id))
                    task.cancel()

    async def _wake_due(self, held: HeldConnection) -> None:
        woken, next_in_seconds = await journal.wake_due(await held.get(), _DUE_BATCH)
        if woken < _DUE_BATCH:
            pause = _LONGEST_TIMER_SECONDS if next_in_seconds is None else next_in_seconds
            await asyncio.sleep(min(max(pause, 0.001), _LONGEST_TIMER_SECONDS))

    # maxConcurrentRuns

    def _finished(self, finished: Finished) -> None:
        self._observe_finished(finished)
        if finished.release is not None:
            self._release_asked.set()

    async def _release(self, held: HeldConnection) -> None:
        await _wait(self._release_asked, self._options.fallback_seconds)
        self._release_asked.clear()
        connection = await held.get()
        waiting = await journal.list_held_workflows(connection)
        if waiting:
            limits = {
                workflow_id: await self._load_limit(company_id, workflow_id)
                for company_id, workflow_id in waiting
            }
            await journal.release(connection, limits)

    # Notifications

    async def _listen(self) -> None:
        """Hold a listening connection; make a new one, and look again, whenever it is lost."""
        while True:
            closed = asyncio.Event()
            connection: asyncpg.Connection[asyncpg.Record] | None = None
            try:
                connection = await self._connect()
                connection.add_termination_listener(lambda _, closed=closed: closed.set())
                await connection.add_listener(journal.RUNS_CHANNEL, self._hear)
                self._work.set()
                self._attention.set()
                await closed.wait()
            except Exception as error:
                _log.warning("listener_lost", error=repr(error))
            finally:
                if connection is not None:
                    connection.terminate()
            await asyncio.sleep(_PAUSE_SECONDS)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Look at what a notification names: runs held here, or anything that waits."""
        if not isinstance(payload, str) or not payload:
            self._work.set()
            return
        for text in payload.split(","):
            with contextlib.suppress(ValueError):
                if UUID(text) in self._active:
                    self._attention.set()
                else:
                    self._work.set()

    # Stopping

    async def _hand_back_all(self) -> None:
        for run in self._active.values():
            run.is_stopping = True
            run.changed.set()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self._options.grace_seconds)
        left = list(self._active.values())
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for run in left:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._resources.writes.hand_back(run.owner), 1.0)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
