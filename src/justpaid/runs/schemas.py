"""Bodies of this room's routes: the start's request, and what the reference says of the answers."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from justpaid.engine.model import ErrorCode, RunStatus, SkipReason, StepStatus
from justpaid.runs.effect_resolution import Verdict
from justpaid.web.parameters import Moment

RUN_ID: Final = "run_01jd9z3k8pf7r9v2m4t6w8y0ab"
WORKFLOW_ID: Final = "wf_01jd9yw5q2e6s8n0p3r5t7v9xb"
_KEY_ID: Final = "key_01jd9yv1n4c6g8k0m2q4s6v8xa"
EFFECT_ID: Final = "eff_01jd9z3m2qh8j0k3n5q7s9v1xc"
EVENT: Final[dict[str, Any]] = {  # of server-sent events the reference describes each one
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Send it back as Last-Event-ID."},
        "event": {"type": "string", "enum": ["log", "end"]},
        "data": {"type": "string", "description": "JSON: a line of the log, or the final status."},
    },
}
EVENTS_EXAMPLE: Final = (
    "id: AAAAAAQAAAABAAAAAEPT6Q\n"
    "event: log\n"
    'data: {"time":"2026-01-15T09:30:00.310Z","level":"info","stepPath":"create-invoice",'
    '"message":"Completed.","data":{"type":"action","attempt":1,"status":"completed"}}\n'
    "\n"
    "id: DAAAAAQAAAABAAAAAE8Tzg\n"
    "event: end\n"
    'data: {"status":"completed"}\n'
    "\n"
)


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class StartRequest(BaseModel):
    """What a run starts with."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "input": {"customerEmail": "ap@globex.example", "amount": 4200.50},
                    "idempotencyKey": "deal-8841-won",
                }
            ]
        },
    )

    input: dict[str, Any] | None = Field(
        default=None, description="Read by steps as `input`; checked against `inputSchema`."
    )
    connection_id: str | None = Field(
        default=None, description="The connection of steps that name none."
    )
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Unique per workflow for 90 days: a repeat is answered with the first run.",
    )


class RunAccepted(_Body):
    """A run that was accepted: it is stored, and its row is its place in the queue."""

    run_id: str = Field(examples=[RUN_ID])
    status: RunStatus = Field(examples=[RunStatus.PENDING])
    workflow_id: str = Field(examples=[WORKFLOW_ID])
    workflow_version: int = Field(examples=[3])


class RunError(_Body):
    """Why a run failed."""

    code: ErrorCode = Field(examples=[ErrorCode.HTTP_STATUS])
    message: str = Field(examples=["The receiver answered 402."])
    step_id: str | None = Field(default=None, examples=["charge"])


class RunSummary(_Body):
    """A run as lists show it."""

    id: str = Field(examples=[RUN_ID])
    workflow_id: str = Field(examples=[WORKFLOW_ID])
    workflow_version: int = Field(examples=[3])
    status: RunStatus = Field(examples=[RunStatus.COMPLETED])
    trigger_type: str = Field(examples=["api"])
    started_at: str | None = Field(examples=["2026-01-15T09:30:00.012Z"])
    completed_at: str | None = Field(examples=["2026-01-15T09:30:00.498Z"])
    duration_ms: int | None = Field(examples=[486])
    error: RunError | None = Field(examples=[None])
    created_at: str = Field(examples=["2026-01-15T09:30:00.004Z"])


class WaitingFor(_Body):
    """What a suspended run or step waits for."""

    kind: Literal["timer", "approval", "child", "effect", "restored"] = Field(examples=["timer"])
    until: str | None = Field(examples=["2026-01-18T09:30:00.000Z"])
    step_path: str | None = Field(default=None, examples=["cooling-off"])


class StepEffect(_Body):
    """What a step did outside."""

    id: str = Field(examples=[EFFECT_ID])
    idempotency_key: str = Field(examples=["9f2c61d0a4"])
    outcome: Literal["done", "refused", "unknown"] | None = Field(examples=["done"])
    receipt: Any = Field(default=None, examples=[{"status": 201}])


class StepRun(_Body):
    """A step of a run: its last attempt."""

    id: str = Field(examples=["create-invoice"])
    path: str = Field(examples=["create-invoice"])
    name: str = Field(examples=["Create the invoice"])
    type: str = Field(examples=["action"])
    status: StepStatus = Field(examples=[StepStatus.COMPLETED])
    skip_reason: SkipReason | None = Field(examples=[None])
    attempt: int = Field(description="0 for a step that never started.", examples=[1])
    started_at: str | None = Field(examples=["2026-01-15T09:30:00.020Z"])
    completed_at: str | None = Field(examples=["2026-01-15T09:30:00.310Z"])
    duration_ms: int | None = Field(examples=[290])
    input: Any = Field(description="As resolved from its templates.", examples=[{"amount": 4200}])
    output: Any = Field(examples=[{"status": 201, "body": {"id": "in_1"}}])
    error: Any = Field(examples=[None])
    effect: StepEffect | None
    reused: bool = Field(description="Copied from an earlier run of the line.", examples=[False])
    waiting_for: WaitingFor | None = Field(examples=[None])


class RunRecord(RunSummary):
    """The whole record of a run."""

    trigger: Any = Field(description="What started it.", examples=[{"type": "api"}])
    connection_id: str | None = Field(examples=[None])
    input: Any = Field(examples=[{"customerEmail": "ap@globex.example", "amount": 4200.50}])
    output: Any = Field(examples=[{"invoiceId": "in_1"}])
    waiting_for: WaitingFor | None = Field(examples=[None])
    cancel_requested_at: str | None = Field(examples=[None])
    retried_from: str | None = Field(examples=[None])
    origin_run_id: str = Field(description="The first run of its line.", examples=[RUN_ID])
    parent_run_id: str | None = Field(examples=[None])
    started_by: str = Field(description="A key, a member or `system`.", examples=[_KEY_ID])
    purged_at: str | None = Field(
        description="When input, outputs and log were removed because their time was over.",
        examples=[None],
    )
    steps: list[StepRun]


class StartedRecord(RunRecord):
    """The record of the run that answers a start."""

    run_id: str = Field(examples=[RUN_ID])


class StartedState(_Body):
    """What of a run answers a start by a key without `runs:read`."""

    run_id: str = Field(examples=[RUN_ID])
    status: RunStatus = Field(examples=[RunStatus.COMPLETED])


class LogLine(_Body):
    """One line of a run's log."""

    time: str = Field(examples=["2026-01-15T09:30:00.310Z"])
    level: Literal["debug", "info", "warning", "error"] = Field(examples=["info"])
    step_path: str | None = Field(examples=["create-invoice"])
    message: str = Field(examples=["Completed."])
    data: Any = Field(examples=[{"type": "action", "attempt": 1, "status": "completed"}])


class TailMeta(_Body):
    """Where the log goes on, now or later."""

    cursor: str = Field(examples=["AAAAAAQAAAABAAAAAEPT6Q"])
    has_more: bool = Field(examples=[False])


class LogPage(BaseModel):
    """A stretch of a run's log."""

    success: Literal[True] = True
    data: list[LogLine]
    meta: TailMeta


class Effect(_Body):
    """One row of the ledger: what was intended, under which key, and what came of it."""

    id: str = Field(examples=[EFFECT_ID])
    run_id: str = Field(examples=[RUN_ID])
    step_path: str = Field(examples=["create-invoice"])
    attempt: int = Field(examples=[1])
    generation: int = Field(examples=[1])
    class_: Literal["read", "idempotent", "verifiable", "unsafe"] = Field(
        alias="class", examples=["idempotent"]
    )
    provider: str = Field(examples=["http"])
    action: str = Field(examples=["http.request"])
    connection_id: str | None = Field(examples=[None])
    request: Any = Field(description="What was to be sent, without secrets.", examples=[{}])
    amount: Any = Field(examples=[None])
    currency: str | None = Field(examples=[None])
    idempotency_key: str = Field(examples=["9f2c61d0a4"])
    intended_at: str = Field(examples=["2026-01-15T09:30:00.020Z"])
    sent_at: str | None = Field(examples=["2026-01-15T09:30:00.020Z"])
    outcome: Literal["done", "refused", "unknown"] | None = Field(examples=["done"])
    receipt: Any = Field(examples=[{"status": 201}])
    resolved_at: str | None = Field(
        description="When somebody said whether it was done.", examples=[None]
    )
    resolved_by: str | None = Field(examples=[None])
    comment: str | None = Field(examples=[None])


class ResolveRequest(BaseModel):
    """What somebody found out about an effect in doubt."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "outcome": "done",
                    "output": {"status": 201, "body": {"id": "in_1"}},
                    "comment": "Found the invoice in the provider's dashboard.",
                }
            ]
        },
    )

    outcome: Verdict = Field(
        description="`done`: the step completes with `output`. `not_done`: it is sent again."
    )
    output: Any = Field(default=None, description="What the step goes on with; only with `done`.")
    comment: str = Field(min_length=1, max_length=2000)


class CancelRequested(_Body):
    """A cancel that reached the run before its end."""

    run_id: str = Field(examples=[RUN_ID])
    status: RunStatus = Field(examples=[RunStatus.RUNNING])
    cancel_requested_at: str = Field(examples=["2026-01-15T09:31:00.000Z"])


class RestartRequest(BaseModel):
    """From where a run is done again; what is left out stays as it was."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        json_schema_extra={"examples": [{"fromStep": "invoice"}]},
    )

    from_step: str | None = Field(
        default=None, description="A step of the top-level list; the first one if left out."
    )
    input: dict[str, Any] | None = Field(
        default=None, description="Another input, checked against `inputSchema`."
    )
    version: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=2**31 - 1,
        description="Another version of the workflow.",
    )


class BulkFilterBody(BaseModel):
    """Which runs are meant; what is left out narrows nothing."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    workflow_id: str | None = Field(default=None, examples=[WORKFLOW_ID])
    status: Literal["failed", "timed_out"] | None = Field(default=None, examples=["failed"])
    created_after: Moment | None = Field(default=None, examples=["2026-01-15T09:00:00Z"])
    created_before: Moment | None = Field(default=None, examples=["2026-01-15T11:00:00Z"])
    error_code: ErrorCode | None = Field(default=None, examples=[ErrorCode.NETWORK])


class BulkRetryRequest(BaseModel):
    """Which runs to retry, and whether only to look."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "filter": {"workflowId": WORKFLOW_ID, "errorCode": "NETWORK"},
                    "preview": True,
                }
            ]
        },
    )

    filter: BulkFilterBody
    preview: bool = Field(
        strict=True, description="`true` tells what would be retried and changes nothing."
    )
    cursor: str | None = Field(
        default=None, description="The cursor of the call before: take up where it stopped."
    )


class BulkPreview(_Body):
    """What a bulk retry would take: how many, and which first."""

    matching: int = Field(description="Counted no further than to 100,000.", examples=[42])
    runs: list[RunSummary]


class BulkRetried(_Body):
    """The new run of a retried one."""

    run_id: str = Field(examples=[RUN_ID])
    retried_from: str = Field(examples=[RUN_ID])


class BulkSkipped(_Body):
    """A run that cannot be retried, and why."""

    run_id: str = Field(examples=[RUN_ID])
    reason: str = Field(examples=["The run has not ended: there is nothing to retry yet."])


class BulkResult(_Body):
    """What one call came to."""

    retried: list[BulkRetried]
    skipped: list[BulkSkipped]
    remaining: int = Field(description="Runs of the filter that are still to come.", examples=[0])
    cursor: str | None = Field(description="Send it to go on; null when none remain.")


class Retried(_Body):
    """The new run of the line."""

    run_id: str = Field(examples=[RUN_ID])
    status: RunStatus = Field(examples=[RunStatus.PENDING])
    workflow_id: str = Field(examples=[WORKFLOW_ID])
    workflow_version: int = Field(examples=[3])
    retried_from: str = Field(examples=[RUN_ID])
