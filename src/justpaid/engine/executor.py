"""Advances one claimed run: plan, perform, record, until it ends, waits, or is lost.

Guarantee: an intent is committed, under this claim's fence, before its effect is sent; a pure
result no later than the next intent; every record of a run before its suspension or end; and an
effect is sent only while this worker's own lease clock has more than a second left.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from justpaid import exact_json
from justpaid.clock import to_wire
from justpaid.db.encryption import CannotOpen
from justpaid.engine import effects
from justpaid.engine.contract import Completed, EffectHandler, Failed, Resources
from justpaid.engine.follow_up import prepare_follow_up
from justpaid.engine.model import (
    JOURNAL_FORMAT,
    MAX_LOST_LEASES,
    MAX_OUTPUT_BYTES,
    Answer,
    ChildRun,
    End,
    Entry,
    ErrorCode,
    Journal,
    Question,
    RunStatus,
    Suspension,
)
from justpaid.engine.plan import EFFECT, TIMER, Plan, Stop, View, check_output, completion, plan
from justpaid.engine.pure_steps import PureSteps, context_of
from justpaid.engine.resolve import names_of_run
from justpaid.engine.run_state import ActiveRun, LeaseLost, RunState
from justpaid.errors import InvalidInput
from justpaid.exact_json import JsonObject

LEASE_MARGIN_SECONDS: Final = 1.0
LONGEST_WAIT_IN_WORKER: Final = timedelta(seconds=5)
_MOST_UNWRITTEN: Final = 1000

_log = structlog.get_logger(__name__)


async def advance(resources: Resources, run: ActiveRun, journal: Journal) -> None:
    """Take a claimed run as far as it goes now; raises LeaseLost.

    A run that cannot be advanced for a reason of ours fails visibly as INTERNAL.
    """
    claimed = run.claimed
    resources.at("claimed")
    try:
        program = await resources.load_program(
            claimed.company_id, claimed.workflow_id, claimed.version
        )
    except InvalidInput as error:
        told = "; ".join(f"{problem.field}: {problem.message}" for problem in error.problems[:5])
        return await _abort(resources, run, f"The stored definition cannot be run: {told}")
    if program is None:
        message = f"Version {claimed.version} of the workflow is not there."
        return await _abort(resources, run, message)
    if not journal.is_readable or claimed.format != JOURNAL_FORMAT:
        message = "The run's journal has a format that this release does not know."
        return await _abort(resources, run, message)
    try:
        secrets = await resources.read_secrets(claimed) if program.secret_places else None
    except CannotOpen as error:
        return await _abort(resources, run, f"The run's input cannot be opened: {error}.")
    company = await resources.load_company(claimed.company_id)
    state = RunState(
        claimed,
        program,
        names_of_run(claimed, program, company),
        journal,
        resources.clock,
        resources.random,
        resources.ending_types,
        resources.waits_for,
        secrets=secrets,
    )
    execution = Execution(resources, run, state)
    try:
        await execution.advance()
    except (LeaseLost, asyncio.CancelledError):
        raise
    except Exception as error:
        _log.exception("run_cannot_advance", run_id=str(claimed.id))
        await _abort(resources, run, f"The engine failed: {type(error).__name__}.")
    finally:
        await execution.drop_effects()


async def _abort(resources: Resources, run: ActiveRun, message: str) -> None:
    claimed = run.claimed
    error = exact_json.encode_text({"code": ErrorCode.INTERNAL, "message": message, "stepId": None})
    entry = Entry(claimed.id, claimed.fence, claimed.origin_run_id)
    run.is_closing = True
    end = End(entry, RunStatus.FAILED, None, error, claimed.parent_run_id)
    finished = await resources.writes.finish(end)
    if finished is not None:
        resources.on_finished(finished)


class Execution:
    """One claimed run while this worker advances it."""

    def __init__(self, resources: Resources, run: ActiveRun, state: RunState) -> None:
        self._resources = resources
        self._run = run
        self._state = state
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._arrivals: list[tuple[effects.Sending, Completed | Failed]] = []
        self._pure = PureSteps(resources.handlers, state, resources.new_id, resources.turns)
        self._heard_wakes = -1
        self._view = View(
            state.records,
            self._tasks.keys(),
            None,
            state.endings,
            state.containers,
            state.waits_for,
            state.answers.keys(),
        )
        claimed = run.claimed
        limit = timedelta(milliseconds=state.program.settings.timeout_ms - claimed.ran_ms)
        self._running_until = claimed.claimed_at + limit

    async def advance(self) -> None:
        """Plan and act until the run ends, is suspended, or is handed back."""
        if self._run.claimed.expiries:
            self._state.note("warning", None, "The run's worker was lost; another one goes on.")
        if self._run.claimed.expiries >= MAX_LOST_LEASES:
            await self._give_up()
        else:
            await self._go_on()

    async def _go_on(self) -> None:
        while True:
            self._run.changed.clear()
            await self._take_arrivals()
            if self._run.wakes != self._heard_wakes:
                await self._hear()
            next_plan = await self._settle_pure()
            if next_plan.is_over:
                return await self._finish(next_plan)
            if not self._run.is_stopping:
                if await self._start_effects(next_plan) or next_plan.is_partial:
                    continue
            elif not self._tasks:
                return await self._hand_back()
            if self._arrivals:
                continue
            if await self._rest(next_plan):
                return None

    async def drop_effects(self) -> None:
        """Cancel what is in flight: the run is no longer ours, or over."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # Pure steps

    async def _settle_pure(self) -> Plan:
        """Evaluate everything that reaches nowhere outside; return what is left to do."""
        while True:
            await self._resources.turns.take()
            now = self._resources.clock()
            found = self._plan(now)
            has_acted = await self._pure.act(found, now)
            if self._pure.starts:
                await self._start_children(now)
            elif self._pure.has_lapsed:
                await self._hear()
            elif not has_acted:
                return found
            if len(self._state.entry.steps) >= _MOST_UNWRITTEN:
                await self._record()

    def _plan(self, now: datetime) -> Plan:
        state = self._state
        if self._run.cancel_at is not None:
            self._halt(Stop(RunStatus.CANCELLED))
        elif self._view.halted is None and state.is_full:
            self._halt(Stop.too_large("The run's journal would be larger than 32 MiB."))
        found = plan(state.frame, self._view, now)
        if found.stop is None and now >= self._running_until and not found.is_over:
            message = f"The run took longer than {state.program.settings.timeout_ms} ms."
            error: JsonObject = {"code": ErrorCode.TIMEOUT, "message": message}
            self._halt(Stop(RunStatus.TIMED_OUT, error))
            return plan(state.frame, self._view, now)
        return found

    def _halt(self, stop: Stop) -> None:
        """Start nothing new from here on, and end like this."""
        self._view = replace(self._view, halted=stop)

    # Answers and child runs

    async def _hear(self) -> None:
        """Read what waiting steps have been told; wake-ups up to here are taken in with it."""
        self._heard_wakes = self._run.wakes
        self._pure.has_lapsed = False
        state, now = self._state, self._resources.clock()
        paths = state.list_asked()
        if not paths:
            return
        question = Question(self._run.claimed.id, tuple(paths), now)
        for answer in await self._resources.read_answers(question):
            state.answers[answer.path] = answer
        for path in paths:
            due_at = state.records[path].due_at
            if path not in state.answers and due_at is not None and due_at <= now:
                state.answers[path] = Answer(path, "expired", {})

    async def _start_children(self, now: datetime) -> None:
        """Prepare child runs; they are accepted with the next commit."""
        starts, self._pure.starts = self._pure.starts, []
        for ready, wanted in starts:
            prepared: ChildRun | Completed | Failed
            if self._resources.children is None:
                prepared = Failed(ErrorCode.INTERNAL, "No child run can be started here.")
            else:
                prepared = await self._resources.children.prepare(
                    self._run.claimed, ready.path, wanted
                )
            if isinstance(prepared, ChildRun):
                self._state.start_child(ready, now, wanted, prepared)
            else:
                result = replace(prepared, input=prepared.input or wanted.input)
                self._state.settle(ready, now, result)

    # Effects

    async def _start_effects(self, found: Plan) -> bool:
        """Commit the intents of what is ready, then send; True when a step settled instead."""
        sendings: list[effects.Sending] = []
        has_settled = False
        for ready in found.ready:
            handler = self._resources.handlers.get(ready.node.type)
            if not isinstance(handler, EffectHandler):
                continue
            await self._resources.turns.take()
            now, new_id = self._resources.clock(), self._resources.new_id
            sending = await effects.intend(
                self._state, ready, handler, context_of(self._state, ready), now, new_id
            )
            if sending is None:
                has_settled = True
            else:
                sendings.append(sending)
        if not sendings:
            return has_settled
        self._resources.at("before_intent")
        await self._record()
        self._resources.at("intent_recorded")
        for sending in sendings:
            path = sending.ready.path
            self._tasks[path] = asyncio.create_task(self._perform(sending))
        return has_settled

    async def _perform(self, sending: effects.Sending) -> None:
        while self._run.lease_until - self._resources.monotonic() <= LEASE_MARGIN_SECONDS:
            self._run.renewed.clear()
            await self._run.renewed.wait()
        result = await effects.perform(sending)
        self._resources.at("effect_done")
        self._arrivals.append((sending, result))
        self._run.changed.set()

    async def _take_arrivals(self) -> None:
        is_urgent = False
        for sending, result in self._arrivals:
            del self._tasks[sending.ready.path]
            effects.receive(self._state, sending, result)
            is_urgent |= sending.terms.effect_class in effects.UNREPEATABLE
        self._arrivals.clear()
        if is_urgent:
            await self._record()

    async def _record(self) -> None:
        if self._state.has_unwritten:
            entry = self._state.take_entry()
            if not await self._resources.writes.record(entry):
                raise LeaseLost
            self._tell_held(entry)
            self._resources.at("recorded")

    def _tell_held(self, entry: Entry) -> None:
        if any(child.run.held for child in entry.children):
            self._resources.on_held()

    # Waiting

    async def _rest(self, found: Plan) -> bool:
        """Wait for what comes next; True when the run was suspended instead."""
        moments = [wait.until for wait in found.waits if wait.until is not None]
        now = self._resources.clock()
        first = min(moments, default=None)
        is_idle = not self._tasks and not self._run.is_stopping
        is_short = first is not None and first - now <= LONGEST_WAIT_IN_WORKER
        if is_idle and not (is_short and all(wait.kind == TIMER for wait in found.waits)):
            return await self._suspend(found, first)
        await self._record()
        if self._arrivals:
            return False
        if found.stop is None:
            moments.append(self._running_until)
        await self._wait(max((min(moments) - now).total_seconds(), 0.0) if moments else None)
        return False

    async def _wait(self, seconds: float | None) -> None:
        """Wait until something happens that is to be looked at, or for so long."""
        changed = self._run.changed
        if seconds is None:
            await changed.wait()
            return
        timer = asyncio.get_running_loop().call_later(seconds, changed.set)
        try:
            await changed.wait()
        finally:
            timer.cancel()

    async def _suspend(self, found: Plan, due_at: datetime | None) -> bool:
        """Free the worker; what is due first is what the run waits for."""
        now = self._resources.clock()
        first = min(found.waits, key=lambda wait: (wait.until is None, wait.until or now))
        waiting_for: JsonObject = {
            "kind": first.kind,
            "until": None if first.until is None else to_wire(first.until),
            "stepPath": first.path,
        }
        self._run.is_closing = True
        entry = self._state.take_entry()
        text = exact_json.encode_text(waiting_for)
        # What is said of an effect in doubt is read with the claim: a wake-up since may be that.
        is_in_doubt = any(wait.kind == EFFECT for wait in found.waits)
        wakes = self._run.claimed.wakes if is_in_doubt else self._heard_wakes
        suspension = Suspension(entry, wakes, due_at, text)
        if await self._resources.writes.suspend(suspension) is None:
            raise LeaseLost
        self._tell_held(entry)
        self._resources.at("suspended")
        return True

    # The end

    async def _finish(self, found: Plan) -> None:
        state = self._state
        stop = found.stop or completion(state.program, state.frame, state.records)
        stop = check_output(state.program, stop)
        state.cancel_open()
        await self._end(stop)

    async def _end(self, stop: Stop) -> None:
        raw = b"" if stop.output is None else exact_json.encode(stop.output)
        if len(raw) > MAX_OUTPUT_BYTES:
            stop, raw = Stop.too_large("The run's output is larger than 1 MiB."), b""
        error = None if stop.error is None else {"stepId": None, **stop.error}
        follow_up = await prepare_follow_up(
            self._resources.children, self._state, stop, self._resources.clock()
        )
        self._resources.at("before_finish")
        self._run.is_closing = True
        end = End(
            self._state.take_entry(),
            stop.status,
            raw.decode() or None,
            None if error is None else exact_json.encode_text(error),
            self._run.claimed.parent_run_id,
            follow_up,
        )
        finished = await self._resources.writes.finish(end)
        if finished is None:
            raise LeaseLost
        if follow_up is not None and follow_up.run.held:
            self._resources.on_held()
        self._resources.at("finished")
        self._resources.on_finished(finished)

    async def _give_up(self) -> None:
        """End a run that lost its worker again and again: it may be what kills them."""
        effects.abandon(self._state)
        self._state.cancel_open()
        message = f"The run lost its worker {self._run.claimed.expiries} times without progress."
        error: JsonObject = {"code": ErrorCode.WORKER_LOST, "message": message}
        await self._end(Stop(RunStatus.FAILED, error))

    async def _hand_back(self) -> None:
        await self._record()
        self._run.is_closing = True
        await self._resources.writes.hand_back(self._run.owner)
