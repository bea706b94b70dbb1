"""What follows a failed attempt, and which generation of an effect may be sent; pure.

Guarantee: an effect that may have been done is sent again only under the key and with the request
it was first sent with, and an unsafe one is not sent again at all: it becomes `unknown`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine.contract import Failed
from justpaid.engine.model import EffectOutcome, EffectRecord
from justpaid.workflows.program import StepNode

LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Another attempt follows at this moment."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class BecomesUnknown:
    """Nobody can tell whether it happened: a person has to.

    `is_of_another_request`: what is in doubt is not what the step would send now.
    """

    reason: str
    is_of_another_request: bool = False


@dataclass(frozen=True, slots=True)
class FailsNow:
    """The step has failed."""


AfterFailure: TypeAlias = RetryAt | BecomesUnknown | FailsNow


@dataclass(frozen=True, slots=True)
class EffectTerms:
    """What decides whether an effect may be repeated."""

    effect_class: EffectClass
    sent_at: datetime | None
    key_memory_hours: int | None = None
    replays_errors: bool = False


def after_failure(
    node: StepNode,
    failed: Failed,
    attempt: int,
    now: datetime,
    terms: EffectTerms | None,
    random: Callable[[], float],
) -> AfterFailure:
    """Decide what follows attempt number `attempt`, which failed at `now`.

    `terms` is None for a step that had not reached outside. `random` gives [0, 1).
    """
    is_uncertain = failed.delivery is Delivery.UNCERTAIN
    if terms is not None and is_uncertain:
        if terms.effect_class in {EffectClass.UNSAFE, EffectClass.VERIFIABLE}:
            return BecomesUnknown("The request may have been carried out.")
        if terms.replays_errors and terms.effect_class is EffectClass.IDEMPOTENT:
            return BecomesUnknown("The provider repeats its error for the same key.")
    policy = node.retry
    if node.strategy != "retry" or not failed.may_pass or attempt >= policy.max_attempts:
        return FailsNow()
    due_at = now + timedelta(seconds=delay_seconds(node, failed, attempt, random))
    if terms is not None and is_uncertain and is_key_forgotten(terms, due_at):
        return BecomesUnknown("The provider no longer remembers the key of this request.")
    return RetryAt(due_at)


def delay_seconds(
    node: StepNode, failed: Failed, attempt: int, random: Callable[[], float]
) -> float:
    """Return the pause after an attempt: exponential with full jitter, unless the provider says.

    A Retry-After wins over maxDelayMs, up to one hour.
    """
    if failed.retry_after_seconds is not None:
        return min(max(failed.retry_after_seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
    policy = node.retry
    ceiling_ms = policy.initial_delay_ms * policy.backoff_multiplier ** (attempt - 1)
    return random() * float(min(ceiling_ms, policy.max_delay_ms)) / 1000


def is_key_forgotten(terms: EffectTerms, now: datetime) -> bool:
    """Tell whether the provider may have forgotten the key: it then counts as none."""
    if terms.effect_class is not EffectClass.IDEMPOTENT:
        return False
    if terms.sent_at is None or terms.key_memory_hours is None:
        return False
    return now - terms.sent_at >= timedelta(hours=terms.key_memory_hours)


def may_send_again(terms: EffectTerms, now: datetime) -> BecomesUnknown | None:
    """Judge an effect whose outcome was never recorded; None means the same request may go out.

    A verifiable one is read back before it does.
    """
    if terms.sent_at is None or terms.effect_class in {EffectClass.READ, EffectClass.VERIFIABLE}:
        return None
    if terms.effect_class is EffectClass.UNSAFE:
        return BecomesUnknown("The worker was lost while the request was on its way.")
    if is_key_forgotten(terms, now):
        return BecomesUnknown("The provider no longer remembers the key of this request.")
    return None


def next_generation(line: EffectRecord | None, fingerprint: bytes) -> int | BecomesUnknown:
    """Return the generation of an effect that starts anew, given the line's last one.

    The same while the outcome is open and the request is the same; the next one once the provider
    has answered for good. Another request while the outcome is open cannot be judged here.
    """
    if line is None:
        return 1
    if line.outcome in {EffectOutcome.DONE, EffectOutcome.REFUSED}:
        return line.generation + 1
    if line.outcome is EffectOutcome.UNKNOWN:
        return BecomesUnknown("An earlier run's request is still unresolved.")
    if line.fingerprint == fingerprint:
        return line.generation
    if line.sent_at is None or line.effect_class is EffectClass.READ:
        return line.generation + 1
    reason = "An earlier run sent another request for this step; its end is not known."
    return BecomesUnknown(reason, is_of_another_request=True)


def idempotency_key(company_id: UUID, origin_run_id: UUID, path: str, generation: int) -> str:
    """Return the key of one generation of an effect; retries and restarts inherit the origin."""
    text = f"{company_id}\n{origin_run_id}\n{path}\n{generation}"
    return hashlib.sha256(text.encode()).hexdigest()
