"""What the routes of this room work with: made once at composition, kept as `app.state.runs`."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from justpaid.audit.service import AuditLog
from justpaid.db.encryption import KeyRing
from justpaid.db.pool import Pool
from justpaid.engine.journal import Accepted, accept_runs, release
from justpaid.engine.lanes import Connect, Lane
from justpaid.engine.model import NewRun
from justpaid.runs.effect_resolution import EffectResolver
from justpaid.runs.input_check import KeyReporter
from justpaid.runs.model import StartedRun
from justpaid.runs.records import Outlines, RecordReader
from justpaid.runs.service import RunControl
from justpaid.runs.start_facts import StartFactsReader
from justpaid.runs.starter import RunStarter
from justpaid.runs.streams import MayRead, Streams
from justpaid.runs.waiters import Waiters
from justpaid.workflows.step_types import StepType

_GIVE_UP_AFTER_SECONDS: Final = 10.0

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunsRoom:
    """The parts, wired by `make_room`; `open` before the first request, `close` after the last."""

    pool: Pool
    facts: StartFactsReader
    accept: Lane[NewRun, Accepted]
    starter: RunStarter
    control: RunControl
    resolver: EffectResolver
    waiters: Waiters
    streams: Streams
    outlines: Outlines
    records: RecordReader

    async def open(self) -> None:
        """Connect, and begin to listen for ended runs."""
        await self.facts.open()
        await self.accept.open()
        await self.records.open()
        await self.waiters.start()
        await self.streams.start()

    async def close(self) -> None:
        """Let waiting callers go and give the connections back."""
        await self.streams.stop()
        await self.waiters.stop()
        await self.records.close()
        await self.accept.close()
        await self.facts.close()

    def let_callers_go(self) -> None:
        """Answer everyone who waits or listens: the process is about to stop."""
        self.streams.end_all()
        self.waiters.end_all()

    def cut_off(self, owners: Container[object] | None) -> None:
        """End the waits and streams of API keys whose terms have changed; None: of any."""
        self.streams.cut_streams_of(owners)
        self.waiters.end_waits_of(owners)

    async def let_in_started(self, started: StartedRun) -> None:
        """Let a started run in, if it was accepted under its workflow's limit."""
        if started.release_limit is not None:
            await self.let_in(started.workflow_id, started.release_limit)

    async def let_in(self, workflow_id: UUID, limit: int | None) -> None:
        """Let held runs of a workflow in up to its limit, once what changed it has committed.

        What fails here is made good by the workers' fallback claim: the act itself stands.
        """
        try:
            async with self.pool.acquire() as connection:
                await release(connection, {workflow_id: limit})
        except Exception as error:  # the run is accepted or cancelled already
            _log.warning("release_left_to_workers", error=repr(error))


def make_room(
    pool: Pool,
    connect: Connect,
    audit: AuditLog,
    step_types: Mapping[str, StepType],
    secret: bytes,
    keys: KeyRing,
    *,
    may_read: MayRead,
    report_keys: KeyReporter | None = None,
    observe_batch: Callable[[int], None] | None = None,
) -> RunsRoom:
    """Wire the room.

    `connect` opens a connection of one's own, with the lanes' settings. `secret` keys the hashes
    of inputs, `keys` seal what of them is writeOnly. `may_read` judges open streams anew.
    `report_keys` is told of API keys found in an input; `observe_batch` how many starts were
    committed together.
    """
    facts = StartFactsReader(connect, pool)
    outlines = Outlines()
    accept: Lane[NewRun, Accepted] = Lane(
        connect,
        accept_runs,
        give_up_after_seconds=_GIVE_UP_AFTER_SECONDS,
        observe_batch=observe_batch,
    )
    return RunsRoom(
        pool=pool,
        facts=facts,
        accept=accept,
        starter=RunStarter(facts, accept.submit, secret, keys, report_keys),
        control=RunControl(audit, step_types, keys, report_keys),
        resolver=EffectResolver(audit),
        waiters=Waiters(connect),
        streams=Streams(connect, may_read),
        outlines=outlines,
        records=RecordReader(connect, outlines),
    )
