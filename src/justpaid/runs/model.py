"""What this room speaks of: orders to start a run, what was started, and how a list is narrowed."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID

from justpaid import exact_json
from justpaid.engine.model import RunStatus
from justpaid.exact_json import JsonObject, JsonValue
from justpaid.web.cursors import Position

API_TRIGGER: Final = "api"
KEY_MEMORY_DAYS: Final = 90  # for so long an idempotencyKey names its first run

_BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
_END: Final = datetime(9999, 12, 30, tzinfo=UTC)
_NIL: Final = UUID(int=0)
_STATUSES: Final = {status.value: status for status in RunStatus}


class Columns(Protocol):
    """A row as the repository returns it: values by column name."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401  a column is of any type

    def __contains__(self, name: object, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class StartOrder:
    """A call to start a run. `waiter` names the process in which the caller waits for its end."""

    company_id: UUID
    workflow_id: UUID
    started_by: str
    input: JsonObject
    connection_id: UUID | None = None
    idempotency_key: str | None = None
    waiter: str | None = None


@dataclass(frozen=True, slots=True)
class StartedRun:
    """The run that answers an order: a new one, or `is_repeat` the first one of its key.

    `release_limit`: the workflow's maxConcurrentRuns, when the run was accepted under one and has
    to be let in.
    """

    run_id: UUID
    workflow_id: UUID
    version: int
    is_repeat: bool = False
    release_limit: int | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list shows; each field that is None narrows nothing."""

    workflow_id: UUID | None = None
    status: RunStatus | None = None
    trigger_type: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    def bounds(self, after: Position | None) -> tuple[datetime, Position]:
        """Return the oldest moment shown, and the position that all shown rows come after."""
        end = Position(self.created_before or _END, _NIL)
        if after is not None and after.created_at < end.created_at:
            end = after
        return self.created_after or _BEGINNING, end


def shown_status(status: str, started_at: datetime | None) -> RunStatus:
    """Return a run's state as people read it: `pending` means that it never started."""
    if status == RunStatus.PENDING and started_at is not None:
        return RunStatus.RUNNING
    return _STATUSES[status]


def duration_ms(started_at: datetime | None, completed_at: datetime | None) -> int | None:
    """Return the milliseconds from start to end, waits included; None before there are both."""
    if started_at is None or completed_at is None:
        return None
    span = completed_at - started_at
    return max(0, (span.days * 86_400 + span.seconds) * 1000 + span.microseconds // 1000)


def hash_start(secret: bytes, input_: JsonValue, connection_id: UUID | None) -> bytes:
    """Hash what an idempotencyKey stands for, so that a repeat is told from another request.

    Inputs that are equal by value hash alike: key order and trailing zeros do not matter.
    """
    message = f"run start\n{connection_id}\n".encode() + exact_json.encode(_canonical(input_))
    return hmac.digest(secret, message, hashlib.sha256)


def _canonical(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return ["number", _canonical_number(value)]
    return ["text", value] if isinstance(value, str) else value


def _canonical_number(value: Decimal | int) -> str:
    sign, digits, exponent = Decimal(value).as_tuple()
    text = "".join(map(str, digits))
    kept = text.rstrip("0")
    if not kept:
        return "0"
    return f"{'-' * sign}{kept}e{int(exponent) + len(text) - len(kept)}"
