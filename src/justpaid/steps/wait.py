"""The step `wait`: settles after a span, or at a moment; the run holds no worker meanwhile."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from justpaid.clock import to_wire
from justpaid.engine.contract import Completed, PureHandler, StepContext, StepResult, Waits
from justpaid.errors import Problem
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.expressions.errors import ExpressionError
from justpaid.steps.outcomes import bad_config, bad_template
from justpaid.workflows.config_check import check_resolved_config
from justpaid.workflows.step_types import StepType

LONGEST_DAYS: Final = 365

_LONGEST: Final = timedelta(days=LONGEST_DAYS)
_MOST_MS: Final = Decimal(2 * LONGEST_DAYS * 86_400_000)
_UNIT_MS: Final = {
    "milliseconds": 1,
    "seconds": 1000,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
}
_TOO_LONG: Final = f"the wait is longer than {LONGEST_DAYS} days"


def check_wait(step: JsonObject, path: str) -> list[Problem]:
    """Report what the schema cannot say: a unit without a span, a literal span that is too long."""
    config = step.get("config")
    if not isinstance(config, dict):
        return []
    problems: list[Problem] = []
    if ("duration" in config) == ("until" in config):
        problems.append(Problem(f"{path}.config", "give either duration or until"))
    if "unit" in config and "duration" not in config:
        problems.append(Problem(f"{path}.config.unit", "goes with duration only"))
    span = _span(config)
    if span is not None and span > _LONGEST:
        problems.append(Problem(f"{path}.config.duration", _TOO_LONG))
    until = config.get("until")
    if isinstance(until, str) and "{{" not in until and _moment(until) is None:
        problems.append(Problem(f"{path}.config.until", "must be an ISO 8601 time"))
    return problems


WAIT: Final = StepType(
    name="wait",
    title="Wait",
    description="Lets time pass: a span, or until a moment.",
    default_timeout_ms=None,
    allows_retry=False,
    check=check_wait,
    config_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "duration": {
                "title": "Duration",
                "description": "In milliseconds, or in the unit given beside it.",
                "type": ["number", "string"],
                "minimum": 0,
            },
            "unit": {
                "title": "Unit",
                "description": "What the duration counts.",
                "enum": ["seconds", "minutes", "hours", "days"],
            },
            "until": {
                "title": "Until",
                "description": "An ISO 8601 time; without an offset it is UTC. A past one does "
                "not wait.",
                "type": "string",
            },
        },
    },
)


class Wait(PureHandler):
    """Waits from the moment at which the steps before it settled."""

    def evaluate(self, context: StepContext) -> StepResult:
        """Say until when; a crash before it is recorded does not make the wait longer."""
        try:
            config = context.node.resolve(context.names)
        except ExpressionError as error:
            return bad_template(error)
        problems = check_resolved_config(WAIT, config)
        if problems:
            return bad_config(problems)
        until = _end(config, context.now)
        if isinstance(until, Problem):
            return bad_config([until])
        return Waits(until, {**config, "until": to_wire(until)})

    def resume(self, context: StepContext, started_at: datetime, now: datetime) -> Completed:
        """Give how long the step waited, in milliseconds."""
        waited = max(now - min(started_at, context.now), timedelta(0))
        return Completed({"waited": waited // timedelta(milliseconds=1)})


def _end(config: JsonObject, now: datetime) -> datetime | Problem:
    if "until" in config:
        until = _moment(config["until"])
        if until is None:
            return Problem("config.until", "must be an ISO 8601 time")
        return until if until - now <= _LONGEST else Problem("config.until", _TOO_LONG)
    span = _span(config)
    if span is None:
        return Problem("config.duration", "must be a number of at least 0")
    return now + span if span <= _LONGEST else Problem("config.duration", _TOO_LONG)


def _span(config: JsonObject) -> timedelta | None:
    """Return the span; None when it is no number, more than the longest when it cannot be held."""
    duration, unit = config.get("duration"), config.get("unit", "milliseconds")
    try:
        number = Decimal(duration) if isinstance(duration, int | str | Decimal) else None
    except ArithmeticError:
        return None
    if number is None or not number.is_finite() or number < 0 or not isinstance(unit, str):
        return None
    # Cut before it is multiplied: text may hold a number past every exponent.
    milliseconds = min(number, _MOST_MS) * _UNIT_MS.get(unit, 1)
    if milliseconds > _LONGEST // timedelta(milliseconds=1):
        return _LONGEST + timedelta(days=1)
    return timedelta(microseconds=int(milliseconds * 1000))


def _moment(value: JsonValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # the offset may lead out of the years 1 to 9999
        return None
