"""Runs one version of a workflow without effects, by the engine's own plan; stores nothing."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from justpaid import clock, exact_json
from justpaid.engine.contract import Resources, StepHandler
from justpaid.engine.executor import advance
from justpaid.engine.model import (
    JOURNAL_FORMAT,
    ClaimedRun,
    End,
    Entry,
    Finished,
    Journal,
    Owner,
    RunStatus,
    StepRecord,
    Suspension,
)
from justpaid.engine.resolve import CompanyFacts
from justpaid.engine.run_state import ActiveRun
from justpaid.engine.sealed import RunSecrets
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import new_id
from justpaid.trials.handlers import Notes, trial_handlers
from justpaid.workflows.program import Program

_TRIGGER: Final = "api"
_GIVE_UP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """What is tried: a compiled version, its input, and outputs to take for granted by step id.

    `input` is what may be shown; `secrets` is what it hides.
    """

    company_id: UUID
    workflow_id: UUID
    version: int
    program: Program
    company: CompanyFacts
    input: JsonObject
    mocks: Mapping[str, JsonValue]
    connection_id: UUID | None = None
    secrets: RunSecrets | None = None


@dataclass(slots=True)
class Trial:
    """What a trial came to; `would_do` says by path what would have left."""

    notes: Notes
    steps: dict[str, StepRecord] = field(default_factory=dict)
    status: RunStatus = RunStatus.RUNNING
    output: str | None = None
    error: str | None = None


class _Paper:
    """Takes a trial's records in the place of the database."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    async def record(self, entry: Entry) -> bool:
        """Keep the rows."""
        for step in entry.steps:
            before = self._trial.steps.get(step.path)
            if before is None or step.input is not None:
                self._trial.steps[step.path] = step
            else:  # an effect's input came with its intent
                self._trial.steps[step.path] = replace(step, input=before.input)
        return True

    async def finish(self, end: End) -> Finished | None:
        """Keep the end."""
        await self.record(end.entry)
        trial = self._trial
        trial.status, trial.output, trial.error = end.status, end.output, end.error
        return Finished(end.status, None)

    async def suspend(self, suspension: Suspension) -> RunStatus | None:
        """Keep that the run would wait for something that a trial cannot pass over."""
        await self.record(suspension.entry)
        self._trial.status = RunStatus.SUSPENDED
        return RunStatus.SUSPENDED

    async def hand_back(self, owner: Owner) -> None:
        """Fail: a trial's worker never stops before it."""
        raise RuntimeError(f"the trial {owner.run_id} was handed back")


async def run_trial(handlers: Mapping[str, StepHandler], order: TrialOrder) -> Trial:
    """Run it to its end, or as far as the bounds of a trial."""
    run = ActiveRun(_claimed(order), float("inf"))
    notes = Notes(order.mocks, clock.monotonic)

    def stop() -> None:
        run.cancel_at = clock.now()

    notes.stop = stop
    trial = Trial(notes)

    async def load_program(*_: Any) -> Program:  # noqa: ANN401  whatever is asked for, it is this
        return order.program

    async def load_company(_: UUID) -> CompanyFacts:
        return order.company

    async def read_secrets(_: ClaimedRun) -> RunSecrets | None:
        return order.secrets

    resources = Resources(
        writes=_Paper(trial),
        handlers=trial_handlers(handlers, notes),
        load_program=load_program,
        load_company=load_company,
        clock=clock.now,
        monotonic=clock.monotonic,
        random=random.random,
        new_id=new_id,
        at=lambda _: None,
        on_finished=lambda _: None,
        read_secrets=read_secrets,
    )
    try:
        async with asyncio.timeout(_GIVE_UP_SECONDS):
            await advance(resources, run, Journal())
    except TimeoutError:
        notes.cut_short = notes.cut_short or f"A test takes at most {_GIVE_UP_SECONDS:g} s."
        trial.status = RunStatus.CANCELLED
    return trial


def _claimed(order: TrialOrder) -> ClaimedRun:
    now, run_id = clock.now(), new_id()
    return ClaimedRun(
        id=run_id,
        company_id=order.company_id,
        workflow_id=order.workflow_id,
        version=order.version,
        fence=1,
        wakes=0,
        expiries=0,
        cancel_at=None,
        origin_run_id=run_id,
        parent_run_id=None,
        depth=0,
        started_at=now,
        claimed_at=now,
        ran_ms=0,
        trigger_type=_TRIGGER,
        trigger=None,
        connection_id=order.connection_id,
        input=exact_json.encode_text(order.input),
        format=JOURNAL_FORMAT,
        created_at=now,
    )
