"""A run's and a step's limits as a definition states them, with the defaults where it is silent.

Values that are out of bounds were reported before: here they read as the default.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.workflows.definition_schema import DEFAULT_RUN_MS
from justpaid.workflows.step_types import StepType

Strategy: TypeAlias = Literal["fail", "continue", "retry"]
_STRATEGIES: Final[dict[JsonValue, Strategy]] = {
    "fail": "fail",
    "continue": "continue",
    "retry": "retry",
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon a failed attempt is repeated, under strategy `retry`."""

    max_attempts: int = 3
    initial_delay_ms: int = 1000
    max_delay_ms: int = 30_000
    backoff_multiplier: Decimal = Decimal(2)


@dataclass(frozen=True, slots=True)
class Settings:
    """A run's limits. `timeout_ms` counts time in `running`; no `max_concurrent_runs`: no limit."""

    timeout_ms: int = DEFAULT_RUN_MS
    max_concurrent_runs: int | None = None
    on_failure_workflow_id: str | None = None


@dataclass(frozen=True, slots=True)
class FailureHandling:
    """What a step's failure does; an explicit null is a fallback."""

    strategy: Strategy
    has_fallback: bool
    fallback: JsonValue


def read_settings(definition: JsonObject) -> Settings:
    """Read the workflow's settings."""
    settings = _object(definition, "settings")
    on_failure = _object(settings, "onFailure").get("workflowId")
    return Settings(
        _whole(settings, "timeoutMs") or DEFAULT_RUN_MS,
        _whole(settings, "maxConcurrentRuns"),
        on_failure if isinstance(on_failure, str) else None,
    )


def read_retry(step: JsonObject) -> RetryPolicy:
    """Read a step's retry policy."""
    config = _object(step, "retryConfig")
    default = RetryPolicy()
    multiplier = config.get("backoffMultiplier")
    return RetryPolicy(
        _whole(config, "maxAttempts") or default.max_attempts,
        _or(_whole(config, "initialDelayMs"), default.initial_delay_ms),
        _or(_whole(config, "maxDelayMs"), default.max_delay_ms),
        Decimal(multiplier)
        if isinstance(multiplier, int | Decimal)
        else default.backoff_multiplier,
    )


def read_failure_handling(step: JsonObject) -> FailureHandling:
    """Read what a step's failure does."""
    handling = _object(step, "errorHandling")
    strategy = handling.get("strategy")
    return FailureHandling(
        _STRATEGIES.get(strategy, "fail") if isinstance(strategy, str) else "fail",
        "fallback" in handling,
        handling.get("fallback"),
    )


def read_timeout_ms(step: JsonObject, step_type: StepType) -> int | None:
    """Read the limit of one attempt; None when the type sets its own."""
    if step_type.default_timeout_ms is None:
        return None
    return _whole(step, "timeoutMs") or step_type.default_timeout_ms


def check_limits(
    step: JsonObject, step_type: StepType, place: str, problems: list[Problem]
) -> None:
    """Report limits that this type of step does not have."""
    if "timeoutMs" in step and step_type.default_timeout_ms is None:
        message = f"a step of type {step_type.name} has no timeoutMs"
        problems.append(Problem(f"{place}.timeoutMs", message))
    if step_type.allows_retry:
        return
    message = f"a step of type {step_type.name} is not retried"
    if "retryConfig" in step:
        problems.append(Problem(f"{place}.retryConfig", message))
    if _object(step, "errorHandling").get("strategy") == "retry":
        problems.append(Problem(f"{place}.errorHandling.strategy", message))


def _object(value: JsonObject, name: str) -> JsonObject:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def _whole(value: JsonObject, name: str) -> int | None:
    number = value.get(name)
    # 3.0 and 1e3 are whole numbers to JSON Schema too.
    return int(number) if isinstance(number, int | Decimal) else None


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
