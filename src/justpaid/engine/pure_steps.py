"""Settles what reaches nowhere outside: skips, pure steps, and loops and branches as wholes.

Guarantee: nothing here waits but for its turn, and nothing else changes the run meanwhile, so that
what a plan asks for is done on the journal it was made from. What has to be looked up first is left
to the executor: `starts` are child runs to prepare, `has_lapsed` says that an approval's time is
over and nobody has looked whether it was decided.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from justpaid import exact_json
from justpaid.engine.contract import (
    Asks,
    Completed,
    ContainerHandler,
    EffectHandler,
    Failed,
    PureHandler,
    Starts,
    StepContext,
    StepHandler,
    StepResult,
)
from justpaid.engine.model import MAX_OUTPUT_BYTES, ErrorCode, StepRecord
from justpaid.engine.plan import Gather, Plan, Ready, failing_step
from justpaid.engine.run_state import RunState
from justpaid.engine.turns import Turns

_log: Final = structlog.get_logger(__name__)


def context_of(state: RunState, ready: Ready) -> StepContext:
    """Return what the handler of a step may know."""
    claimed, names = state.claimed, ready.frame.names.at(ready.now)
    revealed, secrets = None, state.secrets
    if secrets is not None and ready.node.step_type.is_effectful:
        revealed = {**names, "input": secrets.input}
    return StepContext(
        claimed.company_id,
        claimed.workflow_id,
        claimed.id,
        claimed.connection_id,
        ready.node,
        ready.path,
        ready.attempt,
        names,
        ready.now,
        revealed,
        () if secrets is None else secrets.texts,
    )


class PureSteps:
    """The part of one run's execution that only computes."""

    def __init__(
        self,
        handlers: Mapping[str, StepHandler],
        state: RunState,
        new_id: Callable[[], UUID],
        turns: Turns,
    ) -> None:
        self._handlers = handlers
        self._state = state
        self._new_id = new_id
        self._turns = turns
        self.starts: list[tuple[Ready, Starts]] = []
        self.has_lapsed = False

    async def act(self, found: Plan, now: datetime) -> bool:
        """Do what a plan asks for at once; False when there was nothing of the kind."""
        state = self._state
        for skip in found.skips:
            state.skip(skip)
        for faulty in found.faulty:
            failed = Failed(ErrorCode.TEMPLATE, faulty.message)
            state.settle(faulty.ready, faulty.ready.now, failed)
        has_acted = bool(found.skips or found.faulty or found.over or found.gathers)
        for ready in found.elapsed:
            await self._turns.take()
            has_acted |= self._resume(ready, now)
        for frame in found.over:
            if frame.container is not None:
                frame.container.close(frame, state.records)
        for gather in found.gathers:
            self._gather(gather)
        return await self._begin(found, now) or has_acted

    async def _begin(self, found: Plan, now: datetime) -> bool:
        has_acted = False
        for ready in found.ready:
            handler = self._handlers.get(ready.node.type)
            if not isinstance(handler, EffectHandler):
                await self._turns.take()
            if isinstance(handler, PureHandler):
                self._evaluate(ready, handler, now)
            elif isinstance(handler, ContainerHandler):
                self._open(ready, handler, now)
            elif handler is None:
                message = f"This release cannot run a step of type '{ready.node.type}'."
                self._state.settle(ready, now, Failed(ErrorCode.INTERNAL, message))
            else:
                continue
            has_acted = True
        return has_acted

    def _evaluate(self, ready: Ready, handler: PureHandler, now: datetime) -> None:
        result: StepResult
        try:
            result = handler.evaluate(context_of(self._state, ready))
        except Exception as error:
            result = _failed_type(ready, error)
        if isinstance(result, Asks):
            self._state.ask(ready, now, result, self._new_id())
        elif isinstance(result, Starts):
            self.starts.append((ready, result))
        else:
            self._state.settle(ready, now, result)

    def _resume(self, ready: Ready, now: datetime) -> bool:
        """Settle a step whose moment or answer has come; False where the answer is not known."""
        handler = self._handlers.get(ready.node.type)
        if not isinstance(handler, PureHandler):
            return False
        state = self._state
        answer = state.answers.get(ready.path)
        if handler.waits_for is not None and answer is None:
            self.has_lapsed = True
            return False
        started_at = state.records[ready.path].started_at or now
        context = context_of(state, ready)
        result: StepResult
        try:
            if answer is None:
                result = handler.resume(context, started_at, now)
            else:
                result = handler.hear(context, answer)
        except Exception as error:
            result = _failed_type(ready, error)
        if isinstance(result, Asks | Starts):
            raise TypeError("a step that was answered asks no further")
        state.settle(ready, started_at, result)
        return True

    def _open(self, ready: Ready, handler: ContainerHandler, now: datetime) -> None:
        """Begin with a container's rounds, or go on with them as they were first opened."""
        record = self._state.records.get(ready.path)
        text = None if record is None else record.input
        recorded = None if text is None else exact_json.stored(text)
        try:
            opens = handler.open(
                context_of(self._state, ready), recorded if isinstance(recorded, dict) else None
            )
            if isinstance(opens, Failed):
                self._state.settle(ready, now, opens)
            elif record is None and len(exact_json.encode(opens.input)) > MAX_OUTPUT_BYTES:
                message = "What the step goes through is larger than 1 MiB."
                self._state.settle(ready, now, Failed(ErrorCode.OUTPUT_TOO_LARGE, message))
            else:
                self._state.open(ready, now, opens)
        except Exception as error:
            self._state.settle(ready, now, _failed_type(ready, error))

    def _gather(self, gather: Gather) -> None:
        """Settle a container by what its rounds came to."""
        container, state = gather.container, self._state
        record = state.records[container.path]
        node, frame = container.node, container.frame
        handler = self._handlers.get(node.type)
        result: Completed | Failed
        if gather.failure is not None:
            result = _failed_inside(gather.failure)
        elif isinstance(handler, ContainerHandler):
            result = Completed(handler.gather(container.outputs(state.records)))
        else:
            raise TypeError(f"a step of type {node.type} has no rounds to gather")
        state.close_container(container)
        ready = Ready(frame, node, container.path, record.attempt, container.now)
        state.settle(ready, record.started_at or container.now, result)


def _failed_type(ready: Ready, error: Exception) -> Failed:
    _log.error("step_type_failed", type=ready.node.type, exc_info=error)
    return Failed(ErrorCode.INTERNAL, f"The step type failed: {type(error).__name__}.")


def _failed_inside(failure: StepRecord) -> Failed:
    """Tell a container's failure: what went wrong, and in which step inside."""
    error = failure.error or {}
    code, message = error.get("code"), error.get("message")
    return Failed(
        ErrorCode(code) if isinstance(code, str) else ErrorCode.INTERNAL,
        message if isinstance(message, str) else "A step inside failed.",
        details={"stepId": failing_step(failure)},
    )
