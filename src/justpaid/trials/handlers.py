"""Step types as a trial performs them: what computes computes, what reaches outside only says so.

Guarantee: nothing leaves and nobody is asked, whatever the step; the work of one trial is bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from justpaid.clock import MonotonicClock, to_wire
from justpaid.connectors.model import EffectClass
from justpaid.engine.contract import (
    Asks,
    Completed,
    ContainerHandler,
    EffectHandler,
    Failed,
    Intent,
    Opens,
    PureHandler,
    Round,
    Starts,
    StepContext,
    StepHandler,
    StepResult,
    Waits,
)
from justpaid.engine.model import ErrorCode
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.ids import Prefix, encode_id
from justpaid.outbound.masking import mask_headers

MOST_STEPS: Final = 500
MOST_SECONDS: Final = 1.0


@dataclass(slots=True)
class Notes:
    """What a trial is given and what it finds; `stop` is called once when it takes too much."""

    mocks: Mapping[str, JsonValue]
    monotonic: MonotonicClock
    stop: Callable[[], None] = lambda: None
    would_do: dict[str, JsonObject] = field(default_factory=dict)
    cut_short: str | None = None
    _steps: int = 0
    _ends_at: float = 0.0

    def __post_init__(self) -> None:
        self._ends_at = self.monotonic() + MOST_SECONDS

    def count(self) -> Failed | None:
        """Count one step; a failure once there were too many, or it took too long."""
        self._steps += 1
        if self.cut_short is None:
            if self._steps > MOST_STEPS:
                self.cut_short = f"A test runs at most {MOST_STEPS} steps."
            elif self.monotonic() > self._ends_at:
                self.cut_short = f"A test computes for at most {MOST_SECONDS:g} s."
            else:
                return None
            self.stop()
        return Failed(ErrorCode.TIMEOUT, self.cut_short)


def trial_handlers(handlers: Mapping[str, StepHandler], notes: Notes) -> Mapping[str, StepHandler]:
    """Wrap every step type for one trial."""
    return {name: _wrap(handler, notes) for name, handler in handlers.items()}


def _wrap(handler: StepHandler, notes: Notes) -> StepHandler:
    if isinstance(handler, EffectHandler):
        return _TrialEffect(handler, notes)
    if isinstance(handler, ContainerHandler):
        return _TrialContainer(handler, notes)
    return _TrialPure(handler, notes)


class _TrialPure(PureHandler):
    """Computes; waits pass at once, people are taken to approve, child runs are not started."""

    def __init__(self, inner: PureHandler, notes: Notes) -> None:
        self._inner = inner
        self._notes = notes
        self.ends_run = inner.ends_run

    def evaluate(self, context: StepContext) -> StepResult:
        """Give what the step would come to, without waiting for anything."""
        too_much = self._notes.count()
        if too_much is not None:
            return too_much
        result = self._inner.evaluate(context)
        if isinstance(result, Failed):
            return result
        if isinstance(result, Asks | Starts):
            self._notes.would_do[context.path] = _told(result)
        if context.node.id in self._notes.mocks:
            return Completed(self._notes.mocks[context.node.id], result.input)
        if isinstance(result, Waits):
            return self._pass(context, result)
        if isinstance(result, Asks):
            approved: JsonObject = {
                "approved": True,
                "approvedBy": None,
                "approvedAt": to_wire(context.now),
                "comment": None,
            }
            return Completed(approved, result.input)
        return Completed(None, result.input) if isinstance(result, Starts) else result

    def _pass(self, context: StepContext, waits: Waits) -> StepResult:
        result = self._inner.resume(context, context.now, max(waits.until, context.now))
        return replace(result, input=waits.input) if isinstance(result, Completed) else result

    def resume(self, context: StepContext, started_at: datetime, now: datetime) -> StepResult:
        """Fail: nothing waits here."""
        raise RuntimeError(f"{context.path} waits in a trial: {started_at}, {now}")


def _told(result: Asks | Starts) -> JsonObject:
    if isinstance(result, Asks):
        return {"kind": "approval", **result.terms, "until": to_wire(result.until)}
    return {
        "kind": "run",
        "workflowId": encode_id(Prefix.WORKFLOW, result.workflow_id),
        "input": result.shown_input or result.child_input,
    }


class _TrialContainer(ContainerHandler):
    """Goes through its rounds like the real one, as far as the trial's bound."""

    def __init__(self, inner: ContainerHandler, notes: Notes) -> None:
        self._inner = inner
        self._notes = notes

    def open(self, context: StepContext, recorded: JsonObject | None) -> Opens | Failed:
        """Say what is worked through."""
        return self._notes.count() or self._inner.open(context, recorded)

    def gather(self, outputs: Sequence[tuple[Round, JsonValue]]) -> JsonValue:
        """Make the step's output."""
        return self._inner.gather(outputs)


class _TrialEffect(EffectHandler):
    """Resolves what it would do, notes it, and does nothing of it."""

    def __init__(self, inner: EffectHandler, notes: Notes) -> None:
        self._inner = inner
        self._notes = notes

    async def prepare(self, context: StepContext) -> Intent | Failed:
        """Resolve the request; with a mock a missing connection does not matter."""
        too_much = self._notes.count()
        if too_much is not None:
            return too_much
        intent = await self._inner.prepare(context)
        if isinstance(intent, Intent):
            self._notes.would_do[context.path] = _shown(intent)
            return intent
        if intent.code is ErrorCode.CONNECTION and context.node.id in self._notes.mocks:
            action = context.node.action or context.node.type
            return Intent(EffectClass.READ, "", action, {}, intent.input or {})
        return intent

    async def perform(
        self, context: StepContext, request: JsonObject, connection_id: UUID | None, key: str
    ) -> Completed | Failed:
        """Give the mock, or null."""
        del request, connection_id, key
        return Completed(self._notes.mocks.get(context.node.id))


def _shown(intent: Intent) -> JsonObject:
    """Return an intent as people may see it."""
    connection_id, request = intent.connection_id, intent.shown_request or intent.request
    return {
        "kind": "request",
        "provider": intent.provider,
        "action": intent.action,
        "effectClass": intent.effect_class,
        "connectionId": (
            None if connection_id is None else encode_id(Prefix.CONNECTION, connection_id)
        ),
        "method": request.get("method"),
        "url": request.get("url"),
        "headers": mask_headers(request.get("headers")),
        "body": request.get("body"),
    }
