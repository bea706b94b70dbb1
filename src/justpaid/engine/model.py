"""The words of execution: states of runs and steps, the one table of moves, and what is recorded.

Guarantee: a state word is written by `journal.py` only, and only along `RUN_MOVES`; a run that has
ended has no further move.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from justpaid import exact_json
from justpaid.connectors.model import EffectClass
from justpaid.exact_json import JsonObject, JsonValue

JOURNAL_FORMAT: Final = 1
MAX_OUTPUT_BYTES: Final = 1 << 20
MAX_JOURNAL_BYTES: Final = 32 << 20
MAX_LOST_LEASES: Final = 5


class RunStatus(StrEnum):
    """Where a run stands. A `pending` run that has a start moment waits for its next worker."""

    PENDING = "pending"
    RUNNING = "running"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    """Where a step run stands; for one without a journal row see `unrecorded_step_status`."""

    PENDING = "pending"
    RUNNING = "running"
    RETRYING = "retrying"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class SkipReason(StrEnum):
    """Why a step was skipped; the first that holds."""

    PATH = "path"
    UPSTREAM = "upstream"
    WHEN = "when"


class ErrorCode(StrEnum):
    """What went wrong, as a step's or a run's record tells it."""

    TIMEOUT = "TIMEOUT"
    NETWORK = "NETWORK"
    HTTP_STATUS = "HTTP_STATUS"
    TEMPLATE = "TEMPLATE"
    CONNECTION = "CONNECTION"
    OUTPUT_TOO_LARGE = "OUTPUT_TOO_LARGE"
    OUTPUT_INVALID = "OUTPUT_INVALID"  # of a run: its output does not match outputSchema
    STOPPED = "STOPPED"  # of a run: a stop step ended it as failed
    WORKER_LOST = "WORKER_LOST"  # of a run: it lost its worker again and again
    CHILD_RUN = "CHILD_RUN"  # a child run could not be started, or did not complete
    INTERNAL = "INTERNAL"


class EffectOutcome(StrEnum):
    """What is known of an effect; one without an outcome may be sent again with its key."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


ENDED: Final = frozenset(
    {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.CANCELLED}
)
RUN_MOVES: Final[Mapping[RunStatus, frozenset[RunStatus]]] = {
    RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.CANCELLED}),
    RunStatus.RUNNING: frozenset({RunStatus.PENDING, RunStatus.SUSPENDED, *ENDED}),
    RunStatus.SUSPENDED: frozenset({RunStatus.PENDING}),
    **{status: frozenset[RunStatus]() for status in ENDED},
}


def unrecorded_step_status(run_status: RunStatus) -> StepStatus:
    """Return the status of a step that has no journal row: never started, or never to be."""
    return StepStatus.CANCELLED if run_status in ENDED else StepStatus.PENDING


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be accepted. `fence` is 1 when its journal was copied from an earlier run."""

    id: UUID
    company_id: UUID
    workflow_id: UUID
    version: int
    origin_run_id: UUID
    trigger_type: str
    input: str  # JSON text
    trigger: str | None = None  # JSON text
    started_by: str | None = None
    connection_id: UUID | None = None
    idempotency_key: str | None = None
    idempotency_hash: bytes | None = None
    waiter: str | None = None
    retried_from: UUID | None = None
    parent_run_id: UUID | None = None
    parent_path: str | None = None
    depth: int = 0
    held: bool = False  # waits for its workflow's maxConcurrentRuns; release afterwards
    fence: int = 0
    sealed_input: bytes | None = None  # what `input` shows a mask for
    if_active: bool = False  # to be stored only while its workflow is active at its version


class ClaimedRun(NamedTuple):
    """A run as its claim returned it."""

    id: UUID
    company_id: UUID
    workflow_id: UUID
    version: int
    fence: int
    wakes: int
    expiries: int
    cancel_at: datetime | None
    origin_run_id: UUID
    parent_run_id: UUID | None
    depth: int
    started_at: datetime
    claimed_at: datetime
    ran_ms: int
    trigger_type: str
    trigger: str | None
    connection_id: UUID | None
    input: str
    format: int
    created_at: datetime
    started_by: str | None = None


@dataclass(slots=True)
class StepRecord:
    """One attempt of a step: a row of the journal. Texts are JSON."""

    path: str
    attempt: int
    type: str
    status: StepStatus
    skip_reason: SkipReason | None = None
    input: str | None = None
    output: JsonValue = None
    output_text: str | None = None
    error: JsonObject | None = None
    effect_key: str | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    seq: int = 0
    reused_run_id: UUID | None = None

    @property
    def error_text(self) -> str | None:
        """Write the error as it is stored."""
        return None if self.error is None else exact_json.encode_text(self.error)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person said about an effect in doubt; `output` is that of one which was done."""

    at: datetime
    by: str
    output: JsonValue = None


@dataclass(slots=True)
class EffectRecord:
    """One generation of an effect: a row of the ledger.

    `sent_at` is the first moment at which it may have reached the provider; None while that is
    proven not to have happened. `request` is None once stored: a stored one stands. `resolution` is
    read only: people write it.
    """

    id: UUID
    path: str
    generation: int
    attempt: int
    effect_class: EffectClass
    provider: str
    action: str
    key: str
    connection_id: UUID | None = None
    request: bytes | None = None
    fingerprint: bytes | None = None
    amount: Decimal | None = None
    currency: str | None = None
    sent_at: datetime | None = None
    outcome: EffectOutcome | None = None
    receipt: str | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a run's log says beyond what its steps tell."""

    seq: int
    at: datetime
    level: str
    path: str | None
    message: str
    data: str | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What people are asked: opened with the row of its step. `terms` is JSON text."""

    id: UUID
    workflow_id: UUID
    path: str
    terms: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """A recorded request that is stored sealed; the ledger's row shows it with a mask."""

    path: str
    generation: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChildRun:
    """A run to be accepted with the rows of the run that starts it.

    `kept`: the journal paths of `run.retried_from` that it keeps.
    """

    run: NewRun
    kept: tuple[str, ...] = ()


class ChildRefused(Exception):
    """A child run cannot be accepted, so that the rows it comes with are not written either."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which steps of a run wait for an answer; approvals that are due by `now` are answered too."""

    run_id: UUID
    paths: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a waiting step has been told.

    Of an approval: `approved`, `rejected` or `expired`, by whom, when, and a comment. Of a child
    run: how it ended, with its id, output and error.
    """

    path: str
    status: str
    value: JsonObject


@dataclass(slots=True)
class Journal:
    """What is stored of a run beyond its row: its steps' attempts and its line's effects."""

    steps: list[StepRecord] = field(default_factory=list)
    effects: list[EffectRecord] = field(default_factory=list)
    size: int = 0
    is_readable: bool = True


@dataclass(slots=True)
class Entry:
    """What one owner writes at once: rows of a run, refused when its fence is an old one.

    `closed`: the paths of steps whose approval or child run is no longer waited for.
    """

    run_id: UUID
    fence: int
    origin_run_id: UUID
    steps: list[StepRecord] = field(default_factory=list)
    effects: list[EffectRecord] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    approvals: list[ApprovalRequest] = field(default_factory=list)
    children: list[ChildRun] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    sealed: list[SealedRequest] = field(default_factory=list)

    @property
    def is_attended(self) -> bool:
        """Whether more than rows of steps and effects is to be written."""
        parts = (self.logs, self.approvals, self.children, self.closed, self.sealed)
        return any(parts)


@dataclass(slots=True)
class End:
    """How a run ends, with the last of what is written of it. Texts are JSON.

    `follow_up` is started if the run ends as failed or timed out, not if a cancel came first.
    """

    entry: Entry
    status: RunStatus
    output: str | None = None
    error: str | None = None
    parent_run_id: UUID | None = None
    follow_up: ChildRun | None = None


@dataclass(slots=True)
class Suspension:
    """A run that frees its worker until a moment or a wake-up; `wakes` as they were claimed."""

    entry: Entry
    wakes: int
    due_at: datetime | None
    waiting_for: str | None


class Owner(NamedTuple):
    """Who holds a run: the run and the fence of the claim."""

    run_id: UUID
    fence: int


class Finished(NamedTuple):
    """How a run ended, and the workflow whose held runs may now be let in."""

    status: RunStatus
    release: UUID | None
