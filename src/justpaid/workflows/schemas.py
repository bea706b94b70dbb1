"""What the API reference says of workflows.

Definitions are checked by the compiler, not by these models: the JSON that came is the JSON that is
stored. Their fields are held equal to the compiler's by a test.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from justpaid.workflows.model import WorkflowStatus

Data = TypeVar("Data")

WORKFLOW_ID: Final = "wf_01jd9yw5q2e6s8n0p3r5t7v9xb"
EXAMPLE_DEFINITION: Final[dict[str, Any]] = {
    "name": "Invoice a won deal",
    "description": "Turns a won deal into an invoice request, after a person approved large ones.",
    "trigger": {"type": "api"},
    "inputSchema": {
        "type": "object",
        "required": ["customer", "amount"],
        "properties": {
            "customer": {"type": "string", "minLength": 1},
            "amount": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01},
        },
    },
    "variables": {"limit": 5000},
    "steps": [
        {
            "id": "large",
            "type": "condition",
            "config": {"conditions": "input.amount > variables.limit", "then": ["note"]},
        },
        {
            "id": "note",
            "type": "transform",
            "config": {"mapping": {"text": "{{ input.customer }} is above the limit"}},
        },
        {
            "id": "invoice",
            "type": "action",
            "action": "http.request",
            "config": {
                "method": "POST",
                "url": "https://billing.example/invoices",
                "json": {"customer": "{{ input.customer }}", "amount": "{{ input.amount }}"},
            },
            "errorHandling": {"strategy": "retry"},
        },
    ],
    "output": {"invoice": "{{ steps.invoice.output.body }}"},
}


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    if field.get("default", 0) is None:
        field = {key: value for key, value in field.items() if key != "default"}
    forms = [form for form in field.get("anyOf", ()) if form != {"type": "null"}]
    if len(forms) == 1:
        return {**{key: value for key, value in field.items() if key != "anyOf"}, **forms[0]}
    return {**field, "anyOf": forms} if forms else field


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class _Closed(BaseModel):
    """A part of a definition: a field may be left out, and null is no value of it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Show an optional field as what it may be when it is there."""
        shown = handler.resolve_ref_schema(handler(schema))
        shown["properties"] = {
            name: _without_null(field) for name, field in shown.get("properties", {}).items()
        }
        return shown


class ApiTrigger(_Closed):
    """Started by a call of `POST /workflows/{id}/run`."""

    type: Literal["api"]


class WebhookTrigger(_Closed):
    """Started by a provider's verified webhook."""

    type: Literal["webhook"]
    provider: Literal[
        "stripe",
        "salesforce",
        "hubspot",
        "quickbooks",
        "pandadoc",
        "netsuite",
        "slack",
        "justpaid",
        "custom",
    ]
    events: list[str] | None = Field(None, description="Names of events; empty means all.")
    path: str | None = Field(None, description="Of a custom webhook: the end of its address.")
    verify_signature: bool = True
    filter: dict[str, Any] | None = Field(
        None, description="Dot path → operators, with $and, $or, $not."
    )
    connection_id: str | None = None


class Interval(_Closed):
    """A fixed distance between two starts."""

    value: int = Field(ge=1, le=525_600)
    unit: Literal["minutes", "hours", "days", "weeks"]


class ScheduleTrigger(_Closed):
    """Started by the clock: exactly one of `cron` and `interval`."""

    type: Literal["schedule"]
    cron: str | None = Field(None, description="Five fields.", examples=["0 9 1 * *"])
    interval: Interval | None = None
    timezone: str = Field("UTC", description="An IANA name.", examples=["Europe/Berlin"])
    enabled: bool = True
    catch_up: Literal["latest", "all", "none"] = "latest"


class EventTrigger(_Closed):
    """Started by an event of a provider, or of another workflow."""

    type: Literal["event"]
    source: str = Field(examples=["workflow"])
    events: list[str] | None = None
    filter: dict[str, Any] | None = None


Trigger = Annotated[
    ApiTrigger | WebhookTrigger | ScheduleTrigger | EventTrigger, Field(discriminator="type")
]


class RetryConfig(_Closed):
    """How often and how soon a failed attempt is repeated under strategy `retry`."""

    max_attempts: int = Field(3, ge=1, le=20)
    initial_delay_ms: int = Field(1000, ge=0)
    max_delay_ms: int = Field(30_000, ge=0)
    backoff_multiplier: float = Field(2, ge=1, le=10)


class ErrorHandling(_Closed):
    """What a failure does."""

    strategy: Literal["fail", "continue", "retry"] = "fail"
    fallback: Any = Field(None, description="The step's output when it failed and the run goes on.")


class WorkflowStep(_Closed):
    """One step; its `config` depends on its type."""

    id: str = Field(pattern="^[A-Za-z][A-Za-z0-9_-]{0,63}$", examples=["invoice"])
    type: str = Field(examples=["transform"])
    name: str | None = None
    action: str | None = Field(
        None, description="Of an action step: `connector.actionName`.", examples=["http.request"]
    )
    config: dict[str, Any] | None = Field(None, description="By type; its strings are templates.")
    depends_on: list[str] | None = Field(None, description="Default: the step before it.")
    when: str | None = Field(None, description="An expression; false skips the step.")
    retry_config: RetryConfig | None = None
    error_handling: ErrorHandling | None = None
    timeout_ms: int | None = Field(None, ge=1, description="Per attempt.")


class WorkflowOnFailure(_Closed):
    """What follows a failed run."""

    workflow_id: str = Field(examples=[WORKFLOW_ID])


class WorkflowSettings(_Closed):
    """Limits of a workflow's runs."""

    timeout_ms: int = Field(86_400_000, ge=1, description="Of a run's time in `running`.")
    max_concurrent_runs: int | None = Field(None, ge=1)
    on_failure: WorkflowOnFailure | None = None


class WorkflowDefinition(_Closed):
    """A workflow: when it starts, what it does, how data moves."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_DEFINITION]})

    name: str = Field(min_length=1, max_length=255)
    description: str | None = Field(None, max_length=5000)
    trigger: Trigger
    steps: list[WorkflowStep] = Field(min_length=1, max_length=500)
    variables: dict[str, Any] | None = Field(None, description="Read as `variables.<name>`.")
    input_schema: dict[str, Any] | bool | None = Field(None, description="JSON Schema 2020-12.")
    output_schema: dict[str, Any] | bool | None = Field(None, description="JSON Schema 2020-12.")
    output: Any = Field(None, description="The run's output, templated.")
    settings: WorkflowSettings | None = None
    layout: dict[str, Any] | None = Field(None, description="The canvas's own.")


class WorkflowItem(_Model):
    """A workflow in a list."""

    id: str = Field(examples=[WORKFLOW_ID])
    name: str
    description: str | None
    status: WorkflowStatus
    version: int
    trigger: Trigger
    created_at: str = Field(examples=["2026-01-05T09:30:00.000Z"])
    updated_at: str = Field(examples=["2026-01-05T09:30:00.000Z"])


class WorkflowRecord(WorkflowDefinition):
    """A workflow with the definition of its present version."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    id: str = Field(examples=[WORKFLOW_ID])
    status: WorkflowStatus
    version: int
    revision: int = Field(description="Rises with every save; it is the ETag.")
    created_by: str
    created_at: str = Field(examples=["2026-01-05T09:30:00.000Z"])
    updated_at: str = Field(examples=["2026-01-05T09:30:00.000Z"])


class VersionItem(_Model):
    """A version in a workflow's history."""

    workflow_id: str = Field(examples=[WORKFLOW_ID])
    version: int
    change_summary: str | None
    created_by: str
    created_at: str = Field(examples=["2026-01-05T09:30:00.000Z"])


class VersionRecord(VersionItem):
    """A version with its definition."""

    definition: WorkflowDefinition


class Finding(BaseModel):
    """One problem of a definition."""

    field: str = Field(examples=["steps[2].config.to"])
    message: str = Field(examples=["is required"])


class Validation(BaseModel):
    """Whether a definition could be stored, and everything that is wrong with it."""

    valid: bool
    problems: list[Finding]


def changes_schema() -> dict[str, Any]:
    """Describe a save: any fields of a definition, and a change summary; null takes one away."""
    fields: dict[str, Any] = {}
    for name, field in WorkflowDefinition.model_fields.items():
        alias = field.alias or name
        shown = {"$ref": f"#/components/schemas/WorkflowDefinition/properties/{alias}"}
        fields[alias] = shown if field.is_required() else {"anyOf": [shown, {"type": "null"}]}
    fields["changeSummary"] = {"type": ["string", "null"], "maxLength": 1000}
    return {"type": "object", "properties": fields, "additionalProperties": False}
