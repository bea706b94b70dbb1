"""The reference's models against the schemas that the compiler checks: they say the same."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from justpaid import exact_json
from justpaid.exact_json import JsonObject
from justpaid.workflows.definition_schema import (
    ERROR_HANDLING_SCHEMA,
    RETRY_SCHEMA,
    SETTINGS_SCHEMA,
    STEP_SCHEMA,
    TOP_LEVEL_FIELDS,
    TOP_LEVEL_SCHEMA,
)
from justpaid.workflows.program import compile_definition
from justpaid.workflows.schemas import (
    EXAMPLE_DEFINITION,
    ApiTrigger,
    ErrorHandling,
    EventTrigger,
    RetryConfig,
    ScheduleTrigger,
    WebhookTrigger,
    WorkflowDefinition,
    WorkflowSettings,
    WorkflowStep,
    changes_schema,
)
from justpaid.workflows.trigger import TRIGGER_SCHEMAS
from tests.unit.workflows.definitions import ALL_TYPES

PAIRS: list[tuple[type[BaseModel], JsonObject]] = [
    (WorkflowDefinition, TOP_LEVEL_SCHEMA),
    (WorkflowStep, STEP_SCHEMA),
    (WorkflowSettings, SETTINGS_SCHEMA),
    (RetryConfig, RETRY_SCHEMA),
    (ErrorHandling, ERROR_HANDLING_SCHEMA),
    (ApiTrigger, TRIGGER_SCHEMAS["api"]),
    (WebhookTrigger, TRIGGER_SCHEMAS["webhook"]),
    (ScheduleTrigger, TRIGGER_SCHEMAS["schedule"]),
    (EventTrigger, TRIGGER_SCHEMAS["event"]),
]


@pytest.mark.parametrize(("model", "schema"), PAIRS, ids=[one[0].__name__ for one in PAIRS])
def test_the_reference_shows_the_fields_that_are_checked(
    model: type[BaseModel], schema: Any
) -> None:
    """Nobody reads of a field that is refused, or misses one that is accepted."""
    shown = model.model_json_schema(by_alias=True)
    assert set(shown.get("properties", {})) == set(schema["properties"])
    assert set(shown.get("required", [])) == set(schema.get("required", []))
    assert shown["additionalProperties"] is False


def test_a_save_names_the_same_fields() -> None:
    """A save takes the fields of a definition, and a change summary."""
    fields = set(changes_schema()["properties"])
    assert fields == {*TOP_LEVEL_FIELDS, "changeSummary"}
    assert set(TOP_LEVEL_FIELDS) == set(WorkflowDefinition.model_json_schema()["properties"])


def test_the_example_of_the_reference_compiles() -> None:
    """Whoever copies the example from the reference has a workflow."""
    example = exact_json.parse(json.dumps(EXAMPLE_DEFINITION))
    assert isinstance(example, dict)
    assert compile_definition(example, ALL_TYPES).nodes.keys() == {
        "large",
        "note",
        "invoice",
    }
