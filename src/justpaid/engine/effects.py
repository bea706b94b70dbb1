"""Sends what an intent says, at most as often as its class allows.

Guarantee: what may have been sent before goes out again only with the recorded request and key of
its generation; nothing is sent by a worker whose lease may have ended.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import structlog

from justpaid import exact_json
from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine import recorded_requests, retry
from justpaid.engine.contract import (
    Completed,
    EffectHandler,
    Failed,
    StepContext,
)
from justpaid.engine.model import (
    EffectOutcome,
    EffectRecord,
    ErrorCode,
    StepRecord,
    StepStatus,
)
from justpaid.engine.plan import Ready
from justpaid.engine.resolutions import is_of_another_request, mark_another_request
from justpaid.engine.run_state import RunState
from justpaid.exact_json import JsonObject

DEFAULT_TIMEOUT_SECONDS: Final = 30.0
# Past its own limit a handler is cut off: whoever holds to the limit tells more than we could.
_GRACE_SECONDS: Final = 2.0

UNREPEATABLE: Final = frozenset({EffectClass.UNSAFE, EffectClass.VERIFIABLE})

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sending:
    """An effect that may go out once its intent is committed. `sent_before`: earlier than this."""

    ready: Ready
    handler: EffectHandler
    context: StepContext
    effect: EffectRecord
    request: JsonObject
    started_at: datetime
    terms: retry.EffectTerms
    sent_before: datetime | None


async def intend(
    state: RunState,
    ready: Ready,
    handler: EffectHandler,
    context: StepContext,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Sending | None:
    """Write down what a step is about to do; None when it settled without doing anything."""
    line = state.effects.get(ready.path)
    if line is not None and _is_bound(state, ready, line):
        if line.outcome is EffectOutcome.REFUSED:
            raw = recorded_requests.sealed_of(state, line)
            line = _next_of(state, line, new_id())
            recorded_requests.keep_sealed(state, line, raw)
        return _intend_again(state, ready, handler, context, line, now)
    intent = await handler.prepare(context)
    if isinstance(intent, Failed):
        state.settle(ready, now, intent)
        return None
    recorded = recorded_requests.write(intent)
    known = recorded_requests.with_fingerprint(state, line)
    generation = retry.next_generation(known, recorded.fingerprint)
    if isinstance(generation, retry.BecomesUnknown):
        _become_unknown(state, ready, now, generation, line)
        return None
    if line is not None and generation == line.generation:
        return _intend_again(state, ready, handler, context, line, now)
    effect = EffectRecord(
        new_id(),
        ready.path,
        generation,
        ready.attempt,
        intent.effect_class,
        intent.provider,
        intent.action,
        _key(state, ready.path, generation),
        intent.connection_id,
        recorded.shown,
        recorded.stored_fingerprint,
        intent.amount,
        intent.currency,
        sent_at=now,
    )
    recorded_requests.keep_sealed(state, effect, recorded.raw)
    _write_intent(state, ready, effect, now, exact_json.encode_text(intent.input))
    hours, replays_errors = intent.key_memory_hours, intent.replays_errors
    terms = retry.EffectTerms(intent.effect_class, now, hours, replays_errors)
    told = recorded_requests.tell(context, intent.secrets, intent.shown_request)
    return Sending(ready, handler, told, effect, intent.request, now, terms, None)


def _is_bound(state: RunState, ready: Ready, line: EffectRecord) -> bool:
    """Tell whether the step sends what is recorded, whatever it would resolve to now."""
    if not ready.is_repeat and ready.attempt == 1:
        return False
    if line.outcome is not EffectOutcome.REFUSED:
        return True
    return line.request is not None and not is_of_another_request(state.records.get(ready.path))


def _next_of(state: RunState, line: EffectRecord, effect_id: UUID) -> EffectRecord:
    """Make the next generation of an effect that was not done, with the same request."""
    generation = line.generation + 1
    key = _key(state, line.path, generation)
    return replace(
        line,
        id=effect_id,
        generation=generation,
        key=key,
        sent_at=None,
        outcome=None,
        receipt=None,
        resolution=None,
    )


def _key(state: RunState, path: str, generation: int) -> str:
    claimed = state.claimed
    return retry.idempotency_key(claimed.company_id, claimed.origin_run_id, path, generation)


def _intend_again(
    state: RunState,
    ready: Ready,
    handler: EffectHandler,
    context: StepContext,
    line: EffectRecord,
    now: datetime,
) -> Sending | None:
    """Intend what was recorded before, request and key alike, unless it cannot be repeated."""
    again = recorded_requests.read(state, line)
    if again is None:
        missing = retry.BecomesUnknown("The recorded request is not there.")
        _become_unknown(state, ready, now, missing, line)
        return None
    terms = retry.EffectTerms(
        line.effect_class, line.sent_at, again.key_memory_hours, again.replays_errors
    )
    verdict = retry.may_send_again(terms, now)
    if verdict is not None:
        _become_unknown(state, ready, now, verdict, line)
        return None
    sent_before = line.sent_at
    effect = replace(line, attempt=ready.attempt, sent_at=sent_before or now)
    _write_intent(state, ready, effect, now, None)
    terms = replace(terms, sent_at=effect.sent_at)
    told = recorded_requests.tell(context, again.secrets, again.shown_request)
    return Sending(ready, handler, told, effect, again.request, now, terms, sent_before)


def _write_intent(
    state: RunState, ready: Ready, effect: EffectRecord, now: datetime, text: str | None
) -> None:
    record = StepRecord(ready.path, ready.attempt, ready.node.type, StepStatus.RUNNING)
    record.input, record.effect_key, record.started_at = text, effect.key, now
    earlier = state.records.get(ready.path)
    if ready.is_repeat and earlier is not None:
        record.started_at = earlier.started_at
    state.keep(record)
    state.keep_effect(effect)


def _become_unknown(
    state: RunState,
    ready: Ready,
    now: datetime,
    why: retry.BecomesUnknown,
    line: EffectRecord | None,
) -> None:
    record = StepRecord(ready.path, ready.attempt, ready.node.type, StepStatus.UNKNOWN)
    record.started_at = now
    record.error = {
        "code": ErrorCode.NETWORK,
        "message": "It is not known whether the request was carried out.",
        "reason": why.reason,
    }
    if why.is_of_another_request:
        mark_another_request(record)
    if line is not None:
        record.effect_key = line.key
        state.keep_effect(replace(line, attempt=ready.attempt, outcome=EffectOutcome.UNKNOWN))
    state.keep(record)
    state.note("warning", ready.path, f"It is not known whether this was done. {why.reason}")


async def perform(sending: Sending) -> Completed | Failed:
    """Send; whatever goes wrong comes back as a failure.

    A verifiable effect is read back before it is sent a second time, and after a lost answer.
    """
    if sending.effect.effect_class is not EffectClass.VERIFIABLE:
        return await _guarded(sending, sending.handler.perform)
    if sending.sent_before is not None:
        found = await _guarded(sending, sending.handler.verify)
        if isinstance(found, Completed) or found.delivery is not Delivery.NONE:
            return found
    result = await _guarded(sending, sending.handler.perform)
    if isinstance(result, Failed) and result.delivery is Delivery.UNCERTAIN:
        return await _guarded(sending, sending.handler.verify)
    return result


_Act: TypeAlias = Callable[
    [StepContext, JsonObject, UUID | None, str], Awaitable[Completed | Failed]
]


async def _guarded(sending: Sending, act: _Act) -> Completed | Failed:
    timeout_ms = sending.ready.node.timeout_ms
    limit = DEFAULT_TIMEOUT_SECONDS if timeout_ms is None else timeout_ms / 1000
    try:
        async with asyncio.timeout(limit + _GRACE_SECONDS):
            return await act(
                sending.context, sending.request, sending.effect.connection_id, sending.effect.key
            )
    except TimeoutError:
        return Failed(
            ErrorCode.TIMEOUT,
            f"The step took longer than {limit:g} s.",
            may_pass=True,
            delivery=Delivery.UNCERTAIN,
        )
    except Exception as error:
        _log.exception("step_type_failed", type=sending.ready.node.type)
        return Failed(
            ErrorCode.INTERNAL,
            f"The step type failed: {type(error).__name__}",
            delivery=Delivery.UNCERTAIN,
        )


def receive(state: RunState, sending: Sending, result: Completed | Failed) -> None:
    """Record what an effect came to, on its step and in the ledger."""
    record = state.settle(sending.ready, sending.started_at, result, sending.terms)
    effect = sending.effect
    if isinstance(result, Completed):
        effect.outcome = EffectOutcome.DONE
    elif record.status is StepStatus.UNKNOWN:
        effect.outcome = EffectOutcome.UNKNOWN
    elif result.delivery is Delivery.REFUSED:
        effect.outcome = EffectOutcome.REFUSED
    elif result.delivery is Delivery.NONE:
        effect.sent_at = sending.sent_before
    receipt = None if result.receipt is None else exact_json.encode_text(result.receipt)
    state.keep_effect(replace(effect, request=None, receipt=receipt))
    # The request stays at hand for the attempts that follow.
    state.effects[effect.path] = effect


def abandon(state: RunState) -> None:
    """Close what was in flight when the last of several workers was lost.

    What may not be repeated is unknown; anything else keeps its open generation for a retry.
    """
    for path, record in list(state.records.items()):
        if record.status is not StepStatus.RUNNING:
            continue
        line = state.effects.get(path)
        is_doubtful = line is not None and line.effect_class in UNREPEATABLE
        closed = replace(record, status=StepStatus.UNKNOWN if is_doubtful else StepStatus.CANCELLED)
        state.keep(closed)
        if line is not None and is_doubtful:
            state.keep_effect(replace(line, outcome=EffectOutcome.UNKNOWN))
