"""What follows a failed attempt, and which generation of an effect may be sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from justpaid.connectors.model import Delivery, EffectClass
from justpaid.engine import retry
from justpaid.engine.contract import Failed
from justpaid.engine.model import EffectOutcome, EffectRecord, ErrorCode
from justpaid.engine.retry import BecomesUnknown, EffectTerms, FailsNow, RetryAt
from justpaid.ids import new_id
from justpaid.steps.catalogue import STEP_TYPES
from justpaid.workflows.program import StepNode, compile_definition

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _node(strategy: str = "retry", **policy: Any) -> StepNode:
    step: dict[str, Any] = {
        "id": "a",
        "type": "transform",
        "config": {"mapping": {}},
        "errorHandling": {"strategy": strategy},
        "retryConfig": policy,
    }
    definition: Any = {"name": "x", "trigger": {"type": "api"}, "steps": [step]}
    return compile_definition(definition, STEP_TYPES).nodes["a"]


def _failed(**fields: Any) -> Failed:
    return replace(Failed(ErrorCode.NETWORK, "no", may_pass=True), **fields)


def _follows(
    failed: Failed, terms: EffectTerms | None = None, attempt: int = 1, **policy: Any
) -> retry.AfterFailure:
    return retry.after_failure(_node(**policy), failed, attempt, NOW, terms, lambda: 1.0)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0), (5, 16.0), (6, 30.0), (19, 30.0)]
)
def test_pauses_grow_and_are_capped(attempt: int, seconds: float) -> None:
    """The longest pause doubles from initialDelayMs up to maxDelayMs."""
    assert retry.delay_seconds(_node(), _failed(), attempt, lambda: 1.0) == seconds


def test_jitter_is_full() -> None:
    """Between nothing and the whole pause, so that retries do not come in step."""
    assert retry.delay_seconds(_node(), _failed(), 3, lambda: 0.0) == 0.0
    assert retry.delay_seconds(_node(), _failed(), 3, lambda: 0.25) == 1.0


@pytest.mark.parametrize(
    ("told", "seconds"), [(0, 0.0), (120, 120.0), (3600, 3600.0), (90_000, 3600.0), (-5, 0.0)]
)
def test_retry_after_wins(told: float, seconds: float) -> None:
    """The provider's word wins over maxDelayMs and jitter, up to one hour."""
    failed = _failed(retry_after_seconds=told)
    assert retry.delay_seconds(_node(maxDelayMs=1), failed, 1, lambda: 0.5) == seconds


def test_attempts_are_counted() -> None:
    """No attempt follows the last one."""
    assert isinstance(_follows(_failed(), attempt=2, maxAttempts=3), RetryAt)
    assert _follows(_failed(), attempt=3, maxAttempts=3) == FailsNow()


def test_only_what_can_pass_is_retried() -> None:
    """A failure for good, and any failure without the strategy, fails at once."""
    assert _follows(_failed(may_pass=False)) == FailsNow()
    assert _follows(_failed(), strategy="fail") == FailsNow()
    assert _follows(_failed(), strategy="continue") == FailsNow()


@pytest.mark.parametrize("effect_class", list(EffectClass))
@pytest.mark.parametrize("strategy", ["fail", "continue", "retry"])
def test_doubt_is_judged_by_class(effect_class: EffectClass, strategy: str) -> None:
    """What may have been done is repeatable or unknown by its class, whatever the strategy."""
    follows = _follows(
        _failed(delivery=Delivery.UNCERTAIN), EffectTerms(effect_class, NOW), strategy=strategy
    )
    is_repeatable = effect_class in {EffectClass.READ, EffectClass.IDEMPOTENT}
    assert isinstance(follows, BecomesUnknown) is not is_repeatable


@pytest.mark.parametrize("effect_class", list(EffectClass))
def test_proven_non_delivery_is_never_doubt(effect_class: EffectClass) -> None:
    """Where nothing was done every class may be tried again."""
    assert isinstance(_follows(_failed(), EffectTerms(effect_class, NOW)), RetryAt)


def test_a_provider_that_replays_errors_leaves_doubt() -> None:
    """The same key would only bring the same error back: nobody learns what happened."""
    terms = EffectTerms(EffectClass.IDEMPOTENT, NOW, replays_errors=True)
    assert isinstance(_follows(_failed(delivery=Delivery.UNCERTAIN), terms), BecomesUnknown)


def test_a_retry_past_the_keys_memory_is_unknown() -> None:
    """A repeat that would come after the provider forgot its key is not sent."""
    sent_at = NOW - timedelta(hours=1, minutes=59)
    terms = EffectTerms(EffectClass.IDEMPOTENT, sent_at, key_memory_hours=2)
    failed = _failed(delivery=Delivery.UNCERTAIN)
    assert isinstance(_follows(failed, terms), RetryAt)
    late = replace(failed, retry_after_seconds=120)
    assert isinstance(_follows(late, terms), BecomesUnknown)


@pytest.mark.parametrize(
    ("terms", "may"),
    [
        (EffectTerms(EffectClass.READ, NOW), True),
        (EffectTerms(EffectClass.IDEMPOTENT, NOW), True),
        (EffectTerms(EffectClass.IDEMPOTENT, NOW - timedelta(hours=3), 2), False),
        (EffectTerms(EffectClass.IDEMPOTENT, NOW - timedelta(days=999), None), True),
        (EffectTerms(EffectClass.UNSAFE, NOW), False),
        (EffectTerms(EffectClass.VERIFIABLE, NOW), True),
        (EffectTerms(EffectClass.UNSAFE, None), True),
    ],
)
def test_a_repeat_after_a_lost_worker(terms: EffectTerms, *, may: bool) -> None:
    """What may have been sent is sent again, or read back, only where that is harmless."""
    assert (retry.may_send_again(terms, NOW) is None) is may


def _line(outcome: EffectOutcome | None, sent_at: datetime | None = NOW) -> EffectRecord:
    return EffectRecord(
        new_id(),
        "a",
        3,
        1,
        EffectClass.IDEMPOTENT,
        "http",
        "http.request",
        "key",
        fingerprint=b"same",
        outcome=outcome,
        sent_at=sent_at,
    )


@pytest.mark.parametrize(
    ("line", "fingerprint", "generation"),
    [
        (None, b"any", 1),
        (_line(EffectOutcome.DONE), b"same", 4),
        (_line(EffectOutcome.REFUSED), b"same", 4),
        (_line(None), b"same", 3),
        (_line(None, sent_at=None), b"other", 4),
    ],
)
def test_the_generation_follows_the_line(
    line: EffectRecord | None, fingerprint: bytes, generation: int
) -> None:
    """The same while the outcome is open, the next one once the provider has answered for good."""
    assert retry.next_generation(line, fingerprint) == generation


def test_another_request_in_doubt_has_no_generation() -> None:
    """While it is open whether a request was carried out, another one is not sent in its place."""
    assert isinstance(retry.next_generation(_line(None), b"other"), BecomesUnknown)
    unknown = _line(EffectOutcome.UNKNOWN)
    assert isinstance(retry.next_generation(unknown, b"same"), BecomesUnknown)


def test_keys_differ_by_everything_they_are_made_of() -> None:
    """The key is the same for one generation of one step of one line, and for nothing else."""
    one, other = new_id(), new_id()
    keys = {
        retry.idempotency_key(one, one, "a", 1),
        retry.idempotency_key(other, one, "a", 1),
        retry.idempotency_key(one, other, "a", 1),
        retry.idempotency_key(one, one, "b", 1),
        retry.idempotency_key(one, one, "a", 2),
    }
    assert len(keys) == 5
    assert retry.idempotency_key(one, one, "a", 1) in keys
