"""Bodies of the route that tries a workflow."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from justpaid.engine.model import RunStatus, SkipReason, StepStatus
from justpaid.web.answers import View

_EXAMPLE: Final[dict[str, Any]] = {
    "input": {"customerEmail": "ap@globex.example", "amount": 4200.50},
    "mocks": {"find-customer": {"status": 200, "body": {"id": "cus_1"}}},
}


class TrialRequest(BaseModel):
    """What to try a version with."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", json_schema_extra={"examples": [_EXAMPLE]}
    )

    input: dict[str, Any] | None = Field(
        default=None, description="Read by steps as `input`; checked against `inputSchema`."
    )
    mocks: dict[str, Any] | None = Field(
        default=None, description="Outputs to take for granted, by the step's id."
    )
    version: int | None = Field(
        default=None, strict=True, ge=1, le=2**31 - 1, description="Left out, the present version."
    )


class TrialStep(View):
    """What a step came to."""

    id: str = Field(examples=["create-invoice"])
    path: str = Field(examples=["create-invoice"])
    name: str = Field(examples=["Create the invoice"])
    type: str = Field(examples=["action"])
    status: StepStatus = Field(examples=[StepStatus.COMPLETED])
    skip_reason: SkipReason | None = Field(examples=[None])
    input: Any = Field(examples=[{"url": "https://api.example.com/invoices"}])
    output: Any = Field(examples=[None])
    error: Any = Field(examples=[None])
    is_mocked: bool = Field(description="Its output was given with the request.", examples=[False])
    would_send: Any = Field(
        description="What would have left: a request, a question to approvers, or a child run.",
        examples=[
            {
                "kind": "request",
                "provider": "http",
                "action": "http.request",
                "effectClass": "idempotent",
                "connectionId": None,
                "method": "POST",
                "url": "https://api.example.com/invoices",
                "headers": [["content-type", "application/json"]],
                "body": '{"amount":4200.50}',
            }
        ],
    )


class TrialResult(View):
    """What a version would do."""

    workflow_version: int = Field(examples=[3])
    status: RunStatus = Field(examples=[RunStatus.COMPLETED])
    output: Any = Field(examples=[{"invoiceId": None}])
    error: Any = Field(examples=[None])
    cut_short: str | None = Field(
        description="Why it was ended early: a test runs at most 500 steps.", examples=[None]
    )
    steps: list[TrialStep]
